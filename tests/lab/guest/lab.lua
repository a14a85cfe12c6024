-- SPDX-License-Identifier: MIT
--- What a check works with. What it started or made is ended and removed when it is over.
---
--- Beside the functions, `lab.kernel` is the version ("6.1"), and `lab.swap`, `lab.disks`,
--- `lab.zram`, `lab.scratch` and `lab.cgroups` say where what the script needs is.
local proc = require "pagewarden.proc"
local fcntl = require "posix.fcntl"
local signal = require "posix.signal"
local stat = require "posix.sys.stat"
local time = require "posix.time"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local lab = {}

--- More than there is: a hog that is let alone takes all.
lab.ALL_MIB = "4096"

local POLICY_TRIES = 40
local cleanups = {}


--- The whole of a file.
---@param path string
---@return string
function lab.read(path)
  local file <close> = assert(io.open(path))
  return assert(file:read "a")
end


--- The first number in a file.
---@param path string
---@return number
function lab.number(path)
  return tonumber(lab.read(path):match "%-?%d+")
end


--- Writes a file in one write, without the help of pagewarden.
---@param path string
---@param text string|integer
function lab.write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end


lab.kernel = lab.read("/proc/sys/kernel/osrelease"):match "^%d+%.%d+"


---@param seconds number
function lab.sleep(seconds)
  local whole = math.floor(seconds)
  time.nanosleep { tv_sec = whole, tv_nsec = math.floor((seconds - whole) * 1e9) }
end


--- Waits until something is true, and fails when it is not within so many seconds.
---@generic T
---@param what string what is waited for
---@param seconds number
---@param is_true fun(): T
---@return T
function lab.await(what, seconds, is_true)
  local deadline = time.clock_gettime(time.CLOCK_MONOTONIC).tv_sec + seconds
  while true do
    local value = is_true()
    if value then
      return value
    elseif time.clock_gettime(time.CLOCK_MONOTONIC).tv_sec > deadline then
      error(("waited %g seconds for this: %s"):format(seconds, what), 2)
    end
    lab.sleep(0.02)
  end
end


--- Has something done when the check is over; the last first.
---@param cleanup fun()
function lab.defer(cleanup)
  cleanups[#cleanups + 1] = cleanup
end


--- Runs a line of sh, and waits for its end.
---@param line string
---@return integer status, string output of both streams
function lab.run(line)
  local pipe = assert(io.popen("echo 0 >/proc/self/oom_score_adj; exec 2>&1; " .. line))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  return status, output
end


---@class lab.Program a program that runs
---@field pid integer
---@field process pagewarden.Process
local Program = {}
Program.__index = Program


--- The next line that it prints; nil when it has ended.
---@return string?
function Program:line()
  return self.output:read "l"
end


--- The next line that has this in it; nil when it has ended without one.
---@param part string
---@return string?
function Program:hear(part)
  for line in self.output:lines() do
    if line:find(part, 1, true) then
      return line
    end
  end
end


--- Whether it has not ended, waited for or not.
---@return boolean
function Program:lives()
  local found = self.process:stat()
  return found ~= nil and found.state ~= "Z"
end


---@param name string "SIGTERM"
function Program:signal(name)
  assert(signal.kill(self.pid, signal[name]))
end


--- Waits for its end.
---@return string how "exited" or "killed"
---@return integer status or signal
function Program:wait()
  if not self.how then
    local _
    _, self.how, self.status = wait.wait(self.pid)
  end
  return self.how, self.status
end


--- How it has ended, as `wait` says it; nil, at once, when it has not.
---@return string? how
---@return integer? status
function Program:poll()
  if not self.how then
    local pid, how, status = wait.wait(self.pid, wait.WNOHANG)
    if pid == self.pid then
      self.how, self.status = how, status
    end
  end
  return self.how, self.status
end


--- Ends it, unless it has ended.
function Program:stop()
  if not self.how then
    signal.kill(self.pid, signal.SIGKILL)
    self:wait()
  end
end


local function become(words, cgroup, uid, output)
  lab.write("/proc/self/oom_score_adj", 0)
  if cgroup then
    lab.write(lab.cgroups .. cgroup .. "/cgroup.procs", unistd.getpid())
  end
  unistd.dup2(output, 1)
  unistd.close(output)
  if uid then
    unistd.setpid("u", uid)
  end
  unistd.execp(words[1], { table.unpack(words, 2) })
  unistd._exit(127)
end


--- A pipe whose ends, those that are named, no program inherits.
local function new_pipe(...)
  local ends = { unistd.pipe() }
  for _, number in ipairs { ... } do
    fcntl.fcntl(ends[number], fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  end
  return ends[1], ends[2]
end


--- Starts a program, and waits until it runs: before that it is a copy of ours, which still makes
--- itself what it is to be.
---@param words string[] its name and arguments
---@param cgroup string? where it starts: a path of `lab.cgroup`
---@param uid integer? whose it is; root's without it
---@return lab.Program
function lab.start(words, cgroup, uid)
  local from, to = new_pipe(1)
  local begun, not_yet = new_pipe(1, 2)
  local pid = assert(unistd.fork())
  if pid == 0 then
    become(words, cgroup, uid, to)
  end
  unistd.close(to)
  unistd.close(not_yet)
  unistd.read(begun, 1)
  unistd.close(begun)
  local program = setmetatable({ pid = pid, process = assert(proc.process(pid)),
    output = require("posix.stdio").fdopen(from, "r") }, Program)
  lab.defer(function() program:stop() end)
  return program
end


--- A program that somebody else has started.
---@param pid integer
---@return lab.Program
function lab.running(pid)
  return setmetatable({ pid = pid, process = assert(proc.process(pid)) }, Program)
end


--- Starts `hog` (guest/hog.c) and waits until it has all of its memory.
---@param mib integer
---@param cgroup string?
---@return lab.Program
function lab.hog(mib, cgroup)
  local hog = lab.start({ "hog", tostring(mib) }, cgroup)
  assert(hog:line() == "full", "the hog did not get its memory")
  return hog
end


--- Makes a cgroup.
---@param path string "/web"
---@return string path
function lab.cgroup(path)
  local folder = lab.cgroups .. path
  assert(stat.mkdir(folder))
  lab.defer(function()
    lab.await("the cgroup is empty", 10, function() return unistd.rmdir(folder) end)
  end)
  return path
end


--- Writes a policy that has this for the body of its `start` and waits then, and a configuration of
--- it alone, /root/conf.d, which grants it what it needs.
---@param name string
---@param needs string a table in Lua's own words: `{ sysctl = { "vm.swappiness" } }`
---@param body string
---@return string path
function lab.write_policy(name, needs, body)
  local path = ("/root/%s.lua"):format(name)
  lab.write(path, ("return { api = 1, name = %q, summary = 'A test', needs = %s,\n"
    .. "start = function(pw)\n%s\npw.log 'ready'\npw:every(60, function() end)\nend }\n"):format(
    name, needs, body))
  stat.mkdir "/root/conf.d"
  lab.write("/root/conf.d/all.lua", ("policy %q { grant = %s }\n"):format(path, needs))
  return path
end


--- Starts `pagewarden run` of such a policy. Tried again, since time that the host takes from the
--- guest passes for CPU time of the policy, which then overruns its deadline.
---@param name string
---@param needs string
---@param body string
---@return lab.Program program its `start` is over
function lab.run_policy(name, needs, body)
  local path = lab.write_policy(name, needs, body)
  for _ = 1, POLICY_TRIES do
    local program = lab.start { "pagewarden", "run", path, "--config", "/root" }
    if program:hear(name .. ": ready") then
      return program
    end
  end
  error(("%s did not start; the console says why"):format(name), 2)
end


--- The line of an event that such a policy logs some time after its `start`; tried again for the
--- same reason.
---@param name string
---@param needs string
---@param body string
---@param event string
---@return string
function lab.hear_policy(name, needs, body, event)
  for _ = 1, POLICY_TRIES do
    local program = lab.run_policy(name, needs, body)
    local line = program:hear(event)
    if line then
      return line
    end
  end
  error(("%s did not say '%s'; the console says why"):format(name, event), 2)
end


--- Starts a recipe, and waits for a line that has this in it; tried again for the same reason.
---@param words string[] after `pagewarden run`
---@param part string
---@param cgroup string? where it starts
---@return string line
---@return lab.Program
function lab.hear_recipe(words, part, cgroup)
  for _ = 1, POLICY_TRIES do
    local program = lab.start({ "pagewarden", "run", table.unpack(words) }, cgroup)
    local line = program:hear(part)
    if line then
      return line, program
    end
  end
  error(("%s did not say '%s'; the console says why"):format(words[1], part), 2)
end


--- Runs a recipe to its end: `pagewarden run` with these words. Tried again for the same reason.
---@param words string
---@param wrapper string? the command that is to run it
---@return string output of both streams
---@return integer status
function lab.recipe(words, wrapper)
  local status, output
  for _ = 1, POLICY_TRIES do
    status, output = lab.run(("%s pagewarden run %s"):format(wrapper or "", words))
    if not output:find "it ran for more than [%d.]+ s" then
      break
    end
  end
  return output, status
end


--- Takes over where things are.
---@param guest table
function lab.adopt(guest)
  for key, value in pairs(guest) do
    lab[key] = value
  end
end


--- Undoes what a check left.
function lab.clean_up()
  while #cleanups > 0 do
    table.remove(cleanups)()
  end
end


return lab
