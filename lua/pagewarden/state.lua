-- SPDX-License-Identifier: MIT
--- What a policy keeps from one start to the next. The values of each key are here as bytes; the
-- policy's own side knows what they mean.
--
-- A change is in memory at once and on the disk later: ten seconds after the first change there is
-- one write of all of them, in a thread of its own, and one when the policy stops. So neither a
-- slow disk nor memory that is short holds up the loop; what a crash may lose is ten seconds. While
-- the disk takes nothing more, further changes are refused with its reason, and every ten seconds
-- it is tried again.
-- @module pagewarden.state
local errno = require "posix.errno"
local format = require "pagewarden.format"
local plain = require "pagewarden.plain"
local state_file = require "pagewarden.state_file"

local state = {}

--- Seconds from a change to its write.
local DELAY = 10

--- What cannot be read is kept aside and said; the policy starts with nothing.
local UNREADABLE = {
  [errno.EBADMSG] = "it is corrupt",
  [errno.EPROTONOSUPPORT] = "another version of pagewarden wrote it",
}


--- Those that are open, by reader and name.
---@type table<table, table<string, pagewarden.State>>
local opened = setmetatable({}, { __mode = "k" })


---@class pagewarden.State
---@field private name string
---@field private reader table
---@field private users integer of this object: it is one a name, also while a policy is replaced
---@field private values table<string, string> bytes by key
---@field private size integer bytes of the contents
---@field private quota integer
---@field private file table?
---@field private loop table
---@field private log fun(event: string, fields: table?)
---@field private dry boolean
---@field private timer table? of the next write
---@field private changed boolean
---@field private failure { [1]: nil, [2]: string, [3]: integer, [4]: string }? of the last write
local State = {}
State.__index = State


--- The values in the contents of a file; nil when they are not what we write.
local function parse(contents)
  local values, at = {}, 1
  while at <= #contents do
    local key, after = plain.decode(contents, at)
    local next_key = after and select(2, plain.decode(contents, after))
    if type(key) ~= "string" or not next_key then
      return nil
    end
    values[key] = contents:sub(after, next_key - 1)
    at = next_key
  end
  return values
end


local function size_of(key, bytes)
  return bytes and #plain.encode(key, "key") + #bytes or 0
end


---@private
function State:load()
  local contents, message, number, kind = self.file:read()
  local values = contents and parse(contents)
  if values then
    self.values, self.size = values, #contents
  elseif number ~= errno.ENOENT then
    local reason = contents and UNREADABLE[errno.EBADMSG] or UNREADABLE[number]
    local kept = reason and not self.dry and self.file:set_aside()
    self.log("state-unreadable", {
      message = reason and ("the state is not used: %s%s"):format(reason,
        kept and "; it is kept beside, as .corrupt" or "") or message,
    })
    self.failure = not reason and { nil, message, number, kind } or nil
  end
end


---@private
function State:schedule()
  if not self.timer and not self.dry then
    self.timer = self.loop:after(DELAY, function()
      self.timer = nil
      self:write()
    end, { background = true })
  end
end


---@private
function State:contents()
  local parts = {}
  for key, bytes in pairs(self.values) do
    parts[#parts + 1] = plain.encode(key, "key")
    parts[#parts + 1] = bytes
  end
  return table.concat(parts)
end


--- Notes how a write ended, and says it once when it failed.
---@private
function State:note(ok, message, number, kind)
  if ok then
    self.failure = nil
    return
  end
  self.changed = true
  if not self.failure then
    self.log("state-failed", { message = message })
  end
  self.failure = { nil, message, number, kind }
end


--- Writes what has changed, and looks how the last write ended.
---@private
function State:write()
  local ended, message, number, kind = self.file:finish()
  if ended ~= false then
    self:note(ended, message, number, kind)
    if self.changed then
      self.changed = false
      ended, message, number, kind = self.file:write(self:contents())
      if not ended then
        self:note(ended, message, number, kind)
      end
      self:schedule()
    end
  else
    self:schedule()
  end
end


--- The bytes of a key.
---@param key string
---@return string?
function State:get(key)
  return self.values[key]
end


--- Sets the bytes of a key, or with nil forgets it.
---@param key string
---@param bytes string?
---@return boolean? ok
---@return string? message
---@return integer? errno
---@return string? kind
function State:set(key, bytes)
  local size = self.size - size_of(key, self.values[key]) + size_of(key, bytes)
  if self.failure then
    return table.unpack(self.failure, 1, 4)
  elseif size > self.quota and size > self.size then
    return nil, ("state: %s would be more than its quota of %s"):format(format.size(size),
      format.size(self.quota)), errno.EDQUOT, "denied"
  end
  if bytes ~= self.values[key] then
    self.values[key], self.size, self.changed = bytes, size, true
    self:schedule()
  end
  return true
end


--- Begins to write what has changed, or looks how that goes; nothing is written in a dry run.
---@param wait boolean? let it end first
---@return boolean? done false while it is under way, nil when the disk takes nothing
---@return string? message
---@return integer? errno
---@return string? kind
function State:flush(wait)
  local ended, message, number, kind = self.file:finish(wait)
  if ended and self.changed and not self.dry then
    self.changed = false
    ended, message, number, kind = self.file:write(self:contents())
    if ended and wait then
      ended, message, number, kind = self.file:finish(true)
    elseif ended then
      return false
    end
  end
  if ended ~= false then
    self:note(ended, message, number, kind)
  end
  return ended, message, number, kind
end


--- Every value there is.
---@return table<string, any>
function State:all()
  local all = {}
  for key, bytes in pairs(self.values) do
    all[key] = plain.decode(bytes)
  end
  return all
end


--- Writes what is not written yet, and waits for it, when nobody else uses it.
function State:close()
  self.users = self.users - 1
  if self.users > 0 then
    return
  end
  opened[self.reader][self.name] = nil
  if self.timer then
    self.timer:cancel()
    self.timer = nil
  end
  self:note(self.file:finish(true))
  if self.changed and not self.dry then
    self.changed = false
    local ok, message, number, kind = self.file:write(self:contents())
    if ok then
      ok, message, number, kind = self.file:finish(true)
    end
    self:note(ok, message, number, kind)
  end
end


State.__close = State.close


---@class pagewarden.StateOptions
---@field name string the policy's
---@field quota integer bytes
---@field dry boolean? nothing is written
---@field log fun(event: string, fields: table?)

--- The state of a policy. While a policy takes the place of another of its name, both have the same
--- state; each closes it.
---@param reader table of pagewarden.proc: the state is beneath its root
---@param loop table a pagewarden.loop
---@param given pagewarden.StateOptions
---@return pagewarden.State
function state.open(reader, loop, given)
  local shared = opened[reader] or {}
  opened[reader] = shared
  local self = shared[given.name]
  if self then
    self.users, self.quota, self.log = self.users + 1, given.quota, given.log
    return self
  end
  self = setmetatable({
    users = 1, name = given.name, reader = reader, loop = loop, log = given.log,
    quota = given.quota, dry = given.dry or false, values = {}, size = 0, changed = false,
    file = assert(state_file.new(reader, given.name)),
  }, State)
  shared[given.name] = self
  self:load()
  return self
end


return state
