-- SPDX-License-Identifier: MIT
--- Asks the running daemon over its control socket.
-- @module pagewarden.cli.ask
local errno = require "posix.errno"
local exit = require "pagewarden.cli.exit"
local json = require "dkjson"
local root = require "pagewarden.cli.root"
local run_folder = require "pagewarden.run_folder"
local socket = require "posix.sys.socket"
local unistd = require "posix.unistd"

local ask = {}

--- A reload loads all policies anew before it is answered.
local PATIENCE_SECONDS = 30

local STATUSES = { denied = exit.DENIED, usage = exit.USAGE, failed = exit.FAILED }


local function explain(path, message, code)
  if code == errno.ENOENT or code == errno.ECONNREFUSED then
    return exit.FAILED, ("no daemon is running (%s: %s)"):format(path, message)
  end
  return code == errno.EACCES and exit.DENIED or exit.FAILED, ("%s: %s"):format(path, message)
end


local function connect(path, fits)
  if not fits then
    return nil, exit.USAGE, run_folder.explain_long(path)
  end
  local fd = assert(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0))
  for _, option in ipairs { socket.SO_SNDTIMEO, socket.SO_RCVTIMEO } do
    socket.setsockopt(fd, socket.SOL_SOCKET, option, PATIENCE_SECONDS, 0)
  end
  local ok, message, code = socket.connect(fd, { family = socket.AF_UNIX, path = path })
  if not ok then
    unistd.close(fd)
    return nil, explain(path, message, code)
  end
  return fd
end


--- The line that comes back, or what became of it.
local function receive_line(fd)
  local parts = {}
  repeat
    local part, message = socket.recv(fd, 65536)
    if not part or part == "" then
      return nil, message or "it closed the connection"
    end
    parts[#parts + 1] = part
  until part:find("\n", 1, true)
  return table.concat(parts)
end


local function exchange(fd, request)
  local ok, message = socket.send(fd, json.encode(request) .. "\n")
  if not ok then
    return nil, message
  end
  local line
  line, message = receive_line(fd)
  return line and json.decode(line), message
end


--- Asks, and complains when there is no answer or it is a refusal.
---@param request table
---@return table? answer
---@return integer? status of the exit when there is none
function ask.daemon(request, arguments, context)
  local fd, status, message = connect(run_folder.control(root.of(arguments, context)))
  if not fd then
    return nil, exit.complain(status --[[@as integer]], message)
  end
  local reply
  reply, message = exchange(fd, request)
  unistd.close(fd)
  if type(reply) ~= "table" then
    return nil, exit.complain(exit.FAILED, ("the daemon does not answer: %s"):format(message
      or "that is no JSON"))
  elseif not reply.ok then
    return nil, exit.complain(STATUSES[reply.kind] or exit.FAILED, reply.error)
  end
  reply.ok = nil
  return reply
end


return ask
