-- SPDX-License-Identifier: MIT
--- A report as one line of JSON: keys in alphabetical order, integers as integers, and no limit as
-- "max", which is how the kernel writes it.
-- @module pagewarden.report.json
local dkjson = require "dkjson"

local json = {}


--- A copy with what JSON has no word for replaced, and its keys noted.
local function copy(value, keys)
  if value == math.huge then
    return "max"
  elseif type(value) ~= "table" then
    return value
  end
  local copied = {}
  for key, item in pairs(value) do
    if type(key) == "string" then
      keys[key] = true
    end
    copied[key] = copy(item, keys)
  end
  return copied
end


---@param report table
---@return string
function json.encode(report)
  local keys, order = {}, {}
  local plain = copy(report, keys)
  for key in pairs(keys) do
    order[#order + 1] = key
  end
  table.sort(order)
  return dkjson.encode(plain, { keyorder = order })
end


return json
