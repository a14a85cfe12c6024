-- SPDX-License-Identifier: MIT
--- What tests ask of a world: `assert.event`, `assert.no_event` and `assert.no_trace`, for busted
-- and whoever else has luassert. Without it there is nothing to add to.
-- @module pagewarden.testing.assertions
local log = require "pagewarden.log"

local has_luassert, luassert = pcall(require, "luassert")
if not has_luassert then
  return
end


--- An expected value is equal, or a function that accepts.
local function fits(event, fields)
  for name, expected in pairs(fields or {}) do
    local value = event[name]
    if type(expected) == "function" then
      if value == nil or not expected(value) then
        return false
      end
    elseif value ~= expected then
      return false
    end
  end
  return true
end


local function describe(world)
  local lines = {}
  for i, event in ipairs(world.events) do
    lines[i] = "  " .. log.to_json(event)
  end
  return #lines == 0 and "  (none)" or table.concat(lines, "\n")
end


local function has_event(state, arguments)
  local world, name, fields = arguments[1], arguments[2], arguments[3]
  for _, event in ipairs(world.events) do
    if event.event == name and fits(event, fields) then
      state.failure_message = ("an event '%s' was not wanted; there were:\n%s"):format(name,
        describe(world))
      return true
    end
  end
  state.failure_message = ("no event '%s' with these fields; there were:\n%s"):format(name,
    describe(world))
  return false
end


local function has_trace(state, arguments)
  local traces = arguments[1].traces
  if not traces then
    error("stop the world before asking what it left", 0)
  end
  state.failure_message = #traces > 0 and "the policy left:\n  " .. table.concat(traces, "\n  ")
    or "the policy left nothing"
  return #traces > 0
end


luassert:register("assertion", "event", has_event)
luassert:register("assertion", "trace", has_trace)
