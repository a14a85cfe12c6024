-- SPDX-License-Identifier: MIT
--- Events: a stable name and flat fields, as text for people or as JSON for machines.
-- @module pagewarden.log
local json = require "dkjson"
local text = require "pagewarden.text"

local log = {}

--- The log's own fields, first in each JSON object.
local OWN = { "time", "policy", "event" }


---@class pagewarden.Event
---@field time number seconds, of the clock of whoever made the log
---@field policy string
---@field event string


--- The function that logs for a policy: `log(event, fields)`, both as `pagewarden.event` has them.
---@param policy string the policy's name
---@param now fun(): number
---@param sink fun(event: pagewarden.Event)
---@return fun(event: string, fields: table?)
function log.new(policy, now, sink)
  return function(event, fields)
    local entry = { time = now(), policy = policy, event = event }
    for name, value in pairs(fields or {}) do
      entry[name] = value
    end
    sink(entry)
  end
end


local function sorted_names(event)
  local names = {}
  for name in pairs(event) do
    if name ~= "time" and name ~= "policy" and name ~= "event" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end


--- One JSON object. Bytes that are not UTF-8 come as \xNN, since JSON has no other bytes.
---@param event table
---@return string
function log.to_json(event)
  local safe = {}
  for name, value in pairs(event) do
    local is_bytes = type(value) == "string" and not utf8.len(value)
    safe[name] = is_bytes and text.escape(value) or value
  end
  local order = table.move(OWN, 1, #OWN, 1, {})
  table.move(sorted_names(event), 1, #sorted_names(event), #order + 1, order)
  return json.encode(safe, { keyorder = order })
end


--- One line: the message when the event has one, else all its fields.
---@param event pagewarden.Event
---@return string
function log.to_text(event)
  local said = event.message
  if not said then
    local fields = {}
    for i, name in ipairs(sorted_names(event)) do
      fields[i] = ("%s=%s"):format(name, event[name])
    end
    said = table.concat(fields, " ")
  end
  local when = os.date("%H:%M:%S", math.floor(event.time))
  return text.escape(("%s %s: %s: %s"):format(when, event.policy, event.event, said))
end


return log
