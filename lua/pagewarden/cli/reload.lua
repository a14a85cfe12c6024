-- SPDX-License-Identifier: MIT
--- `pagewarden reload`: has the daemon read its configuration again.
-- @module pagewarden.cli.reload
local ask = require "pagewarden.cli.ask"
local exit = require "pagewarden.cli.exit"
local json = require "dkjson"

local reload = { summary = "Have the daemon read its configuration again" }

--- In the order they are told.
local OUTCOMES = { "started", "replaced", "unchanged", "stopped", "kept", "failed" }


local function print_outcome(answer)
  for _, outcome in ipairs(OUTCOMES) do
    if #answer[outcome] > 0 then
      print(("%s: %s"):format(outcome, table.concat(answer[outcome], ", ")))
    end
  end
end


function reload.run(arguments, context)
  local answer, failed = ask.daemon({ command = "reload" }, arguments, context)
  if not answer then
    return failed
  elseif arguments.json then
    print(json.encode(answer))
  else
    print_outcome(answer)
  end
  local status = (#answer.kept > 0 or #answer.failed > 0) and exit.FAILED or exit.DONE
  for _, problem in ipairs(answer.problems) do
    status = exit.complain(exit.FAILED, problem)
  end
  return status
end


return reload
