---@meta pagewarden.text
-- SPDX-License-Identifier: MIT

---@class pagewarden.text
local text = {}


--- The name that was probably meant; nil when none is near.
---@param name string
---@param list string[]
---@return string?
function text.nearest(name, list) end


--- A name from the system as it may be printed.
---@param bytes string
---@return string
function text.escape(bytes) end


--- The columns that a terminal gives a text.
---@param shown string
---@return integer
function text.width(shown) end


return text
