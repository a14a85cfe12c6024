# SPDX-License-Identifier: MIT
# tests/fuzz/NAME_fuzz.c is a libFuzzer target; its run is the test "fuzz/NAME", of PW_FUZZ_SECONDS.
set(PW_FUZZ_SECONDS 5 CACHE STRING "How long each fuzz target runs under ctest")
file(GLOB PW_FUZZ_TARGETS CONFIGURE_DEPENDS fuzz/*_fuzz.c)
foreach(source ${PW_FUZZ_TARGETS})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE pagewarden_options pagewarden_read)
  string(REGEX REPLACE "_fuzz$" "" short ${name})
  add_test(NAME fuzz/${short} COMMAND ${name} -max_total_time=${PW_FUZZ_SECONDS} -max_len=65536)
  set_tests_properties(fuzz/${short} PROPERTIES LABELS fuzz)
endforeach()
