-- SPDX-License-Identifier: MIT
--- What policies log: a stable name and flat fields. Pure.
-- @module pagewarden.event
local event = {}

--- Fields that the log sets itself.
local OWN = { time = true, policy = true, event = true }


local function check_fields(fields)
  for name, value in pairs(fields) do
    local kind = type(value)
    if type(name) ~= "string" then
      error("log: fields have names", 4)
    elseif OWN[name] then
      error(("log: field '%s' is the log's own"):format(name), 4)
    elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      error(("log: field '%s': expected a string, number or boolean, found %s"):format(name, kind),
        4)
    end
  end
end


--- Raises, at the level of who called its caller, unless these can be logged.
---@param name any
---@param fields any
function event.check(name, fields)
  if type(name) ~= "string" or not name:find "^%l[%l%d_-]*$" then
    error("log: an event's name is a lower-case word", 3)
  elseif fields ~= nil and type(fields) ~= "table" then
    error("log: fields: expected a table", 3)
  end
  check_fields(fields or {})
end


return event
