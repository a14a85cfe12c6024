-- SPDX-License-Identifier: MIT
--- What a guest said, as the Test Anything Protocol: was it all, and was all of it good?
local tap = {}

--- The problem of a guest that has not come as far as its script.
tap.SAID_NOTHING = "the guest never said what it would check"

local END = "^# ended with status (%d+)"


--- Takes in one line.
local function note(result, line)
  local verdict, number = line:match "^(%a*%s?ok) (%d+)"
  result.plan = result.plan or tonumber(line:match "^1%.%.(%d+)")
  result.status = tonumber(line:match(END)) or result.status
  if verdict then
    result.count = result.count + 1
    result.in_order = result.in_order and tonumber(number) == result.count
    result.failed = result.failed + (verdict == "ok" and 0 or 1)
  end
end


--- What is wrong with the whole, or nil.
---@param result table
---@return string?
local function problem(result)
  if not result.plan then
    return tap.SAID_NOTHING
  elseif not result.status then
    return ("the guest ended by itself, or not at all, after %d of %d checks"):format(result.count,
      result.plan)
  elseif result.count ~= result.plan then
    return ("%d checks were planned, and %d reported"):format(result.plan, result.count)
  elseif not result.in_order then
    return ("%d checks were planned, and %d reported in another order"):format(result.plan,
      result.count)
  elseif result.failed > 0 then
    return ("%d of %d checks failed"):format(result.failed, result.plan)
  elseif result.status ~= 0 then
    return ("the guest's script ended with status %d"):format(result.status)
  end
end


--- Reads lines to their end.
---@param lines fun(): string?
---@param echo fun(line: string) is called with each
---@return string? problem
function tap.judge(lines, echo)
  local result = { count = 0, failed = 0, in_order = true }
  for line in lines do
    line = line:gsub("\r$", "")
    echo(line)
    note(result, line)
  end
  return problem(result)
end


return tap
