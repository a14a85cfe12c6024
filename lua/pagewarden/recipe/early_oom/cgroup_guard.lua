-- SPDX-License-Identifier: MIT
--- The decisions of early-oom where it kills whole cgroups as systemd-oomd does: which are watched,
-- who could be killed, and when.
-- @module pagewarden.recipe.early_oom.cgroup_guard
local candidates = require "pagewarden.recipe.early_oom.candidates"
local format = require "pagewarden.format"
local hooks = require "pagewarden.recipe.early_oom.hooks"
local looks = require "pagewarden.recipe.looks"
local pace = require "pagewarden.recipe.early_oom.pace"
local systemd_oomd = require "pagewarden.recipe.early_oom.systemd_oomd"

local cgroup_guard = {}

--- Seconds after which it is asked again which cgroups there are that a pattern may mean.
local RESCAN <const> = 10

--- Another kill was a moment ago.
local EAGAIN <const> = 11


---@class pagewarden.recipe.CgroupGuard
---@field private pw pagewarden.Pw
---@field private o table
---@field private settings pagewarden.recipe.OomdSettings
---@field private watched pagewarden.recipe.OomdWatched[]
---@field private known table<string, pagewarden.recipe.OomdCgroup> what was last seen of those who
--- may be killed for pressure
---@field private said table<string, string> why nothing was done, by what for
---@field private paused_until number
---@field private ending boolean? somebody was killed, and that is seen to
---@field private last table? who was killed last
---@field private candidates pagewarden.recipe.Candidates
local Guard = {}
Guard.__index = Guard


--- Finds which cgroups are watched, of those that have processes. What is known of one is kept.
---@private
function Guard:find_watched()
  local before, found = {}, {}
  for _, watched in ipairs(self.watched) do
    before[watched.path] = watched
  end
  for path in pairs(self.candidates:paths()) do
    local watched = systemd_oomd.wanted(self.settings, path)
    if watched then
      local kept = before[path] or { pgscan = 0, reclaimed_at = -math.huge }
      watched.path, watched.pgscan, watched.since = path, kept.pgscan, kept.since
      watched.reclaimed_at = kept.reclaimed_at
      found[#found + 1] = watched
    end
  end
  table.sort(found, function(a, b) return a.path < b.path end)
  self.watched = found
end


--- Those that are watched for one of "swap" and "pressure".
---@private
function Guard:watched_for(what)
  local found = {}
  for _, watched in ipairs(self.watched) do
    if watched[what] then
      found[#found + 1] = watched
    end
  end
  return found
end


--- Says why nothing is done, once until that changes.
---@private
function Guard:hold(what, reason, text)
  if self.said[what] ~= reason then
    self.said[what] = reason
    self.pw.log("holding", { reason = reason, level = what, message = text })
  end
end


local function about(c, fields)
  fields.pid, fields.comm, fields.uid, fields.unit = c.pid, c.comm, c.uid, c.unit
  fields.cgroup, fields.size, fields.signal = c.path, c.size, "KILL"
  return fields
end


--- Kills one and sees to its end. False when another may be tried in its place.
---@private
function Guard:kill_one(c, what, why)
  hooks.run(self.pw, self.o.before, "before", c)
  self.pw.log("ending", about(c, { level = what,
    message = ("SIGKILL to cgroup %s, %s: %s"):format(c.path, c.has, why) }))
  local done, message, errno = self.pw.kill.terminate(c.path, { signal = "KILL", interval = 0.1 })
  self.pw.log(done and "ended" or "not-ended", about(c, {
    seconds = done and done.seconds, ended = done and done.ended,
    message = not done and message or ("cgroup %s was killed and %s after %s"):format(c.path,
      done.ended and "has ended" or "has not ended", format.duration(done.seconds)),
  }))
  self.last = done and done.ended and c or self.last
  hooks.run(self.pw, self.o.after, "after", c)
  return done ~= nil or errno == EAGAIN
end


--- Kills the first of a list that can be.
---@private
function Guard:kill_first(list, what, why)
  local first, rival = list[1], self.candidates.rival
  if self.last and self.last.pid == first.pid and self.last.start_time == first.start_time then
    return self:hold(what, "there", ("cgroup %s was killed, and is there as before"):format(
      first.path))
  elseif rival and self.o.beside == "observe" then
    return self:hold(what, "beside", ("%s is there to act; it would be cgroup %s, %s: %s"):format(
      rival, first.path, first.has, why))
  end
  self.ending, self.said[what] = true, nil
  self.pw:task(function()
    local at = 1
    while list[at] and not self:kill_one(list[at], what, why) do
      at = at + 1
    end
    self.ending = nil
  end, { at_once = true })
end


--- Of those who have enough swap, kills who has most.
---@private
function Guard:act_on_swap(memory)
  local found = self.candidates:look(self:watched_for "swap", {})
  local least, list = memory.SwapTotal * systemd_oomd.LEAST_SWAP // 100, {}
  for _, c in ipairs(systemd_oomd.by_swap(self.candidates:below(found, "/"))) do
    if c.swap > least then
      c.size, c.has = c.swap, ("which has %s of swap"):format(format.size(c.swap))
      list[#list + 1] = c
    end
  end
  if not list[1] then
    return self:hold("swap", "nobody", ("memory is short, and no cgroup that may be killed has "
      .. "more than %d%% of swap"):format(systemd_oomd.LEAST_SWAP))
  end
  self:kill_first(list, "swap", ("%.1f%% of memory and %.1f%% of swap are used, both over %g%%")
    :format(100 - memory.MemAvailable * 100 / memory.MemTotal,
      100 - memory.SwapFree * 100 / memory.SwapTotal, self.settings.swap_limit / 100))
end


--- Looks at memory and swap.
---@private
---@return number seconds after which to look again
function Guard:look_at_swap()
  local memory = assert(self.pw.proc.meminfo(self.memory))
  self.memory = memory
  if not systemd_oomd.is_short(self.settings, memory) then
    self.said.swap = nil
  elseif not self.ending then
    self:act_on_swap(memory)
  end
  local available, swap = systemd_oomd.thresholds(self.settings, memory)
  return math.max(systemd_oomd.SWAP_PERIOD, pace.period(memory.MemAvailable - available,
    memory.SwapFree - swap, 0, false))
end


--- Looks at the pressure of each watched cgroup. Whether one is over its limit.
---@private
function Guard:observe(now)
  local cgroup, is_over = self.pw.cgroup, false
  for _, watched in ipairs(self:watched_for "pressure") do
    local pressure = cgroup.pressure(watched.path, "memory")
    local stat = watched.path ~= "/" and cgroup.stat(watched.path) or {}
    if pressure and pressure.full then
      systemd_oomd.observe(watched, now, pressure.full.avg10, stat.pgscan)
      is_over = is_over or watched.since ~= nil
    end
  end
  return is_over
end


--- Kills somebody in a cgroup that has waited for too long.
---@private
function Guard:act_on_pressure(watched, found)
  local list = {}
  for _, c in ipairs(systemd_oomd.by_pgscan(self.candidates:below(found, watched.path))) do
    if c.pgscan > 0 or c.current > 0 then
      c.size, c.has = c.current, ("which has %s, and of which %d pages were scanned"):format(
        format.size(c.current), systemd_oomd.scanned(c))
      list[#list + 1] = c
    end
  end
  if not list[1] then
    return self:hold("pressure", "nobody", ("nobody may be killed in cgroup %s, all of which "
      .. "waits for memory"):format(watched.path))
  end
  self:kill_first(list, "pressure", ("all of %s waited for memory %.1f%% of the time, over %g%% "
    .. "for %s"):format(watched.path, watched.avg10, watched.limit,
      format.duration(watched.duration)))
end


--- Looks at pressure. What cgroups had scanned is kept only from one look to the next.
---@private
function Guard:look_at_pressure()
  local now = self.pw:now()
  if not self:observe(now) then
    self.known, self.said.pressure = {}, nil
    return
  end
  self.known = self.candidates:look(self:watched_for "pressure", self.known)
  if self.ending or now < self.paused_until then
    return
  end
  for _, watched in ipairs(self.watched) do
    if watched.pressure and systemd_oomd.is_pressed(watched, now)
      and systemd_oomd.is_reclaimed(watched, now) then
      self.paused_until = now + systemd_oomd.PAUSE
      return self:act_on_pressure(watched, self.known)
    end
  end
end


--- Why this machine has not what the rules are about.
local function why_not_here(pw, settings)
  local memory, message = pw.proc.meminfo()
  if pw.cgroup.version() ~= 2 then
    return "preset=systemd-oomd is about cgroups of version 2, which are not here"
  elseif systemd_oomd.watches(settings, "pressure") and not pw.proc.pressure "memory" then
    return "this kernel does not tell which cgroups wait for memory (PSI, Linux 4.20, psi=1)"
  end
  for _, name in ipairs { "MemTotal", "MemAvailable", "SwapTotal", "SwapFree" } do
    if not memory or not memory[name] then
      return memory and "meminfo has no " .. name or message
    end
  end
end


---@param pw pagewarden.Pw
---@param o table the options of scripts/early-oom.lua
---@return nil
---@return string? message
function cgroup_guard.start(pw, o)
  local settings = assert(systemd_oomd.parse(o.settings))
  local problem = why_not_here(pw, settings)
  if problem then
    return nil, problem
  end
  local guard = setmetatable({ pw = pw, o = o, settings = settings, watched = {}, known = {},
    candidates = candidates.new(pw), said = {}, paused_until = -math.huge }, Guard)
  guard:find_watched()
  pw.log("watching", { message = ("%d cgroups are watched for swap, %d for pressure"):format(
    #guard:watched_for "swap", #guard:watched_for "pressure") })
  if systemd_oomd.watches(settings, "swap") then
    looks.keep(pw, function() return guard:look_at_swap() end)
  end
  if systemd_oomd.watches(settings, "pressure") then
    pw:every(systemd_oomd.PRESSURE_PERIOD, function() guard:look_at_pressure() end)
  end
  pw:every(RESCAN, function() guard:find_watched() end)
end


return cgroup_guard
