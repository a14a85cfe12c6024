-- SPDX-License-Identifier: MIT
--- A check of the lab that measures, for `tests/bench/reaction.lua`: a program takes 64 MiB more
--- each second, until somebody or the kernel kills it. The word `contender=` of the command line
--- says who watches. Prints lines "# result NAME VALUE".
local lab = require "lab"
local proc = require "pagewarden.proc"
local time = require "posix.time"
local wait = require "posix.sys.wait"

local ROOT = "/mnt/contenders"
local SETTLE_SECONDS = 4 -- nohang's Python wants 2 under emulation
local IDLE_SECONDS = 10
local BASELINE_SECONDS = 2
local AFTERMATH_SECONDS = 2
local PATIENCE_SECONDS = 240
local HOG_MIB, HOG_MIB_PER_SECOND, VICTIM_MIB = 4096, 64, 20

--- In the root of `ROOT`, which is a Debian of the contenders and what they depend on.
local CONTENDERS = {
  earlyoom = { "earlyoom", "-r", "3600" },
  nohang = { "nohang", "--monitor", "--config", "/etc/nohang/nohang.conf" },
  oomd = { "oomd", "--config", "/etc/oomd/oomd.json", "--interval", "1" },
}

local USER = "/user.slice/user-1000.slice/user@1000.service"


local function now()
  local clock = time.clock_gettime(time.CLOCK_MONOTONIC)
  return clock.tv_sec + clock.tv_nsec / 1e9
end


local function tell(name, value)
  print(("# result %s %s"):format(name, value))
end


--- Cgroups as on a desktop, since some contenders look at their names.
local function make_cgroups()
  for _, path in ipairs { "/system.slice", "/system.slice/daemon.service", "/user.slice",
    "/user.slice/user-1000.slice", USER, USER .. "/hog.service", USER .. "/victim.service",
    USER .. "/heartbeat.service" } do
    lab.cgroup(path)
    if not path:match "%.service$" or path == USER then
      lab.write(lab.cgroups .. path .. "/cgroup.subtree_control", "+memory +pids")
    end
  end
end


local function start_contender(name)
  if name == "none" then
    return
  elseif name == "pagewarden" then
    return lab.start({ "pagewarden", "run", "early-oom", "--yes" }, "/system.slice/daemon.service")
  end
  for _, folder in ipairs { "proc", "sys", "dev", "run", "var", "tmp" } do
    lab.run(("mount --rbind /%s %s/%s"):format(folder, ROOT, folder))
  end
  return lab.start({ "chroot", ROOT, table.unpack(CONTENDERS[name]) },
    "/system.slice/daemon.service")
end


--- Its CPU time (seconds) and how often its threads were woken, so far.
local function work_of(program)
  local stat = program.process:stat()
  local wakeups = 0
  local _, statuses = lab.run(("cat /proc/%d/task/*/status"):format(program.pid))
  for count in statuses:gmatch "\nvoluntary_ctxt_switches:%s*(%d+)" do
    wakeups = wakeups + tonumber(count)
  end
  return (stat.utime + stat.stime) / proc.clock_ticks(), wakeups
end


local function measure_idle(program)
  lab.sleep(SETTLE_SECONDS)
  if program then
    local cpu, wakeups = work_of(program)
    lab.sleep(IDLE_SECONDS)
    local cpu_after, wakeups_after = work_of(program)
    tell("idle_cpu", cpu_after - cpu)
    tell("idle_wakeups", wakeups_after - wakeups)
    tell("rss_kib", program.process:status().VmRSS >> 10)
  end
end


--- Waits until the hog has ended: after how many seconds, and by which signal.
local function await_end(hog, start)
  repeat
    lab.sleep(0.01)
    local pid, how, signal = wait.wait(hog.pid, wait.WNOHANG)
    if pid == hog.pid then
      hog.how, hog.status = how, signal
      return now() - start, signal
    end
  until now() > start + PATIENCE_SECONDS
  error("nobody killed the hog", 0)
end


local function has_ended(program)
  return wait.wait(program.pid, wait.WNOHANG) == program.pid
end


local function tell_kill(hog, kills_before, start)
  local seconds, signal = await_end(hog, start)
  local kills = proc.vmstat().oom_kill - kills_before
  tell("seconds", ("%.2f"):format(seconds))
  tell("signal", signal)
  tell("hand", kills > 0 and "kernel" or "contender")
end


local function tell_stalls(heartbeat)
  heartbeat:signal "SIGTERM"
  local line = heartbeat:line()
  local beats, worst, p99 = (line or "0 0 0"):match "(%d+) (%d+) (%d+)"
  tell("beats", beats)
  tell("worst_ms", worst / 1000)
  tell("p99_ms", p99 / 1000)
end


return { "somebody is killed, and how that was is told", function()
  local name = lab.read("/proc/cmdline"):match "contender=(%S+)"
  lab.run(("mkdir %s; mount -o ro %s %s"):format(ROOT, lab.devices.contenders, ROOT))
  make_cgroups()
  local contender = start_contender(name)
  measure_idle(contender)
  local victim = lab.hog(VICTIM_MIB, USER .. "/victim.service")
  local heartbeat = lab.start({ "heartbeat", ROOT .. "/ballast" }, USER .. "/heartbeat.service")
  lab.sleep(BASELINE_SECONDS)
  heartbeat:signal "SIGUSR1"
  local kills, start = proc.vmstat().oom_kill, now()
  local hog = lab.start({ "hog", "-r", tostring(HOG_MIB_PER_SECOND), tostring(HOG_MIB) },
    USER .. "/hog.service")
  tell_kill(hog, kills, start)
  lab.sleep(AFTERMATH_SECONDS)
  for other, program in pairs { victim = victim, heartbeat = heartbeat, contender = contender } do
    if has_ended(program) then
      tell("collateral", other)
      program.how = "killed"
    end
  end
  tell_stalls(heartbeat)
end }
