-- SPDX-License-Identifier: MIT
--- What becomes of a callback that fails: a timer waits longer and longer before it is tried again,
-- and after a few failures in a row there is no point in going on. Pure.
-- @module pagewarden.backoff
local backoff = {}

--- Failures in a row after which a policy is stopped.
backoff.MOST_FAILURES = 3

--- A timer is tried at least this often, unless its own period is longer.
local LONGEST_SECONDS = 3600


--- How long a timer waits after so many failures in a row: twice its period, four times, …
---@param period number seconds
---@param failures integer
---@return number seconds
function backoff.delay(period, failures)
  return math.max(period, math.min(period * 2 ^ failures, LONGEST_SECONDS))
end


return backoff
