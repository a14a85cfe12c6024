-- SPDX-License-Identifier: MIT
--- `pagewarden eval CODE`: a Lua expression or chunk that only reads, and its values.
-- @module pagewarden.cli.eval
local exit = require "pagewarden.cli.exit"
local host = require "pagewarden.host"
local json = require "dkjson"
local root = require "pagewarden.cli.root"
local sandbox = require "pagewarden.sandbox"
local text = require "pagewarden.text"
local view = require "pagewarden.view"

local eval = { summary = "Evaluate Lua that only reads" }

local READERS = { "proc", "cgroup", "kmsg", "mm", "oom", "psi", "sysctl" }
local PURE = { "format", "option", "text", "trend" }


function eval.define(parser)
  parser:argument "code"
    :description "An expression such as 'proc.meminfo().MemAvailable', or statements."
end


--- Snapshots and the like know how to become tables.
local function to_plain(value)
  local metatable = type(value) == "userdata" and getmetatable(value)
  if metatable and metatable.table then
    return value:table()
  end
  return value
end


local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if math.type(a) and math.type(b) then
      return a < b
    end
    return not math.type(b) and (math.type(a) ~= nil or tostring(a) < tostring(b))
  end)
  return keys
end


local function show_scalar(value, quoted)
  if type(value) == "string" then
    return quoted and ('"%s"'):format(text.escape(value)) or text.escape(value)
  end
  return tostring(value)
end


--- A table inside of a table, on one line.
local function show_inline(value)
  value = to_plain(value)
  if type(value) ~= "table" then
    return show_scalar(value, true)
  end
  local parts = {}
  for i, key in ipairs(sorted_keys(value)) do
    local shown = show_inline(value[key])
    parts[i] = key == i and shown or ("%s = %s"):format(text.escape(tostring(key)), shown)
  end
  return #parts == 0 and "{}" or ("{ %s }"):format(table.concat(parts, ", "))
end


--- A value as lines: a table has one for each of its fields.
local function print_value(value)
  value = to_plain(value)
  if type(value) ~= "table" then
    print(show_scalar(value))
    return
  end
  for i, key in ipairs(sorted_keys(value)) do
    local shown = show_inline(value[key])
    print(key == i and shown or ("%s = %s"):format(text.escape(tostring(key)), shown))
  end
end


local function print_json(value)
  print((json.encode(to_plain(value), {
    exception = function(_, unknown) return json.quotestring(tostring(unknown)) end,
  })))
end


local function is_flawless(value)
  return type(value) == "table" and value.skipped == 0 and value.clamped == 0
end


local function new_environment(folder)
  local environment = sandbox.environment "."
  for _, name in ipairs(READERS) do
    local module = require("pagewarden." .. name)
    rawset(environment, name, view.module_of(assert(module.open(folder))))
  end
  for _, name in ipairs(PURE) do
    rawset(environment, name, require("pagewarden." .. name))
  end
  rawset(environment, "print", function(...)
    local words = table.pack(...)
    for i = 1, words.n do
      words[i] = show_scalar(words[i])
    end
    print(table.concat(words, "\t"))
  end)
  return environment
end


local function without_place(message)
  return (message:gsub("^%[string \"eval\"%]", "eval"):gsub("^eval:1: ", "eval: "))
end


--- An expression needs no return.
local function compile(code, environment)
  local expression = load("return " .. code, "=eval", "t", environment)
  if expression then
    return expression
  end
  return load(code, "=eval", "t", environment)
end


local function print_values(values, arguments)
  local last = is_flawless(values[values.n]) and values.n > 1 and values.n - 1 or values.n
  for i = 1, last do
    if arguments.json then
      print_json(values[i])
    else
      print_value(values[i])
    end
  end
end


function eval.run(arguments, context)
  host.only_read()
  local reader, failed = root.open(arguments, context)
  if not reader then
    return failed
  end
  local chunk, message = compile(arguments.code, new_environment(root.of(arguments, context)))
  if not chunk then
    return exit.complain(exit.USAGE, without_place(message))
  end
  local values = table.pack(pcall(chunk))
  if not values[1] then
    return exit.complain(exit.FAILED, without_place(tostring(values[2])))
  end
  values = table.pack(table.unpack(values, 2, values.n))
  if values[1] == nil and type(values[2]) == "string" then
    return exit.complain(exit.status_of(values[4]), values[2])
  end
  print_values(values, arguments)
  return exit.DONE
end


return eval
