-- SPDX-License-Identifier: MIT
--- Typed options of policies: what a policy declares, what a user gives, and what is wrong with
-- either. Each function below declares one option:
--
--    opt.duration { "window", default = "2s", min = "500ms", help = "pressure window" }
--
-- Values with a unit are written with it everywhere, and arrive in one kind each: sizes as bytes,
-- durations as seconds, percentages as 0 to 100, patterns compiled. Pure.
-- @module pagewarden.option
local text = require "pagewarden.text"
local types = require "pagewarden.option_types"

local option = {}

local FIELDS = { "default", "min", "max", "choices", "of", "help" }


---@class pagewarden.Option
---@field name string
---@field type string
---@field default any? converted
---@field min number?
---@field max number?
---@field choices string[]?
---@field of string? the type of a list's elements
---@field help string?


--- "expected a duration such as 2s, found 5".
local function mismatch(expected, found)
  local shown = type(found) == "string" and ("'%s'"):format(text.escape(found)) or tostring(found)
  if type(found) == "table" or type(found) == "function" then
    shown = "a " .. type(found)
  end
  return ("expected %s, found %s"):format(expected, shown)
end


--- The bounds and choices hold for each element of a list.
local function check_limits(spec, value)
  local kind = types[spec.of or spec.type]
  if spec.min and value < spec.min then
    return ("expected at least %s, found %s"):format(kind.show(spec.min), kind.show(value))
  elseif spec.max and value > spec.max then
    return ("expected at most %s, found %s"):format(kind.show(spec.max), kind.show(value))
  end
end


local function convert_one(spec, name, value, written)
  local kind = types[name]
  local converted, reason = kind.convert(value, written, spec)
  if converted == nil then
    return nil, reason or mismatch(kind.expects(spec), value)
  end
  local problem = check_limits(spec, converted)
  if problem then
    return nil, problem
  end
  return converted
end


--- What is written as one text is a list divided by commas.
local function convert_list(spec, value, written)
  if written then
    local words = {}
    for word in value:gmatch "[^,]+" do
      words[#words + 1] = word
    end
    value = words
  elseif type(value) ~= "table" then
    return nil, mismatch("a list of " .. types[spec.of].plural, value)
  end
  local list = types.new_list(spec.of)
  for i, element in ipairs(value) do
    local converted, problem = convert_one(spec, spec.of, element, written)
    if converted == nil then
      return nil, ("element %d: %s"):format(i, problem)
    end
    list[i] = converted
  end
  return list
end


--- A value as the policy gets it.
---@param spec pagewarden.Option
---@param value any what configuration has, or a text
---@param written boolean? the text comes from a command line, where all values are texts
---@return any? value nil when it is wrong
---@return string? problem
function option.convert(spec, value, written)
  if spec.type == "list" then
    return convert_list(spec, value, written)
  end
  return convert_one(spec, spec.type, value, written)
end


--- A value as it would be written.
---@param spec pagewarden.Option
---@param value any converted
---@return string
function option.show(spec, value)
  if spec.type ~= "list" then
    return types[spec.type].show(value)
  end
  local shown = {}
  for i, element in ipairs(value) do
    shown[i] = types[spec.of].show(element)
  end
  return table.concat(shown, ",")
end


--- Raises at a level counted, as in all functions below, as if they called error themselves.
local function complain(level, name, format, ...)
  error(("option '%s': %s"):format(name, format:format(...)), level)
end


local function check_fields(name, declaration, level)
  for field in pairs(declaration) do
    if field ~= 1 and not (type(field) == "string" and types.has(FIELDS, field)) then
      local nearest = type(field) == "string" and text.nearest(field, FIELDS)
      complain(level + 1, name, "unknown field '%s'%s", tostring(field),
        nearest and (" (did you mean '%s'?)"):format(nearest) or "")
    end
  end
  if declaration.help ~= nil and type(declaration.help) ~= "string" then
    complain(level + 1, name, "help: %s", mismatch("a string", declaration.help))
  end
end


local function check_choices(spec, level)
  local wanted = (spec.of or spec.type) == "choice"
  if wanted and not types.is_list_of_strings(spec.choices) then
    complain(level + 1, spec.name, "choices: %s", mismatch("a list of strings", spec.choices))
  elseif not wanted and spec.choices ~= nil then
    complain(level + 1, spec.name, "choices: only a choice has them")
  end
end


--- `of` is a function of this module, or its name.
local function element_type(name, of, level)
  for kind in pairs(types.names) do
    if kind ~= "list" and (of == kind or of == option[kind]) then
      return kind
    end
  end
  complain(level + 1, name, "of: %s", mismatch("the type of its elements", of))
end


--- Replaces what a declaration says about one of its values by the converted value.
local function convert_field(spec, field, declared, convert, level)
  if declared ~= nil then
    local value, problem = convert(spec, declared)
    if value == nil then
      complain(level + 1, spec.name, "%s: %s", field, problem)
    end
    spec[field] = value
  end
end


local function convert_limit(spec, value)
  local name = spec.of or spec.type
  if not types[name].ordered then
    return nil, ("a %s has no smallest or largest"):format(name)
  end
  return convert_one({ type = name }, name, value)
end


local function declare(kind, declaration, level)
  local name = type(declaration) == "table" and declaration[1]
  if type(name) ~= "string" or not name:find "^%l[%l%d_]*$" then
    error(("%s: %s"):format(kind, mismatch("a table that begins with the option's name", name)),
      level)
  end
  check_fields(name, declaration, level + 1)
  local spec = { name = name, type = kind, help = declaration.help, choices = declaration.choices }
  spec.of = kind == "list" and element_type(name, declaration.of, level + 1) or nil
  check_choices(spec, level + 1)
  convert_field(spec, "min", declaration.min, convert_limit, level + 1)
  convert_field(spec, "max", declaration.max, convert_limit, level + 1)
  spec.max = spec.max or types[spec.of or kind].max
  local default = declaration.default
  if default == nil then
    default = types.names[kind].default
  end
  convert_field(spec, "default", default, option.convert, level + 1)
  return setmetatable(spec, types.SPEC)
end


for kind in pairs(types.names) do
  option[kind] = function(declaration)
    return (declare(kind, declaration, 3)) -- no tail call: errors count levels
  end
end


return option
