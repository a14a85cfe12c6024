-- SPDX-License-Identifier: MIT
--- Where events go: to journald with its fields when that is what reads us, else to a stream as
-- text or JSON. Never waits for whoever reads, and counts what it dropped: core/host/log_sink.h.
-- @module pagewarden.log_target
local csv = require "pagewarden.csv"
local log = require "pagewarden.log"
local log_sink = require "pagewarden.log_sink"
local stat = require "posix.sys.stat"

local log_target = {}

local STDOUT = 1


--- systemd says which stream it gave to journald, as "DEVICE:INODE".
---@param journal_stream string? the environment's
---@param fd integer
---@return boolean
local function is_journal(journal_stream, fd)
  local device, inode = (journal_stream or ""):match "^(%d+):(%d+)$"
  local status = device and stat.fstat(fd)
  return status ~= nil and status.st_dev == tonumber(device) and status.st_ino == tonumber(inode)
end


---@class pagewarden.LogTarget
---@field private sink table
---@field private show fun(event: pagewarden.Event): string?
local LogTarget = {}
LogTarget.__index = LogTarget


--- Writes an event, or lets it wait; as CSV only events of one kind.
---@param event pagewarden.Event
---@return boolean? ok
---@return string? message why it is lost
---@return integer? errno
function LogTarget:say(event)
  local record = self.show(event)
  if record then
    return self.sink:write(record)
  end
  return true
end


--- How many events were lost.
---@return integer
function LogTarget:dropped()
  return self.sink:dropped()
end


--- Waits until everything is written.
---@param seconds number? no longer than this
---@return boolean? ok
---@return string? message
---@return integer? errno
function LogTarget:finish(seconds)
  return self.sink:finish(seconds)
end


function LogTarget:__close()
  self.sink:__close()
end


local function with_newline(show)
  return function(event)
    return show(event) .. "\n"
  end
end


---@class pagewarden.LogTargetOptions
---@field json boolean? JSON, to the stream, whoever reads it
---@field csv string? rows of CSV, of events of this name and no others
---@field fd integer? the stream, standard output unless told
---@field journal_stream string? the variable JOURNAL_STREAM of the environment
---@field socket string? where journald listens, unless it is where it always does
---@field queue integer? bytes that may wait

--- Opens a target on a loop.
---@param loop table a pagewarden.loop
---@param given pagewarden.LogTargetOptions
---@return pagewarden.LogTarget? target
---@return string? message
---@return integer? errno
function log_target.open(loop, given)
  local fd = given.fd or STDOUT
  local format, show = "text", with_newline(log.to_text)
  if given.csv then
    format, show = "csv", csv.new(given.csv)
  elseif given.json then
    format, show = "json", with_newline(log.to_json)
  elseif is_journal(given.journal_stream, fd) then
    format, show = "journal", log.to_journal
  end
  local sink, message, number = log_sink.open(loop, {
    format = format, fd = fd, socket = given.socket, queue = given.queue,
  })
  if not sink then
    return nil, message, number
  end
  return setmetatable({ sink = sink, show = show }, LogTarget)
end


return log_target
