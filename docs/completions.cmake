# SPDX-License-Identifier: MIT
# Has the program write its completion scripts into BUILT/SHELL/. Run while installing.
function(write_completion shell name)
  execute_process(COMMAND ${program} completion ${shell}
    OUTPUT_VARIABLE script ERROR_VARIABLE message RESULT_VARIABLE status)
  if(status EQUAL 0)
    file(WRITE ${built}/${shell}/${name} "${script}")
  else()
    message(STATUS "No completion for ${shell}: ${message}")
  endif()
endfunction()

write_completion(bash pagewarden)
write_completion(zsh _pagewarden)
write_completion(fish pagewarden.fish)
