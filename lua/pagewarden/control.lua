-- SPDX-License-Identifier: MIT
--- What the daemon answers on its control socket: one JSON object a line, `{"command": "status"}`,
-- and one back, with `ok` and, when that is false, `error` and `kind`. Everybody may ask; root and
-- the daemon's own user may change things.
-- @module pagewarden.control
local json = require "dkjson"
local text = require "pagewarden.text"
local unistd = require "posix.unistd"

local control = {}


---@class pagewarden.Controlled what is behind the socket
---@field fleet pagewarden.Fleet
---@field since number when the daemon was started
---@field reload fun(): pagewarden.Reloading

---@class pagewarden.ControlCommand
---@field changes boolean? it wants root or the daemon's own user
---@field named boolean? it is about one policy
---@field answer fun(controlled: pagewarden.Controlled, name: string): table?, string?


--- An empty list is not to become an object.
local function array(list)
  return setmetatable(list, { __jsontype = "array" })
end


---@type table<string, pagewarden.ControlCommand>
local COMMANDS = {
  status = {
    answer = function(controlled)
      local policies, problems = controlled.fleet:status()
      return { pid = unistd.getpid(), since = controlled.since, policies = array(policies),
        problems = array(problems) }
    end,
  },
  explain = {
    named = true,
    answer = function(controlled, name)
      local explanation, message = controlled.fleet:explain(name)
      if not explanation then
        return nil, message
      end
      local recent = table.move(explanation.recent, 1, #explanation.recent, 1, {})
      explanation.recent, explanation.problems = array(recent), array(explanation.problems)
      array(explanation.grants)
      return explanation
    end,
  },
  reload = {
    changes = true,
    answer = function(controlled)
      local result = controlled.reload()
      for _, names in pairs(result) do
        array(names)
      end
      return result
    end,
  },
  stop = {
    changes = true, named = true,
    answer = function(controlled, name)
      local ran, message = controlled.fleet:stop(name)
      if ran == nil then
        return nil, message
      end
      return { ran = ran }
    end,
  },
}

local NAMES = { "explain", "reload", "status", "stop" }


local function refuse(kind, message)
  return { ok = false, error = message, kind = kind }
end


local function explain_unknown(name)
  local nearest = text.nearest(name, NAMES)
  return ("unknown command '%s'%s"):format(text.escape(name),
    nearest and (" (did you mean '%s'?)"):format(nearest) or "")
end


---@param peer { uid: integer }
local function may_change(peer)
  return peer.uid == 0 or peer.uid == unistd.geteuid()
end


--- The answer as a table.
local function answer(controlled, line, peer)
  local parsed, request = pcall(json.decode, line)
  if not parsed or type(request) ~= "table" or type(request.command) ~= "string" then
    return refuse("usage", 'expected one JSON object a line, such as {"command": "status"}')
  end
  local command = COMMANDS[request.command]
  if not command then
    return refuse("usage", explain_unknown(request.command))
  elseif command.named and type(request.name) ~= "string" then
    return refuse("usage", ("%s: the name of a policy is missing"):format(request.command))
  elseif command.changes and not may_change(peer) then
    return refuse("denied", ("%s: only root and the daemon's own user may"):format(request.command))
  end
  local result, message = command.answer(controlled, request.name)
  if not result then
    return refuse("failed", text.escape(message --[[@as string]]))
  end
  result.ok = true
  return result
end


--- JSON has no other text than UTF-8, and no other numbers than finite ones.
local function make_safe(value)
  if type(value) == "string" then
    return utf8.len(value) and value or text.escape(value)
  elseif type(value) ~= "table" then
    return value
  end
  local safe = setmetatable({}, getmetatable(value))
  for key, element in pairs(value) do
    safe[key] = make_safe(element)
  end
  return safe
end


--- Answers one request. Whatever goes wrong is an answer too.
---@param controlled pagewarden.Controlled
---@param line string
---@param peer { pid: integer, uid: integer }
---@return string line
function control.answer(controlled, line, peer)
  local ok, result = pcall(answer, controlled, line, peer)
  result = ok and result or refuse("failed", tostring(result))
  return json.encode(make_safe(result)) --[[@as string]]
end


return control
