-- SPDX-License-Identifier: MIT
--- What an administrator grants to a policy, beside what it needs. Both are tables such as
-- `{ sysctl = { "vm.swappiness" }, kill = true }`, as `pagewarden.needs` knows them. Pure.
-- @module pagewarden.grants
local needs = require "pagewarden.needs"
local sorted_keys = require "pagewarden.sorted_keys"
local text = require "pagewarden.text"
local unit = require "pagewarden.unit"

local grants = {}


--- A path stands for what is below it as well, and a way to reclaim for whatever it is done to.
local function covers(granted, needed)
  if granted == needed then
    return true
  elseif not granted:find("/", 1, true) then
    return needed:find(granted .. " /", 1, true) == 1
  end
  local folder = granted:gsub("/*$", "/")
  return needed:sub(1, #folder) == folder
end


local function any(list, test)
  for _, element in ipairs(list) do
    if test(element) then
      return true
    end
  end
  return false
end


--- The part of one need that a grant leaves out; nil when there is none.
local function rest_of(needed, granted)
  if granted == nil then
    return needed
  elseif type(needed) == "string" then -- a size
    return unit.parse_size(granted) < unit.parse_size(needed) and needed or nil
  elseif type(needed) ~= "table" then
    return nil
  end
  local rest = {}
  for _, element in ipairs(needed) do
    if not any(granted, function(grant) return covers(grant, element) end) then
      rest[#rest + 1] = element
    end
  end
  return rest[1] and rest or nil
end


--- The part of the needs, reading apart, that is not granted.
---@param grant table one that `grants.problems` finds nothing wrong with
---@param needed table
---@return table? missing nil when all is granted
function grants.missing(grant, needed)
  local missing = {}
  for name, value in pairs(needs.acting(needed)) do
    missing[name] = rest_of(value, grant[name])
  end
  return next(missing) and missing or nil
end


--- What of a grant is not needed, in words.
local function explain_surplus(name, granted, needed)
  if needed == nil then
    return ("grants '%s', which the policy does not need"):format(name)
  elseif type(granted) == "table" and type(needed) == "table" then
    for _, element in ipairs(granted) do
      if not any(needed, function(need) return covers(element, need) end) then
        return ("grants %s '%s', which the policy does not need"):format(name, text.escape(element))
      end
    end
  end
end


--- What is wrong with a grant: words that are none, and what the policy does not need.
---@param grant any
---@param needed table
---@return string[]
function grants.problems(grant, needed)
  if type(grant) ~= "table" then
    return { ("grant: expected a table such as { oom = true }, found a %s"):format(type(grant)) }
  end
  local problems = {}
  for _, name in ipairs(sorted_keys(grant)) do
    local ok, problem = needs.check({ [name] = grant[name] }, true)
    if ok then
      problems[#problems + 1] = explain_surplus(name, grant[name], needed[name])
    else
      problems[#problems + 1] = "grant: " .. problem
    end
  end
  return problems
end


local function show(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local elements = {}
  for i, element in ipairs(value) do
    elements[i] = ("%q"):format(element)
  end
  return ("{ %s }"):format(table.concat(elements, ", "))
end


--- A grant as configuration has it: `grant = { kill = true }`.
---@param grant table
---@return string
function grants.to_lua(grant)
  local fields = {}
  for i, name in ipairs(sorted_keys(grant)) do
    fields[i] = ("%s = %s"):format(name, show(grant[name]))
  end
  return ("grant = { %s }"):format(table.concat(fields, ", "))
end


return grants
