-- SPDX-License-Identifier: MIT
--- A terminal as one page that is drawn again and again, and keys read as they are pressed. What
-- it was before comes back when it is closed.
-- @module pagewarden.top.screen
local errno = require "posix.errno"
local host = require "pagewarden.host"
local termio = require "posix.termio"
local unistd = require "posix.unistd"

local screen = {}

--- xterm's: another page without scrolling, and a cursor that is not seen.
local ENTER, LEAVE = "\27[?1049h\27[?25l", "\27[?25h\27[?1049l"
local HOME, REST_OF_LINE, REST_OF_PAGE = "\27[H", "\27[K", "\27[J"

local USUAL_COLUMNS, USUAL_ROWS = 80, 24


---@class pagewarden.top.Screen
---@field private saved table? the terminal's modes when it is ours
local Screen = {}
Screen.__index = Screen


--- Not entered yet.
---@return pagewarden.top.Screen
function screen.new()
  return setmetatable({}, Screen)
end


--- Takes the terminal: keys come at once and are not shown; Ctrl-C and Ctrl-Z go on meaning what
--- they do.
---@return boolean? ok
---@return string? message
---@return integer? errno
function Screen:enter()
  local modes, message, number = termio.tcgetattr(unistd.STDIN_FILENO)
  if not modes then
    return nil, message, number
  end
  local raw = termio.tcgetattr(unistd.STDIN_FILENO)
  raw.lflag = raw.lflag & ~(termio.ICANON | termio.ECHO)
  raw.cc[termio.VMIN], raw.cc[termio.VTIME] = 1, 0
  termio.tcsetattr(unistd.STDIN_FILENO, termio.TCSANOW, raw)
  self.saved = modes
  io.stdout:write(ENTER):flush()
  return true
end


--- Gives the terminal back as it was. Safe to call twice.
function Screen:leave()
  if self.saved then
    io.stdout:write(LEAVE):flush()
    termio.tcsetattr(unistd.STDIN_FILENO, termio.TCSANOW, self.saved)
    self.saved = nil
  end
end


Screen.__close = Screen.leave


--- How large it is now.
---@return integer columns
---@return integer rows
function Screen:size()
  local columns, rows = host.window(unistd.STDOUT_FILENO)
  return columns or USUAL_COLUMNS, rows or USUAL_ROWS
end


--- Shows a page in place of the last.
---@param lines string[] no more than there are rows, and none longer than a row
---@return boolean? ok nil when the terminal is gone
function Screen:draw(lines)
  return io.stdout:write(HOME, table.concat(lines, REST_OF_LINE .. "\r\n"), REST_OF_LINE,
    REST_OF_PAGE):flush() ~= nil
end


--- The keys that were pressed, when some can be read.
---@return string? keys nil when the terminal is gone
function Screen:keys()
  local keys, _, number = unistd.read(unistd.STDIN_FILENO, 64)
  if not keys and (number == errno.EINTR or number == errno.EAGAIN) then
    return ""
  end
  return keys ~= "" and keys or nil
end


return screen
