-- SPDX-License-Identifier: MIT
--- Sections of a report as lines that fit a terminal.
-- @module pagewarden.report.page
local format = require "pagewarden.format"

local INDENT = "  "

---@class pagewarden.report.Page
---@field width integer
---@field paint fun(style: string, text: string): string
---@field lines string[]
local Page = {}
Page.__index = Page


---@param width integer
---@param paint fun(style: string, text: string): string
---@return pagewarden.report.Page
function Page.new(width, paint)
  return setmetatable({ width = width, paint = paint, lines = {} }, Page)
end


---@param line string
function Page:add(line)
  self.lines[#self.lines + 1] = line
end


--- The heading of a section, after a blank line unless it is the first.
---@param text string
---@param style string?
function Page:title(text, style)
  if #self.lines > 0 then
    self:add ""
  end
  for _, line in ipairs(format.wrap(text, self.width)) do
    self:add(self.paint(style or "bold", line))
  end
end


--- Text, broken at blanks, below a heading.
---@param text string
---@param style string?
---@param mark string? what the first line begins with; the others are indented as far
function Page:text(text, style, mark)
  mark = mark or INDENT
  local margin = (" "):rep(#mark)
  for i, line in ipairs(format.wrap(text, self.width - #mark)) do
    local whole = (i == 1 and mark or margin) .. line
    self:add(style and self.paint(style, whole) or whole)
  end
end


--- An aligned table below a heading; its own headings are dimmed.
---@param columns pagewarden.Column[]
---@param rows string[][]
function Page:table(columns, rows)
  local function dim(row, _, cell)
    return row == 0 and self.paint("dim", cell) or cell
  end
  for _, line in ipairs(format.table(columns, rows, self.width - #INDENT, dim)) do
    self:add(INDENT .. line)
  end
end


---@return string text ends with a newline
function Page:finish()
  return table.concat(self.lines, "\n") .. "\n"
end


return Page
