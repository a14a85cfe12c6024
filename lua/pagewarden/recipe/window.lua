-- SPDX-License-Identifier: MIT
--- Windows of the day, such as 02:00-04:00, in which something may be done. One may go past
-- midnight. Pure.
-- @module pagewarden.recipe.window
local window = {}

---@class pagewarden.recipe.Window minutes after midnight
---@field from integer
---@field to integer the first in which it is shut


--- A window in words.
---@param text string such as "22:30-1:00"
---@return pagewarden.recipe.Window? parsed nil when it is none
function window.parse(text)
  local h1, m1, h2, m2 = text:match "^(%d%d?):(%d%d)%-(%d%d?):(%d%d)$"
  if not h1 or tonumber(m1) > 59 or tonumber(m2) > 59 then
    return nil
  end
  local from, to = h1 * 60 + m1 | 0, h2 * 60 + m2 | 0
  if from < 1440 and to <= 1440 and from ~= to then
    return { from = from, to = to }
  end
end


--- Whether it is open.
---@param self pagewarden.recipe.Window
---@param clock osdate as `pw:local_time` has it
---@return boolean
function window.is_open(self, clock)
  local now = clock.hour * 60 + clock.min
  if self.from > self.to then
    return now >= self.from or now < self.to
  end
  return now >= self.from and now < self.to
end


return window
