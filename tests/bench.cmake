# SPDX-License-Identifier: MIT
# Measurements: `ctest -C bench -L bench -V` runs them, a plain ctest does not.
foreach(name herd sweep parse)
  add_executable(bench_${name} bench/${name}.c)
  target_link_libraries(bench_${name} PRIVATE pagewarden_options pagewarden_read)
endforeach()

add_test(NAME bench/scan CONFIGURATIONS bench WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMAND ${PW_LUA} tests/bench/scan.lua ${PROJECT_BINARY_DIR})
set_tests_properties(bench/scan PROPERTIES LABELS bench RUN_SERIAL ON
  ENVIRONMENT "LUA_CPATH=${PROJECT_BINARY_DIR}/lib/lua/${PW_LUA_ABI}/?.so")

add_test(NAME bench/parse CONFIGURATIONS bench COMMAND bench_parse)
set_tests_properties(bench/parse PROPERTIES LABELS bench RUN_SERIAL ON)

add_test(NAME bench/events CONFIGURATIONS bench WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMAND ${PW_LUA} tests/bench/events.lua)
set_tests_properties(bench/events PROPERTIES LABELS bench RUN_SERIAL ON
  ENVIRONMENT "LUA_CPATH=${PROJECT_BINARY_DIR}/lib/lua/${PW_LUA_ABI}/?.so")

# Boots 45 guests, or what is left of them.
add_test(NAME bench/reaction CONFIGURATIONS bench WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMAND ${PW_LUA} tests/bench/reaction.lua)
set_tests_properties(bench/reaction PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 7200
  SKIP_REGULAR_EXPRESSION "^skipped: " ENVIRONMENT "PW_BUILD_DIR=${PROJECT_BINARY_DIR}")

# Boots 30 guests, or what is left of them: over an hour.
add_test(NAME bench/thrashing CONFIGURATIONS bench WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMAND ${PW_LUA} tests/bench/thrashing.lua)
set_tests_properties(bench/thrashing PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 10800
  SKIP_REGULAR_EXPRESSION "^skipped: " ENVIRONMENT "PW_BUILD_DIR=${PROJECT_BINARY_DIR}")

# Boots 120 guests, or what is left of them: five hours.
add_test(NAME bench/swappiness CONFIGURATIONS bench WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMAND ${PW_LUA} tests/bench/swappiness.lua)
set_tests_properties(bench/swappiness PROPERTIES LABELS bench RUN_SERIAL ON TIMEOUT 28800
  SKIP_REGULAR_EXPRESSION "^skipped: " ENVIRONMENT "PW_BUILD_DIR=${PROJECT_BINARY_DIR}")

# 100,000 process-days in virtual time, and two other detectors beside ours.
add_executable(bench_leaks bench/leaks.c bench/leak_shapes.c bench/leak_baselines.c)
target_link_libraries(bench_leaks PRIVATE pagewarden_options pagewarden_trend m)
add_test(NAME bench/leaks CONFIGURATIONS bench COMMAND bench_leaks)
set_tests_properties(bench/leaks PROPERTIES LABELS bench TIMEOUT 7200)

set(share ${PROJECT_BINARY_DIR}/share/lua/${PW_LUA_ABI})
set(lua_cpath "${PROJECT_BINARY_DIR}/lib/lua/${PW_LUA_ABI}/?.so\\;\\;")
set(lua_path "${share}/?.lua\\;${share}/?/init.lua\\;tests/spec/?.lua\\;\\;")
foreach(name idle reload latency signal top)
  add_test(NAME bench/${name} CONFIGURATIONS bench WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMAND ${PW_LUA} tests/bench/${name}.lua)
  set_tests_properties(bench/${name} PROPERTIES LABELS bench RUN_SERIAL ON
    ENVIRONMENT "PW_BUILD_DIR=${PROJECT_BINARY_DIR};LUA_PATH=${lua_path};LUA_CPATH=${lua_cpath}")
endforeach()
