# SPDX-License-Identifier: MIT
# tests/fuzz/NAME_fuzz.c is a libFuzzer target; its run is the test "fuzz/NAME", of PW_FUZZ_SECONDS.
# It begins with what it found in earlier runs, and with captured files where there are any.
set(PW_FUZZ_SECONDS 5 CACHE STRING "How long each fuzz target runs under ctest")
file(GLOB PW_FUZZ_TARGETS CONFIGURE_DEPENDS fuzz/*_fuzz.c)
set(PW_FUZZ_SEEDS ${PROJECT_SOURCE_DIR}/../shared/corpus)
if(NOT EXISTS ${PW_FUZZ_SEEDS})
  set(PW_FUZZ_SEEDS "")
endif()
foreach(source ${PW_FUZZ_TARGETS})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE pagewarden_options pagewarden_read)
  string(REGEX REPLACE "_fuzz$" "" short ${name})
  set(found ${PROJECT_BINARY_DIR}/fuzz/${short})
  file(MAKE_DIRECTORY ${found})
  add_test(NAME fuzz/${short} COMMAND ${name} -max_total_time=${PW_FUZZ_SECONDS} -max_len=65536
    ${found} ${PW_FUZZ_SEEDS})
  set_tests_properties(fuzz/${short} PROPERTIES LABELS fuzz)
endforeach()
