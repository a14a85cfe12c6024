-- SPDX-License-Identifier: MIT
--- Coroutines that wait: `pw:task`, `pw:sleep`, and the functions that take long. An error in one
-- is an error of the callback that woke it, and one that is cancelled is closed, with what it
-- declared `<close>`.
-- @module pagewarden.tasks
local host = require "pagewarden.host"

local tasks = {}

--- Those that will run on.
local unfinished = {} ---@type table<thread, pagewarden.Task>

--- Those that may sleep: one that has cancelled itself sleeps once more, for good.
local threads = setmetatable({}, { __mode = "k" }) ---@type table<thread, boolean>


---@class pagewarden.Task
---@field private thread thread
---@field private waking table? the handle of what will wake it
local Task = {}
Task.__index = Task


--- Ends the task. One that ends itself runs on until it sleeps.
function Task:cancel()
  if not unfinished[self.thread] then
    return
  end
  unfinished[self.thread] = nil
  if self.waking then
    self.waking:cancel()
  end
  if coroutine.status(self.thread) == "suspended" then
    local ok, message = coroutine.close(self.thread)
    if not ok then
      error(message, 0)
    end
  end
end


Task.__close = Task.cancel


--- Lets the task run until it waits again: so many seconds, or until a descriptor can be read, if
--- that comes first.
local function resume(task, wake)
  task.waking = nil
  local thread = task.thread
  local ok, seconds, fd = coroutine.resume(thread)
  if not ok then
    unfinished[thread] = nil
    coroutine.close(thread) -- an error alone leaves open what it declared `<close>`
    error(seconds, 0)
  elseif coroutine.status(thread) == "dead" then
    unfinished[thread] = nil
  elseif unfinished[thread] then
    task.waking = wake(function() resume(task, wake) end, seconds, fd)
  else
    coroutine.close(thread)
  end
end


--- Starts a task; it begins when the running callback has returned, or at once.
---@param fn fun()
---@param wake fun(fn: fun(), seconds: number, fd: integer?): table calls a function when it is time
---@param at_once boolean?
---@return pagewarden.Task
function tasks.start(fn, wake, at_once)
  local task = setmetatable({ thread = coroutine.create(fn) }, Task)
  host.allow_waiting(task.thread)
  if not at_once then
    task.waking = wake(function() resume(task, wake) end, 0)
  end
  unfinished[task.thread], threads[task.thread] = task, true
  if at_once then
    resume(task, wake)
  end
  return task
end


--- Whether it is a task that is running, which may sleep.
---@return boolean
function tasks.is_running()
  return threads[coroutine.running()] ~= nil
end


--- Ends one task that has not ended.
---@return boolean there was one
function tasks.end_one()
  local _, task = next(unfinished)
  if task then
    task:cancel()
  end
  return task ~= nil
end


--- Whether there is nothing more to end.
---@return boolean
function tasks.all_ended()
  return next(unfinished) == nil
end


return tasks
