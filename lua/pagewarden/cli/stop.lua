-- SPDX-License-Identifier: MIT
--- `pagewarden stop NAME`: has the daemon stop one of its policies.
-- @module pagewarden.cli.stop
local ask = require "pagewarden.cli.ask"
local exit = require "pagewarden.cli.exit"
local json = require "dkjson"

local stop = { summary = "Have the daemon stop one of its policies, until the next reload" }


function stop.define(parser)
  parser:argument "name"
    :description "What it runs as: pagewarden status lists the names."
end


function stop.run(arguments, context)
  local answer, failed = ask.daemon({ command = "stop", name = arguments.name }, arguments, context)
  if not answer then
    return failed
  elseif arguments.json then
    print(json.encode(answer))
  else
    print(("%s: %s"):format(arguments.name, answer.ran and "stopped" or "had stopped already"))
  end
  return exit.DONE
end


return stop
