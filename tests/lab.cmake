# SPDX-License-Identifier: MIT
# What only a kernel can show, shown on real ones in QEMU: tests/lab/NAME_lab.lua is the test
# "lab/NAME@6.1" and so on for each kernel that it is for.
find_program(PW_QEMU qemu-system-x86_64)

# Programs for the guest: tests/lab/guest/NAME.c. They may use all of the core, and hold what they use.
add_library(pagewarden_lab STATIC
  $<TARGET_OBJECTS:pagewarden_bind> $<TARGET_OBJECTS:pagewarden_host>)
target_link_libraries(pagewarden_lab PUBLIC pagewarden_options pagewarden_act pagewarden_trend
  PkgConfig::PC_LUA m)
file(GLOB PW_GUEST_PROGRAMS CONFIGURE_DEPENDS lab/guest/*.c)
foreach(source ${PW_GUEST_PROGRAMS})
  get_filename_component(name ${source} NAME_WE)
  add_executable(lab_${name} ${source})
  target_include_directories(lab_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(lab_${name} PRIVATE pagewarden_lab)
  target_link_options(lab_${name} PRIVATE LINKER:--as-needed ${without_ipo})
  set_target_properties(lab_${name} PROPERTIES OUTPUT_NAME ${name} INTERPROCEDURAL_OPTIMIZATION OFF
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lab)
endforeach()

file(GLOB PW_LAB_SCRIPTS CONFIGURE_DEPENDS lab/*_lab.lua)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${PW_LAB_SCRIPTS} ${CMAKE_CURRENT_SOURCE_DIR}/lab/script.lua)
execute_process(COMMAND ${PW_LUA} tests/lab/list.lua WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  OUTPUT_VARIABLE PW_LAB_TESTS COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" PW_LAB_TESTS "${PW_LAB_TESTS}")

# A guest has two processors.
foreach(test ${PW_LAB_TESTS})
  pw_add_tool_test(lab/${test} lab "${PW_QEMU}" ${PW_LUA} tests/lab/run.lua ${test})
  set_tests_properties(lab/${test} PROPERTIES PROCESSORS 2)
endforeach()
set_tests_properties(lab/faulty PROPERTIES PROCESSORS 2)
