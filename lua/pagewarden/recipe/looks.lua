-- SPDX-License-Identifier: MIT
--- Looking again and again, each time after as long as the last look found right.
-- @module pagewarden.recipe.looks
local looks = {}


--- Looks now, and from then on after as many seconds as the last look said, until one says nothing.
---@param pw pagewarden.Pw
---@param look fun(): number? seconds
---@return fun() again looks at once, besides
function looks.keep(pw, look)
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
  again()
  return again
end


return looks
