-- SPDX-License-Identifier: MIT
--- A step against a trouble, taken on a knob of the memory manager and taken back: it takes trouble
--- at two looks on end to act, and long calm to go back, twice as long after each time. Pure.
-- @module pagewarden.recipe.remedy
local format = require "pagewarden.format"

local remedy = {}

---@class pagewarden.recipe.Trouble
---@field event string what it is called
---@field knob string of `pw.mm`
---@field find fun(look: table, options: table): string? says what is wrong, when anything is
---@field step fun(value: any, choices: string[]?, options: table): any the next value, if there is

---@class pagewarden.recipe.Remedy
---@field private pw pagewarden.Pw
---@field private options table `calm` is how long, in seconds
---@field private trouble pagewarden.recipe.Trouble
---@field private bad integer looks on end
---@field private patience number seconds of calm before it goes back
---@field private calm_since number?
---@field private original any what there was before the first step
---@field private kept any what the last step left
---@field private at_end boolean? it was said that nothing is left to do
---@field private off boolean? the knob is left alone
local Remedy = {}
Remedy.__index = Remedy


---@param pw pagewarden.Pw with mm
---@param options table of the policy
---@param trouble pagewarden.recipe.Trouble
---@return pagewarden.recipe.Remedy
function remedy.new(pw, options, trouble)
  return setmetatable({ pw = pw, options = options, trouble = trouble, bad = 0,
    patience = options.calm }, Remedy)
end


---@private
function Remedy:leave_alone(why)
  self.off = true
  self.pw.log("left-alone", { knob = self.trouble.knob,
    message = ("%s is left alone from now on: %s"):format(self.trouble.knob, why) })
end


--- Takes the next step, and says why; once when there is none.
---@private
function Remedy:relieve(reason)
  local pw, knob = self.pw, self.trouble.knob
  local value, choices = pw.mm.get(knob)
  local better
  if value ~= nil then
    better = self.trouble.step(value, choices, self.options)
  end
  if better == nil and self.at_end then
    return
  end
  self.at_end = better == nil
  pw.log(self.trouble.event, { knob = knob, was = value, value = better, message = reason .. "; "
    .. (better ~= nil and ("%s goes from %s to %s"):format(knob, value, better)
      or ("%s is %s, which leaves nothing to do here"):format(knob, value)) })
  if better ~= nil then
    local kept, problem = pw.mm.set(knob, better, { lifetime = "lease" })
    if kept == nil then
      self:leave_alone(problem)
    end
    self.original, self.kept = self.original or value, kept
  end
end


--- Goes back to what there was, for good: then nothing is left to undo, and what somebody chooses
--- from now on is what the next step starts from.
---@private
function Remedy:go_back(seconds)
  local kept, problem = self.pw.mm.set(self.trouble.knob, self.original, { lifetime = "keep" })
  if kept == nil then
    self:leave_alone(problem)
    return
  end
  self.pw.log("calm", { knob = self.trouble.knob, value = self.original, seconds = seconds,
    message = ("%s is %s again, after %s without trouble"):format(self.trouble.knob, self.original,
      format.duration(seconds)) })
  self.original, self.kept = nil, nil
  self.patience = self.patience * 2
end


--- Whoever sets the knob otherwise knows better.
---@private
function Remedy:is_ours()
  local value = self.kept
  if value ~= nil then
    value = self.pw.mm.get(self.trouble.knob)
  end
  if value ~= self.kept then
    self:leave_alone(("somebody else has set it to %s"):format(value))
  end
  return not self.off
end


--- Looks after it once.
---@param look { now: number } and what `find` makes of it
function Remedy:tend(look)
  if self.off or not self:is_ours() then
    return
  end
  local reason = self.trouble.find(look, self.options)
  self.bad = reason and self.bad + 1 or 0
  if reason then
    self.calm_since = nil
    if self.bad == 2 then
      self.bad = 0
      self:relieve(reason)
    end
    return
  end
  self.at_end, self.calm_since = false, self.calm_since or look.now
  if self.original ~= nil and look.now - self.calm_since >= self.patience then
    self:go_back(look.now - self.calm_since)
  end
end


return remedy
