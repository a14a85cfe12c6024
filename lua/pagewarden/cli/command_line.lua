-- SPDX-License-Identifier: MIT
--- From the words of a command line to a command and its arguments, or to one line that says what
-- is wrong with them.
-- @module pagewarden.cli.command_line
local argparse = require "argparse"
local terminal = require "pagewarden.cli.terminal"
local text = require "pagewarden.text"

local command_line = {}


---@class pagewarden.Command
---@field summary string what it does, in a few words
---@field define? fun(parser: table) adds its arguments and options to an argparse command
---@field run fun(arguments: table, context: pagewarden.Context): integer gives the exit status


--- Global options may stand before or after the command.
local function define_globals(parser)
  parser:option "--root"
    :argname "DIR"
    :description "Read /proc and /sys below this folder."
  parser:option "-S"
    :argname "DIR"
    :target "scripts"
    :count "*"
    :description "Look for policies in this folder first."
  parser:flag "--json"
    :description "Write for machines: one JSON object a line."
  parser:option "--color"
    :argname "WHEN"
    :choices { "auto", "always", "never" }
    :description "Use colour: auto (on a terminal), always or never."
  parser:flag "--version"
    :description "Show the versions of pagewarden, Lua and the kernel."
end


---@class pagewarden.CommandLine
---@field private parser table
---@field private commands table<string, table> the argparse command of each name
---@field private names string[]
---@field private help string? what --help asked for
local CommandLine = {}
CommandLine.__index = CommandLine


--- Asking for help ends parsing at once: what else is missing does not matter then.
function CommandLine:add_help(parser)
  parser:flag "-h --help"
    :description "Show this help."
    :action(function()
      self.help = parser:get_help()
      error "help"
    end)
end


function CommandLine:add_command(name, command)
  local parser = self.parser:command(name):summary(command.summary):add_help(false)
  parser:description(command.summary .. ".")
  if command.define then
    command.define(parser)
  end
  self:add_help(parser)
  self.commands[name] = parser
end


--- Knows the commands of a list of `{ name, command }`.
---@param commands { [1]: string, [2]: pagewarden.Command }[]
---@return pagewarden.CommandLine
function command_line.new(commands)
  local width = terminal.width()
  local parser = argparse("pagewarden", "A scriptable warden for Linux memory.")
    :add_help(false)
    :require_command(false)
    :command_target "command"
    :usage_max_width(width)
    :help_max_width(width)
    :help_description_margin(math.min(26, width // 3))
  local self = setmetatable({ parser = parser, commands = {}, names = {} }, CommandLine)
  define_globals(parser)
  self:add_help(parser)
  for i, pair in ipairs(commands) do
    self.names[i] = pair[1]
    self:add_command(pair[1], pair[2])
  end
  return self
end


--- The options that this command line could have had, as its help names them.
function CommandLine:options_of(words)
  local help = self.parser:get_help()
  for _, word in ipairs(words) do
    if self.commands[word] then
      help = help .. self.commands[word]:get_help()
    end
  end
  local options = {}
  for option in help:gmatch "%-%-?%a[%w-]*" do
    options[#options + 1] = option
  end
  return options
end


--- argparse's first line, with our idea of what was meant.
function CommandLine:explain(message, words)
  local line = message:match "^[^\n]*"
  local what, name = line:match "^unknown (%a+) '(.-)'"
  if not what then
    return line
  end
  local known = what == "command" and self.names or self:options_of(words)
  local nearest = text.nearest(name, known)
  if nearest then
    return ("%s (did you mean '%s'?)"):format(line, nearest)
  end
  return line .. "; pagewarden --help lists what there is"
end


--- Parses the words after the program's name.
---@param words string[]
---@return table? arguments with the command's name as `command`
---@return string? message what is wrong with the words
---@return string? help what was asked for instead
function CommandLine:parse(words)
  local ok, parsed, result = pcall(self.parser.pparse, self.parser, words)
  if self.help then
    return nil, nil, self.help
  elseif not ok then
    error(parsed, 0)
  elseif not parsed then
    return nil, self:explain(result, words)
  end
  return result
end


--- The help of a command, or of all when there is no name.
---@param name string?
---@return string? help nil when there is no such command
function CommandLine:help_of(name)
  local parser = name and self.commands[name] or not name and self.parser
  return parser and parser:get_help()
end


--- The completion script for a shell.
---@param shell "bash"|"zsh"|"fish"
---@return string
function CommandLine:completion(shell)
  local parser = self.parser
  return parser["get_" .. shell .. "_complete"](parser)
end


return command_line
