-- SPDX-License-Identifier: MIT
--- What each type of option accepts, and how its values are shown. Pure.
-- @module pagewarden.option_types
local pattern = require "pagewarden.pattern"
local unit = require "pagewarden.unit"

---@class pagewarden.OptionType
---@field plural string
---@field ordered boolean? has a smallest and largest
---@field max number? unless the option declares another
---@field default any? of an option that declares none
---@field expects fun(spec: pagewarden.Option): string
---@field convert fun(value: any, written: boolean?, spec: pagewarden.Option): any, string?
---@field show fun(value: any): string

---@type table<string, pagewarden.OptionType>
local names = {}


--- A value that is a text with a unit, wherever it comes from.
local function with_unit(plural, expected, parse, show)
  return {
    plural = plural,
    ordered = true,
    expects = function() return expected end,
    convert = function(value)
      if value == 0 then
        return 0
      end
      return type(value) == "string" and parse(value) or nil
    end,
    show = show,
  }
end


names.size = with_unit("sizes", "a size with a unit, such as 512K, 64M or 2G",
  unit.parse_size, unit.show_size)
names.duration = with_unit("durations", "a duration with a unit, such as 500ms, 2s, 5m, 1h or 7d",
  unit.parse_duration, unit.show_duration)
names.percent = with_unit("percentages", "a percentage with its sign, such as 25%",
  unit.parse_percent, unit.show_percent)
names.percent.max = 100


--- A number that a command line writes as text, and configuration as a number.
local function plain_number(plural, expected, convert)
  return {
    plural = plural,
    ordered = true,
    expects = function() return expected end,
    convert = function(value, written)
      if written then
        value = tonumber(value)
      end
      return type(value) == "number" and value == value and convert(value) or nil
    end,
    show = tostring,
  }
end


names.integer = plain_number("integers", "a whole number", math.tointeger)
names.number = plain_number("numbers", "a number", function(value) return value end)


local WRITTEN_BOOLEANS = { yes = true, on = true, ["true"] = true, no = false, off = false,
  ["false"] = false }

names.boolean = {
  plural = "booleans",
  default = false,
  expects = function() return "yes or no (on or off, true or false)" end,
  convert = function(value, written)
    if written then
      return WRITTEN_BOOLEANS[value]
    elseif type(value) == "boolean" then
      return value
    end
  end,
  show = function(value) return value and "yes" or "no" end,
}


--- A text that is taken as it stands when `accepts` agrees.
local function plain_text(plural, expects, accepts)
  return {
    plural = plural,
    expects = expects,
    convert = function(value, _, spec)
      return type(value) == "string" and accepts(value, spec) and value or nil
    end,
    show = function(value) return value end,
  }
end


names.string = plain_text("strings", function() return "a string" end,
  function() return true end)
names.path = plain_text("paths", function() return "an absolute path, such as /var/swap" end,
  function(value) return value:sub(1, 1) == "/" and not value:find "\0" end)
names.choice = plain_text("choices",
  function(spec) return "one of " .. table.concat(spec.choices, ", ") end,
  function(value, spec)
    for _, choice in ipairs(spec.choices) do
      if choice == value then
        return true
      end
    end
  end)

names.pattern = {
  plural = "patterns",
  expects = function() return "a pattern (a regular expression as grep -E has them)" end,
  convert = function(value)
    if type(value) ~= "string" or value:find "\0" then
      return nil
    end
    local compiled, reason = pattern.compile(value)
    return compiled, reason and ("pattern '%s': %s"):format(value, reason)
  end,
  show = tostring,
}

names.list = {
  plural = "lists",
  default = {},
  expects = function() return "a list" end,
  convert = function() return nil end,
  show = function(value) return table.concat(value, ",") end,
}


--- Pattern lists answer whether any of them matches.
local PATTERNS = {}
PATTERNS.__index = PATTERNS


--- Whether any pattern of the list has a match in a text; false for an empty list.
---@param subject string
---@return boolean
function PATTERNS:any(subject)
  for i = 1, #self do
    if self[i]:match(subject) then
      return true
    end
  end
  return false
end


local types = setmetatable({ names = names }, { __index = names })

--- The metatable of declared options, which tells them from tables that only look like one.
types.SPEC = {}


--- An empty list for elements of a type.
---@param kind string
---@return table
function types.new_list(kind)
  return kind == "pattern" and setmetatable({}, PATTERNS) or {}
end


---@param list string[]
---@param name string
---@return boolean
function types.has(list, name)
  for _, known in ipairs(list) do
    if known == name then
      return true
    end
  end
  return false
end


---@param value any
---@return boolean
function types.is_list_of_strings(value)
  if type(value) ~= "table" or #value == 0 then
    return false
  end
  for _, element in ipairs(value) do
    if type(element) ~= "string" then
      return false
    end
  end
  return true
end


return types
