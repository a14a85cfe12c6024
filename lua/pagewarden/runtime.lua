-- SPDX-License-Identifier: MIT
--- Runs policies on a loop: makes each its `pw`, keeps what it waits for, and stops it when it
-- fails or has nothing left to wait for. Policies share a Lua state for now; all that one needs of
-- its host goes through `runtime.start`, so that each can have its own.
-- @module pagewarden.runtime
local log = require "pagewarden.log"
local view = require "pagewarden.view"

local runtime = {}


---@class pagewarden.Host what a policy runs in
---@field loop table a pagewarden.loop
---@field reader table a reader of pagewarden.proc
---@field now fun(): number the time that events carry
---@field sink fun(event: pagewarden.Event)


---@class pagewarden.Instance a policy that was started
---@field name string
---@field failure string? why it failed, in one line
---@field trace string? where
---@field stopped boolean
---@field private host pagewarden.Host
---@field private handles table<table, boolean> what it waits for
---@field private waiting integer how many of them
---@field private tasks table<thread, boolean> those that are not done
---@field private deferred function[]
---@field private log fun(event: string, fields: table?)
local Instance = {}
Instance.__index = Instance


--- A timer as its policy sees it.
local Handle = {}
Handle.__index = Handle


function Handle:cancel()
  self.timer:cancel()
  self.instance:release(self)
end


Handle.__close = Handle.cancel


---@private
function Instance:keep(handle)
  self.handles[handle] = true
  self.waiting = self.waiting + 1
end


---@private
function Instance:release(handle)
  if self.handles[handle] then
    self.handles[handle] = nil
    self.waiting = self.waiting - 1
  end
end


---@private
function Instance:fail(message)
  self.failure = self.failure or message
  self.log("failed", { message = message })
  self:stop()
end


--- Calls a function for the policy and survives what it does. Arguments and results are not passed
--- on, so that a tick makes no garbage.
---@private
function Instance:guard(fn)
  local function explain(message)
    self.trace = debug.traceback(tostring(message), 2)
    return tostring(message)
  end
  return function()
    local ok, message = xpcall(fn, explain)
    if not ok then
      self:fail(message)
    elseif self.waiting == 0 then
      self:stop()
    end
  end
end


--- Cancels what the policy waits for and runs what it deferred, last first. Safe to call twice.
function Instance:stop()
  if self.stopped then
    return
  end
  self.stopped = true
  for handle in pairs(self.handles) do
    handle.timer:cancel()
  end
  self.handles, self.waiting = {}, 0
  for thread in pairs(self.tasks) do
    coroutine.close(thread)
  end
  self.tasks = {}
  for i = #self.deferred, 1, -1 do
    local ok, message = pcall(self.deferred[i])
    if not ok then
      self:fail(tostring(message))
    end
  end
  self.deferred = {}
end


local function check_function(method, fn)
  if type(fn) ~= "function" then
    error(("pw:%s: expected a function, found a %s"):format(method, type(fn)), 3)
  end
end


local function check_seconds(method, seconds, least)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds < least then
    error(("pw:%s: expected a number of seconds, at least %g, found %s"):format(method, least,
      tostring(seconds)), 3)
  end
end


--- What `pw` offers besides modules. The instance of a `pw` is nobody's business but ours.
---@type table<table, pagewarden.Instance>
local instances = setmetatable({}, { __mode = "k" })

---@class pagewarden.Pw
---@field proc table pagewarden.proc, reading from the host's root
---@field log fun(event: string, fields: table?)
local Pw = {}


--- A module that was not granted is not there; neither is a method that does not exist.
local function find_method(_, name)
  local method = Pw[name]
  if not method then
    error(("pw has no '%s'"):format(tostring(name)), 2)
  end
  return method
end


local function start_timer(self, kind, seconds, fn)
  local instance = instances[self]
  if instance.stopped then
    error("the policy has been stopped", 3)
  end
  local handle = setmetatable({ instance = instance }, Handle)
  local guarded = instance:guard(fn)
  handle.timer = instance.host.loop[kind](instance.host.loop, seconds, guarded)
  instance:keep(handle)
  return handle
end


--- Calls a function again and again, the first time after one period; missed ticks come as one.
---@param seconds number
---@param fn fun()
---@return table handle with `cancel`, and `__close`
function Pw:every(seconds, fn)
  check_seconds("every", seconds, 0.001)
  check_function("every", fn)
  return start_timer(self, "every", seconds, fn)
end


--- Calls a function once.
---@param seconds number
---@param fn fun()
---@return table handle with `cancel`, and `__close`
function Pw:after(seconds, fn)
  check_seconds("after", seconds, 0)
  check_function("after", fn)
  local handle
  handle = start_timer(self, "after", seconds, function()
    handle.instance:release(handle)
    fn()
  end)
  return handle
end


--- Calls a function when the policy stops, for whatever reason; the last deferred is called first.
---@param fn fun()
function Pw:defer(fn)
  check_function("defer", fn)
  table.insert(instances[self].deferred, fn)
end


--- Starts a coroutine, which may `pw:sleep`.
---@param fn fun()
function Pw:task(fn)
  check_function("task", fn)
  local thread, tasks = coroutine.create(fn), instances[self].tasks
  local function resume()
    local ok, seconds = coroutine.resume(thread)
    if ok and coroutine.status(thread) == "suspended" then
      self:after(seconds, resume)
      return
    end
    tasks[thread] = nil
    if not ok then
      error(seconds, 0)
    end
  end
  tasks[thread] = true
  self:after(0, resume)
end


--- Lets the task that calls it wait.
---@param seconds number
function Pw:sleep(seconds)
  check_seconds("sleep", seconds, 0)
  if not instances[self].tasks[coroutine.running()] then
    error("pw:sleep: only a task may sleep (see pw:task)", 2)
  end
  coroutine.yield(seconds)
end


--- Seconds on a clock that never goes back: since boot, or the test's.
---@return number
function Pw:now()
  return instances[self].host.loop:now()
end


local function new_pw(instance)
  local pw = setmetatable({
    proc = view.module_of(instance.host.reader),
    log = instance.log,
  }, { __index = find_method, __metatable = false })
  instances[pw] = instance
  return pw
end


--- Starts a policy. It is stopped at once when it set up nothing to wait for.
---@param policy pagewarden.Policy
---@param options table<string, any> resolved
---@param host pagewarden.Host
---@return pagewarden.Instance
function runtime.start(policy, options, host)
  local instance = setmetatable({
    name = policy.name, stopped = false, host = host, handles = {}, waiting = 0, tasks = {},
    deferred = {}, log = log.new(policy.name, host.now, host.sink),
  }, Instance)
  local pw = new_pw(instance)
  instance:guard(function()
    local done, reason = policy.start(pw, options)
    if not done and type(reason) == "string" then
      error(reason, 0)
    end
  end)()
  return instance
end


return runtime
