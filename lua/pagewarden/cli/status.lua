-- SPDX-License-Identifier: MIT
--- `pagewarden status`: what the daemon runs.
-- @module pagewarden.cli.status
local ask = require "pagewarden.cli.ask"
local exit = require "pagewarden.cli.exit"
local format = require "pagewarden.format"
local json = require "dkjson"
local terminal = require "pagewarden.cli.terminal"
local text = require "pagewarden.text"

local status = { summary = "Show what the daemon runs" }

local COLUMNS = {
  { "NAME" }, { "STATE" }, { "SINCE" }, { "MEMORY", right = true }, { "TIMERS", right = true },
  { "EVENTS", right = true }, { "WHY", flexible = true },
}

local STYLES = { running = "green", failed = "red", stopped = "yellow", refused = "red" }


--- The state's word in its colour.
---@param paint fun(style: string, text: string): string
---@param state string
---@param shown string? with spaces around it
---@return string
function status.paint_state(paint, state, shown)
  return STYLES[state] and paint(STYLES[state], shown or state) or shown or state
end


local function row_of(policy)
  return {
    policy.name, policy.state, os.date("%Y-%m-%d %H:%M:%S", math.floor(policy.since)),
    policy.memory and format.size(policy.memory) or "-", tostring(policy.timers),
    tostring(policy.events), policy.failure or "",
  }
end


local function print_table(answer, paint)
  local rows = {}
  for i, policy in ipairs(answer.policies) do
    rows[i] = row_of(policy)
  end
  local lines = format.table(COLUMNS, rows, terminal.width(), function(row, column, cell)
    if row == 0 then
      return paint("bold", cell)
    end
    return column == 2 and status.paint_state(paint, rows[row][2], cell) or cell
  end)
  for _, line in ipairs(lines) do
    print(line)
  end
end


function status.run(arguments, context)
  local answer, failed = ask.daemon({ command = "status" }, arguments, context)
  if not answer then
    return failed
  elseif arguments.json then
    print(json.encode(answer, { keyorder = { "pid", "since", "policies", "problems" } }))
    return exit.DONE
  end
  local paint = terminal.painter(arguments)
  print(("daemon %d, since %s"):format(answer.pid,
    os.date("%Y-%m-%d %H:%M:%S", math.floor(answer.since))))
  if #answer.policies > 0 then
    print_table(answer, paint)
  end
  for _, problem in ipairs(answer.problems) do
    print(("%s %s"):format(paint("red", "problem:"), text.escape(problem)))
  end
  return exit.DONE
end


return status
