-- SPDX-License-Identifier: MIT
--- Plain values as bytes: strings, numbers, booleans, and tables of them. Pure.
--
-- `t` and `f` are booleans, `i12;` an integer, `d0x1p-3;` a float to the last bit, `s3:abc` a
-- string, `{` and `}` enclose the keys and values of a table. Nothing is run to read it.
-- @module pagewarden.plain
local text = require "pagewarden.text"

local plain = {}

--- Tables inside of tables, beyond which something is taken for a table that holds itself.
local DEEPEST = 16


--- A key as it is written in Lua, for the path of a value.
local function step(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then
    return "." .. key
  end
  return type(key) == "string" and ('["%s"]'):format(text.escape(key)) or ("[%s]"):format(key)
end


local encoders = {}


local function encode(value, path, depth, parts)
  local encoder = encoders[type(value)]
  if not encoder then
    return ("%s: expected a string, number, boolean or table, found a %s"):format(path, type(value))
  end
  return encoder(value, path, depth, parts)
end


function encoders.boolean(value, _, _, parts)
  parts[#parts + 1] = value and "t" or "f"
end


function encoders.number(value, path, _, parts)
  if value ~= value then
    return path .. ": not a number"
  elseif math.type(value) == "integer" then
    parts[#parts + 1] = ("i%d;"):format(value)
  elseif value == math.huge or value == -math.huge then
    parts[#parts + 1] = value > 0 and "d1e999;" or "d-1e999;"
  else
    parts[#parts + 1] = ("d%a;"):format(value)
  end
end


function encoders.string(value, _, _, parts)
  parts[#parts + 1] = ("s%d:"):format(#value)
  parts[#parts + 1] = value
end


function encoders.table(value, path, depth, parts)
  if getmetatable(value) ~= nil then
    return path .. ": a table with a metatable is not plain"
  elseif depth == DEEPEST then
    return path .. ": tables are nested too deep"
  end
  parts[#parts + 1] = "{"
  for key, inner in next, value do
    if type(key) == "table" or type(key) == "function" or type(key) == "userdata" then
      return ("%s: expected keys that are strings, numbers or booleans, found a %s"):format(path,
        type(key))
    end
    local problem = encode(key, path, depth + 1, parts)
      or encode(inner, path .. step(key), depth + 1, parts)
    if problem then
      return problem
    end
  end
  parts[#parts + 1] = "}"
end


--- A plain value as bytes.
---@param value any
---@param path string how messages name the value
---@return string? bytes
---@return string? problem which names the path of what is not plain
function plain.encode(value, path)
  local parts = {}
  local problem = encode(value, path, 0, parts)
  if problem then
    return nil, problem
  end
  return table.concat(parts)
end


local decoders = {}


--- Every decoder gives the value and where the next begins, or nothing.
local function decode(bytes, at)
  local decoder = decoders[bytes:sub(at, at)]
  if decoder then
    return decoder(bytes, at + 1)
  end
end


function decoders.t(_, at)
  return true, at
end


function decoders.f(_, at)
  return false, at
end


function decoders.i(bytes, at)
  local digits, after = bytes:match("^(-?%d+);()", at)
  local value = math.tointeger(digits)
  if value then
    return value, after
  end
end


function decoders.d(bytes, at)
  local digits, after = bytes:match("^([^;]+);()", at)
  local value = tonumber(digits)
  if value then
    return value + 0.0, after
  end
end


function decoders.s(bytes, at)
  local digits, after = bytes:match("^(%d+):()", at)
  local size = tonumber(digits)
  if size and after + size <= #bytes + 1 then
    return bytes:sub(after, after + size - 1), after + size
  end
end


decoders["{"] = function(bytes, at)
  local value = {}
  while bytes:sub(at, at) ~= "}" do
    local key, after_key = decode(bytes, at)
    if not after_key then
      return
    end
    local inner, after = decode(bytes, after_key)
    if not after then
      return
    end
    value[key], at = inner, after
  end
  return value, at + 1
end


--- The value that begins at a place of the bytes.
---@param bytes string
---@param at integer? 1 unless told
---@return any value
---@return integer? after where the next begins; nil when there is no value to read
function plain.decode(bytes, at)
  return decode(bytes, at or 1)
end


return plain
