-- SPDX-License-Identifier: MIT
--- `pagewarden explain NAME`: why a policy of the daemon did or did not act.
-- @module pagewarden.cli.explain
local ask = require "pagewarden.cli.ask"
local exit = require "pagewarden.cli.exit"
local json = require "dkjson"
local log = require "pagewarden.log"
local status = require "pagewarden.cli.status"
local terminal = require "pagewarden.cli.terminal"
local text = require "pagewarden.text"

local explain = { summary = "Explain why one of the daemon's policies did or did not act" }


function explain.define(parser)
  parser:argument "name"
    :description "What it runs as: pagewarden status lists the names."
end


local function print_standing(answer, paint)
  print(("%s: %s%s"):format(answer.name, status.paint_state(paint, answer.state),
    answer.since and os.date(" since %Y-%m-%d %H:%M:%S", math.floor(answer.since)) or ""))
  if answer.failure then
    print("failure: " .. text.escape(answer.failure))
  end
  for _, problem in ipairs(answer.problems) do
    print("problem: " .. text.escape(problem))
  end
  if answer.path then
    print(text.escape(("policy: %s (%s)"):format(answer.policy, answer.path)))
    print(text.escape("configured at: " .. answer.origin))
    print("granted: " .. (answer.grants[1] and table.concat(answer.grants, "; ") or
      "reading only"))
  end
end


function explain.run(arguments, context)
  local answer, failed = ask.daemon({ command = "explain", name = arguments.name }, arguments,
    context)
  if not answer then
    return failed
  elseif arguments.json then
    print(json.encode(answer))
    return exit.DONE
  end
  print_standing(answer, terminal.painter(arguments))
  if #answer.recent > 0 then
    print(("last %d of %d events:"):format(#answer.recent, answer.events))
  end
  for _, event in ipairs(answer.recent) do
    print("  " .. log.to_text(event))
  end
  return exit.DONE
end


return explain
