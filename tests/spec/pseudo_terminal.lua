-- SPDX-License-Identifier: MIT
--- A program on a terminal of its own, for the specs: what it shows, the keys it gets, its size.
local fcntl = require "posix.fcntl"
local poll = require "posix.poll"
local signal = require "posix.signal"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local PATIENCE_MS = 20000

local Terminal = {}
Terminal.__index = Terminal


--- Turns this process into the command, in a session of its own: the first terminal that opens is
--- the session's.
local function become(name, line)
  unistd.setpid "s"
  local fd = assert(fcntl.open(name, fcntl.O_RDWR))
  for standard = 0, 2 do
    unistd.dup2(fd, standard)
  end
  unistd.execp("bash", { "-c", "stty rows 24 cols 80; exec " .. line })
end


--- Runs a command line on a new terminal of 80 columns and 24 rows.
local function start(line)
  local controller = assert(stdlib.openpt(fcntl.O_RDWR | fcntl.O_NOCTTY))
  assert(stdlib.grantpt(controller))
  assert(stdlib.unlockpt(controller))
  local name = assert(stdlib.ptsname(controller))
  local pid = assert(unistd.fork())
  if pid == 0 then
    become(name, line)
    unistd._exit(127)
  end
  return setmetatable({ controller = controller, name = name, pid = pid, shown = "" }, Terminal)
end


--- Waits until a text is shown after what was awaited last, and returns what came until then.
function Terminal:await(expected)
  local first, last
  repeat
    first, last = self.shown:find(expected, 1, true)
    if not first then
      assert(poll.rpoll(self.controller, PATIENCE_MS) == 1, "not shown: " .. expected)
      local more = unistd.read(self.controller, 65536)
      assert(more and more ~= "", ("ended without showing '%s': %s"):format(expected, self.shown))
      self.shown = self.shown .. more
    end
  until first
  local before = self.shown:sub(1, first - 1)
  self.shown = self.shown:sub(last + 1)
  return before
end


function Terminal:press(keys)
  assert(unistd.write(self.controller, keys))
end


function Terminal:resize(columns, rows)
  assert(os.execute(("stty -F %s rows %d cols %d"):format(self.name, rows, columns)))
end


--- What `stty` says of its modes.
function Terminal:modes()
  local output <close> = assert(io.popen("stty -g -F " .. self.name))
  return output:read "a"
end


function Terminal:signal(name)
  assert(signal.kill(self.pid, signal[name]) == 0)
end


--- Waits until the program is stopped, as by Ctrl-Z.
function Terminal:await_stop()
  local _, how = wait.wait(self.pid, wait.WUNTRACED)
  assert(how == "stopped", how)
end


--- Takes what is shown within so long and forgets it.
function Terminal:drain(milliseconds)
  if poll.rpoll(self.controller, milliseconds) == 1 then
    unistd.read(self.controller, 65536)
  end
end


--- Waits for the program's end; what it shows goes on being read, or it could not.
---@return string how, integer status
function Terminal:wait()
  repeat
    local more = unistd.read(self.controller, 65536)
    self.shown = self.shown .. (more or "")
  until not more or more == ""
  local _, how, status = wait.wait(self.pid)
  self.pid = nil
  return how, status
end


function Terminal:close()
  if self.pid then
    signal.kill(self.pid, signal.SIGKILL)
    wait.wait(self.pid)
  end
  unistd.close(self.controller)
end


Terminal.__close = Terminal.close


return { start = start }
