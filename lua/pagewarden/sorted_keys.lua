-- SPDX-License-Identifier: MIT
--- The keys of a table in an order that does not change from run to run. Pure.
-- @module pagewarden.sorted_keys


--- By their text, whatever they are.
---@param map table
---@return any[]
return function(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end
