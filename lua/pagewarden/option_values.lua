-- SPDX-License-Identifier: MIT
--- The options of one run: what the policy declares, overridden by what users give, each value
-- remembering where it came from. Pure.
-- @module pagewarden.option_values
local option = require "pagewarden.option"
local text = require "pagewarden.text"

local values = {}


---@class pagewarden.OptionSource
---@field name string as messages call it: "-o", or a file
---@field values? table<string, any> from Lua
---@field words? string[] "key=value", from a command line


local function find(specs, name)
  for _, spec in ipairs(specs) do
    if spec.name == name then
      return spec
    end
  end
end


local function explain_unknown(specs, name)
  local names = {}
  for i, spec in ipairs(specs) do
    names[i] = spec.name
  end
  local nearest = text.nearest(name, names)
  if nearest then
    return ("unknown option '%s' (did you mean '%s'?)"):format(name, nearest)
  elseif #names == 0 then
    return ("unknown option '%s': the policy has none"):format(name)
  end
  return ("unknown option '%s'; it has %s"):format(name, table.concat(names, ", "))
end


--- Puts one value into the result, or says what is wrong with it.
local function set(result, specs, source, name, value, written)
  local spec = find(specs, name)
  if not spec then
    return ("%s: %s"):format(source.name, explain_unknown(specs, tostring(name)))
  end
  local converted, problem = option.convert(spec, value, written)
  if converted == nil then
    return ("%s: option '%s': %s"):format(source.name, name, problem)
  end
  result.values[name] = converted
  result.origins[name] = source.name
end


--- Sorted, so that of several mistakes always the same is named first.
local function take_values(result, specs, source, problems)
  local names = {}
  for name in pairs(source.values) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  for _, name in ipairs(names) do
    problems[#problems + 1] = set(result, specs, source, name, source.values[name], false)
  end
end


local function take_words(result, specs, source, problems)
  for _, word in ipairs(source.words) do
    local name, value = word:match "^([^=]*)=(.*)$"
    if name then
      problems[#problems + 1] = set(result, specs, source, name, value, true)
    else
      problems[#problems + 1] = ("%s %s: expected key=value"):format(source.name, word)
    end
  end
end


--- The values of declared options, later sources winning.
---@param specs pagewarden.Option[]
---@param sources pagewarden.OptionSource[]
---@return { values: table<string, any>, origins: table<string, string> }?
---@return string? message what is wrong first
---@return string[]? problems all that is wrong
function values.resolve(specs, sources)
  local problems = {}
  local result = { values = {}, origins = {} }
  for _, spec in ipairs(specs) do
    result.values[spec.name] = spec.default
    result.origins[spec.name] = "default"
  end
  for _, source in ipairs(sources) do
    local take = source.words and take_words or take_values
    take(result, specs, source, problems)
  end
  if problems[1] then
    return nil, problems[1], problems
  end
  return result
end


return values
