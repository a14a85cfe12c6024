-- SPDX-License-Identifier: MIT
--- What a policy gets to work with: `pw`. Runs in the policy's own state, where there is one
-- policy; what it waits for is kept by the host, which is asked for it.
-- @module pagewarden.pw
local event = require "pagewarden.event"
local host = require "pagewarden.host"
local tasks = require "pagewarden.tasks"
local view = require "pagewarden.view"

local pw = {}

local callbacks = {} ---@type table<integer, function> by the number the host gave
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


local function check_running(level)
  if stopped then
    error("the policy has been stopped", level + 1)
  end
end


local function keep(handle, id, fn)
  callbacks[id] = fn
  handle.id = id
end


--- Asks the host to call back. What comes of that is kept by a handle that is there already: when
--- memory lacks even for that, the host is not left with what nobody knows of.
local function new_handle(fn, question, ...)
  local handle = setmetatable({ id = false }, Handle)
  local id, message, errno, kind = host.ask(question, ...)
  if not id then
    return id, message, errno, kind
  end
  local ok, problem = pcall(keep, handle, id, fn)
  if not ok then
    host.ask("cancel", id)
    error(problem, 0)
  end
  return handle
end


local function wait_for(fn, question, ...)
  check_running(3)
  return new_handle(fn, question, ...)
end


--- Asks the host to tell of events, which may not be possible. `fn` gets each as a table. Only for
--- tail calls: errors count levels.
local function listen(method, fn, ...)
  check_function(method, fn)
  check_running(2)
  local handle, message, errno, kind = new_handle(fn, method, ...)
  if handle == false then
    error(("pw:%s: %s"):format(method, message), 2)
  end
  return handle, message, errno, kind
end


local Pw = {}


--- Calls a function again and again, the first time after one period; missed ticks come as one. A
--- tick may be late by a 64th of the period, at most 0.2 s: one wake-up does for many policies.
---@param seconds number
---@param fn fun()
---@return table handle with `cancel`, and `__close`
function Pw:every(seconds, fn)
  check_seconds("every", seconds, 0.001)
  check_function("every", fn)
  local handle = wait_for(fn, "every", seconds)
  return handle
end


--- Calls a function once.
---@param seconds number
---@param fn fun()
---@return table handle with `cancel`, and `__close`
function Pw:after(seconds, fn)
  check_seconds("after", seconds, 0)
  check_function("after", fn)
  local handle = wait_for(fn, "after", seconds) -- no tail call: errors count levels
  return handle
end


--- Calls a function when the policy stops, for whatever reason; the last deferred is called first.
---@param fn fun()
function Pw:defer(fn)
  check_function("defer", fn)
  deferred[#deferred + 1] = fn
end


--- Calls a function when so much time was lost to waiting for a resource within a window.
---@param request pagewarden.PressureRequest
---@param fn fun(event: pagewarden.PressureEvent)
---@return table? handle with `cancel`, and `__close`
---@return string? message
---@return integer? errno
---@return string? kind
function Pw:on_pressure(request, fn)
  return listen("on_pressure", fn, request)
end


--- Calls a function whenever the kernel has killed a process for memory.
---@param fn fun(event: pagewarden.OomEvent)
---@return table? handle with `cancel`, and `__close`
---@return string? message
---@return integer? errno
---@return string? kind
function Pw:on_oom(fn)
  return listen("on_oom", fn)
end


--- Calls a function once, when a process has exited.
---@param process pagewarden.Process|integer
---@param fn fun(event: { pid: integer, start_time: integer })
---@return table? handle with `cancel`, and `__close`
---@return string? message
---@return integer? errno
---@return string? kind
function Pw:on_exit(process, fn)
  if math.type(process) == "integer" then
    return listen("on_exit", fn, process)
  elseif type(process) ~= "userdata" then
    error("pw:on_exit: expected a process or a pid, found a " .. type(process), 2)
  end
  return listen("on_exit", fn, process.pid, process.start_time)
end


--- Calls a function whenever a counter of a cgroup's memory.events has grown.
---@param cgroup string
---@param fn fun(event: pagewarden.MemoryEvent)
---@return table? handle with `cancel`, and `__close`
---@return string? message
---@return integer? errno
---@return string? kind
function Pw:on_memory_events(cgroup, fn)
  return listen("on_memory_events", fn, cgroup)
end


--- Calls a function once, when so many seconds are over or a descriptor can be read.
local function wake_task(fn, seconds, fd)
  local handles = {}
  local function cancel()
    for _, handle in ipairs(handles) do
      handle:cancel()
    end
  end
  local function wake()
    cancel()
    fn()
  end
  if seconds < math.huge then
    handles[1] = wait_for(wake, "after", seconds)
  end
  if fd then
    handles[#handles + 1] = wait_for(wake, "on_readable", fd)
  end
  return { cancel = cancel }
end


--- Starts a coroutine, which may `pw:sleep` and call what takes long. It begins when the running
--- callback has returned, or at once, and then runs until it first waits before this returns.
---@param fn fun()
---@param options { at_once: boolean }?
---@return table task with `cancel`, which closes the coroutine, and `__close`
function Pw:task(fn, options)
  check_function("task", fn)
  check_running(2)
  return tasks.start(fn, wake_task, options and options.at_once)
end


--- Lets the task that calls it wait.
---@param seconds number
function Pw:sleep(seconds)
  check_seconds("sleep", seconds, 0)
  if not tasks.is_running() then
    error("pw:sleep: only a task may sleep (see pw:task)", 2)
  end
  coroutine.yield(seconds)
end


--- Seconds on a clock that never goes back: since boot, or the test's.
---@return number
function Pw:now()
  return (host.ask "now")
end


--- The time of day where the machine is, which may go back or jump.
---@return table as `os.date "*t"` has it
function Pw:local_time()
  return (host.ask "local_time")
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
---@param needed table what the policy needs
---@param modules string[] that it gets besides, reading and acting below the same root
---@return table
function pw.new(reader, needed, modules)
  local self = {
    proc = view.module_of(reader), log = log,
    state = needed.state and require "pagewarden.kept" or nil,
  }
  for _, name in ipairs(modules) do
    self[name] = view.module_of(assert(require("pagewarden." .. name).open(reader)))
  end
  return setmetatable(self, { __index = find_method, __metatable = false })
end


--- Calls what waits for something that has come.
---@param id integer
---@param news table? the event
---@param last boolean? nothing more will come
function pw.fire(id, news, last)
  local fn = callbacks[id]
  if last then
    callbacks[id] = nil
  end
  if fn then
    fn(news)
  end
end


--- Does one of the things that are left to do when the policy stops: ends a task, or calls what was
--- deferred, last first. It counts as done however it ends.
---@return boolean more is left to do
function pw.stop()
  stopped = true
  if not tasks.end_one() then
    local fn = table.remove(deferred)
    if fn then
      fn()
    end
  end
  return not tasks.all_ended() or #deferred > 0
end


return pw
