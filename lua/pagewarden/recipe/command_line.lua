-- SPDX-License-Identifier: MIT
--- Command lines for people to copy into a shell, whatever the words in them are. Pure.
-- @module pagewarden.recipe.command_line
local text = require "pagewarden.text"

local command_line = {}

local LONGEST_LINE = 8192


--- Every byte that is not plain becomes octal, so that what is copied is what was meant.
local function quote_bytes(word)
  return "$'" .. word:gsub("[\\']", "\\%0"):gsub("[^ -~]", function(byte)
    return ("\\%03o"):format(byte:byte())
  end) .. "'"
end


--- A word as one argument. Only what cannot be shown is written as $'…', which bash, zsh, ksh and
--- POSIX since 2024 know, and dash does not.
---@param word string
---@return string
function command_line.quote(word)
  if word:find "^[%w@%%+:,./_-][%w@%%+=:,./_-]*$" then
    return word
  elseif text.escape(word) ~= word then
    return quote_bytes(word)
  end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end


---@param words string[]
---@return string
function command_line.join(words)
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = command_line.quote(word)
  end
  return table.concat(quoted, " ")
end


local function base(path)
  return path:match "([^/]*)$"
end


--- Whether a program goes by its file's name: python3 by /usr/bin/python3.11, -bash by /bin/bash.
local function goes_by(name, file)
  name, file = base(name):gsub("^%-", ""), base(file)
  return name ~= "" and (file:sub(1, #name) == name or name:sub(1, #file) == file)
end


--- The words with which a process could be started again: its file, and its arguments. A program
--- may write over its arguments, as daemons do to show their state ("nginx: master process"); then
--- they are not known.
---@param file string the program's, as `process:exe` has it
---@param arguments string[] as `process:cmdline` has them
---@return string[]? words
---@return string? problem
function command_line.again(file, arguments)
  local path, deleted = file:gsub(" %(deleted%)$", "")
  local own = arguments[1]
  if deleted > 0 then
    return nil, "its file was replaced or removed since it was started"
  elseif not own then
    return nil, "it has no arguments to read"
  elseif goes_by(own, path) then
    return { path, table.unpack(arguments, 2) }
  elseif own:find "^/%S*$" then
    return { own, table.unpack(arguments, 2) } -- a link to a program that does by its name
  end
  return nil, ("it calls itself %s, and its arguments may be others by now"):format(
    command_line.quote(own))
end


--- The words to start a process again with.
---@param process pagewarden.Process
---@return string[]? words
---@return string? problem
function command_line.of(process)
  local file, message = process:exe()
  local arguments = process:cmdline()
  if not (file and arguments) then
    return nil, message or "it has ended"
  end
  local words, problem = command_line.again(file, arguments)
  if words and #command_line.join(words) > LONGEST_LINE then
    return nil, "its command line is too long to show"
  end
  return words, problem
end


return command_line
