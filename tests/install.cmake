# SPDX-License-Identifier: MIT
# What is installed works where it is installed, by CMake and by LuaRocks.
set(scratch ${CMAKE_CURRENT_BINARY_DIR}/install)
pw_add_tool_test(install/debian install "${CMAKE_COMMAND}"
  sh tests/install/debian.sh ${scratch}/debian ${CMAKE_GENERATOR})
pw_add_tool_test(install/rock install "${PW_LUAROCKS}" sh tests/install/rock.sh ${scratch}/rock)

find_program(PW_SYSTEMD_ANALYZE systemd-analyze)
pw_add_tool_test(install/unit install "${PW_SYSTEMD_ANALYZE}" sh tests/install/unit.sh
  ${PROJECT_BINARY_DIR}/docs/systemd/pagewarden.service ${scratch}/unit)
