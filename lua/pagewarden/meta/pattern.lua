---@meta pagewarden.pattern
-- SPDX-License-Identifier: MIT

---@class pagewarden.pattern
local pattern = {}


--- Compiles a POSIX extended regular expression.
---@param source string
---@return pagewarden.Pattern?
---@return string? message
function pattern.compile(source) end


---@class pagewarden.Pattern
local Pattern = {}


--- Whether a text has a match in it.
---@param text string
---@return boolean
function Pattern:match(text) end


return pattern
