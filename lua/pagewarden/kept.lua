-- SPDX-License-Identifier: MIT
--- `pw.state`: what a policy keeps from one start to the next. Runs in the policy's own state; the
-- host has the values as bytes, and writes them.
-- @module pagewarden.kept
local host = require "pagewarden.host"
local plain = require "pagewarden.plain"
local tasks = require "pagewarden.tasks"

local kept = {}

--- Seconds between two looks at whether the disk has it.
local GLANCE = 0.05


local function check_key(method, key)
  if type(key) ~= "string" or key == "" then
    error(("pw.state:%s: expected a key, a string that is not empty, found %s"):format(method,
      key == "" and "an empty one" or "a " .. type(key)), 3)
  end
end


--- The value of a key: a copy, which is the policy's to change.
---@param key string
---@return any value nil when there is none
function kept:get(key) -- luacheck: ignore self
  check_key("get", key)
  local bytes = host.ask("state_get", key)
  if bytes then
    return (plain.decode(bytes))
  end
end


--- Keeps a value: a string, number or boolean, or a table of them.
---@param key string
---@param value any
---@return boolean? ok
---@return string? message such as that the quota is used up, or the disk full
---@return integer? errno
---@return string? kind
function kept:put(key, value) -- luacheck: ignore self
  check_key("put", key)
  local bytes, problem = plain.encode(value, key)
  if not bytes then
    error("pw.state:put: " .. problem, 2)
  end
  return host.ask("state_set", key, bytes)
end


--- Forgets a key.
---@param key string
---@return boolean? ok
---@return string? message
---@return integer? errno
---@return string? kind
function kept:delete(key) -- luacheck: ignore self
  check_key("delete", key)
  return host.ask("state_set", key)
end


--- Waits until the disk has all that was put: for what must not be done before it is noted. Only a
--- task may.
---@return boolean? ok
---@return string? message such as that the disk is full
---@return integer? errno
---@return string? kind
function kept:flush() -- luacheck: ignore self
  if not tasks.is_running() then
    error("pw.state:flush: only a task may wait (see pw:task)", 2)
  end
  local ok, message, errno, kind = host.ask "state_flush"
  while ok == false do
    coroutine.yield(GLANCE)
    ok, message, errno, kind = host.ask "state_flush"
  end
  return ok, message, errno, kind
end


return kept
