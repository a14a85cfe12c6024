-- SPDX-License-Identifier: MIT
--- Runs policies on a loop: starts each in its own state, keeps what it waits for, and stops it
-- when it fails or has nothing left to wait for. Whatever a policy does, the others go on.
-- @module pagewarden.runtime
local acts = require "pagewarden.acts"
local backoff = require "pagewarden.backoff"
local log = require "pagewarden.log"
local policies = require "pagewarden.policy"
local state = require "pagewarden.state"
local unit = require "pagewarden.unit"

local runtime = {}

--- Seconds between two looks whether a policy that has failed is to be stood in for, and after one
--- that has killed: memory takes a while to come back.
local FALLBACK_PERIOD, FALLBACK_PAUSE = 0.25, 2

--- Seconds of CPU time for each call into a policy that may kill, or says whom it would. It is
--- wanted when memory is short, and what the kernel does then to find pages for it counts as its
--- own time.
local KILLER_DEADLINE = 1


---@class pagewarden.Host what a policy runs in
---@field loop table a pagewarden.loop
---@field reader table a reader of pagewarden.proc; the policy gets one like it
---@field now fun(): number the time that events carry
---@field sink fun(event: pagewarden.Event)
---@field gate pagewarden.Gate? what policies that act go through
---@field ended? fun(instance: pagewarden.Instance) the policy has stopped; its state may be closed
---@field watchdog table? is told which policy runs
---@field local_time? fun(): table as `os.date "*t"` has it, when it is not the machine's
---@field waits_for_disks boolean? its clock stands still while what a policy keeps is written
---@field dry boolean? changes are decided and logged, and nothing is written: what a policy keeps
--- lasts as long as it runs


---@class pagewarden.Terms on which a policy runs
---@field name string? what it runs as, when that is not its own name
---@field grant table? what it may change, as `pagewarden.needs` knows it
---@field replaces boolean? another of its name goes on when it fails to start, with its leases


---@class pagewarden.Waiting what a policy waits for
---@field handle table of the loop
---@field seconds number? the period of a timer that repeats
---@field timer boolean? it is a timer
---@field fire fun() what that timer calls
---@field once boolean? it comes no second time
---@field failures integer in a row


---@class pagewarden.Instance a policy that was started
---@field name string
---@field failure string? why it failed to do what it was asked, in one line
---@field last_error string? of its last callback that failed, which may be tried again
---@field trace string? of that, with where
---@field stopped boolean
---@field private policy pagewarden.Policy
---@field private host pagewarden.Host
---@field private waiting table<integer, pagewarden.Waiting>
---@field private last_id integer
---@field private single_failures integer of what is called once, in a row
---@field state pagewarden.State? what it keeps
---@field private log fun(event: string, fields: table?)
---@field private acting boolean it was granted something
---@field private has_word boolean? it has failed, and what it left word of is done
---@field private replaces boolean? it has not started, and another of its name has not stopped
local Instance = {}
Instance.__index = Instance


---@private
function Instance:note_error(message)
  self.last_error, self.trace = policies.reason(message), message
end


---@private
function Instance:fail(message)
  self:note_error(message)
  self.failure = self.failure or self.last_error
  self.log("failed", { message = self.last_error })
  self.has_word = self.acting
  self:stop()
  if self.has_word then
    self:fall_back(true)
  end
end


local FALLEN_BACK = {
  killed = "it has failed, and the host killed in its place",
  would = "it has failed, and the host would have killed in its place",
  nobody = "it has failed, and whom it would have killed has ended",
}


--- Does what the policy left word of for the case that it fails (`kill.fallback`), now and as long
--- as the host runs.
---@private
function Instance:fall_back(first)
  local verdict = self.host.gate:fall_back(self.name, first)
  self:log_acts()
  if FALLEN_BACK[verdict] then
    self.log("fallback", { message = FALLEN_BACK[verdict] })
  end
  if verdict and verdict ~= "nobody" then
    self.host.loop:after(verdict == "not short" and FALLBACK_PERIOD or FALLBACK_PAUSE,
      function() self:fall_back() end, { background = true })
  end
end


--- Logs what went through the gate, or did not. The gate serves one policy at a time.
---@private
function Instance:log_acts()
  if not self.acting then
    return
  end
  local events, lost = self.host.gate:events()
  for _, event in ipairs(events) do
    local name = event.event
    event.event, event.policy = nil, nil
    self.log(name, event)
  end
  if lost > 0 then
    self.log("lost", { message = ("%d events of the gate, for want of memory"):format(lost) })
  end
end


--- Undoes what it changed, unless another takes that up. Where another goes on in its place, that
--- is only what this one did: the rest becomes again what the other made of it.
---@private
function Instance:undo(handed_on)
  if self.acting and not handed_on and not self.has_word then
    self.host.gate:forget_fallback(self.name)
  end
  if self.acting and not handed_on then
    self.host.gate[self.replaces and "retract" or "stop"](self.host.gate, self.name)
    self:log_acts()
  end
end


--- What a policy changed that is done once it has started stays, unless it said otherwise; `undo`
--- lists it.
---@private
function Instance:keep_if_done()
  if self.acting and not self.failure and next(self.waiting) == nil then
    self.host.gate:keep(self.name)
    self:log_acts()
  end
end


---@private
function Instance:stop_if_idle()
  if not self.stopped and next(self.waiting) == nil then
    self:stop()
  end
end


--- A timer that has failed waits longer; one that works again keeps its period.
---@private
function Instance:rearm(id, waiting)
  if waiting.seconds and self.waiting[id] == waiting then
    local loop, delay = self.host.loop, backoff.delay(waiting.seconds, waiting.failures)
    waiting.handle:cancel()
    waiting.handle = loop[waiting.failures > 0 and "after" or "every"](loop, delay, waiting.fire)
  end
end


--- What is called once cannot be tried again: the policy did not do what it was asked.
---@private
function Instance:count_failure(waiting)
  if not waiting.once then
    waiting.failures = waiting.failures + 1
    return waiting.failures
  end
  self.failure = self.failure or self.last_error
  self.single_failures = self.single_failures + 1
  return self.single_failures
end


---@private
function Instance:trip(id, waiting, message)
  self:note_error(message)
  local failures = self:count_failure(waiting)
  if failures == backoff.MOST_FAILURES or next(self.waiting) == nil then
    self:fail(message)
    return
  end
  self.log("error", { message = self.last_error, traceback = message, failures = failures })
  self:rearm(id, waiting)
end


--- Calls into the policy; the watchdog knows into which, and what it changed meanwhile is logged.
---@private
function Instance:call(name, ...)
  local watchdog = self.host.watchdog
  if watchdog then
    watchdog:name(self.name)
  end
  local ok, result, more = self.policy:call(name, ...)
  if watchdog then
    watchdog:name ""
  end
  self:log_acts()
  return ok, result, more
end


--- Calls back into the policy and survives what it does.
---@private
function Instance:fire(id, waiting, event)
  local last = waiting.once or event and event.gone or false
  if last then
    self.waiting[id] = nil
  end
  local ok, message = self:call("fire", id, event, last)
  if not ok then
    self:trip(id, waiting, message)
  elseif waiting.once then
    self.single_failures = 0
  elseif waiting.failures > 0 then
    waiting.failures = 0
    self:rearm(id, waiting)
  end
  self:stop_if_idle()
end


--- Cancels what the policy waits for and lets it do what it deferred, each in a call of its own, so
--- that one that fails does not keep the others; then its leases are undone. What still failed
--- makes it a failure. Safe to call twice.
---@param handed_on boolean? another of its name takes up its leases: they stay
function Instance:stop(handed_on)
  if self.stopped then
    return
  end
  self.stopped = true
  for _, waiting in pairs(self.waiting) do
    waiting.handle:cancel()
    if waiting.failures > 0 then
      self.failure = self.failure or self.last_error
    end
  end
  self.waiting = {}
  local ok, more, outcome
  repeat
    ok, more, outcome = self:call "stop"
    if not ok then
      self:fail(more)
    end
  until ok and not more or outcome == "out of memory"
  if self.state then
    self.state:close()
  end
  self:undo(handed_on)
  if self.host.ended then
    self.host.ended(self)
  end
end


--- What it waits for.
---@return integer timers
---@return integer others
function Instance:count_waiting()
  local timers, others = 0, 0
  for _, waiting in pairs(self.waiting) do
    timers = timers + (waiting.timer and 1 or 0)
    others = others + (waiting.timer and 0 or 1)
  end
  return timers, others
end


--- Keeps what the policy is to be called back for. `start` takes a function to call, and returns
--- what loop methods do.
---@private
function Instance:wait_for(waiting, start)
  local id = self.last_id + 1
  waiting.failures = 0
  function waiting.fire(event)
    self:fire(id, waiting, event)
  end
  local handle, message, errno, kind = start(self.host.loop, waiting.fire)
  if not handle then
    return handle, message, errno, kind
  end
  waiting.handle = handle
  self.last_id, self.waiting[id] = id, waiting
  return id
end


--- What is wrong with an argument, from the message of a binding.
local function reason_of(message)
  return message:match "^bad argument #%d+ to '[^']*' %((.*)%)$" or message
end


--- The same for a method of the loop with its argument. A wrong argument is the policy's fault: the
--- answer is then false.
---@private
function Instance:listen(waiting, method, ...)
  local arguments = table.pack(...)
  return self:wait_for(waiting, function(loop, fn)
    arguments[arguments.n + 1] = fn
    local ok, handle, message, errno, kind = pcall(loop[method], loop,
      table.unpack(arguments, 1, arguments.n + 1))
    if not ok then
      return false, reason_of(handle)
    end
    return handle, message, errno, kind
  end)
end


--- What a policy may ask of its host, by the first word of the question.
local answers = {}


function answers.every(self, seconds)
  return self:wait_for({ seconds = seconds, timer = true }, function(loop, fn)
    return loop:every(seconds, fn)
  end)
end


function answers.after(self, seconds)
  return self:wait_for({ once = true, timer = true }, function(loop, fn)
    return loop:after(seconds, fn)
  end)
end


function answers.on_pressure(self, request)
  return self:listen({}, "on_pressure", request)
end


function answers.on_oom(self)
  return self:listen({}, "on_oom")
end


function answers.on_memory_events(self, cgroup)
  return self:listen({}, "on_memory_events", cgroup)
end


--- The process is looked up again: its pid may be another's by now.
function answers.on_exit(self, pid, start_time)
  local found, message, errno, kind = self.host.reader:process(pid)
  if not found then
    return nil, message, errno, kind
  elseif start_time and found.start_time ~= start_time then
    return nil, ("process %d: No such process"):format(pid), 3, "gone"
  end
  return self:listen({ once = true }, "on_exit", found)
end


--- What the policy's own functions wait for in a task.
function answers.on_readable(self, fd)
  return assert(self:listen({ once = true }, "on_readable", fd))
end


function answers.cancel(self, id)
  local waiting = self.waiting[id]
  if waiting then
    self.waiting[id] = nil
    waiting.handle:cancel()
  end
end


function answers.now(self)
  return self.host.loop:now()
end


function answers.local_time(self)
  return self.host.local_time and self.host.local_time() or os.date "*t"
end


function answers.log(self, event, fields)
  self:log_acts()
  self.log(event, fields)
end


function answers.state_get(self, key)
  return self.state:get(key)
end


function answers.state_set(self, key, bytes)
  return self.state:set(key, bytes)
end


function answers.state_flush(self)
  return self.state:flush(self.host.waits_for_disks)
end


--- Reads what a policy kept, when it needs state.
---@private
function Instance:open_state(needed)
  if needed.state then
    self.state = state.open(self.host.reader, self.host.loop, {
      name = self.name, quota = unit.parse_size(needed.state), dry = self.host.dry,
      log = self.log,
    })
  end
end


--- Starts a policy, which can be done once. It is stopped at once when it set up nothing to wait
--- for.
---@param policy pagewarden.Policy
---@param host pagewarden.Host with a gate when anything is granted
---@param terms pagewarden.Terms?
---@return pagewarden.Instance
function runtime.start(policy, host, terms)
  terms = terms or {}
  local name, grant = terms.name or policy.name, terms.grant or {}
  local modules = acts.modules(grant)
  local instance = setmetatable({
    name = name, stopped = false, policy = policy, host = host, waiting = {}, last_id = 0,
    single_failures = 0, log = log.new(name, host.now, host.sink), acting = #modules > 0,
    replaces = terms.replaces,
  }, Instance)
  policy.answer = function(question, ...)
    return answers[question](instance, ...)
  end
  local needed = policy:needs_now() or {}
  instance:open_state(needed)
  if needed.kill then
    policy:set_deadline(KILLER_DEADLINE)
  end
  local reader = host.reader
  local ok, problem = true, nil
  if instance.acting then
    ok, problem = pcall(policy.grant, policy, host.gate, {
      name = name, grants = acts.words(grant), dry_run = host.dry,
    })
  end
  if ok then
    ok, problem = instance:call("start", reader:root(),
      { page_size = reader:page_size(), clock_ticks = reader:clock_ticks() }, modules,
      grant.modules and { names = grant.modules, cpath = package.cpath })
  end
  if not ok then
    instance:fail(problem)
  end
  instance.replaces = nil
  instance:keep_if_done()
  instance:stop_if_idle()
  return instance
end


return runtime
