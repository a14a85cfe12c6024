-- SPDX-License-Identifier: MIT
--- The command line: finds the command, runs it, and turns what happens into an exit status.
-- Each command is a module beside this one, a `pagewarden.Command`.
-- @module pagewarden.cli
local exit = require "pagewarden.cli.exit"

local cli = {}

--- In the order that help lists them.
local COMMANDS = { "report", "top", "list", "help", "check", "new", "run", "daemon", "status",
  "explain", "compare", "reload", "stop", "undo", "eval", "completion" }

--- What a bare `pagewarden` does.
local DEFAULT = "report"


---@class pagewarden.Context
---@field prefix string where pagewarden is installed
---@field privileged boolean runs with rights that its caller's environment must not steer
---@field command_line pagewarden.CommandLine


local function load_commands()
  local commands = {}
  for i, name in ipairs(COMMANDS) do
    commands[i] = { name, require("pagewarden.cli." .. name) }
  end
  return commands
end


local function find(commands, name)
  for _, pair in ipairs(commands) do
    if pair[1] == name then
      return pair[2]
    end
  end
end


local function show_version()
  local host = require "pagewarden.host"
  local kernel = require("posix.sys.utsname").uname()
  print(("pagewarden %s (%s, %s %s)"):format(host.version, host.lua, kernel.sysname,
    kernel.release))
  return exit.DONE
end


---@param words string[]
---@param context pagewarden.Context
---@return integer status
local function run(words, context)
  local commands = load_commands()
  context.command_line = require("pagewarden.cli.command_line").new(commands)
  local arguments, message, help = context.command_line:parse(words)
  if help then
    print(help)
    return exit.DONE
  elseif not arguments then
    return exit.complain(exit.USAGE, message --[[@as string]])
  elseif arguments.version then
    return show_version()
  elseif not arguments.command then
    return run({ DEFAULT, table.unpack(words) }, context)
  end
  return find(commands, arguments.command).run(arguments, context) -- a tail call: nothing is kept
end


--- A module that is missing is the installation's fault; anything else is ours.
local function explain(message)
  local missing = message:match "module '([^']+)' not found"
  if missing then
    return ("needs the Lua module '%s', which is not installed"):format(missing)
  end
  local line = message:match "^[^\n]*"
  return line .. " (this is a bug in pagewarden; PAGEWARDEN_DEBUG=1 shows where)"
end


--- Runs one command.
---@param words string[] the command line after the program's name
---@param context pagewarden.Context
---@return integer status
function cli.main(words, context)
  local trace
  local ok, status = xpcall(run, function(message)
    trace = debug.traceback(tostring(message), 2)
    return tostring(message)
  end, words, context)
  if ok then
    return status
  elseif os.getenv "PAGEWARDEN_DEBUG" == "1" then
    io.stderr:write(trace, "\n")
  end
  return exit.complain(exit.FAILED, explain(status))
end


return cli
