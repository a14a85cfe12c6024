-- SPDX-License-Identifier: MIT
--- What the policy of a test world finds that it has kept.
-- @module pagewarden.testing.kept
local plain = require "pagewarden.plain"
local state = require "pagewarden.state"

local kept = {}


--- Writes the state of a policy as it would have when it stopped.
---@param reader table of the world's root
---@param loop table
---@param name string the policy's
---@param values table<string, any>
function kept.write(reader, loop, name, values)
  local written <close> = state.open(reader, loop, {
    name = name, quota = math.maxinteger, log = error,
  })
  for key, value in pairs(values) do
    assert(written:set(key, assert(plain.encode(value, key))))
  end
end


return kept
