-- SPDX-License-Identifier: MIT
--- What early-oom would have done where it only looks on, and who is really killed meanwhile, as
--- events for `pagewarden compare`.
--
-- The kernel's kills are those of its log, or of its count in vmstat where the log may not be read.
-- Who else killed is not to be seen from outside: a candidate that ends while memory is short and
-- another daemon is there is taken for killed by that daemon when the status that it leaves behind
-- says SIGTERM or SIGKILL; and, less certainly, when there is no such status to be read and it is
-- one that such daemons choose: large, or the one with the highest oom_score.
-- @module pagewarden.recipe.early_oom.shadow
local format = require "pagewarden.format"

local shadow = {}

--- Seconds without a shortage after which what was decided is forgotten, since a machine at the
--- edge does not decide anew each time; and after which whom the kernel killed has ended.
local CALM <const> = 60

--- Seconds until it is said who ended somebody: the kernel's log may be read a little later.
local HEARSAY <const> = 0.1
local COUNT_HEARSAY <const> = 0.5

--- Seconds that it takes a process to give back what it had before it has ended.
local FREEING <const> = 5

--- What a process has at least, as a share of the largest, that is ended for memory.
local LARGE <const> = 0.5

--- Of a wait status: the signal that ended the process (wait(2)).
local SIGNAL_MASK <const> = 0x7f
local SIGKILL <const>, SIGTERM <const> = 9, 15

local FIGURES = { "available", "swap", "some", "full" }


---@class pagewarden.recipe.Shadow
---@field ended_at number when a candidate was last seen to end while memory was short
---@field private pw pagewarden.Pw
---@field private watched table<integer, { v: pagewarden.recipe.Candidate, at: number }> by pid
---@field private decided { v: pagewarden.recipe.Candidate, signal: string }?
---@field private named table<integer, boolean> pids that the kernel is known to have killed
---@field private counted integer kills of the kernel that were said, on top of `base`
---@field private last table<string, any> what the last look found
---@field private short table<string, any> what the last one found that found memory short
---@field private short_at number when that was
---@field private looks integer since then
---@field private rival string?
local Shadow = {}
Shadow.__index = Shadow


--- How many processes the kernel has killed for memory since the boot (Linux 4.13).
local function count_kills(pw)
  local counters = pw.proc.vmstat()
  return counters and counters.oom_kill
end


---@param pw pagewarden.Pw
---@return pagewarden.recipe.Shadow
function shadow.new(pw)
  local self = setmetatable({
    pw = pw, watched = {}, named = {}, counted = 0, base = count_kills(pw), last = {},
    short = {}, looks = 0, short_at = -math.huge, ended_at = -math.huge,
  }, Shadow)
  pw:on_oom(function(event) self:note_kernel(event) end)
  return self
end


--- Kills of the kernel of which nothing was said yet.
---@private
function Shadow:unexplained()
  local kills = self.base and count_kills(self.pw)
  return kills and kills - self.base - self.counted or 0
end


--- What memory was like before somebody ended. He has given back what he had by then, which looks
--- have found; or a single one has, when the machine stood still.
---@private
---@return table<string, any> state
---@return boolean is_short
function Shadow:state_before()
  local is_short = self.pw:now() - self.short_at <= FREEING
    or self.short_at > -math.huge and self.looks <= 1
  return is_short and self.short or self.last, is_short
end


--- The fields of an event about somebody.
---@private
function Shadow:about(v, fields, state)
  for _, name in ipairs { "pid", "start_time", "comm", "uid", "unit", "cgroup", "size", "place" } do
    fields[name] = v[name]
  end
  for _, name in ipairs(FIGURES) do
    fields[name] = state[name]
  end
  fields.level, fields.uptime = state.level, self.pw:now()
  return fields
end


local function name_of(v)
  local called = v.pid and ("%s (pid %d)"):format(v.comm or "?", v.pid) or "somebody"
  return v.size and ("%s, which had %s,"):format(called, format.size(v.size)) or called
end


--- What was left when somebody ended, as the end of a sentence.
local function what_was_left(last)
  return last.available and ("; %s were available, %s of swap free"):format(
    format.size(last.available), format.size(last.swap)) or ""
end


--- Remembers that the kernel killed somebody, which is heard of twice: when it does, and when he
--- has ended.
---@private
function Shadow:name(pid)
  self.named[pid], self.counted = true, self.counted + 1
  self.pw:after(CALM, function() self.named[pid] = nil end)
end


---@private
function Shadow:say_kill(fields, words)
  fields.message = name_of(fields) .. " " .. words .. what_was_left(fields)
  self.pw.log("seen-kill", fields)
end


--- The kernel has killed somebody, who is named unless there is no more than a count.
---@private
function Shadow:note_kernel(event)
  if not event.pid then
    self.pw:after(COUNT_HEARSAY, function() self:say_nameless() end)
  elseif not self.named[event.pid] then
    self:name(event.pid)
    local watch = self.watched[event.pid]
    local v = watch and watch.v or { pid = event.pid, comm = event.comm, uid = event.uid,
      cgroup = event.cgroup, size = (event.anon_rss or 0) + (event.file_rss or 0)
        + (event.shmem_rss or 0) }
    local fields = self:about(v, { by = "kernel", certain = true, constraint = event.constraint,
      oom_cgroup = event.oom_cgroup }, (self:state_before()))
    local within = event.constraint == "CONSTRAINT_MEMCG" and event.oom_cgroup
    self:say_kill(fields, "was killed by the kernel"
      .. (within and (", at the limit of cgroup %s"):format(within) or ""))
  end
end


--- Kills that were only counted, of nobody who was watched.
---@private
function Shadow:say_nameless()
  local kills = self:unexplained()
  if kills > 0 then
    self.counted = self.counted + kills
    self:say_kill(self:about({}, { by = "kernel", certain = true, kills = kills },
      (self:state_before())), "was killed by the kernel")
  end
end


--- The signal that ended a process, as long as nobody has waited for it; 0 when it exited by
--- itself, and where one may not know.
local function signal_of(process)
  local stat = process:stat()
  return stat and stat.exit_code and stat.exit_code & SIGNAL_MASK
end


local function is_told_to(signal)
  return signal == SIGKILL or signal == SIGTERM
end


--- Somebody who is watched has ended.
---@private
function Shadow:note_end(watch)
  local v, process = watch.v, watch.process
  self.watched[v.pid] = nil
  local signal, decided = signal_of(process), self.decided
  local state, is_short = self:state_before()
  local fields = self:about(v, {}, state)
  local was_decided = decided and decided.v.pid == v.pid
    and decided.v.start_time == v.start_time
  if was_decided then
    self.decided = nil
  end
  local rival = nil
  if is_short then
    self.ended_at = self.pw:now()
    rival = (v.is_likely or is_told_to(signal)) and self.rival
  end
  self.pw:after(HEARSAY, function() self:attribute(fields, signal, rival, was_decided) end)
end


--- Says who ended somebody, or of whom we would have ended that nobody did.
---@private
function Shadow:attribute(fields, signal, rival, was_decided)
  local is_certain = is_told_to(signal)
  if self.named[fields.pid] then
    return
  elseif self:unexplained() > 0 then
    self:name(fields.pid)
    fields.by, fields.certain = "kernel", true
    self:say_kill(fields, "was killed by the kernel")
  elseif rival and (is_certain or not signal or signal == 0) then
    fields.by, fields.certain = rival, is_certain
    self:say_kill(fields, ("%s beside %s while memory was short"):format(
      is_certain and "was killed" or "has ended", rival))
  elseif was_decided then
    fields.message = name_of(fields) .. " has ended, and nobody is known to have killed it"
    self.pw.log("seen-end", fields)
  end
end


--- Looks out for the end of one, which may have come since he was ranked.
---@private
function Shadow:watch_one(v)
  local process = type(v.target) ~= "string" and v.target or self.pw.proc.process(v.pid)
  if not process or process.start_time ~= v.start_time then
    return
  end
  local watch = { v = v, process = process, at = self.pw:now() }
  local handle, _, _, kind = self.pw:on_exit(process, function() self:note_end(watch) end)
  if handle then
    watch.handle, self.watched[v.pid] = handle, watch
  elseif kind == "gone" then
    self:note_end(watch)
  end
end


---@private
function Shadow:unwatch(pid)
  local watch = self.watched[pid]
  if watch then
    self.watched[pid] = nil
    watch.handle:cancel()
  end
end


--- Looks out for the end of the candidates, and no more for that of others, unless they were it a
--- moment ago: who ends gives back what he had, and is none any more.
---@param list pagewarden.recipe.Candidate[] in order
---@param rival string? who else ends programs
function Shadow:watch(list, rival)
  self.rival = rival
  local wanted, largest, highest = {}, 0, 0
  for place, v in ipairs(list) do
    wanted[v.pid], v.place = v, place
    largest, highest = math.max(largest, v.size), math.max(highest, v.oom_score or 0)
  end
  for _, v in ipairs(list) do
    v.is_likely = v.size >= LARGE * largest or v.oom_score == highest
  end
  local now, decided = self.pw:now(), self.decided and self.decided.v
  for pid, watch in pairs(self.watched) do
    local v = wanted[pid] or decided and decided.pid == pid and decided
    if v and v.start_time ~= watch.v.start_time or not v and now - watch.at > FREEING then
      self:unwatch(pid)
    elseif v and (v.size >= LARGE * watch.v.size or now - watch.at > FREEING) then
      watch.v, watch.at = v, now
    end
  end
  for pid, v in pairs(wanted) do
    if not self.watched[pid] then
      self:watch_one(v)
    end
  end
end


--- Takes note of what a look found.
---@param now number
---@param figures table<string, number>
---@param level string?
---@param is_short boolean memory is short, or nearly
function Shadow:look(now, figures, level, is_short)
  for _, state in ipairs { self.last, is_short and self.short or nil } do
    for _, name in ipairs(FIGURES) do
      state[name] = figures[name]
    end
    state.level = level
  end
  self.looks = is_short and 0 or self.looks + 1
  if is_short then
    self.short_at = now
  elseif now - self.short_at > CALM and next(self.watched) then
    self.decided = nil
    self:watch({}, self.rival)
  end
end


--- Takes somebody as ended who is there all the same.
---@param v pagewarden.recipe.Candidate
---@param signal string
function Shadow:imagine(v, signal)
  self.decided = { v = v, signal = signal }
  if not self.watched[v.pid] then
    self:watch_one(v)
  end
end


--- Whether somebody is there of whom it was said that we would have ended him.
---@private
function Shadow:is_pending()
  local v = self.decided and self.decided.v
  local process = v and self.pw.proc.process(v.pid)
  if process and process.start_time == v.start_time then
    return true
  elseif v then
    self.decided, self.ended_at = nil, self.pw:now()
  end
  return false
end


--- Says whom we would end now, unless that was said: who was is not thought of as there any more.
---@param v pagewarden.recipe.Candidate
---@param signal "TERM"|"KILL"
---@param reason "beside"|"observing" why we do not
---@param words string the same for people
---@param why string what memory is like
function Shadow:decide(v, signal, reason, words, why)
  if self:is_pending() then
    local decided = self.decided
    if decided.signal == "KILL" or signal == "TERM" then
      return
    end
    v = decided.v
  elseif self.pw:now() == self.ended_at then
    return
  end
  self:imagine(v, signal)
  local fields = self:about(v, { signal = signal, score = v.score, reason = reason }, self.last)
  fields.message = ("%s; it would be SIG%s to %s (pid %d), which has %s: %s"):format(words, signal,
    v.comm, v.pid, format.size(v.size), why)
  self.pw.log("would-end", fields)
end


return shadow
