-- SPDX-License-Identifier: MIT
--- The decisions of early-oom: warn, ask somebody to end, kill, or why not.
-- @module pagewarden.recipe.early_oom.guard
local condition = require "pagewarden.recipe.early_oom.condition"
local format = require "pagewarden.format"
local gauges = require "pagewarden.recipe.early_oom.gauge"
local hooks = require "pagewarden.recipe.early_oom.hooks"
local pace = require "pagewarden.recipe.early_oom.pace"
local rankings = require "pagewarden.recipe.early_oom.ranking"

local guard = {}

local LEVELS = { "force", "act", "warn" } -- the worst first

--- Figures that cost a file more. That of thrashing is asked for only while somebody waits.
local WAITING = { some = true, full = true, thrashing = true }
local COUNTERS = { swapin = true, refault = true }
local THRASHING = { thrashing = true }

--- Seconds for which a ranking will do, and after which it is made anew when it may soon be wanted:
--- when the figures are at twice the limits. Where somebody waits and memory lasts, that goes on
--- for half a window before it counts: a fresh ranking is not needed, and would hold up who waits.
local FRESH <const> = 0.5
local STALE <const> = 5
local NEAR <const> = 2

--- Seconds that memory is given to come back before the next one is thought of, by how short it is
--- now: many that grow together use it up again at once.
local SETTLE = { force = 0.1, act = 1 }

--- Percent of a window in which somebody waited for memory: another daemon may then end somebody
--- for what a cgroup waits, however much is left.
local STALLED <const> = 40

--- Seconds after which nobody waits, when there is no time, for one who was killed and has kept his
--- memory. What can be taken from him is taken after 100 ms (core/act/termination.h).
local STUCK <const> = 1

--- Somebody else was ended a moment ago.
local EAGAIN <const> = 11


---@class pagewarden.recipe.Guard
---@field level "force"|"act"|"warn"|nil the worst that holds
---@field figures table<string, number>
---@field private pw pagewarden.Pw
---@field private o table
---@field private ending table? who was signalled and how, and the task that sees to it
---@field private ended_at number when somebody was last seen to the end
---@field private last pagewarden.recipe.Candidate? who was ended last
---@field private shadow pagewarden.recipe.Shadow? where it only looks on
---@field private said string? why nothing was done, as it was last said
local Guard = {}
Guard.__index = Guard


--- The conditions that go by what is left alone.
local function by_what_is_left(alternatives)
  local left = {}
  for _, terms in ipairs(alternatives) do
    if not condition.uses({ terms }, WAITING) then
      left[#left + 1] = terms
    end
  end
  return left
end


local function uses(levels, names)
  for _, name in ipairs(LEVELS) do
    if condition.uses(levels[name], names) then
      return true
    end
  end
  return false
end


---@param pw pagewarden.Pw
---@param o table the options of scripts/early-oom.lua
---@return pagewarden.recipe.Guard?
---@return string? message
function guard.new(pw, o)
  local levels = {}
  for _, name in ipairs(LEVELS) do
    levels[name] = assert(condition.compile(o[name]))
  end
  local ranking, message = rankings.new(pw, o)
  if not ranking then
    return nil, message
  end
  local gauge = gauges.new(pw, {
    cgroup = o.cgroup, window = o.window, pressure = uses(levels, WAITING),
    counters = uses(levels, COUNTERS), thrashing = uses(levels, THRASHING), as_told = o.rule ~= nil,
  })
  local figures
  figures, message = gauge:look(pw:now())
  local self = figures and setmetatable({
    pw = pw, o = o, levels = levels, ranking = ranking, gauge = gauge, figures = figures,
    ended_at = -math.huge, settle = o.settle or SETTLE,
    by_what_is_left = by_what_is_left(levels.act),
  }, Guard)
  if self and o.observe then
    self:look_on()
  end
  return self, message
end


--- Has what really happens noted, from now on: nothing of that is kept where somebody acts.
---@private
---@return pagewarden.recipe.Shadow
function Guard:look_on()
  if not self.shadow then
    self.shadow = require("pagewarden.recipe.early_oom.shadow").new(self.pw)
    self.shadow:look(self.pw:now(), self.figures, self.level, self:is_near())
  end
  return self.shadow
end


--- Why it ends nobody whatever there is; nil where it does.
---@private
---@return string? reason
---@return string? words
function Guard:why_observing()
  local rival = self.ranking.rival
  if self.o.observe then
    return "observing", "it only observes"
  elseif rival and self.o.beside == "observe" then
    return "beside", rival .. " is there to act"
  end
end


--- What a candidate is called in a message.
local function name_of(v)
  return type(v.target) == "string" and "cgroup " .. v.target
    or v.crowd and ("%d processes %s"):format(v.crowd, v.comm)
    or ("%s (pid %d)"):format(v.comm, v.pid)
end


--- The fields of an event about somebody.
local function about(v, fields)
  fields.pid, fields.comm, fields.uid, fields.unit = v.pid, v.comm, v.uid, v.unit
  fields.cgroup, fields.size, fields.start_time = v.cgroup, v.size, v.start_time
  return fields
end


--- Says why nothing is done, once until that changes.
---@private
function Guard:hold(reason, text)
  if self.said ~= reason then
    self.said = reason
    self.pw.log("holding", { reason = reason, level = self.level, message = text })
  end
end


--- The service that somebody was of, where systemd is asked about it: a session's own is not.
---@return string? unit
---@return string? path of its cgroup
local function service_of(v)
  local is_system = v.unit and v.unit:find "%.service$" and not v.cgroup:find "/user@%d+%.service/"
  local _, last = (v.cgroup or ""):find(v.unit or "", 1, true)
  if is_system and last then
    return v.unit, v.cgroup:sub(1, last)
  end
end


--- Ending when asked counts as a clean exit: a service that is to be started again when it fails is
--- not. Cgroups of version 1 do not tell whether there is somebody in them.
---@private
function Guard:look_after_service(v)
  local unit, path = service_of(v)
  if not unit then
    return
  end
  self.pw:sleep(self.o.unit_wait)
  local state, _, _, kind = self.pw.cgroup.state(path)
  if not (state and state.populated == false or kind == "gone") then
    return
  end
  local done = self.o.restart and self.pw.exec.run { "/usr/bin/systemctl", "start", unit }
  local started = done and done.status == 0
  self.pw.log(started and "restarted" or "unit-down", {
    unit = unit,
    message = ("%s %s"):format(unit, started and "was down, and is started again"
      or done and "is down, and cannot be started: " .. done.said
      or "is down, and nobody starts it: that it ended when asked counts as a clean exit"),
  })
end


---@private
function Guard:report(v, done, why)
  self.pw.log(done and "ended" or "not-ended", about(v, {
    signal = done and done.signal, seconds = done and done.seconds, ended = done and done.ended,
    message = not done and why or ("%s %s after %s"):format(name_of(v),
      not done.ended and "was killed and has not ended"
        or done.signal == "KILL" and "was killed and has ended"
        or done.signal and "has ended when asked to" or "had ended by itself",
      format.duration(done.seconds)),
  }))
end


--- Who was ended and is there all the same is so because nothing is done in a dry run, and nobody
--- else is thought of until he is gone. Who cannot be ended is left out.
---@private
function Guard:learn(v, done, why, errno)
  if done and done.ended then
    self.last = v
    local pages = type(v.target) ~= "string" and v.target:statm()
    if pages and pages.resident > 0 then
      self:look_on():imagine(v, done.signal)
    end
  elseif done then
    self.ranking:exclude(v, "it was killed, and is stuck in the kernel")
  elseif errno ~= EAGAIN then
    self.ranking:exclude(v, why)
  end
end


--- Sees somebody to the end, in a task: looking goes on.
---@private
function Guard:finish(v, signal)
  hooks.run(self.pw, self.o.before, "before", v)
  local done, why, errno = self.pw.kill.terminate(v.target, {
    signal = signal, grace = self.o.grace, whole = v.whole, interval = 0.1,
  })
  self.ending, self.said, self.ranking.at = nil, nil, nil
  self.ended_at = self.pw:now()
  self.gauge:forget()
  self:learn(v, done, why, errno)
  self:report(v, done, why)
  hooks.run(self.pw, self.o.after, "after", v)
  if done and done.signal ~= "KILL" then
    self:look_after_service(v)
  end
end


--- Has somebody ended.
---@private
function Guard:end_one(v, signal, why)
  local figures = self.figures
  if self.ending then
    self.ending.task:cancel()
  end
  local ending = { v = v, signal = signal, at = self.pw:now() }
  self.ending, self.said = ending, nil
  ending.task = self.pw:task(function() self:finish(v, signal) end, { at_once = true })
  self.pw.log("ending", about(v, {
    signal = signal, level = self.level, score = v.score, available = figures.available,
    swap = figures.swap, uptime = self.pw:now(),
    message = ("SIG%s to %s, which has %s: %s"):format(signal, name_of(v), format.size(v.size),
      why),
  }))
end


--- Nobody is worth it: says who would have been.
---@private
function Guard:hold_for_nobody(v)
  local words = {}
  for name, why in pairs(self.ranking.spared) do
    words[#words + 1] = ("%s: %s"):format(name, why)
  end
  table.sort(words)
  local most = v and ("%s has %s"):format(name_of(v), format.size(v.size)) or "there is nobody"
  self:hold("nobody", ("nobody who may be ended has %s, %s%s"):format(format.size(self.o.least),
    most, words[1] and "; " .. table.concat(words, "; ", 1, math.min(#words, 4)) or ""))
end


--- The limits below which the core may kill in its place: those of the one condition that goes by
--- what is left and lets most be used up.
---@private
---@return number? available
---@return number? swap
function Guard:limits_for_core()
  local least, swap
  for _, terms in ipairs(self.by_what_is_left) do
    local available = condition.threshold({ terms }, self.figures, "available")
    if available and available < (least or math.huge) then
      least, swap = available, condition.threshold({ terms }, self.figures, "swap")
    end
  end
  return least, swap
end


--- Leaves word of whom the core is to kill if this policy fails when memory is short.
---@private
function Guard:leave_word()
  local processes, available, swap = {}, self:limits_for_core()
  local nobody = not available or self:why_observing() or self.o.cgroup
  for _, v in ipairs(self.ranking.list) do
    if not nobody and v.size >= self.o.least and type(v.target) ~= "string" then
      processes[#processes + 1] = v.target
    end
  end
  self.pw.kill.fallback(processes, { available = available or 0, swap = swap })
end


--- Ranks, unless that was done a moment ago.
---@private
---@param now number
---@param moment number seconds
function Guard:rank(now, moment)
  if not self.ranking.at or now - self.ranking.at > moment then
    self.ranking:refresh(now, self.figures.available_total + self.figures.swap_total)
    if not self.o.observe then
      self:leave_word()
    end
    if self.ranking.rival or self.o.observe then
      self:look_on():watch(self.ranking.list, self.ranking.rival)
    end
  end
end


--- Whether somebody who was killed a while ago has what he had: who merely takes long to end loses
--- it within a moment.
local function is_stuck(ending, now)
  if ending.signal ~= "KILL" or now - ending.at < STUCK or type(ending.v.target) == "string" then
    return false
  end
  local status = ending.v.target:status()
  return status ~= nil and (status.VmRSS or 0) + (status.VmSwap or 0) > ending.v.size / 2
end


--- Thinks no more of who is to end when that takes too long, where somebody set a time for it, or
--- when there is no time to wait for one who is stuck.
---@private
function Guard:lose_patience(now)
  local ending, patience = self.ending, self.o.patience
  local stuck = not patience and self.level == "force" and is_stuck(ending, now)
  if stuck then
    self.ranking:exclude(ending.v, "it was killed, and is stuck in the kernel")
  end
  if stuck or patience and now - ending.at >= patience then
    ending.task:cancel()
    self.ending, self.said, self.ended_at = nil, nil, now
    self.pw.log("not-ended", about(ending.v, {
      signal = ending.signal, seconds = now - ending.at,
      message = ("%s was signalled, and has not ended after %s"):format(name_of(ending.v),
        format.duration(now - ending.at)),
    }))
  end
end


--- When somebody was last seen to end, by whomever.
---@private
function Guard:last_end()
  return math.max(self.ended_at, self.shadow and self.shadow.ended_at or -math.huge)
end


--- Does what the level asks for, or says why not.
---@private
function Guard:act(now, why)
  local ending = self.ending
  if ending and (self.level == "act" or ending.signal == "KILL") then
    return self:hold("ending", name_of(ending.v) .. " was signalled, and has not ended yet")
  elseif ending then
    return self:end_one(ending.v, "KILL", why)
  elseif now < self:last_end() + self.settle[self.level] then
    return self:hold("resting", "memory is given time to come back")
  end
  self:rank(now, self.o.rule and 0 or FRESH)
  local v, reason, words = self.ranking.list[1], self:why_observing()
  if not v or v.size < self.o.least then
    self:hold_for_nobody(v)
  elseif self.last and self.last.pid == v.pid and self.last.start_time == v.start_time then
    self:hold("there", name_of(v) .. " was ended, and is there as before")
  elseif reason then
    self.shadow:decide(v, self.level == "force" and "KILL" or "TERM", reason, words, why)
  else
    self:end_one(v, self.level == "force" and "KILL" or "TERM", why)
  end
end


--- Says when memory begins to be short, and when it is not any more.
---@private
function Guard:tell(level, number)
  local figures, levels = self.figures, self.levels
  local fields = { available = figures.available, swap = figures.swap, uptime = self.pw:now() }
  if level == "warn" and not self.level then
    fields.message = ("memory is getting short: %s. Nobody is ended yet: %s"):format(
      condition.why(levels.warn[number], figures), condition.why_not(levels.act, figures))
    self.pw.log("warning", fields)
    if self.o.on_warning then
      self.pw:task(function() hooks.run(self.pw, self.o.on_warning, "warning") end)
    end
  elseif not level then
    fields.message = "memory is not short: " .. condition.why_not(levels.warn, figures)
    self.pw.log("relieved", fields)
    self.said = nil
  end
  self.level = level
end


--- The worst level that holds, and which of its conditions.
---@private
function Guard:judge()
  for _, level in ipairs(LEVELS) do
    local number = condition.holds(self.levels[level], self.figures)
    if number then
      return level, number
    end
  end
end


--- How much there is above what is acted on.
---@private
function Guard:room(name)
  return self.figures[name] - (condition.threshold(self.levels.act, self.figures, name) or 0)
end


--- What still goes into swap above that: into zram goes more than it is worth.
---@private
function Guard:swap_room()
  local worth = self.figures.swap
  return worth > 0 and self:room "swap" * self.figures.swap_unfilled / worth or 0
end


--- Whether somebody may soon have to be ended, or by others.
---@private
function Guard:is_near()
  return condition.holds(self.levels.act, self.figures, NEAR) ~= nil
    or self.shadow ~= nil and (self.level ~= nil or (self.figures.some or 0) >= STALLED)
end


--- Looks at memory once, and does what there is to do.
---@return number seconds after which to look again
function Guard:look()
  local now = self.pw:now()
  self.figures = assert(self.gauge:look(now))
  local level, number = self:judge()
  if level ~= self.level then
    self:tell(level, number)
  end
  local is_near = self:is_near()
  if self.shadow then
    self.shadow:look(now, self.figures, level, is_near)
  end
  if self.ending then
    self:lose_patience(now)
  end
  if level == "force" or level == "act" then
    self:act(now, condition.why(self.levels[level][number], self.figures))
  elseif is_near then
    local runs_out = condition.holds(self.by_what_is_left, self.figures, NEAR)
    self:rank(now, (runs_out or self.shadow) and FRESH or STALE)
  end
  return pace.period(self:room "available", self:swap_room(), self.figures.growth,
    self.ending ~= nil)
end


--- Why nobody is ended now, as a sentence without its full stop.
---@return string
function Guard:explain()
  local words = condition.why_not(self.levels.act, self.figures)
  return words == "" and "it is short" or words
end


return guard
