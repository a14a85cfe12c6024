-- SPDX-License-Identifier: MIT
--- The folder of a running daemon: its lock, and its control socket.
-- @module pagewarden.run_folder
local errno = require "posix.errno"
local fcntl = require "posix.fcntl"
local stat = require "posix.sys.stat"
local trust = require "pagewarden.trust"
local unistd = require "posix.unistd"

local run_folder = {}

local FOLDER_MODE, FILE_MODE = 493, 420 -- 0755 and 0644

local MOST_SOCKET_BYTES = 107 -- sizeof sun_path, less the byte that ends it


--- The folder's path.
---@param root string
---@return string
function run_folder.of(root)
  return root:gsub("/+$", "") .. "/run/pagewarden"
end


--- The path of the control socket.
---@param root string
---@return string path
---@return boolean fits whether a socket can have it
function run_folder.control(root)
  local path = run_folder.of(root) .. "/control"
  return path, #path <= MOST_SOCKET_BYTES
end


--- Why a control socket cannot have its path.
---@param path string
---@return string
function run_folder.explain_long(path)
  return ("control socket %s: the path of a unix socket has at most %d bytes, this one %d"):format(
    path, MOST_SOCKET_BYTES, #path)
end


local function kind_of(code)
  return (code == errno.EACCES or code == errno.EPERM) and "denied" or "failed"
end


local function make(path)
  local ok, message, code = stat.mkdir(path, FOLDER_MODE)
  if ok or code == errno.EEXIST then
    return true
  end
  return nil, message, kind_of(code)
end


--- Makes the folder, when it is not there, and that above it.
---@param root string
---@return string? path
---@return string? message
---@return "denied"|"failed"|nil kind
function run_folder.make(root)
  local path = run_folder.of(root)
  for _, folder in ipairs { path:match "^(.*)/", path } do
    local ok, message, kind = make(folder)
    if not ok then
      return nil, message, kind
    end
  end
  local ok, problem = trust.check(path)
  if not ok then
    return nil, problem, "denied"
  end
  return path
end


local function whole_file(kind)
  return { l_type = kind, l_whence = unistd.SEEK_SET, l_start = 0, l_len = 0 }
end


--- Takes the lock that only one daemon can have. It ends with the process.
---@param folder string
---@return integer? fd to keep
---@return string? message
---@return "denied"|"failed"|nil kind
function run_folder.lock(folder)
  local path = folder .. "/daemon.lock"
  local flags = fcntl.O_RDWR | fcntl.O_CREAT | fcntl.O_CLOEXEC
  local fd, message, code = fcntl.open(path, flags, FILE_MODE)
  if not fd then
    return nil, message, kind_of(code)
  end
  local ok
  ok, message, code = fcntl.fcntl(fd, fcntl.F_SETLK, whole_file(fcntl.F_WRLCK))
  if ok then
    return fd
  end
  local holder = whole_file(fcntl.F_WRLCK)
  fcntl.fcntl(fd, fcntl.F_GETLK, holder)
  unistd.close(fd)
  if code == errno.EAGAIN or code == errno.EACCES then
    return nil, ("a daemon is running already (pid %d has locked %s)"):format(holder.l_pid or 0,
      path), "failed"
  end
  return nil, ("%s: %s"):format(path, message), kind_of(code)
end


return run_folder
