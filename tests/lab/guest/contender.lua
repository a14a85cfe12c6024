-- SPDX-License-Identifier: MIT
--- Who may watch over a guest of a bench, where the programs of the bench run meanwhile, and what
--- becomes of one that takes all the memory. Results are lines "# result NAME VALUE".
local lab = require "lab"
local proc = require "pagewarden.proc"
local stat = require "posix.sys.stat"
local time = require "posix.time"

local contender = {}

--- Where `mount` puts the disk of the contenders.
contender.ROOT = "/mnt/contenders"

--- In the root of `contender.ROOT`, which is a Debian of the contenders and what they depend on.
--- "systemd-oomd" is not here, for then systemd is process 1 (see the guest's `systemd`).
local CONTENDERS = {
  earlyoom = { "earlyoom", "-r", "3600" },
  nohang = { "nohang", "--monitor", "--config", "/etc/nohang/nohang.conf" },
  oomd = { "oomd", "--config", "/etc/oomd/oomd.json", "--interval", "1" },
  ["psi-notify"] = { "psi-notify" }, -- which ends nobody
}

--- What makes kswapd begin early, so that programs need not reclaim themselves: the steps between
--- the watermarks, in ten-thousandths of memory.
local WATERMARKS, AHEAD = "vm.watermark_scale_factor", 200

--- Where the programs run: as on a desktop, since some contenders look at names, and in the cgroup
--- that systemd gave this script.
local DESKTOP = "/user.slice/user-1000.slice/user@1000.service"
local SERVICE = "/system.slice/bench.service"


---@return number seconds
function contender.now()
  local clock = time.clock_gettime(time.CLOCK_MONOTONIC)
  return clock.tv_sec + clock.tv_nsec / 1e9
end


---@param name string
---@param value string|number
function contender.tell(name, value)
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


--- Makes a cgroup for each of the programs: NAME.service.
---@param has_systemd boolean
---@param names string[]
---@return string path of the one that these are in
function contender.make_cgroups(has_systemd, names)
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
  for _, name in ipairs(names) do
    lab.cgroup(("%s/%s.service"):format(base, name))
  end
  return base
end


--- The one that systemd has started.
local function find(name)
  for row in proc.processes({ "pid", "comm" }):each() do
    if row.comm == name then
      return lab.running(row.pid)
    end
  end
  error(name .. " does not run", 0)
end


--- Makes what is on the contenders' disk visible.
function contender.mount()
  assert.equal(0, (lab.run(("mkdir -p %s && mount -o ro %s %s"):format(contender.ROOT,
    lab.devices.contenders, contender.ROOT))))
end


---@param name string "none" for the kernel alone, "pagewarden-ahead" for early-oom beside a kernel
--- that reclaims early
---@return lab.Program?
function contender.start(name)
  if name == "none" then
    return
  elseif name == "systemd-oomd" then
    return find(name)
  elseif name == "pagewarden" or name == "pagewarden-ahead" then
    if name == "pagewarden-ahead" then
      lab.hear_recipe({ "sysctl-keep", "-o", ("set=%s=%d"):format(WATERMARKS, AHEAD) },
        "set: " .. WATERMARKS, "/system.slice/daemon.service")
    end
    local _, program = lab.hear_recipe({ "early-oom", "--yes" }, "watching",
      "/system.slice/daemon.service")
    return program
  end
  for _, folder in ipairs { "proc", "sys", "dev", "run", "var", "tmp" } do
    lab.run(("mount --rbind /%s %s/%s"):format(folder, contender.ROOT, folder))
  end
  return lab.start({ "chroot", contender.ROOT, table.unpack(CONTENDERS[name]) },
    "/system.slice/daemon.service")
end


--- What the hog has and is free of swap (bytes), if it is there.
local function look_at(hog)
  local status = hog.process:status()
  if status and status.VmRSS then
    return status.VmRSS + status.VmSwap, proc.meminfo().SwapFree
  end
end


--- Waits for the end of a hog, and tells when it came, by whose hand and signal, and what the hog
--- had and was free of swap when that was last seen.
---@param hog lab.Program
---@param start number when it was started
---@param kills integer of the kernel until then
---@param patience number seconds
function contender.tell_end(hog, start, kills, patience)
  local had, swap_free = 0, 0
  repeat
    local size, free = look_at(hog)
    had, swap_free = size or had, free or swap_free
    lab.sleep(0.01)
  until hog:poll() or contender.now() > start + patience
  contender.tell("seconds", ("%.2f"):format(contender.now() - start))
  contender.tell("signal", hog.status or 0)
  contender.tell("hog_mib", had >> 20)
  contender.tell("swap_free_mib", swap_free >> 20)
  contender.tell("hand", proc.vmstat().oom_kill > kills and "kernel" or hog.how and "contender"
    or "nobody")
end


--- Tells who else has ended.
---@param others table<string, lab.Program>
function contender.tell_collateral(others)
  for name, program in pairs(others) do
    if not program:lives() then
      contender.tell("collateral", name)
    end
  end
end


return contender
