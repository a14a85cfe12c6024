-- SPDX-License-Identifier: MIT
--- Looking again and again, each time after as long as the last look found right.
-- @module pagewarden.recipe.looks
local looks = {}


--- Looks now or at first in a while, and from then on after as many seconds as the last look said,
--- until one says nothing.
---@param pw pagewarden.Pw
---@param look fun(): number? seconds
---@param first number? seconds until the first look
---@return fun() again looks at once, besides
function looks.keep(pw, look, first)
  local period, timer
  local function again()
    local wanted = look()
    if wanted ~= period then
      local before = timer
      timer, period = wanted and pw:every(wanted, again), wanted
      if before then
        before:cancel()
      end
    end
  end
  if first then
    timer, period = pw:every(first, again), first
  else
    again()
  end
  return again
end


return looks
