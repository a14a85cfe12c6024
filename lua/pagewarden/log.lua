-- SPDX-License-Identifier: MIT
--- Events: a stable name and flat fields, as text for people, as JSON for machines, or as fields
-- for journald.
-- @module pagewarden.log
local json = require "dkjson"
local text = require "pagewarden.text"

local log = {}

--- The log's own fields, first in each JSON object.
local OWN = { "time", "policy", "event" }

--- How urgent the host's own events are, as syslog(3) counts it. The rest is information.
local INFORMATION = 6
local PRIORITIES = {
  failed = 3, ["left-off"] = 4, misconfigured = 4, ["not-resident"] = 4, ["state-failed"] = 4,
  ["state-unreadable"] = 4,
}

--- The longest name of a field that journald takes.
local LONGEST_FIELD = 64


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
  local order, names = table.move(OWN, 1, #OWN, 1, {}), sorted_names(event)
  table.move(names, 1, #names, #order + 1, order)
  return json.encode(safe, { keyorder = order })
end


--- The message when the event has one, else all its fields.
local function message_of(event)
  if event.message then
    return event.message
  end
  local fields = {}
  for i, name in ipairs(sorted_names(event)) do
    fields[i] = ("%s=%s"):format(name, event[name])
  end
  return table.concat(fields, " ")
end


--- One line.
---@param event pagewarden.Event
---@return string
function log.to_text(event)
  local when = os.date("%H:%M:%S", math.floor(event.time))
  return text.escape(("%s %s: %s: %s"):format(when, event.policy, event.event, message_of(event)))
end


--- A field as journald's native protocol has it. What has a newline in it comes with its size.
local function journal_field(name, value)
  value = tostring(value)
  return value:find("\n", 1, true) and ("%s\n%s\n"):format(name, ("<s8"):pack(value))
    or ("%s=%s\n"):format(name, value)
end


--- One datagram for journald: MESSAGE, PRIORITY as syslog(3) counts it, PAGEWARDEN_POLICY,
--- PAGEWARDEN_EVENT, and each field of the event as PAGEWARDEN_NAME.
---@param event pagewarden.Event
---@return string
function log.to_journal(event)
  local message = text.escape(("%s: %s: %s"):format(event.policy, event.event, message_of(event)))
  local parts = {
    journal_field("MESSAGE", message),
    journal_field("PRIORITY", PRIORITIES[event.event] or INFORMATION),
    journal_field("SYSLOG_IDENTIFIER", "pagewarden"),
    journal_field("PAGEWARDEN_POLICY", event.policy),
    journal_field("PAGEWARDEN_EVENT", event.event),
  }
  for _, name in ipairs(sorted_names(event)) do
    local field = ("PAGEWARDEN_" .. name:upper():gsub("[^%u%d]", "_")):sub(1, LONGEST_FIELD)
    parts[#parts + 1] = journal_field(field, event[name])
  end
  return table.concat(parts)
end


return log
