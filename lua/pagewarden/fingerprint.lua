-- SPDX-License-Identifier: MIT
--- Tells whether a policy is still what it was: its files and what it was told. Pure but for the
-- files it reads.
-- @module pagewarden.fingerprint
local sorted_keys = require "pagewarden.sorted_keys"

local fingerprint = {}

local FNV_OFFSET, FNV_PRIME = 0xcbf29ce484222325, 0x100000001b3


local function add_text(hash, text)
  for i = 1, #text do
    hash = (hash ~ text:byte(i)) * FNV_PRIME
  end
  return hash
end


--- Types and lengths are part of it, so that "1" and 1 differ, and { "a", "b" } and { "ab" }.
local function add_value(hash, value)
  if type(value) ~= "table" then
    local text = tostring(value)
    return add_text(hash, ("%s %d %s "):format(math.type(value) or type(value), #text, text))
  end
  hash = add_text(hash, "{")
  for _, key in ipairs(sorted_keys(value)) do
    hash = add_value(add_value(hash, key), value[key])
  end
  return add_text(hash, "}")
end


--- A file that cannot be read is as good as an empty one.
local function contents(path)
  local file <close> = io.open(path)
  return file and file:read "a" or ""
end


--- A number that differs when a file or a value does.
---@param files string[] in an order that stays
---@param ... any plain values
---@return integer
function fingerprint.of(files, ...)
  local hash = FNV_OFFSET
  for _, path in ipairs(files) do
    hash = add_value(add_value(hash, path), contents(path))
  end
  return add_value(hash, { ... })
end


return fingerprint
