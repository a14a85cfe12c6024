-- SPDX-License-Identifier: MIT
--- What tests ask of a world: `assert.event`, `assert.act`, `assert.trace`, and each with `no_`.
-- For busted and whoever else has luassert; without it there is nothing to add to.
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


local function describe(events)
  local lines = {}
  for i, event in ipairs(events) do
    lines[i] = "  " .. log.to_json(event)
  end
  return #lines == 0 and "  (none)" or table.concat(lines, "\n")
end


local function has_event(state, arguments)
  local world, name, fields = arguments[1], arguments[2], arguments[3]
  for _, event in ipairs(world.events) do
    if event.event == name and fits(event, fields) then
      state.failure_message = ("an event '%s' was not wanted; there were:\n%s"):format(name,
        describe(world.events))
      return true
    end
  end
  state.failure_message = ("no event '%s' with these fields; there were:\n%s"):format(name,
    describe(world.events))
  return false
end


local function has_act(state, arguments)
  local acts = arguments[1].acts
  for _, event in ipairs(acts) do
    if fits(event, arguments[2]) then
      state.failure_message = "this was not wanted; what was done:\n" .. describe(acts)
      return true
    end
  end
  state.failure_message = "nothing like this was done; what was:\n" .. describe(acts)
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


luassert:register("assertion", "act", has_act)
luassert:register("assertion", "event", has_event)
luassert:register("assertion", "trace", has_trace)
