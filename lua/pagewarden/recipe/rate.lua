-- SPDX-License-Identifier: MIT
--- Counters and levels to rates: how much more there is each second than at the look before. A rate
--- that cannot be known is nil: at the first look, after a counter fell (its device was made anew,
--- or a processor went away with what it had counted), and over a gap, such as a suspend, whose
--- mean would hide what happened. Pure.
-- @module pagewarden.recipe.rate
-- @usage
-- local rates = rate.new { counters = { "pswpin", "pswpout" }, levels = { "nr_free_pages" } }
-- pw:every(1, function()
--   local a_second = rates:add(pw:now(), pw.proc.vmstat())
--   if a_second and a_second.pswpin then … end
-- end)
local rate = {}


---@class pagewarden.recipe.Rates
---@field private before table<string, number> what each was
---@field private a_second table<string, number?>
---@field private at number? when that was
---@field private longest number
---@field private counters string[]
---@field private levels string[]
local Rates = {}
Rates.__index = Rates


---@class pagewarden.recipe.RatesOptions
---@field counters string[]? that only grow
---@field levels string[]? that may fall: their rates may be negative
---@field longest number? seconds; what lies further apart says nothing (default: any time)


---@param options pagewarden.recipe.RatesOptions
---@return pagewarden.recipe.Rates
function rate.new(options)
  return setmetatable({
    counters = options.counters or {}, levels = options.levels or {},
    longest = options.longest or math.huge, before = {}, a_second = {},
  }, Rates)
end


---@private
function Rates:take(names, values, seconds, may_fall)
  for _, name in ipairs(names) do
    local before, after = self.before[name], values[name]
    local known = seconds and before and after and (may_fall or after >= before)
    self.a_second[name] = known and (after - before) / seconds or nil
    self.before[name] = after
  end
end


--- Takes the next look. The same table is filled again each time; `values` may be, too.
---@param now number seconds
---@param values table<string, number> what it does not have has no rate
---@return table<string, number?>? a_second by name; nil when there is none to speak of yet
---@return number? seconds since the look before
function Rates:add(now, values)
  local seconds = self.at and now - self.at
  if seconds and (seconds <= 0 or seconds > self.longest) then
    seconds = nil
  end
  self.at = now
  self:take(self.counters, values, seconds, false)
  self:take(self.levels, values, seconds, true)
  return seconds and self.a_second or nil, seconds
end


return rate
