-- SPDX-License-Identifier: MIT
--- What a policy may ask to touch, as it declares it, and what of that is only reading. Pure.
-- @module pagewarden.needs
local text = require "pagewarden.text"
local unit = require "pagewarden.unit"

local needs = {}


local function is_true(value)
  return value == true
end


--- A list of strings, of which `accepts` takes every one when that is given.
local function list_of(accepts)
  return function(value)
    if type(value) ~= "table" or #value == 0 then
      return false
    end
    for key, element in pairs(value) do
      if math.type(key) ~= "integer" or type(element) ~= "string"
        or accepts and not accepts(element) then
        return false
      end
    end
    return true
  end
end


local function is_size(value)
  return type(value) == "string" and unit.parse_size(value) ~= nil
end


local RESOURCES = { cpu = true, memory = true, io = true, irq = true }


local function is_resource(name)
  return RESOURCES[name]
end


--- The letters of SysRq that do not end everything.
local function is_letter(letter)
  return letter:find "^[fhlmpqstw]$" ~= nil
end


--- Ways to reclaim; the value says whether one may be followed by a path.
local WAYS = { sync = false, syncfs = true, drop_caches = false, compact = false, pageout = false,
  cold = false, cgroup = true }


local function is_way(words)
  local way, path = words:match "^(%S+) (/.*)$"
  return WAYS[way or words] ~= nil and (path == nil or WAYS[way])
end


local function is_path(path)
  return path:find "^/" ~= nil
end


---@class pagewarden.Need
---@field name string
---@field expects string
---@field accepts fun(value: any): boolean
---@field free boolean? granted to every policy: it reads, or has a file of our own
---@field readable boolean? it may be "read" as well, which is free

--- In the order that messages name them.
---@type pagewarden.Need[]
local KINDS = {
  { name = "process", expects = '"read"', free = true,
    accepts = function(value) return value == "read" end },
  { name = "pressure", expects = "a list of cpu, memory, io and irq", free = true,
    accepts = list_of(is_resource) },
  { name = "kmsg", expects = "true", free = true, accepts = is_true },
  { name = "sysctl", expects = "a list of keys", accepts = list_of(), readable = true },
  { name = "mm", expects = "a list of knobs", accepts = list_of(), readable = true },
  { name = "cgroup", expects = "a list of paths", accepts = list_of(), readable = true },
  { name = "oom", expects = "true", accepts = is_true, readable = true },
  { name = "kill", expects = "true", accepts = is_true, readable = true },
  { name = "sysrq", expects = "a list of letters out of fhlmpqstw",
    accepts = list_of(is_letter) },
  { name = "swap", expects = "a list of paths", accepts = list_of(), readable = true },
  { name = "reclaim", accepts = list_of(is_way), expects = "a list of sync, syncfs, drop_caches, "
    .. 'compact, pageout, cold and cgroup, or of "cgroup /PATH"' },
  { name = "exec", expects = "a list of whole paths of programs", accepts = list_of(is_path) },
  { name = "state", expects = 'a size, such as "4K"', accepts = is_size, free = true },
  { name = "modules", expects = "a list of module names", accepts = list_of() },
}


--- What was found, for a message; of a list its first elements.
local function shown(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("'%s'"):format(text.escape(value)) or tostring(value)
  end
  local words = {}
  for i = 1, math.min(#value, 4) do
    words[i] = tostring(value[i])
  end
  return #words == 0 and "a table that is no list"
    or ("'%s'"):format(text.escape(table.concat(words, ", ")))
end


local function kind_of(name)
  for _, kind in ipairs(KINDS) do
    if kind.name == name then
      return kind
    end
  end
end


local function explain_unknown(name)
  local names = {}
  for i, kind in ipairs(KINDS) do
    names[i] = kind.name
  end
  local nearest = type(name) == "string" and text.nearest(name, names)
  return ("unknown need '%s'%s"):format(tostring(name),
    nearest and (" (did you mean '%s'?)"):format(nearest) or "")
end


local function only_reads(kind, value)
  return kind.readable and value == "read"
end


--- Whether a table is one that a policy may declare.
---@param declared table
---@param granting boolean? it is a grant, and reading needs none
---@return boolean ok
---@return string? problem
function needs.check(declared, granting)
  for name, value in pairs(declared) do
    local kind = kind_of(name)
    if not kind then
      return false, explain_unknown(name)
    elseif not kind.accepts(value) and (granting or not only_reads(kind, value)) then
      return false, ("%s: expected %s%s, found %s"):format(name, kind.expects,
        kind.readable and not granting and ' or "read"' or "", shown(value))
    end
  end
  return true
end


--- One need as people read it: "sysctl vm.swappiness", "kill".
local function show(kind, value)
  if type(value) == "table" then
    return ("%s %s"):format(kind.name, table.concat(value, ", "))
  elseif value == true then
    return kind.name
  end
  return ("%s %s"):format(kind.name, value)
end


--- Each need in words, in a fixed order.
---@param declared table
---@return string[]
function needs.describe(declared)
  local described = {}
  for _, kind in ipairs(KINDS) do
    if declared[kind.name] ~= nil then
      described[#described + 1] = show(kind, declared[kind.name])
    end
  end
  return described
end


--- The needs that are more than reading and keeping state: those that want a grant.
---@param declared table
---@return table
function needs.acting(declared)
  local acting = {}
  for _, kind in ipairs(KINDS) do
    if not kind.free and not only_reads(kind, declared[kind.name]) then
      acting[kind.name] = declared[kind.name]
    end
  end
  return acting
end


--- The same in words.
---@param declared table
---@return string[]
function needs.beyond_reading(declared)
  return needs.describe(needs.acting(declared))
end


--- The modules that the policy only reads with, in a fixed order.
---@param declared table
---@return string[]
function needs.reading(declared)
  local reading = {}
  for _, kind in ipairs(KINDS) do
    if only_reads(kind, declared[kind.name]) or kind.name == "kmsg" and declared.kmsg then
      reading[#reading + 1] = kind.name
    end
  end
  return reading
end


return needs
