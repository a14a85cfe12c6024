# SPDX-License-Identifier: MIT
# How the sources look, as tests.
find_program(PW_CPPCHECK cppcheck)
find_program(PW_SHELLCHECK shellcheck)
find_program(PW_NM nm)

file(GLOB_RECURSE PW_C_FILES CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/core/*.[ch] ${PROJECT_SOURCE_DIR}/tests/*.[ch])
file(GLOB_RECURSE PW_SHELL_FILES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*.sh)

# Each version of clang-format formats a little differently. The tree follows version 14.
find_program(PW_CLANG_FORMAT NAMES clang-format-14 clang-format)
if(PW_CLANG_FORMAT)
  execute_process(COMMAND ${PW_CLANG_FORMAT} --version OUTPUT_VARIABLE version)
  if(NOT version MATCHES "version 14\\.")
    set(PW_CLANG_FORMAT_14 "")
  else()
    set(PW_CLANG_FORMAT_14 ${PW_CLANG_FORMAT})
  endif()
endif()

pw_add_tool_test(lint/clang-format lint "${PW_CLANG_FORMAT_14}"
  ${PW_CLANG_FORMAT} --dry-run --Werror ${PW_C_FILES})
pw_add_tool_test(lint/cppcheck lint "${PW_CPPCHECK}"
  ${PW_CPPCHECK} --quiet --error-exitcode=1 --enable=warning,performance,portability
  --inline-suppr --suppress=normalCheckLevelMaxBranches --suppress=toomanyconfigs --std=c11
  -I core -I ${PC_LUA_INCLUDE_DIRS} core)
pw_add_tool_test(lint/luacheck lint "${PW_LUACHECK}"
  ${PW_LUACHECK} --quiet --codes docs lua scripts tests)
pw_add_tool_test(lint/rockspec lint "${PW_LUAROCKS}"
  ${PW_LUAROCKS} --lua-version ${PW_LUA_ABI} lint rockspec/pagewarden-scm-1.rockspec)
pw_add_tool_test(lint/shellcheck lint "${PW_SHELLCHECK}"
  ${PW_SHELLCHECK} bootstrap .ci/run tests/distributions/prove
  tests/lab/guest/boot tests/lab/guest/init
  tests/lab/guest/session tests/lab/guest/systemd
  ${PW_SHELL_FILES})

pw_add_tool_test(lint/rooms lint "${PW_LUA}" ${PW_LUA} tests/rooms.lua)

# Two modules in one process must not meet each other's symbols: only the entry points are visible.
pw_add_tool_test(lint/exports lint "${PW_NM}"
  sh tests/exports.sh $<TARGET_FILE:pagewarden_module>)
