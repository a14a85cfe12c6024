-- SPDX-License-Identifier: MIT
--- A world to test a policy in: a fake root that the same readers read, a clock that the test
-- moves, processes to assign to, and the events that the policy logged. With busted (or luassert
-- alone) loaded, requiring this module adds its assertions.
-- @module pagewarden.testing
-- @pragma nostrip
-- @usage
-- local world = require("pagewarden.testing").new { script = "leak-watch" }
-- local p = world:spawn { comm = "leaky", rss = "100M" }
-- world:every("10s", function() p.rss_anon = p.rss_anon + (1 << 20) end)
-- world:advance "30m"
-- assert.event(world, "leak", { pid = p.pid })
-- world:stop()
-- assert.no_trace(world)
local dirent = require "posix.dirent"
local host = require "pagewarden.host"
local kept = require "pagewarden.testing.kept"
local kernel = require "pagewarden.testing.kernel"
local loops = require "pagewarden.loop"
local machine = require "pagewarden.testing.machine"
local needs = require "pagewarden.needs"
local oom = require "pagewarden.oom"
local policy = require "pagewarden.policy"
local proc = require "pagewarden.proc"
local process = require "pagewarden.testing.process"
local runtime = require "pagewarden.runtime"
local scripts = require "pagewarden.scripts"
local stat = require "posix.sys.stat"
local text = require "pagewarden.text"
local tree = require "pagewarden.testing.tree"
local types = require "pagewarden.option_types"
local unit = require "pagewarden.unit"
local unistd = require "posix.unistd"

local testing = {}

local FIELDS = { "script", "root", "options", "scripts", "state", "dry_run" }

--- The first pid that a world gives out.
local FIRST_PID = 1000


--- What the world does when the policy has done what cannot be put back, by the key of the act.
---@type table<string, fun(world: pagewarden.testing.World)>
local REACTIONS = {
  ["reclaim drop_caches"] = function(world)
    world:write("proc/meminfo", kernel.drop_caches(world.tree.files["proc/meminfo"]))
  end,
  ["sysrq f"] = function(world)
    local victim = oom.open(world.reader):victims({ top = 1 })[1]
    local killed = victim and world.processes[victim.pid]
    if killed then
      world:after(0, function() world:oom(killed) end)
    end
  end,
}


---@class pagewarden.testing.World
---@field path string the fake root
---@field events pagewarden.Event[] what the policy logged, in order
---@field acts pagewarden.Event[] those of them that tell what it changed, or would have
---@field private tree pagewarden.testing.Tree
---@field private loop table
---@field private reader table
---@field private policy pagewarden.Policy
---@field private instance pagewarden.Instance?
---@field private processes table<integer, pagewarden.testing.Process>
---@field private descriptors table<string, string> those that were open before the world
---@field private next_pid integer
---@field private condemned table<pagewarden.testing.Process, boolean> those that end once they can
---@field private wall_clock_ahead number seconds that the time of day is ahead of the clock
---@field private moving boolean? time passes
---@field private raised boolean? the policy's failure was said
---@field traces string[]? what a stopped policy left behind
local World = {}
World.__index = World


--- What each descriptor of this process leads to, by number.
local function open_descriptors()
  local descriptors = {}
  for _, number in ipairs(dirent.dir "/proc/self/fd") do
    descriptors[number] = unistd.readlink("/proc/self/fd/" .. number)
  end
  return descriptors
end


local function check_given(given)
  if type(given) ~= "table" or type(given.script) ~= "string" then
    error("testing.new: expected { script = NAME or FILE, … }", 3)
  end
  for name in pairs(given) do
    if not types.has(FIELDS, name) then
      local nearest = text.nearest(tostring(name), FIELDS)
      error(("testing.new: unknown field '%s'%s"):format(tostring(name),
        nearest and (" (did you mean '%s'?)"):format(nearest) or ""), 3)
    end
  end
end


local function load_policy(given)
  local folders = scripts.beside_modules()
  if given.scripts then
    table.insert(folders, 1, given.scripts)
  end
  local path, message = scripts.locate(given.script, { first = folders })
  local loaded
  if path then
    loaded, message = policy.load(path)
  end
  if not loaded then
    error(message, 3)
  end
  return loaded
end


local function set_options(loaded, given)
  local ok, message = loaded:set_options { { name = "options", values = given.options or {} } }
  if not ok then
    error(message, 3)
  end
end


local function new_tree(given)
  local files = tree.new()
  if given.root then
    local status, message = stat.stat(given.root)
    if not status then
      files:remove()
      error("testing.new: root " .. message, 3)
    end
    files:copy(given.root)
    return files
  end
  for path, contents in pairs(machine) do
    files:write(path, contents)
  end
  return files
end


---@class pagewarden.testing.Given
---@field script string a policy by name or file
---@field scripts string? a folder to find it in
---@field root string? a folder to copy, instead of a small machine at rest
---@field dry_run boolean? decide and log every change, and make none
---@field options table? as configuration writes them
---@field state table<string, any>? what the policy kept when it last ran

--- Makes a world. The policy is loaded now and started at the first `advance`, so that the world
--- can be furnished before it looks.
---@param given pagewarden.testing.Given
---@return pagewarden.testing.World
function testing.new(given)
  check_given(given)
  local descriptors = open_descriptors()
  local loaded = load_policy(given)
  set_options(loaded, given)
  local files = new_tree(given)
  local reader = assert(proc.open(files.path, {
    page_size = process.PAGE_SIZE, clock_ticks = process.CLOCK_TICKS,
  }))
  return setmetatable({
    path = files.path, events = {}, acts = {}, tree = files, reader = reader, policy = loaded,
    kept = given.state or {}, dry_run = given.dry_run, wall_clock_ahead = 0,
    loop = assert(loops.new { virtual = true, now = reader:uptime() or 0, reader = reader }),
    processes = {}, condemned = {}, descriptors = descriptors, next_pid = FIRST_PID,
  }, World)
end


local function seconds_of(duration)
  local seconds = type(duration) == "string" and unit.parse_duration(duration) or duration
  if type(seconds) ~= "number" then
    error(("expected seconds, or a duration such as '10s', found %s"):format(tostring(duration)), 3)
  end
  return seconds
end


--- Starts a process. Its fields are those of a snapshot's row; they may be assigned at any time,
--- sizes as bytes or as text, and the policy sees them the next time it looks.
---@param given table fields, such as `{ comm = "leaky", rss = "100M" }`
---@return pagewarden.testing.Process
function World:spawn(given)
  local pid = given.pid or self.next_pid
  if self.processes[pid] then
    error(("pid %d is taken"):format(pid), 2)
  end
  self.next_pid = math.max(self.next_pid, pid + 1)
  local start_time = math.floor(self.loop:now() * process.CLOCK_TICKS)
  local spawned = process.new(pid, start_time, given)
  self.processes[pid] = spawned
  return spawned
end


--- Lets the policy hear of something. Its failure is the test's at once, unless time passes now,
--- which ends first.
---@private
function World:tell(kind, event)
  local told = self.loop:inject(kind, event)
  if not self.moving then
    self:raise_failure(3)
  end
  return told
end


--- Ends a process: it is gone from /proc, and who waits for its end is told.
---@param ended pagewarden.testing.Process
function World:exit(ended)
  self:settle()
  self.processes[ended.pid] = nil
  self.tree:remove_folder("proc/" .. ended.pid)
  self:tell("exit", { pid = ended.pid, start_time = ended.start_time })
end


--- Lets time be lost to waiting for a resource: the pressure file says so, and who waits for that
--- pressure is told.
---@param event table such as `{ resource = "memory", kind = "some", avg10 = 12.5 }`, and `cgroup`,
--- `total` and `synthetic`
---@return integer told how many were waiting for it
function World:pressure(event)
  self:start()
  local path = kernel.pressure_path(event)
  local contents, pressed = kernel.press(self.tree.files[path], event)
  self.tree:write(path, contents)
  return self:tell("pressure", pressed)
end


--- Lets the kernel's OOM killer kill a process: who waits for that is told, and then the process
--- has exited.
---@param killed pagewarden.testing.Process
---@param details table? of the kernel's report, where it is to say otherwise
---@return integer told how many were waiting for it
function World:oom(killed, details)
  self:start()
  self:write("proc/vmstat", kernel.count_kill(self.tree.files["proc/vmstat"] or ""))
  local told = self:tell("oom", kernel.report(killed, details))
  self:exit(killed)
  return told
end


--- Writes a file of the fake root.
---@param path string such as "proc/meminfo"
---@param contents string
function World:write(path, contents)
  self.tree:write(path, contents)
end


--- Brings the fake root up to date with the clock and what was assigned.
---@private
function World:settle()
  self.tree:write("proc/uptime", ("%.2f %.2f\n"):format(self.loop:now(), self.loop:now()))
  self:end_condemned()
  for pid, p in pairs(self.processes) do
    if process.take_change(p) then
      for name, contents in pairs(process.files(p)) do
        self.tree:write(("proc/%d/%s"):format(pid, name), contents)
      end
    end
  end
end


--- Lets the world change by itself as time passes. It does not keep `run` going.
---@param period number|string seconds, or "10s"
---@param fn fun()
---@return table handle with `cancel`
function World:every(period, fn)
  return self.loop:every(seconds_of(period), fn, { background = true })
end


--- Lets something happen once.
---@param delay number|string seconds, or "10s"
---@param fn fun()
---@return table handle with `cancel`
function World:after(delay, fn)
  return self.loop:after(seconds_of(delay), fn, { background = true })
end


--- The loop as the policy sees it: before each of its callbacks the fake root is up to date.
---@private
function World:policy_loop()
  local function prepared(fn)
    return function(event)
      self:settle()
      fn(event)
    end
  end
  local seen = { now = function() return self.loop:now() end }
  for _, name in ipairs { "every", "after", "on_pressure", "on_exit", "on_memory_events",
    "on_readable" } do
    seen[name] = function(_, what, fn) return self.loop[name](self.loop, what, prepared(fn)) end
  end
  function seen.on_oom(_, fn)
    return self.loop:on_oom(prepared(fn))
  end
  return seen
end


--- A callback that fails fails the policy's test, even if it would be tried again.
---@private
function World:raise_failure(level)
  local failure = self.instance and (self.instance.failure or self.instance.last_error)
  if failure and not self.raised then
    self.raised = true
    error(("%s failed: %s"):format(self.policy.name, failure), level + 1)
  end
end


--- What the policy keeps, by key.
---@return table<string, any>
function World:state()
  return self.instance and self.instance.state and self.instance.state:all() or {}
end


---@private
function World:start()
  if self.instance then
    return
  end
  self:settle()
  kept.write(self.reader, self.loop, self.policy.name, self.kept)
  local grant = self:grant_needs()
  self.instance = runtime.start(self.policy, {
    loop = self:policy_loop(),
    reader = self.reader,
    now = function() return self.loop:now() end,
    sink = function(event) self:take(event) end,
    local_time = function() return self:local_time() end,
    gate = self.gate, dry = self.dry_run, waits_for_disks = true,
  }, { grant = grant })
end


--- A world grants what the policy declares, and opens the gate for it.
---@return table grant
---@private
function World:grant_needs()
  local needed, message = self.policy:needs_now()
  if not needed then
    error(message, 4)
  end
  local grant = needs.acting(needed)
  self.gate = next(grant)
    and assert(host.gate(self.tree.path, { imagined = true, loop = self.loop })) or nil
  return grant
end


--- Lets those exit that a signal has ended, but for those in an uninterruptible sleep.
---@private
function World:end_condemned()
  for p in pairs(self.condemned) do
    if p.state ~= "D" then
      self.condemned[p] = nil
      self:after(0, function()
        if self.processes[p.pid] == p then
          self:exit(p)
        end
      end)
    end
  end
end


--- Does what the kernel would have done with a signal. Not at once: the policy is being called.
---@private
function World:signal(act)
  for _, p in ipairs(kernel.signalled(act.key, self.processes)) do
    if kernel.ends(p, act.value) then
      self.condemned[p] = true
    end
  end
  self:end_condemned()
end


--- Takes from a cgroup what was asked for.
---@private
function World:reclaim(act)
  local path = ("sys/fs/cgroup%s/memory.current"):format(act.key:match "^reclaim cgroup (.*)$")
  local current = self.tree.files[path]
  if current then
    self:write(path, kernel.reclaim(current, act.value))
  end
end


--- Keeps an event of the policy, apart when it is of something that it did.
---@private
function World:take(event)
  self.events[#self.events + 1] = event
  if event.event == "act" or event.event == "would" then
    self.acts[#self.acts + 1] = event
  end
  if event.event == "act" and REACTIONS[event.key] then
    REACTIONS[event.key](self)
  elseif event.event == "act" and event.key:find "^reclaim cgroup " then
    self:reclaim(event)
  elseif event.event == "act" and event.key:find "^kill " then
    self:signal(event)
  end
end


--- Lets time pass: timers fire in order, each at its moment.
---@param duration number|string seconds, or "30m"
function World:advance(duration)
  self:start()
  self.moving = true
  self.loop:advance(seconds_of(duration))
  self.moving = false
  self:raise_failure(2)
end


--- Runs the policy until it has nothing left to wait for, as `pagewarden run` does.
function World:run()
  self:start()
  self.moving = true
  self.loop:run()
  self.moving = false
  self:raise_failure(2)
end


--- The events of a name that the policy has logged, in order.
---@param name string
---@return table[]
function World:logged(name)
  local found = {}
  for _, event in ipairs(self.events) do
    found[#found + 1] = event.event == name and event or nil
  end
  return found
end


--- How many events of a name the policy has logged.
---@param name string
---@return integer
function World:count(name)
  return #self:logged(name)
end


--- Seconds on the world's clock.
---@return number
function World:now()
  return self.loop:now()
end


---@private
function World:local_time()
  return os.date("!*t", math.floor(self.wall_clock_ahead + self.loop:now()))
end


--- Sets the time of day, which goes on from there: the clock that timers go by does not notice.
---@param time string hours and minutes, such as "02:30"
function World:set_time_of_day(time)
  local hours, minutes = tostring(time):match "^(%d%d):(%d%d)$"
  if not hours or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    error(("set_time_of_day: expected a time such as '02:30', found %s"):format(tostring(time)), 2)
  end
  self.wall_clock_ahead = (hours * 60 + minutes) * 60 - self.loop:now()
end


--- Files that are not as the world wrote them.
---@private
function World:find_changes()
  self.traces = {}
  for _, path in ipairs(self.tree:changed()) do
    self.traces[#self.traces + 1] = "changed: " .. path
  end
end


--- Descriptors that lead to where they did before the world was made are not its own.
---@private
function World:find_open_descriptors()
  for number, target in pairs(open_descriptors()) do
    if self.descriptors[number] ~= target and not target:find "^/proc/%d+/fd$" then
      self.traces[#self.traces + 1] = ("open: %s -> %s"):format(number, target)
    end
  end
end


--- Stops the policy and removes the world. What the policy left behind is then in `traces`.
function World:stop()
  if self.traces then
    return
  end
  if self.instance then
    self.instance:stop()
  end
  if self.gate then
    self.gate:close()
  end
  self:find_changes()
  self.loop:close()
  self.reader:close()
  self.tree:remove()
  self.policy:close()
  self:find_open_descriptors()
  self:raise_failure(2)
end


World.__close = World.stop


require "pagewarden.testing.assertions"

return testing
