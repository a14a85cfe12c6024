-- SPDX-License-Identifier: MIT
--- What the terminal can show: its width, and colour.
-- @module pagewarden.cli.terminal
local host = require "pagewarden.host"
local unistd = require "posix.unistd"

local terminal = {}

local NARROWEST, USUAL = 20, 80

--- The styles that a painter knows, as terminals number them.
local STYLES = {
  bold = "1", dim = "2", red = "31", green = "32", yellow = "33", blue = "34",
  magenta = "35", cyan = "36",
}


--- How many columns there are to fill: what COLUMNS says, else what the terminal says, else 80.
---@return integer
function terminal.width()
  local wanted = math.tointeger(tonumber(os.getenv "COLUMNS"))
  local columns = wanted or host.window(unistd.STDOUT_FILENO) or USUAL
  return math.max(columns, NARROWEST)
end


--- Whether standard output is a terminal.
---@return boolean
function terminal.is_terminal()
  return unistd.isatty(unistd.STDOUT_FILENO) == 1
end


---@param wanted "auto"|"always"|"never"|nil
local function wants_colour(wanted)
  if wanted == "always" or wanted == "never" then
    return wanted == "always"
  end
  local forbidden = os.getenv "NO_COLOR"
  local dumb = os.getenv "TERM" == "dumb"
  return terminal.is_terminal() and not dumb and (forbidden == nil or forbidden == "")
end


--- A function that gives text a style (`"bold"`, `"red"`, …) when the user wants colour: with
--- `--color always`, or with `auto` on a terminal unless NO_COLOR is set.
---@param arguments { color: string? } the parsed command line
---@return fun(style: string, text: string): string
function terminal.painter(arguments)
  if not wants_colour(arguments.color) then
    return function(_, text) return text end
  end
  return function(style, text)
    local code = assert(STYLES[style], style)
    return ("\27[%sm%s\27[0m"):format(code, text)
  end
end


return terminal
