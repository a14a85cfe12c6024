-- SPDX-License-Identifier: MIT
--- Whether two things differ that were measured in each of several rounds: the mean difference,
--- with an interval that is honest about how many comparisons there are. Pure.
-- @module pagewarden.recipe.paired
local paired = {}


--- How likely |T| is below t, for Student's distribution with so many degrees of freedom
--- (Abramowitz and Stegun, 26.7.3 and 26.7.4).
local function student(t, degrees)
  local angle = math.atan(t / math.sqrt(degrees))
  local sine, cosine = math.sin(angle), math.cos(angle)
  local odd = degrees % 2
  local term, sum = odd == 1 and cosine or 1, 0
  for i = 2 + odd, degrees, 2 do
    sum = sum + term
    term = term * cosine * cosine * (i - 1) / i
  end
  return odd == 1 and (angle + sine * sum) * 2 / math.pi or sine * sum
end


--- How far from the middle |T| stays, this likely.
---@param confidence number below 1
---@param degrees integer
---@return number
function paired.quantile(confidence, degrees)
  local low, high = 0, 1
  while student(high, degrees) < confidence do
    low, high = high, 2 * high
  end
  for _ = 1, 60 do
    local middle = (low + high) / 2
    if student(middle, degrees) < confidence then
      low = middle
    else
      high = middle
    end
  end
  return high
end


---@param samples number[]
---@return number
function paired.mean(samples)
  local sum = 0
  for _, sample in ipairs(samples) do
    sum = sum + sample
  end
  return sum / #samples
end


--- The mean difference to the samples of the same rounds, and how far off it may be with this
--- confidence.
---@param samples number[]
---@param others number[] as many, at least two
---@param confidence number
---@return number mean
---@return number reach
function paired.difference(samples, others, confidence)
  local differences, squares = {}, 0
  for i, sample in ipairs(samples) do
    differences[i] = sample - others[i]
  end
  local mean, count = paired.mean(differences), #differences
  for _, difference in ipairs(differences) do
    squares = squares + (difference - mean) ^ 2
  end
  return mean, paired.quantile(confidence, count - 1) * math.sqrt(squares / (count - 1) / count)
end


--- The confidence that each of so many intervals has to have, for all to hold with this one
--- (Bonferroni).
---@param confidence number
---@param comparisons integer
---@return number
function paired.each(confidence, comparisons)
  return 1 - (1 - confidence) / math.max(1, comparisons)
end


return paired
