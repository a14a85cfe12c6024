-- SPDX-License-Identifier: MIT
--- A check of the lab that measures, for `tests/bench/reaction.lua`: a program takes 64 MiB more
--- each second, until somebody or the kernel kills it. The word `contender=` of the command line
--- says who watches. Prints lines "# result NAME VALUE".
local lab = require "lab"
local proc = require "pagewarden.proc"
local stat = require "posix.sys.stat"
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
--- "systemd-oomd" is not here, for then systemd is process 1 (see the guest's `systemd`).
local CONTENDERS = {
  earlyoom = { "earlyoom", "-r", "3600" },
  nohang = { "nohang", "--monitor", "--config", "/etc/nohang/nohang.conf" },
  oomd = { "oomd", "--config", "/etc/oomd/oomd.json", "--interval", "1" },
  ["psi-notify"] = { "psi-notify" }, -- which ends nobody
}

--- Where the programs run: as on a desktop, since some contenders look at names, and in the cgroup
--- that systemd gave this script.
local DESKTOP = "/user.slice/user-1000.slice/user@1000.service"
local SERVICE = "/system.slice/bench.service"


local function now()
  local clock = time.clock_gettime(time.CLOCK_MONOTONIC)
  return clock.tv_sec + clock.tv_nsec / 1e9
end


local function tell(name, value)
  print(("# result %s %s"):format(name, value))
end


--- Makes a cgroup in which there may be others.
local function make_inner_cgroup(path)
  lab.cgroup(path)
  lab.write(lab.cgroups .. path .. "/cgroup.subtree_control", "+memory +pids")
end


--- Moves this script and what started it out of the way: a cgroup that has others has no process.
local function make_room(path)
  local folder = lab.cgroups .. path
  stat.mkdir(folder .. "/runner")
  for pid in lab.read(folder .. "/cgroup.procs"):gmatch "%d+" do
    lab.write(folder .. "/runner/cgroup.procs", pid)
  end
  lab.write(folder .. "/cgroup.subtree_control", "+memory +pids")
end


--- Makes a cgroup for each of the programs. Returns the one that these are in.
local function make_cgroups(has_systemd)
  local base = has_systemd and SERVICE or DESKTOP
  if has_systemd then
    make_room(base)
  else
    make_inner_cgroup "/system.slice"
    lab.cgroup "/system.slice/daemon.service"
    make_inner_cgroup "/user.slice"
    make_inner_cgroup "/user.slice/user-1000.slice"
    make_inner_cgroup(DESKTOP)
  end
  for _, name in ipairs { "hog", "victim", "heartbeat" } do
    lab.cgroup(("%s/%s.service"):format(base, name))
  end
  return base
end


--- The contender that systemd has started.
local function find_contender(name)
  for row in proc.processes({ "pid", "comm" }):each() do
    if row.comm == name then
      return { pid = row.pid, process = assert(proc.process(row.pid)) }
    end
  end
  error(name .. " does not run", 0)
end


local function start_contender(name)
  if name == "none" then
    return
  elseif name == "systemd-oomd" then
    return find_contender(name)
  elseif name == "pagewarden" then
    local _, program = lab.hear_recipe({ "early-oom", "--yes" }, "watching",
      "/system.slice/daemon.service")
    return program
  end
  for _, folder in ipairs { "proc", "sys", "dev", "run", "var", "tmp" } do
    lab.run(("mount --rbind /%s %s/%s"):format(folder, ROOT, folder))
  end
  return lab.start({ "chroot", ROOT, table.unpack(CONTENDERS[name]) },
    "/system.slice/daemon.service")
end


--- Its CPU time (seconds) and how often its threads were woken, so far.
local function work_of(program)
  local times = program.process:stat()
  local wakeups = 0
  local _, statuses = lab.run(("cat /proc/%d/task/*/status"):format(program.pid))
  for count in statuses:gmatch "\nvoluntary_ctxt_switches:%s*(%d+)" do
    wakeups = wakeups + tonumber(count)
  end
  return (times.utime + times.stime) / proc.clock_ticks(), wakeups
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


--- Waits until the hog has ended: after how many seconds, by which signal, and what it had and was
--- free of swap when that was last seen (bytes).
local function await_end(hog, start)
  local had, swap_free = 0, 0
  repeat
    local status = hog.process:status()
    if status and status.VmRSS then
      had, swap_free = status.VmRSS + status.VmSwap, proc.meminfo().SwapFree
    end
    lab.sleep(0.01)
    local pid, how, signal = wait.wait(hog.pid, wait.WNOHANG)
    if pid == hog.pid then
      hog.how, hog.status = how, signal
      return now() - start, signal, had, swap_free
    end
  until now() > start + PATIENCE_SECONDS
  error("nobody killed the hog", 0)
end


local function has_ended(program)
  local state = program.process:stat()
  return not state or state.state == "Z"
end


local function tell_kill(hog, kills_before, start)
  local seconds, signal, had, swap_free = await_end(hog, start)
  local kills = proc.vmstat().oom_kill - kills_before
  tell("seconds", ("%.2f"):format(seconds))
  tell("signal", signal)
  tell("hog_mib", had >> 20)
  tell("swap_free_mib", swap_free >> 20)
  tell("hand", kills > 0 and "kernel" or "contender")
end


--- Has the heartbeat tell how late it was, if it still beats.
local function tell_stalls(heartbeat)
  heartbeat:signal "SIGTERM"
  local line = heartbeat:line()
  if line then
    local beats, worst, p99 = line:match "(%d+) (%d+) (%d+)"
    tell("beats", beats)
    tell("worst_ms", worst / 1000)
    tell("p99_ms", p99 / 1000)
  end
end


return { "somebody is killed, and how that was is told", function()
  local name = lab.read("/proc/cmdline"):match "contender=(%S+)"
  assert.equal(0, (lab.run(("mkdir -p %s && mount -o ro %s %s"):format(ROOT,
    lab.devices.contenders, ROOT))))
  local base = make_cgroups(name == "systemd-oomd")
  local contender = start_contender(name)
  measure_idle(contender)
  local victim = lab.hog(VICTIM_MIB, base .. "/victim.service")
  local heartbeat = lab.start({ "heartbeat", ROOT .. "/ballast" }, base .. "/heartbeat.service")
  lab.sleep(BASELINE_SECONDS)
  heartbeat:signal "SIGUSR1"
  local kills, start = proc.vmstat().oom_kill, now()
  local hog = lab.start({ "hog", "-r", tostring(HOG_MIB_PER_SECOND), tostring(HOG_MIB) },
    base .. "/hog.service")
  tell_kill(hog, kills, start)
  lab.sleep(AFTERMATH_SECONDS)
  for other, program in pairs { victim = victim, heartbeat = heartbeat, contender = contender } do
    if has_ended(program) then
      tell("collateral", other)
    end
  end
  tell_stalls(heartbeat)
end }
