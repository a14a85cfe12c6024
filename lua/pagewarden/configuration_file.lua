-- SPDX-License-Identifier: MIT
--- Reads one file of the configuration, in a Lua state of its own, whose limits it keeps: what the
-- file says of policies, as plain values.
-- @module pagewarden.configuration_file
local sandbox = require "pagewarden.sandbox"
local text = require "pagewarden.text"

local configuration_file = {}

local USAGE = 'policy "NAME" { option = value, … }'


---@class pagewarden.ConfigurationEntry
---@field line integer
---@field policy string a name, or an absolute path
---@field options table<string, any> with `as` and `grant` taken out
---@field as any?
---@field grant any?

---@class pagewarden.ConfigurationReading
---@field entries pagewarden.ConfigurationEntry[]
---@field problems { line: integer?, message: string }[]


--- The line of the file that a function called from it was called in. Errors know it.
local function calling_line()
  local _, position = pcall(error, "", 4)
  return math.tointeger(tonumber(position:match ":(%d+): $"))
end


local function shown(value)
  return type(value) == "string" and ("'%s'"):format(text.escape(value)) or "a " .. type(value)
end


--- What in a value could not be handed on: a function or another thing with a life of its own, or
--- a table with keys that no option has.
local function find_alien(value, depth)
  local kind = type(value)
  if kind == "table" and depth < 8 then
    for key, element in pairs(value) do
      local alien = find_alien(key, depth + 1) or find_alien(element, depth + 1)
      if alien then
        return alien
      end
    end
  elseif kind == "table" then
    return "a table inside itself"
  elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
    return "a " .. kind
  end
end


local function add_problem(reading, line, message)
  table.insert(reading.problems, { line = line, message = message })
end


--- Takes the table behind a policy's name.
local function take_options(reading, name, line, options)
  if type(options) ~= "table" then
    add_problem(reading, line, ("%s: expected a table of options, found %s; write %s"):format(name,
      shown(options), USAGE))
    return
  end
  local alien = find_alien(options, 0)
  if alien then
    add_problem(reading, line, ("%s: options are texts, numbers, booleans and lists, found %s")
      :format(name, alien))
    return
  end
  local entry = { line = line, policy = name, as = options.as, grant = options.grant,
    options = options }
  options.as, options.grant = nil, nil
  table.insert(reading.entries, entry)
end


--- The function `policy` of a file, and what is left to be said about calls of it at the end.
local function new_policy(reading)
  local open = {} ---@type table<table, boolean> calls whose options have not come
  local function policy(name)
    local line = calling_line()
    if type(name) ~= "string" then
      add_problem(reading, line, ("policy: expected a name, found %s; write %s"):format(shown(name),
        USAGE))
      return function() end
    end
    local call = { name = name, line = line }
    open[call] = true
    return function(options)
      open[call] = nil
      take_options(reading, name, line, options)
    end
  end
  local function close()
    for call in pairs(open) do
      add_problem(reading, call.line, ("%s: its options are missing; write policy \"%s\" {}")
        :format(call.name, call.name))
    end
  end
  return policy, close
end


local function refuse_unknown(_, name)
  error(("'%s' is not available in a configuration: it has only 'policy'"):format(tostring(name)),
    2)
end


local function refuse_new(_, name)
  error(("global '%s' is assigned: say local"):format(tostring(name)), 2)
end


--- The line and the rest of a message of Lua's, which shortens the names of files.
local function take_apart(message)
  message = tostring(message):match "^[^\n]*"
  local line, rest = message:match "^.-:(%d+): (.*)$"
  return math.tointeger(tonumber(line)), rest or message
end


--- Reads a file. What is wrong with it is part of the answer.
---@param path string
---@return pagewarden.ConfigurationReading
function configuration_file.read(path)
  local reading = { entries = {}, problems = {} }
  local policy, close = new_policy(reading)
  local chunk, message = sandbox.load(path, setmetatable({ policy = policy }, {
    __index = refuse_unknown, __newindex = refuse_new, __metatable = false,
  }))
  local ok = chunk ~= nil
  if chunk then
    ok, message = pcall(chunk)
  end
  if not ok then
    add_problem(reading, take_apart(message))
  end
  close()
  return reading
end


return configuration_file
