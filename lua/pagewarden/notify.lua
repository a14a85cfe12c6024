-- SPDX-License-Identifier: MIT
--- Tells a service manager how the daemon is, by sd_notify(3)'s protocol: datagrams to the socket
-- that NOTIFY_SOCKET names. Without one nothing is said.
-- @module pagewarden.notify
local fcntl = require "posix.fcntl"
local socket = require "posix.sys.socket"
local time = require "posix.time"
local unistd = require "posix.unistd"

local notify = {}


---@class pagewarden.Notifier
---@field private fd integer?
---@field private address table
local Notifier = {}
Notifier.__index = Notifier


--- Says something, unless nobody reads it: it does not wait.
---@param ... string assignments, such as "READY=1"
function Notifier:say(...)
  if self.fd then
    socket.sendto(self.fd, table.concat({ ... }, "\n"), self.address)
  end
end


--- Says that the daemon reads its configuration again; "READY=1" says that it is done.
function Notifier:say_reloading()
  local now = time.clock_gettime(time.CLOCK_MONOTONIC)
  local microseconds = now.tv_sec * 1000000 + now.tv_nsec // 1000
  self:say("RELOADING=1", ("MONOTONIC_USEC=%d"):format(microseconds))
end


function Notifier:close()
  if self.fd then
    unistd.close(self.fd)
    self.fd = nil
  end
end


--- Seconds between two signs of life, half of what is the limit; nil when nobody waits for them.
---@return number?
function notify.watchdog_period()
  local microseconds = tonumber(os.getenv "WATCHDOG_USEC")
  local pid = tonumber(os.getenv "WATCHDOG_PID")
  if microseconds and microseconds >= 2000 and (not pid or pid == unistd.getpid()) then
    return microseconds / 2e6
  end
end


--- A notifier for the socket that NOTIFY_SOCKET names.
---@return pagewarden.Notifier
function notify.new()
  local name = os.getenv "NOTIFY_SOCKET" or ""
  if not name:find "^[/@]" then
    return setmetatable({}, Notifier)
  end
  local fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0)
  if fd then
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.O_NONBLOCK)
  end
  local address = { family = socket.AF_UNIX, path = (name:gsub("^@", "\0")) }
  return setmetatable({ fd = fd, address = address }, Notifier)
end


return notify
