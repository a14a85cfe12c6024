-- SPDX-License-Identifier: MIT
--- How long it is safe not to look: as long as memory and swap last, if everything began to take
--- them at once. Pure.
-- @module pagewarden.recipe.early_oom.pace
local pace = {}

--- As fast as memory and swap have been seen to fill, in bytes a second: earlyoom's measurements of
--- stress(1) with four workers, and of one process with zram (main.c, sleep_time_ms()).
local MEMORY_RATE <const> = 6000 << 20
local SWAP_RATE <const> = 800 << 20

--- Seconds between two looks that there are: a period is changed only when it becomes another one.
local PERIODS = { 0.05, 0.125, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.64, 0.8, 1 }

--- Looks that may pass before what grows now has used up all.
local LOOKS_LEFT <const> = 4


--- The period to look at.
---@param memory number bytes above the first limit
---@param swap number
---@param growth number bytes a second that both lose now
---@param busy boolean something was asked to end, or nearly
---@return number seconds one of few values
function pace.period(memory, swap, growth, busy)
  memory, swap = math.max(memory, 0), math.max(swap, 0)
  local seconds = memory / MEMORY_RATE + swap / SWAP_RATE
  if growth > 0 then
    seconds = math.min(seconds, (memory + swap) / growth / LOOKS_LEFT)
  end
  if busy then
    return PERIODS[1]
  end
  local least = growth > 0 and (memory + swap) / growth < 1 and 1 or 2
  for i = least, #PERIODS do
    if PERIODS[i] >= seconds then
      return PERIODS[i]
    end
  end
  return PERIODS[#PERIODS]
end


return pace
