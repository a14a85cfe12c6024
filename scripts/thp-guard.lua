-- SPDX-License-Identifier: MIT
--- Sees to it that huge pages cost no more than they bring: programs that wait for memory to be
-- compacted, a khugepaged that takes a processor, and huge pages that may be half empty while
-- memory is short. It goes one step at a time, and back when it has been calm.

local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local rate = require "pagewarden.recipe.rate"
local remedy = require "pagewarden.recipe.remedy"

local THP = "transparent_hugepage/"
local DEFRAG = THP .. "defrag"
local MAX_PTES_NONE = THP .. "khugepaged/max_ptes_none"
local SCAN_SLEEP = THP .. "khugepaged/scan_sleep_millisecs"

local PF_KTHREAD = 0x00200000 -- include/linux/sched.h

--- What makes who faults wait less: the first of these that the kernel has (Linux 4.6 brought
--- "defer", 4.11 "defer+madvise"). Under "defer" kswapd and kcompactd make room for later.
local WAITS_LESS = {
  always = { "defer+madvise", "defer", "madvise" },
  ["defer+madvise"] = { "defer" },
  madvise = { "defer", "never" },
}


--- Programs that compact memory themselves, and feel it. Compaction is for allocations of any size:
--- where no huge pages are among them, these are not the reason.
local function find_stalls(look, o)
  local a_second = look.a_second
  local stalls, missed = a_second.compact_stall or 0, a_second.thp_fault_fallback or 0
  if stalls < o.stalls or missed + (a_second.thp_fault_alloc or 0) == 0
    or look.waited and look.waited < o.waited then
    return nil
  end
  return ("programs compacted memory themselves %.3g times a second (%.0f %% in vain), reclaimed "
    .. "%.3g times, and got small pages for %.3g huge ones%s"):format(stalls,
    100 * math.min(1, (a_second.compact_fail or 0) / stalls), look.allocstall, missed,
    look.waited and ("; somebody waited for memory %.3g %% of the time"):format(look.waited) or "")
end


local function find_busy(look, o)
  return look.busy and look.busy >= o.busy
    and ("khugepaged took %.3g %% of a processor for %.3g huge pages a minute"):format(look.busy,
      (look.a_second.thp_collapse_alloc or 0) * 60)
    or nil
end


--- Huge pages that are a good part of what programs have while there is little left: what of them
--- is empty could be had back.
local function find_bloat(look, o)
  local memory = look.memory
  local available = memory.MemAvailable or memory.MemFree
  local huge, anonymous = memory.AnonHugePages or 0, memory.AnonPages or 0
  return huge > 0 and available * 100 < o.short * memory.MemTotal
    and huge * 100 >= o.share * anonymous
    and ("%s are available, and %s of the %s that programs have are huge pages%s"):format(
      format.size(available), format.size(huge), format.size(anonymous),
      look.partial and (" (%d of them used in part)"):format(look.partial) or "")
    or nil
end


--- What there is to remedy: how it is found, which knob helps, and to which value it goes next.
local REMEDIES = {
  { event = "stalls", knob = DEFRAG, find = find_stalls,
    step = function(value, choices)
      for _, better in ipairs(WAITS_LESS[value] or {}) do
        for _, choice in ipairs(choices) do
          if choice == better then
            return better
          end
        end
      end
    end },
  { event = "busy", knob = SCAN_SLEEP, find = find_busy,
    step = function(value)
      return value < 600000 and math.min(600000, math.max(2500, value) * 4) or nil
    end },
  -- With fewer than all, Linux 6.12 also splits those that are emptier when memory is short
  -- (thp_underused() in mm/huge_memory.c).
  { event = "bloat", knob = MAX_PTES_NONE, find = find_bloat,
    step = function(value, _, o) return value > o.empty and o.empty or nil end },
}


--- The kernel's thread of this name, which a program might have as well.
local function find_khugepaged(pw)
  for row in assert(pw.proc.processes { "pid", "comm", where = { comm = "khugepaged" } }):each() do
    local process = row:process()
    local stat = process and process:stat()
    if stat and stat.flags & PF_KTHREAD ~= 0 then
      return process
    end
  end
end


--- What is to be counted: names of vmstat, those of each zone too.
local function counters_of(pw)
  local names = { "compact_stall", "compact_fail", "thp_fault_alloc", "thp_fault_fallback",
    "thp_collapse_alloc", "khugepaged_ticks" }
  for name in pairs(assert(pw.proc.vmstat())) do
    names[#names + 1] = name:find "^allocstall" and name or nil
  end
  return names
end


local function sum_of(a_second, prefix)
  local sum = 0
  for name, value in pairs(a_second) do
    sum = sum + (name:find(prefix) and value or 0)
  end
  return sum
end


local function start(pw, o)
  local enabled, message = pw.mm.get(THP .. "enabled")
  if enabled == nil then
    return nil, "there are no transparent huge pages: " .. message
  end
  local rates = rate.new { counters = counters_of(pw), longest = 3 * o.interval }
  local khugepaged, vmstat, memory, remedies = find_khugepaged(pw), {}, {}, {}
  for i, what in ipairs(REMEDIES) do
    remedies[i] = remedy.new(pw, o, what)
  end
  pw.log("begin", { enabled = enabled,
    message = ("transparent huge pages: %s; defrag: %s%s"):format(enabled,
      tostring(pw.mm.get(DEFRAG)), khugepaged and "" or "; khugepaged is not seen") })

  pw:every(o.interval, function()
    local now, stat = pw:now(), khugepaged and khugepaged:stat()
    assert(pw.proc.vmstat(vmstat))
    vmstat.khugepaged_ticks = stat and stat.stime
    local a_second = rates:add(now, vmstat)
    if not a_second then
      return
    end
    local pressure, ticks = pw.proc.pressure "memory", a_second.khugepaged_ticks
    local look = { now = now, a_second = a_second, memory = assert(pw.proc.meminfo(memory)),
      allocstall = sum_of(a_second, "^allocstall"), waited = pressure and pressure.some.avg10,
      busy = ticks and 100 * ticks / pw.proc.clock_ticks(),
      partial = tonumber(pw.proc.read("sys/kernel/mm/" .. THP
        .. "hugepages-2048kB/stats/nr_anon_partially_mapped") or nil) }
    for _, each in ipairs(remedies) do
      each:tend(look)
    end
  end)
  return true
end


return {
  api     = 1,
  name    = "thp-guard",
  summary = "Keep transparent huge pages from stalling programs and wasting memory",
  description = [[
Looks every "interval" for three troubles that transparent huge pages make, and takes a step against
one that holds for two looks:

Programs that compact memory themselves "stalls" times a second when they fault, while somebody
waits for memory "waited" of the time: transparent_hugepage/defrag goes from always to defer+madvise
to defer, so that kcompactd does it in the background. A khugepaged that takes "busy" of a processor
looks four times more rarely. And where less than "short" of memory is available and "share" of what
programs have is huge pages, khugepaged may fill them up with no more than "empty" pages that nobody
asked for; Linux 6.12 then also splits those that are emptier.

After "calm" without trouble it goes back, and waits twice as long after the next time. All is put
back at the end; a knob that somebody else sets is left alone. Without PSI the compactions alone
decide. It refuses where the kernel has no transparent huge pages.]],
  examples = {
    "pagewarden run thp-guard",
    "pagewarden run thp-guard --dry-run -o stalls=1 -o interval=2s",
  },
  tags    = { "tuning", "reversible" },
  options = {
    opt.duration { "interval", default = "10s", min = "1s", max = "1h",
      help = "time between two looks" },
    opt.number { "stalls", default = 10, min = 0.01,
      help = "direct compactions a second that are too many" },
    opt.percent { "waited", default = "1%",
      help = "of the time somebody waits for memory before stalls count" },
    opt.percent { "busy", default = "20%", min = "1%",
      help = "of a processor that is too much for khugepaged" },
    opt.percent { "short", default = "10%", help = "memory is short with less of it available" },
    opt.percent { "share", default = "25%",
      help = "huge pages are bloat from this share of programs' memory on" },
    opt.integer { "empty", default = 64, min = 0, max = 511,
      help = "pages of a huge page that may then be filled up" },
    opt.duration { "calm", default = "10m", min = "10s", max = "1d",
      help = "go back after so long without trouble" },
  },
  needs = { process = "read", mm = { DEFRAG, MAX_PTES_NONE, SCAN_SLEEP } },
  start = start,
}
