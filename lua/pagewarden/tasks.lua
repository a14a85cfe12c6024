-- SPDX-License-Identifier: MIT
--- Coroutines that sleep: `pw:task` and `pw:sleep`. An error in one is an error of the callback
-- that woke it, and one that is cancelled is closed, with what it declared `<close>`.
-- @module pagewarden.tasks
local tasks = {}

--- Those that will run on.
local unfinished = {} ---@type table<thread, pagewarden.Task>

--- Those that may sleep: one that has cancelled itself sleeps once more, for good.
local threads = setmetatable({}, { __mode = "k" }) ---@type table<thread, boolean>


---@class pagewarden.Task
---@field private thread thread
---@field private timer table? the handle of what will wake it
local Task = {}
Task.__index = Task


--- Ends the task. One that ends itself runs on until it sleeps.
function Task:cancel()
  if not unfinished[self.thread] then
    return
  end
  unfinished[self.thread] = nil
  if self.timer then
    self.timer:cancel()
  end
  if coroutine.status(self.thread) == "suspended" then
    local ok, message = coroutine.close(self.thread)
    if not ok then
      error(message, 0)
    end
  end
end


Task.__close = Task.cancel


--- Lets the task run until it sleeps again.
local function resume(task, after)
  task.timer = nil
  local thread = task.thread
  local ok, seconds = coroutine.resume(thread)
  if not ok then
    unfinished[thread] = nil
    error(seconds, 0)
  elseif coroutine.status(thread) == "dead" then
    unfinished[thread] = nil
  elseif unfinished[thread] then
    task.timer = after(seconds, function() resume(task, after) end)
  else
    coroutine.close(thread)
  end
end


--- Starts a task; it begins when the running callback has returned.
---@param fn fun()
---@param after fun(seconds: number, fn: fun()): table
---@return pagewarden.Task
function tasks.start(fn, after)
  local task = setmetatable({ thread = coroutine.create(fn) }, Task)
  task.timer = after(0, function() resume(task, after) end)
  unfinished[task.thread], threads[task.thread] = task, true
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
