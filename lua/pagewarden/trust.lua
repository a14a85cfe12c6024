-- SPDX-License-Identifier: MIT
--- What root may run: files that nobody else can change, nor put something else in the place of.
-- @module pagewarden.trust
local stat = require "posix.sys.stat"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"

local trust = {}

local STICKY = 512 -- S_ISVTX, which luaposix has no name for
local OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


--- Who owns the program could change it instead of the script.
local function is_trusted_owner(uid)
  local program = stat.stat "/proc/self/exe"
  return uid == 0 or program ~= nil and uid == program.st_uid
end


--- In a sticky folder, such as /tmp, everybody may make files, but only their owner replaces them.
local function may_others_write(status)
  local is_sticky_folder = stat.S_ISDIR(status.st_mode) ~= 0 and status.st_mode & STICKY ~= 0
  return status.st_mode & OTHERS_MAY_WRITE ~= 0 and not is_sticky_folder
end


local function problem_with(path)
  local status, message = stat.stat(path)
  if not status then
    return message
  elseif not is_trusted_owner(status.st_uid) then
    return ("%s belongs to another user (uid %d)"):format(path, status.st_uid)
  elseif may_others_write(status) then
    return ("%s may be written by others (mode %03o)"):format(path, status.st_mode & 511)
  end
end


--- Whether this process may run a file, or use a folder of files. Only root is asked to be careful;
--- it looks at the folders above as well, and past symbolic links.
---@param path string
---@return boolean ok
---@return string? problem that names the file or folder at fault
function trust.check(path)
  if unistd.geteuid() ~= 0 then
    return true
  end
  local real, message = stdlib.realpath(path)
  if not real then
    return false, message
  end
  while real ~= "" do
    local problem = problem_with(real)
    if problem then
      return false, ("%s; root runs only what root alone may write"):format(problem)
    end
    real = real:match "^(.*)/"
  end
  return true
end


return trust
