-- SPDX-License-Identifier: MIT
--- Events of one kind as comma-separated values, quoted as RFC 4180 has it; lines end as text files
-- do. Pure.
-- @module pagewarden.csv
local text = require "pagewarden.text"

local csv = {}

--- What all events of a kind have in common, and what is for people.
local LEFT_OUT = { time = true, policy = true, event = true, message = true }


--- Control characters and broken UTF-8 come escaped, so that a row is a line that any terminal can
--- show.
local function cell(value)
  if value == nil then
    return ""
  elseif math.type(value) == "float" then
    return ("%.14g"):format(value)
  elseif type(value) ~= "string" then
    return tostring(value)
  end
  value = text.escape(value)
  return value:find '[",]' and '"' .. value:gsub('"', '""') .. '"' or value
end


local function line(values, count)
  for i = 1, count do
    values[i] = cell(values[i])
  end
  return table.concat(values, ",", 1, count) .. "\n"
end


local function columns_of(event)
  local columns = {}
  for name in pairs(event) do
    columns[#columns + 1] = not LEFT_OUT[name] and name or nil
  end
  table.sort(columns)
  table.insert(columns, 1, "time")
  return columns
end


--- The rows of one kind of event. The columns are the time and what fields the first has, sorted,
--- and come as a row before it; a field that a later one has besides is left out.
---@param name string of the events that are meant
---@return fun(event: pagewarden.Event): string? row nil for another event
function csv.new(name)
  local columns
  return function(event)
    if event.event ~= name then
      return nil
    end
    local header = ""
    if not columns then
      columns = columns_of(event)
      header = line({ table.unpack(columns) }, #columns)
    end
    local values = {}
    for i, column in ipairs(columns) do
      values[i] = event[column]
    end
    return header .. line(values, #columns)
  end
end


return csv
