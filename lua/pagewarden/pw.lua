-- SPDX-License-Identifier: MIT
--- What a policy gets to work with: `pw`. Runs in the policy's own state, where there is one
-- policy; what it waits for is kept by the host, which is asked for it.
-- @module pagewarden.pw
local event = require "pagewarden.event"
local host = require "pagewarden.host"
local view = require "pagewarden.view"

local pw = {}

local callbacks = {} ---@type table<integer, function> by the number the host gave
local tasks = {} ---@type table<thread, boolean> those that are not done
local deferred = {} ---@type function[]
local stopped = false


--- What the policy waits for, as it sees it.
local Handle = {}
Handle.__index = Handle


function Handle:cancel()
  if callbacks[self.id] then
    callbacks[self.id] = nil
    host.ask("cancel", self.id)
  end
end


Handle.__close = Handle.cancel


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


--- Asks the host to call back.
local function wait_for(fn, question, ...)
  if stopped then
    error("the policy has been stopped", 3)
  end
  local id = host.ask(question, ...)
  callbacks[id] = fn
  return setmetatable({ id = id }, Handle)
end


local Pw = {}


--- Calls a function again and again, the first time after one period; missed ticks come as one.
---@param seconds number
---@param fn fun()
---@return table handle with `cancel`, and `__close`
function Pw:every(seconds, fn)
  check_seconds("every", seconds, 0.001)
  check_function("every", fn)
  local handle = wait_for(fn, "every", seconds) -- no tail call: errors count levels
  return handle
end


--- Calls a function once.
---@param seconds number
---@param fn fun()
---@return table handle with `cancel`, and `__close`
function Pw:after(seconds, fn)
  check_seconds("after", seconds, 0)
  check_function("after", fn)
  local handle
  handle = wait_for(function()
    callbacks[handle.id] = nil
    fn()
  end, "after", seconds)
  return handle
end


--- Calls a function when the policy stops, for whatever reason; the last deferred is called first.
---@param fn fun()
function Pw:defer(fn)
  check_function("defer", fn)
  deferred[#deferred + 1] = fn
end


--- Starts a coroutine, which may `pw:sleep`.
---@param fn fun()
function Pw:task(fn)
  check_function("task", fn)
  local thread = coroutine.create(fn)
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
  if not tasks[coroutine.running()] then
    error("pw:sleep: only a task may sleep (see pw:task)", 2)
  end
  coroutine.yield(seconds)
end


--- Seconds on a clock that never goes back: since boot, or the test's.
---@return number
function Pw:now()
  return (host.ask "now")
end


--- A module that was not granted is not there; neither is a method that does not exist.
local function find_method(_, name)
  local method = Pw[name]
  if not method then
    error(("pw has no '%s'"):format(tostring(name)), 2)
  end
  return method
end


local function log(name, fields)
  event.check(name, fields)
  host.ask("log", name, fields)
end


--- The `pw` of the policy in this state.
---@param reader table of pagewarden.proc
---@return table
function pw.new(reader)
  return setmetatable({ proc = view.module_of(reader), log = log },
    { __index = find_method, __metatable = false })
end


--- Calls what waits for something that has come.
---@param id integer
function pw.fire(id, ...)
  local fn = callbacks[id]
  if fn then
    fn(...)
  end
end


--- Does one of the things that are left to do when the policy stops: ends a task, or calls what was
--- deferred, last first. It counts as done however it ends.
---@return boolean more is left to do
function pw.stop()
  stopped = true
  local thread = next(tasks)
  local fn = not thread and table.remove(deferred)
  if thread then
    tasks[thread] = nil
    coroutine.close(thread)
  elseif fn then
    fn()
  end
  return next(tasks) ~= nil or #deferred > 0
end


return pw
