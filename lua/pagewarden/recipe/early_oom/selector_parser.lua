-- SPDX-License-Identifier: MIT
--- How processes are meant: `"^postgres$"`, `"uid=33"`, `"unit=^docker-"`, `"age<10m"`. Pure.
-- @module pagewarden.recipe.early_oom.selector_parser
local selector_parser = {}

local TEXTS = { name = "comm", command = "cmdline", unit = "unit", cgroup = "cgroup" }

--- Ancestors that are looked at: a loop would be the kernel's mistake, or a race's.
local MOST_ANCESTORS <const> = 64


local function matches_field(field, pattern)
  return function(p)
    return p[field] ~= nil and pattern:match(p[field])
  end
end


--- A process or one that it descends from has a name that matches.
local function matches_tree(pattern)
  return function(p, parent)
    for _ = 1, MOST_ANCESTORS do
      if not p then
        return false
      elseif pattern:match(p.comm) then
        return true
      end
      p = parent(p.ppid)
    end
    return false
  end
end


local function matches_uid(uid)
  return function(p) return p.uid == uid end
end


local function matches_age(operator, seconds)
  return function(p)
    if operator == "<" then
      return p.age < seconds
    end
    return p.age > seconds
  end
end


--- One of a kind and what it is compared with.
local function compile_kind(kind, value)
  if kind == "uid" then
    local uid = math.tointeger(tonumber(value))
    return uid and matches_uid(uid), "a user's number expected"
  end
  local compiled, message = require("pagewarden.pattern").compile(value)
  if not compiled then
    return nil, message
  elseif kind == "tree" then
    return matches_tree(compiled)
  end
  return matches_field(TEXTS[kind], compiled)
end


local function compile(text)
  local operator, age = text:match "^age([<>])(.+)$"
  if operator then
    local seconds = require("pagewarden.unit").parse_duration(age)
    return seconds and matches_age(operator, seconds), "a duration expected, such as 10m"
  end
  local kind, value = text:match "^(%l+)=(.+)$"
  if kind == "uid" or kind == "tree" or TEXTS[kind] then
    return compile_kind(kind, value)
  end
  return compile_kind("name", text)
end


--- What a list of selectors means: each is a pattern for the name, or `command=`, `unit=`,
--- `cgroup=`, `tree=` and a pattern, `uid=` and a number, `age<` or `age>` and a duration.
---@param texts string[]
---@return pagewarden.recipe.Selector[]?
---@return string? message
function selector_parser.compile(texts)
  local selectors = {}
  for i, text in ipairs(texts) do
    local found, message = compile(text)
    if not found then
      return nil, ("'%s': %s"):format(text, message)
    end
    selectors[i] = found
  end
  return selectors
end


return selector_parser
