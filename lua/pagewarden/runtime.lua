-- SPDX-License-Identifier: MIT
--- Runs policies on a loop: starts each in its own state, keeps what it waits for, and stops it
-- when it fails or has nothing left to wait for. Whatever a policy does, the others go on.
-- @module pagewarden.runtime
local log = require "pagewarden.log"

local runtime = {}


---@class pagewarden.Host what a policy runs in
---@field loop table a pagewarden.loop
---@field reader table a reader of pagewarden.proc; the policy gets one like it
---@field now fun(): number the time that events carry
---@field sink fun(event: pagewarden.Event)


---@class pagewarden.Instance a policy that was started
---@field name string
---@field failure string? why it failed, in one line
---@field trace string? the same, and where
---@field stopped boolean
---@field private policy pagewarden.Policy
---@field private host pagewarden.Host
---@field private timers table<integer, table> what it waits for
---@field private last_id integer
---@field private log fun(event: string, fields: table?)
local Instance = {}
Instance.__index = Instance


---@private
function Instance:fail(message)
  local reason = message:match "^[^\n]*"
  if not self.failure then
    self.failure, self.trace = reason, message
  end
  self.log("failed", { message = reason })
  self:stop()
end


--- Calls into the policy and survives what it does.
---@private
function Instance:call(name, ...)
  local ok, message = self.policy:call(name, ...)
  if not ok then
    self:fail(message)
  elseif not self.stopped and next(self.timers) == nil then
    self:stop()
  end
end


--- Cancels what the policy waits for and lets it do what it deferred, each in a call of its own, so
--- that one that fails does not keep the others. Safe to call twice.
function Instance:stop()
  if self.stopped then
    return
  end
  self.stopped = true
  for _, timer in pairs(self.timers) do
    timer:cancel()
  end
  self.timers = {}
  local ok, more, outcome
  repeat
    ok, more, outcome = self.policy:call "stop"
    if not ok then
      self:fail(more)
    end
  until ok and not more or outcome == "out of memory"
end


---@private
function Instance:arm(kind, seconds)
  local id = self.last_id + 1
  self.last_id = id
  self.timers[id] = self.host.loop[kind](self.host.loop, seconds, function()
    if kind == "after" then
      self.timers[id] = nil
    end
    self:call("fire", id)
  end)
  return id
end


--- What a policy may ask of its host, by the first word of the question.
local answers = {}


function answers.every(self, seconds)
  return self:arm("every", seconds)
end


function answers.after(self, seconds)
  return self:arm("after", seconds)
end


function answers.cancel(self, id)
  local timer = self.timers[id]
  if timer then
    self.timers[id] = nil
    timer:cancel()
  end
end


function answers.now(self)
  return self.host.loop:now()
end


function answers.log(self, event, fields)
  self.log(event, fields)
end


--- Starts a policy, which can be done once. It is stopped at once when it set up nothing to wait
--- for.
---@param policy pagewarden.Policy
---@param host pagewarden.Host
---@return pagewarden.Instance
function runtime.start(policy, host)
  local instance = setmetatable({
    name = policy.name, stopped = false, policy = policy, host = host, timers = {}, last_id = 0,
    log = log.new(policy.name, host.now, host.sink),
  }, Instance)
  policy.answer = function(question, ...)
    return answers[question](instance, ...)
  end
  local reader = host.reader
  instance:call("start", reader:root(),
    { page_size = reader:page_size(), clock_ticks = reader:clock_ticks() })
  return instance
end


return runtime
