-- SPDX-License-Identifier: MIT
--- Takes from each cgroup, bit by bit, the memory that it does not miss.
--
-- What senpai did by memory.high: that holds a cgroup down between two looks, stays behind when
-- senpai dies, and writing it waits for reclaim. memory.reclaim (Linux 5.19) asks once and limits
-- nothing. So nothing has to be undone: what is needed again comes back when it is touched.
--
-- A step is a small part of the cgroup, less the nearer its pressure is to the target (the formula
-- of Transparent Memory Offloading, ASPLOS 2022). Who waits, or gets back what was taken, is left
-- alone for a while, twice as long each time.

local format = require "pagewarden.format"
local idle = require "pagewarden.recipe.idle"
local opt = require "pagewarden.option"
local units = require "pagewarden.recipe.units"

local EINVAL <const> = 22
local LEAST_STEP <const> = 256 << 10
local LONGEST_PAUSE <const> = 64 -- intervals
local RESCAN <const> = 10        -- intervals between two searches for cgroups
local IDLE <const> = 20          -- intervals without having run, where there is no memory.reclaim

local size = format.size


--- The share of the time since the last look that a cgroup's work waited for memory or for disks,
--- whichever is larger, as a percentage: nil at the first look, 0 without PSI.
local function pressure_since(pw, unit, now)
  local most = 0
  for _, resource in ipairs { "memory", "io" } do
    local pressure = pw.cgroup.pressure(unit.path, resource)
    local total = pressure and pressure.some and pressure.some.total
    local before = unit[resource]
    unit[resource] = total
    if total and before and now > unit.looked then
      most = math.max(most, (total - before) / (now - unit.looked) / 1e4)
    end
  end
  local is_first = unit.looked == 0
  unit.looked = now
  return not is_first and most or nil
end


--- Pages that were taken from a cgroup and came back, since boot; anonymous ones apart since 5.9.
local function refaults_of(stat)
  return (stat.workingset_refault_anon or 0) + (stat.workingset_refault_file or 0)
    + (stat.workingset_refault or 0)
end


--- What there is to take: what lies in files, and as far as swap reaches what does not.
local function reclaimable(stat, swap_free)
  local anonymous = (stat.active_anon or 0) + (stat.inactive_anon or 0)
  return (stat.active_file or 0) + (stat.inactive_file or 0) + (stat.slab_reclaimable or 0)
    + math.min(anonymous, swap_free)
end


---@class Reclaimer
---@field pw table
---@field o table
---@field units table<string, table> by path
---@field totals { taken: integer, pauses: integer, since: number }
---@field knows_swappiness boolean memory.reclaim takes one (Linux 6.8), as far as is known
local Reclaimer = {}
Reclaimer.__index = Reclaimer


--- Leaves a cgroup alone, twice as long as the last time.
function Reclaimer:pause(unit, reason, ...)
  if unit.pause == 0 then
    self.pw.log("pause", { cgroup = unit.path,
      message = ("%s %s: it is left alone"):format(unit.path, reason:format(...)) })
  end
  unit.pause = math.min(math.max(unit.pause * 2, 2), LONGEST_PAUSE)
  unit.quiet, unit.taken = self.pw:now() + unit.pause * self.o.interval, 0
  self.totals.pauses = self.totals.pauses + 1
end


--- How much could be taken; nil when what was taken last came back.
function Reclaimer:look_for_refaults(unit, swap_free)
  local stat = self.pw.cgroup.stat(unit.path)
  if not stat then
    return nil
  end
  local refaults, before = refaults_of(stat), unit.refaults
  unit.refaults = refaults
  local came_back = (refaults - (before or refaults)) * self.pw.proc.page_size()
  if unit.taken > 0 and came_back > unit.taken * self.o.refaults / 100 then
    self:pause(unit, "got back %s of the %s that were taken", size(came_back), size(unit.taken))
    return nil
  elseif unit.taken > 0 then
    unit.pause = unit.pause // 2 -- that did no harm
  end
  return reclaimable(stat, swap_free)
end


--- Asks the kernel, which is told to leave swap alone where little is left of it.
function Reclaimer:take(unit, bytes, spare_swap)
  local options = spare_swap and { swappiness = 0 } or nil
  local done, message, errno, kind = self.pw.reclaim.cgroup(unit.path, bytes, options)
  if done then
    unit.taken = done.complete and bytes or done.reclaimed or 0
    self.totals.taken = self.totals.taken + unit.taken
    if unit.taken < bytes / 2 then
      self:pause(unit, "gave %s of %s", size(unit.taken), size(bytes))
    end
  elseif options and errno == EINVAL then
    self.knows_swappiness = false
    self.pw.log("swap_scarce", { message = "little swap is left, and this kernel (before 6.8) "
      .. "cannot be told to leave it alone: nothing is taken meanwhile" })
  elseif kind == "unsupported" then
    self.lacking = message
  elseif kind ~= "gone" then
    error(message, 0)
  end
end


--- Looks at a cgroup, and takes a little from it when it does not mind.
function Reclaimer:step(unit, swap_free, spare_swap)
  local pw, o, now = self.pw, self.o, self.pw:now()
  local pressure, current = pressure_since(pw, unit, now), pw.cgroup.current(unit.path)
  if not pressure or not current or now < unit.quiet or current <= o.min_size then
    return
  elseif pressure > o.pressure then
    self:pause(unit, "waited %s of the time for memory or disks", format.percent(pressure))
    return
  end
  local available = self:look_for_refaults(unit, spare_swap and 0 or swap_free)
  if available then
    local step = current * o.step / 100 * (1 - pressure / o.pressure)
    local bytes = math.floor(math.min(step, current - o.min_size, available))
    unit.taken = 0
    if bytes >= LEAST_STEP then
      self:take(unit, bytes, spare_swap)
    end
  end
end


function Reclaimer:find_units()
  local found, count = units.find(assert(self.snapshot:refresh()), self.o, self.pw.cgroup.current)
  for path in pairs(self.units) do
    self.units[path] = found[path] and self.units[path] or nil
  end
  for path in pairs(found) do
    self.units[path] = self.units[path]
      or { path = path, pause = 0, quiet = 0, taken = 0, looked = 0 }
  end
  self.count = count
  return count
end


--- One look at all of them, in a task: the kernel takes its time.
function Reclaimer:round()
  self.rounds = self.rounds + 1
  if self.rounds % RESCAN == 0 then
    self:find_units()
  end
  self.memory = assert(self.pw.proc.meminfo(self.memory))
  local free, total = self.memory.SwapFree or 0, self.memory.SwapTotal or 0
  local spare_swap = free > 0 and free < total * self.o.swap_reserve / 100
  for _, unit in pairs(self.units) do
    if self.lacking or spare_swap and not self.knows_swappiness then
      return
    end
    self:step(unit, free, spare_swap)
  end
end


function Reclaimer:report()
  local totals, pw = self.totals, self.pw
  pw.log("taken", { bytes = totals.taken, cgroups = self.count, pauses = totals.pauses,
    message = ("%s were taken in %s from %d cgroups that are followed; %d times one was left alone")
      :format(size(totals.taken), format.duration(pw:now() - totals.since), self.count,
        totals.pauses) })
  totals.taken, totals.pauses, totals.since = 0, 0, pw:now()
end


--- Without memory.reclaim: what is idle is at least made the first to go.
local function fall_back(pw, o, reason)
  local memory = assert(pw.proc.meminfo())
  if (memory.SwapTotal or 0) == 0 then
    return nil, reason .. "; and without swap nothing else can be done for idle memory"
  end
  pw.log("fallback", { message = ("%s: instead, processes that have not run for %s have their "
    .. "memory made the first to go"):format(reason, format.duration(IDLE * o.interval)) })
  idle.watch(pw, IDLE * o.interval, function(cgroup)
    return not cgroup or cgroup == "/" or units.is_meant(cgroup, o)
  end)
  return true
end


local function start(pw, o)
  local container, pressure = pw.cgroup.container(), pw.proc.pressure "memory"
  if container then
    return nil, ("this is a container (%s): the machine's memory is not its own"):format(container)
  elseif pw.cgroup.version() ~= 2 then
    return fall_back(pw, o, "memory.reclaim is in cgroups of version 2, which are not here")
  end
  local self = setmetatable({
    pw = pw, o = o, units = {}, count = 0, rounds = 0, knows_swappiness = true, lacking = false,
    busy = false, totals = { taken = 0, pauses = 0, since = pw:now() }, memory = {},
    snapshot = assert(pw.proc.processes { "pid", "cgroup" }),
  }, Reclaimer)
  if self:find_units() == 0 then
    return nil, units.explain_none(o)
  end
  if not (pressure and pressure.some) then
    pw.log("without_pressure", { message = "without PSI (Linux 4.20, psi=1) only what comes back "
      .. "tells when to stop" })
  end
  local timer, reports
  timer = pw:every(o.interval, function()
    if self.lacking then
      timer:cancel()
      reports:cancel()
      assert(fall_back(pw, o, self.lacking))
    elseif not self.busy then
      self.busy = true
      pw:task(function()
        local ok, problem = pcall(self.round, self)
        self.busy = false
        assert(ok, problem)
      end)
    end
  end)
  reports = pw:every(o.report, function() self:report() end)
  return true
end


return {
  api     = 1,
  name    = "proactive-reclaim",
  summary = "Take from each cgroup, bit by bit, the memory that it does not miss",
  description = [[
Every interval a small part of each cgroup is reclaimed (memory.reclaim), less the nearer its
pressure is to the target: what is not in use goes to swap or back to the disk before anybody has
to wait for memory. A cgroup whose work waited for memory or disks, or which got back what was taken
from it, is left alone for a while, twice as long each time. Nothing is limited, so nothing has to
be undone: what is touched again comes back.

With no swap, or a full one, only files are reclaimed; where little is left of it the kernel is told
not to use it (Linux 6.8), or nothing is taken. With cgroups of version 1, or before Linux 5.19,
processes that have not run for a while have their memory made the first to go instead.]],
  examples = {
    "pagewarden run proactive-reclaim --dry-run",
    "pagewarden run proactive-reclaim -o cgroup=/system.slice/backup.service -o step=1%",
    "pagewarden run proactive-reclaim -o ignore=postgres,redis",
  },
  tags    = { "tuning", "reclaim", "cgroup" },
  options = units.options({
    opt.duration { "interval", default = "30s", min = "1s", max = "1h",
      help = "time between two looks at each cgroup" },
    opt.percent { "step", default = "0.25%", min = "0.001%",
      help = "take at most this part of a cgroup at once" },
    opt.percent { "pressure", default = "0.1%", min = "0.001%",
      help = "take nothing from whom waits for more of the time than this" },
    opt.percent { "refaults", default = "10%",
      help = "stop when more than this part of what was taken last comes back" },
    opt.size { "min_size", default = "100M",
      help = "take nothing from a cgroup that has no more than this" },
    opt.percent { "swap_reserve", default = "25%", help = "leave so much of swap unused" },
    opt.duration { "report", default = "1h", min = "10s", max = "30d",
      help = "say how much was taken this often" },
  }, {}),
  needs = function(o)
    local ways = { "cold" }
    for _, path in ipairs(o.cgroup) do
      ways[#ways + 1] = "cgroup " .. path
    end
    return { process = "read", cgroup = "read", reclaim = ways }
  end,
  check = function(o) return #o.cgroup > 0, "there is no cgroup to look at" end,
  start = start,
}
