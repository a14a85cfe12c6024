-- SPDX-License-Identifier: MIT
--- Trying several values of a setting in rounds, and what that came to. Pure.
-- @module pagewarden.recipe.sweep
local paired = require "pagewarden.recipe.paired"

local sweep = {}

--- How likely it is that all intervals of a sweep hold together.
local CONFIDENCE = 0.95

---@class pagewarden.recipe.Sweep
---@field now integer the value there was
---@field values integer[] sorted, `now` among them
---@field by string the field of trials that decides: less of it is better
---@field rounds integer that are complete
---@field private trials table<integer, table[]> by value and round
local Sweep = {}
Sweep.__index = Sweep


--- Of the values those up to a largest, and the one there is, to compare with.
---@param now integer
---@param values integer[]
---@param most integer
---@param by string
---@return pagewarden.recipe.Sweep
function sweep.new(now, values, most, by)
  local self = { now = now, values = {}, by = by, rounds = 0, trials = {} }
  for _, value in ipairs { now, table.unpack(values) } do
    if value <= most and not self.trials[value] then
      self.trials[value], self.values[#self.values + 1] = {}, value
    end
  end
  table.sort(self.values)
  return setmetatable(self, Sweep)
end


--- The values in an order of its own for each round, so that what changes meanwhile falls on all.
---@return integer[]
function Sweep:order()
  local order = table.move(self.values, 1, #self.values, 1, {})
  for i = #order, 2, -1 do
    local j = math.random(i)
    order[i], order[j] = order[j], order[i]
  end
  return order
end


--- Takes a round. Half of one tells nothing: there is a trial of each value.
---@param trials table<integer, table<string, number>>
function Sweep:add(trials)
  self.rounds = self.rounds + 1
  for value, trial in pairs(trials) do
    self.trials[value][self.rounds] = trial
  end
end


---@private
function Sweep:collect(value, name)
  local samples = {}
  for i, trial in ipairs(self.trials[value]) do
    samples[i] = trial[name]
  end
  return samples
end


--- How far a difference of two means may be off by what all trials scatter once value and round are
--- taken off. A few rounds that happen to agree on one difference are no better than that.
---@private
function Sweep:scatter(confidence)
  local count, all, of_value, of_round = #self.values, 0, {}, {}
  for _, value in ipairs(self.values) do
    for round, trial in ipairs(self.trials[value]) do
      local share = trial[self.by]
      all = all + share / count / self.rounds
      of_value[value] = (of_value[value] or 0) + share / self.rounds
      of_round[round] = (of_round[round] or 0) + share / count
    end
  end
  local squares, degrees = 0, (count - 1) * (self.rounds - 1)
  for value, trials in pairs(self.trials) do
    for round, trial in ipairs(trials) do
      squares = squares + (trial[self.by] - of_value[value] - of_round[round] + all) ^ 2
    end
  end
  return paired.quantile(confidence, degrees) * math.sqrt(2 * squares / degrees / self.rounds)
end


--- The means of a value's trials; and how it differs from the present one in what decides, with the
--- interval: `difference`, `low` and `high`, in which a lack shows that it is the present one. Of
--- two rounds or more.
---@param value integer
---@param names string[] of the means
---@return table<string, number>
function Sweep:result(value, names)
  local result = { swappiness = value, rounds = self.rounds }
  for _, name in ipairs(names) do
    local samples = self:collect(value, name)
    result[name] = #samples > 0 and paired.mean(samples) or nil
  end
  if value ~= self.now then
    local each = paired.each(CONFIDENCE, #self.values - 1)
    local mean, reach = paired.difference(self:collect(value, self.by),
      self:collect(self.now, self.by), each)
    reach = math.max(reach, self:scatter(each))
    result.difference, result.low, result.high = mean, mean - reach, mean + reach
  end
  return result
end


--- The best of those that are better than the present one for sure, and how large a difference may
--- have gone unseen.
---@param results table<string, number>[]
---@return table<string, number>? best
---@return number unseen
function sweep.best(results)
  local best, unseen = nil, 0
  for _, result in ipairs(results) do
    unseen = math.max(unseen, result.low and (result.high - result.low) / 2 or 0)
    if result.high and result.high < 0 and (not best or result.difference < best.difference) then
      best = result
    end
  end
  return best, unseen
end


return sweep
