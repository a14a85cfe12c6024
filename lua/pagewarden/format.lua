-- SPDX-License-Identifier: MIT
--- Numbers and tables as people read them.
-- @module pagewarden.format
local text = require "pagewarden.text"

local format = {}

local SIZE_UNITS = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" }


--- A number with so many decimals that three digits show, without noughts after the point.
local function three_digits(number)
  local decimals = number < 9.995 and 2 or number < 99.95 and 1 or 0
  local shown = ("%%.%df"):format(decimals):format(number)
  return decimals > 0 and (shown:gsub("%.?0+$", "")) or shown
end


--- Bytes with the unit that leaves one to four digits before the point: `1536` is `"1.5 KiB"`.
--- `math.huge`, the kernel's "max", is `"unlimited"`.
---@param bytes number
---@return string
function format.size(bytes)
  if bytes == math.huge then
    return "unlimited"
  end
  local size, unit = math.abs(bytes), 1
  while size >= 1023.5 and unit < #SIZE_UNITS do
    size, unit = size / 1024, unit + 1
  end
  return ("%s%s %s"):format(bytes < 0 and "-" or "", three_digits(size), SIZE_UNITS[unit])
end


--- The larger two units of a duration: `90` is `"1m 30s"`, `0.25` is `"250ms"`.
---@param seconds number
---@return string
function format.duration(seconds)
  if seconds == math.huge then
    return "for ever"
  elseif seconds < 0 then
    return "-" .. format.duration(-seconds)
  elseif seconds < 0.9995 and seconds > 0 then
    return three_digits(seconds * 1000) .. "ms"
  elseif seconds < 59.95 then
    return three_digits(seconds) .. "s"
  end
  local whole = math.floor(seconds + 0.5)
  local parts = {
    { whole // 86400, "d" }, { whole // 3600 % 24, "h" }, { whole // 60 % 60, "m" },
    { whole % 60, "s" },
  }
  local first = 1
  while parts[first][1] == 0 do
    first = first + 1
  end
  local shown = parts[first][1] .. parts[first][2]
  local second = parts[first + 1]
  return second and second[1] > 0 and ("%s %d%s"):format(shown, second[1], second[2]) or shown
end


--- A percentage, given as 0 to 100: `12.5` is `"12.5%"`.
---@param percent number
---@return string
function format.percent(percent)
  return three_digits(math.abs(percent)):gsub("^", percent < 0 and "-" or "") .. "%"
end


--- A whole number in groups of three digits: `1234567` is `"1,234,567"`.
---@param number integer
---@return string
function format.count(number)
  local digits = ("%d"):format(number)
  local grouped = digits:reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (grouped:gsub("^(%-?),", "%1"))
end


--- Pads a text to a number of columns, whatever its bytes take.
---@param value string
---@param columns integer
---@param right boolean? pads on the left, as numbers want
---@return string
function format.pad(value, columns, right)
  local blanks = (" "):rep(columns - text.width(value))
  return right and blanks .. value or value .. blanks
end


--- The first bytes of a text that fit into a number of columns, ending in "…" when some did not.
---@param value string
---@param columns integer
---@return string
function format.fit(value, columns)
  if text.width(value) <= columns then
    return value
  end
  local last = 0
  for position in utf8.codes(value) do
    if text.width(value:sub(1, position - 1)) > columns - 1 then
      break
    end
    last = position - 1
  end
  return value:sub(1, last) .. "…"
end


--- Breaks a text into lines of so many columns at its blanks; a longer word has its own line.
---@param value string
---@param columns integer
---@return string[]
function format.wrap(value, columns)
  local lines, line = {}, nil
  for word in value:gmatch "%S+" do
    local longer = line and line .. " " .. word or word
    if line and text.width(longer) > columns then
      lines[#lines + 1] = line
      line = word
    else
      line = longer
    end
  end
  lines[#lines + 1] = line
  return lines
end


---@class pagewarden.Column
---@field [1] string the heading; "" for none
---@field right boolean? aligned to the right
---@field flexible boolean? cut with "…" when the table is too wide; at most one


local function column_widths(columns, rows, headed)
  local widths = {}
  for i, column in ipairs(columns) do
    widths[i] = headed and text.width(column[1]) or 0
    for _, row in ipairs(rows) do
      widths[i] = math.max(widths[i], text.width(row[i] or ""))
    end
  end
  return widths
end


--- Takes from the flexible column what the table is wider than it may be.
local function squeeze(columns, widths, limit)
  local total = 2 * (#columns - 1)
  for _, width in ipairs(widths) do
    total = total + width
  end
  for i, column in ipairs(columns) do
    if column.flexible and total > limit then
      widths[i] = math.max(widths[i] - (total - limit), math.min(widths[i], 8))
    end
  end
end


local function table_line(columns, widths, cells, paint)
  local line = {}
  for i, column in ipairs(columns) do
    local cell = cells[i] or ""
    cell = column.flexible and format.fit(cell, widths[i]) or cell
    cell = format.pad(cell, widths[i], column.right)
    line[i] = paint and paint(i, cell) or cell
  end
  return (table.concat(line, "  "):gsub("%s+$", ""))
end


--- Lines of an aligned table, two blanks between columns, no line longer than `width` as far as
--- cutting the flexible column gets it there. Cells are strings, already escaped; missing ones are
--- empty. There is a heading line unless all headings are empty.
---@param columns pagewarden.Column[]
---@param rows string[][]
---@param width integer
---@param paint? fun(row: integer, column: integer, cell: string): string styles a padded cell; row
--- 0 is the heading
---@return string[]
function format.table(columns, rows, width, paint)
  local headings, headed = {}, false
  for i, column in ipairs(columns) do
    headings[i] = column[1]
    headed = headed or column[1] ~= ""
  end
  local widths = column_widths(columns, rows, headed)
  squeeze(columns, widths, width)
  local lines = {}
  for number = headed and 0 or 1, #rows do
    local cells = number == 0 and headings or rows[number]
    local painter = paint and function(i, cell) return paint(number, i, cell) end
    lines[#lines + 1] = table_line(columns, widths, cells, painter)
  end
  return lines
end


return format
