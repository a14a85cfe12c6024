-- SPDX-License-Identifier: MIT
--- How pressed the machine is now: whether programs are kept waiting for memory or for disks. Pure.
--
-- Where the kernel measures that (PSI, Linux 4.20) it is the share of the last ten seconds. Where
-- it does not, programs that had to reclaim memory themselves since the last look tell of memory,
-- and dirty pages beyond what the kernel lets be tell of disks: writers are slowed down from the
-- middle between the two thresholds on (mm/page-writeback.c, dirty_freerun_ceiling()).
-- @module pagewarden.recipe.pressure
local pressure = {}

---@class pagewarden.recipe.Limits percentages of the last ten seconds
---@field some? number that some program may have waited; 10 when left out
---@field full? number that all may have waited at once; 5 when left out

---@class pagewarden.recipe.Verdict
---@field level "none"|"some"|"full"|"unknown" who is kept waiting, beyond the limits
---@field resource "memory"|"io"|nil what for, when anybody is
---@field percent number? of the last ten seconds; only of PSI
---@field source "psi"|"vmstat"|"none"
---@field reason string a sentence without its full stop
---@field memory pagewarden.Pressure? what was read
---@field io pagewarden.Pressure?

---@class pagewarden.recipe.Gauge
---@field private proc pagewarden.proc
---@field private limits { some: number, full: number }
---@field private counters table? of the last look, where there is no PSI
---@field private stalls integer?
---@field private looked number?
local Gauge = {}
Gauge.__index = Gauge

--- What keeps more from going on weighs more.
local KINDS = { "full", "some" }
local WHO = { full = "all programs", some = "programs" }
local WHAT = { memory = "memory", io = "disks" }


--- A gauge for one policy.
---@param proc pagewarden.proc `pw.proc`
---@param limits? pagewarden.recipe.Limits
---@return pagewarden.recipe.Gauge
function pressure.new(proc, limits)
  limits = limits or {}
  return setmetatable({
    proc = proc, limits = { some = limits.some or 10, full = limits.full or 5 },
  }, Gauge)
end


--- How the kernel's own figures compare to the limits.
---@private
function Gauge:judge_psi(verdict)
  for _, kind in ipairs(KINDS) do
    for _, resource in ipairs { "memory", "io" } do
      local stall = verdict[resource] and verdict[resource][kind]
      if stall and stall.avg10 > self.limits[kind] and stall.avg10 > (verdict.percent or 0) then
        verdict.level, verdict.resource, verdict.percent = kind, resource, stall.avg10
      end
    end
    if verdict.resource then
      verdict.reason = ("%s waited for %s in %.1f%% of the last 10 s"):format(WHO[kind],
        WHAT[verdict.resource], verdict.percent)
      return verdict
    end
  end
  verdict.level, verdict.reason = "none", "programs hardly wait for memory or disks"
  return verdict
end


--- How often programs had to reclaim memory themselves since boot. The names end in that of a zone
--- since Linux 4.10, and did for pages scanned before 4.8.
local function count_stalls(counters)
  local stalls
  for name, value in pairs(counters) do
    if name:find "^allocstall" or name:find "^pgscan_direct" and not name:find "throttle" then
      stalls = (stalls or 0) + value
    end
  end
  return stalls
end


--- Whether writers are slowed down. Nil when this kernel does not tell.
local function slows_writers(counters)
  local foreground, background = counters.nr_dirty_threshold, counters.nr_dirty_background_threshold
  if not (foreground and background and counters.nr_dirty and counters.nr_writeback) then
    return nil
  end
  return counters.nr_dirty + counters.nr_writeback > (foreground + background) / 2
end


---@private
function Gauge:judge_counters(verdict, now)
  self.counters = self.proc.vmstat(self.counters)
  local stalls = self.counters and count_stalls(self.counters)
  local before, since = self.stalls, self.looked
  self.stalls, self.looked = stalls, now
  verdict.source, verdict.level = self.counters and "vmstat" or "none", "unknown"
  if self.counters and slows_writers(self.counters) then
    verdict.level, verdict.resource = "some", "io"
    verdict.reason = "so much is dirty that those who write are slowed down"
  elseif not stalls then
    verdict.reason = "this kernel does not tell whether programs wait for memory"
  elseif not before or now <= since then
    verdict.reason = "this kernel does not measure pressure, and counters tell only from the "
      .. "second look on"
  elseif stalls > before then
    verdict.level, verdict.resource = "some", "memory"
    verdict.reason = ("programs had to reclaim memory themselves in the last %.3g s"):format(
      now - since)
  else
    verdict.level, verdict.reason = "none", "programs do not reclaim memory themselves"
  end
  return verdict
end


--- Looks now. Without PSI only from the second look on is anything known of memory.
---@param now number `pw:now()`
---@return pagewarden.recipe.Verdict
function Gauge:look(now)
  local verdict = { source = "psi" }
  verdict.memory = self.proc.pressure "memory" or nil
  verdict.io = self.proc.pressure "io" or nil
  if verdict.memory or verdict.io then
    return self:judge_psi(verdict)
  end
  return self:judge_counters(verdict, now)
end


--- Looks once, in a task: where one look tells nothing, again after a second.
---@param pw pagewarden.Pw
---@param limits? pagewarden.recipe.Limits
---@return pagewarden.recipe.Verdict
function pressure.now(pw, limits)
  local gauge = pressure.new(pw.proc, limits)
  local verdict = gauge:look(pw:now())
  if verdict.level == "unknown" and verdict.source == "vmstat" then
    pw:sleep(1)
    verdict = gauge:look(pw:now())
  end
  return verdict
end


return pressure
