-- SPDX-License-Identifier: MIT
--- Rows that come one by one and stand under each other all the same: the widths are known before.
--- A cell that is too wide shifts its own row only. For tables that are known whole there is
--- `pagewarden.format.table`. Pure.
-- @module pagewarden.recipe.columns
local format = require "pagewarden.format"
local text = require "pagewarden.text"

local columns = {}


---@class pagewarden.recipe.Column
---@field [1] string heading
---@field [2] integer? width; none for the last column, which is aligned to the left

---@class pagewarden.recipe.Columns
---@field private list pagewarden.recipe.Column[]
local Columns = {}
Columns.__index = Columns


---@param list pagewarden.recipe.Column[] all but one without a width are aligned to the right
---@return pagewarden.recipe.Columns
function columns.new(list)
  return setmetatable({ list = list }, Columns)
end


--- One row. Names from the system are made printable, so that they do not break it.
---@param cells (string|number|nil)[] "-" stands for those that are missing
---@return string
function Columns:row(cells)
  local line = {}
  for i, column in ipairs(self.list) do
    local cell = cells[i] == nil and "-" or text.escape(tostring(cells[i]))
    line[i] = column[2] and format.pad(cell, column[2], true) or cell
  end
  return table.concat(line, " ")
end


--- The headings, as a row.
---@return string
function Columns:heading()
  local cells = {}
  for i, column in ipairs(self.list) do
    cells[i] = column[1]
  end
  return self:row(cells)
end


return columns
