-- SPDX-License-Identifier: MIT
--- A check of the lab that measures, for `tests/bench/reaction.lua`: a program takes 64 MiB more
--- each second, until somebody or the kernel kills it. The word `contender=` of the command line
--- says who watches. Prints lines "# result NAME VALUE".
local contender = require "contender"
local lab = require "lab"
local proc = require "pagewarden.proc"

local SETTLE_SECONDS = 4 -- nohang's Python wants 2 under emulation
local IDLE_SECONDS = 10
local BASELINE_SECONDS = 2
local AFTERMATH_SECONDS = 2
local PATIENCE_SECONDS = 240
local HOG_MIB, HOG_MIB_PER_SECOND, VICTIM_MIB = 4096, 64, 20


--- Its CPU time so far (seconds).
local function cpu_of(program)
  local times = program.process:stat()
  return (times.utime + times.stime) / proc.clock_ticks()
end


--- How often its threads were woken so far.
local function wakeups_of(program)
  local wakeups = 0
  local _, statuses = lab.run(("cat /proc/%d/task/*/status"):format(program.pid))
  for count in statuses:gmatch "\nvoluntary_ctxt_switches:%s*(%d+)" do
    wakeups = wakeups + tonumber(count)
  end
  return wakeups
end


local function measure_idle(program)
  lab.sleep(SETTLE_SECONDS)
  if program then
    local cpu, wakeups = cpu_of(program), wakeups_of(program)
    lab.sleep(IDLE_SECONDS)
    contender.tell("idle_cpu", cpu_of(program) - cpu)
    contender.tell("idle_wakeups", wakeups_of(program) - wakeups)
    contender.tell("rss_kib", program.process:status().VmRSS >> 10)
  end
end


--- Has the heartbeat tell how late it was and when that was worst, if it still beats.
local function tell_stalls(heartbeat, ended_at)
  heartbeat:signal "SIGTERM"
  local line = heartbeat:line()
  if line then
    local beats, worst, p99, due = line:match "(%d+) (%d+) (%d+) (%d+)"
    contender.tell("beats", beats)
    contender.tell("worst_ms", worst / 1000)
    contender.tell("p99_ms", p99 / 1000)
    contender.tell("worst_after_end", due / 1000 - ended_at)
  end
end


return { "somebody is killed, and how that was is told", function()
  local name = lab.read("/proc/cmdline"):match "contender=(%S+)"
  contender.mount()
  local base = contender.make_cgroups(name == "systemd-oomd", { "hog", "victim", "heartbeat" })
  local watcher = contender.start(name)
  measure_idle(watcher)
  local victim = lab.hog(VICTIM_MIB, base .. "/victim.service")
  local heartbeat = lab.start({ "heartbeat", contender.ROOT .. "/ballast" },
    base .. "/heartbeat.service")
  lab.sleep(BASELINE_SECONDS)
  local cpu = watcher and cpu_of(watcher)
  heartbeat:signal "SIGUSR1"
  local kills, start = proc.vmstat().oom_kill, contender.now()
  local hog = lab.start({ "hog", "-r", tostring(HOG_MIB_PER_SECOND), tostring(HOG_MIB) },
    base .. "/hog.service")
  contender.tell_end(hog, start, kills, PATIENCE_SECONDS)
  local ended_at = contender.now()
  if watcher and watcher:lives() then
    contender.tell("busy_cpu", cpu_of(watcher) - cpu)
  end
  assert(hog.how, "nobody killed the hog")
  lab.sleep(AFTERMATH_SECONDS)
  contender.tell_collateral { victim = victim, heartbeat = heartbeat, contender = watcher }
  tell_stalls(heartbeat, ended_at)
end }
