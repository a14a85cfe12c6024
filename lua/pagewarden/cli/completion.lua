-- SPDX-License-Identifier: MIT
--- `pagewarden completion SHELL`: prints a completion script.
-- @module pagewarden.cli.completion
local exit = require "pagewarden.cli.exit"

local completion = { summary = "Print a completion script for a shell" }


function completion.define(parser)
  parser:argument "shell"
    :choices { "bash", "zsh", "fish" }
    :description "The shell that is to complete."
end


function completion.run(arguments, context)
  print(context.command_line:completion(arguments.shell))
  return exit.DONE
end


return completion
