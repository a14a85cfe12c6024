-- SPDX-License-Identifier: MIT
--- `pagewarden report [PID]`: where memory is, what is wrong with it, who holds it.
-- @module pagewarden.cli.report
local exit = require "pagewarden.cli.exit"
local json = require "pagewarden.report.json"
local root = require "pagewarden.cli.root"
local terminal = require "pagewarden.cli.terminal"

local command = { summary = "Tell where memory is, of the system or of one process" }

--- How long reading what is expensive, a process's pss, may take.
local PSS_BUDGET_SECONDS = 0.5


local function to_pid(word)
  local pid = math.tointeger(tonumber(word))
  if pid and pid > 0 then
    return pid
  end
  return nil, ("'%s' is not a process id"):format(word)
end


function command.define(parser)
  parser:argument "pid"
    :args "?"
    :convert(to_pid)
    :description "Report on this process and those below it."
end


local function of_process(reader, arguments)
  local collect = require "pagewarden.report.process"
  return collect(reader, arguments.pid, PSS_BUDGET_SECONDS)
end


local function of_system(reader, _, context)
  local collect = require "pagewarden.report.collect"
  local report, message, errno, kind = collect(reader, PSS_BUDGET_SECONDS)
  if not report then
    return nil, message, errno, kind
  end
  report.privileged = context.privileged
  report.findings = require("pagewarden.report.findings").of(report)
  return report
end


local function render(report, arguments)
  local width, paint = terminal.width(), terminal.painter(arguments)
  if arguments.pid then
    return require("pagewarden.report.render_process")(report, width, paint)
  end
  return require("pagewarden.report.render").system(report, width, paint)
end


---@param arguments { pid: integer?, root: string?, json: boolean?, color: string? }
---@param context pagewarden.Context
---@return integer status
function command.run(arguments, context)
  local reader <close>, status = root.open(arguments, context)
  if not reader then
    return status
  end
  local collect = arguments.pid and of_process or of_system
  local report, problem, _, kind = collect(reader, arguments, context)
  if not report then
    return exit.complain(exit.status_of(kind), problem)
  end
  io.stdout:write(arguments.json and json.encode(report) .. "\n" or render(report, arguments))
  return exit.DONE
end


return command
