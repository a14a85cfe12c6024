-- SPDX-License-Identifier: MIT
--- Events read back from what was logged: lines of `--json`, and what `journalctl -o json` makes of
-- what journald keeps. Pure.
-- @module pagewarden.event_lines
local json = require "dkjson"

local event_lines = {}

local PREFIX = "PAGEWARDEN_"

--- journald's own, which nobody else can set.
local TIME, BOOT, HOST = "__REALTIME_TIMESTAMP", "_BOOT_ID", "_HOSTNAME"


--- A field as journalctl has it: bytes that are no text are a list of numbers, and of a field that
--- comes twice all values are.
local function text_of(value)
  if type(value) ~= "table" then
    return type(value) == "string" and value or nil
  elseif type(value[1]) == "string" then
    return value[1]
  end
  local bytes = {}
  for i, byte in ipairs(value) do
    if math.type(byte) ~= "integer" or byte < 0 or byte > 255 then
      return nil
    end
    bytes[i] = string.char(byte)
  end
  return table.concat(bytes)
end


local function of_journal(entry)
  local microseconds = tonumber(text_of(entry[TIME]))
  local event = {
    time = microseconds and microseconds / 1e6, boot = text_of(entry[BOOT]),
    source = text_of(entry[HOST]),
  }
  for name, value in pairs(entry) do
    local field = name:match("^" .. PREFIX .. "([%u%d_]+)$")
    if field then
      event[field:lower()] = text_of(value)
    end
  end
  return event
end


local function decode(line)
  local ok, entry = pcall(json.decode, line, 1, nil, nil)
  return ok and type(entry) == "table" and entry or nil
end


--- The event of a line. Where a line was cut off and another was appended to it, that of the other:
--- within a string a quotation mark never comes unescaped.
---@param line string
---@return table? event nil when it is none
function event_lines.parse(line)
  local appended = line:match '^.+({"time":.*)$'
  local entry = decode(line) or appended and decode(appended)
  if not entry then
    return nil
  end
  local event = entry[PREFIX .. "EVENT"] and of_journal(entry) or entry
  return type(event.event) == "string" and type(event.policy) == "string" and event or nil
end


return event_lines
