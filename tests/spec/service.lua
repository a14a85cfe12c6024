-- SPDX-License-Identifier: MIT
--- The daemon as a child process of a spec, and the service manager it tells how it is.
local program = require "program"
local socket = require "posix.sys.socket"
local unistd = require "posix.unistd"
local fcntl = require "posix.fcntl"
local poll = require "posix.poll"
local signal = require "posix.signal"
local stdlib = require "posix.stdlib"
local wait = require "posix.sys.wait"

local Service = {}
Service.__index = Service

local PATIENCE_MS = 20000


--- The next datagram from the daemon: "READY=1\nSTATUS=…".
function Service:hear()
  assert(poll.rpoll(self.manager, PATIENCE_MS) == 1, "the daemon says nothing")
  return (assert(socket.recv(self.manager, 4096)))
end


--- Waits for a datagram with this text in it.
function Service:await(expected)
  repeat
    local heard = self:hear()
  until heard:find(expected, 1, true)
end


--- Runs another command against the daemon.
function Service:run(line)
  return program.run(("%s --root %s"):format(line, self.root))
end


function Service:signal(name)
  signal.kill(self.pid, signal[name])
end


--- Waits for the daemon's end, which it is told of unless it ends by itself.
---@return integer status, string output, string errors
function Service:finish(name)
  if name then
    self:signal(name)
  end
  local _, _, status = wait.wait(self.pid)
  self.pid = nil
  local texts = {}
  for i, file in ipairs { "output", "errors" } do
    local opened <close> = assert(io.open(self.root .. "/" .. file))
    texts[i] = opened:read "a"
  end
  return status, texts[1], texts[2]
end


--- Ends the daemon, if the spec has not done so.
function Service:close()
  if self.pid then
    self:finish "SIGKILL"
  end
  unistd.close(self.manager)
end


Service.__close = Service.close


local function redirect(path, fd)
  local file = assert(fcntl.open(path, fcntl.O_WRONLY | fcntl.O_CREAT | fcntl.O_TRUNC, 384))
  unistd.dup2(file, fd)
end


local function execute(root, words, environment)
  redirect(root .. "/output", 1)
  redirect(root .. "/errors", 2)
  for name, value in pairs(environment) do
    stdlib.setenv(name, tostring(value))
  end
  unistd.execp(program.path, words)
  unistd._exit(127)
end


local service = {}


--- Starts a daemon below a folder, without waiting for it.
---@param root string
---@param words string[]? more of its command line
---@param environment table<string, string>? and NOTIFY_SOCKET
function service.start(root, words, environment)
  environment = environment or {}
  local name = environment.NOTIFY_SOCKET or root .. "/notify"
  local manager = assert(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0))
  assert(socket.bind(manager, { family = socket.AF_UNIX, path = (name:gsub("^@", "\0")) }))
  environment.NOTIFY_SOCKET = name
  local line = { "daemon", "--root", root, table.unpack(words or {}) }
  local pid = assert(unistd.fork())
  if pid == 0 then
    execute(root, line, environment)
  end
  return setmetatable({ root = root, pid = pid, manager = manager }, Service)
end


return service
