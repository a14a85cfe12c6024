-- SPDX-License-Identifier: MIT
--- Makes of a guest that has just booted what a script needs.
local setup = {}

local function execute(line)
  if not os.execute(line) then
    error("could not: " .. line, 0)
  end
end


local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end


local function contents(path)
  local file <close> = io.open(path)
  return file and file:read "a"
end


--- The disks of the command line, by the names they have there.
local function find_disks()
  local disks = {}
  local list <close> = assert(io.popen "ls /sys/block")
  for name in list:lines() do
    local serial = contents("/sys/block/" .. name .. "/serial")
    if serial then
      disks[serial] = "/dev/" .. name
    end
  end
  return disks
end


local function mount_cgroups(version)
  local folder = "/sys/fs/cgroup"
  if contents(folder .. "/cgroup.controllers") then
    return folder -- systemd has done it
  elseif version == 2 then
    execute("mount -t cgroup2 cgroup2 " .. folder)
    write(folder .. "/cgroup.subtree_control", "+memory +pids +cpu +io")
    return folder
  end
  execute(("mount -t tmpfs tmpfs %s && mkdir %s/memory"):format(folder, folder))
  execute(("mount -t cgroup -o memory memory %s/memory"):format(folder))
  return folder .. "/memory"
end


local function switch_on(device)
  execute(("mkswap %s >/dev/null && swapon %s"):format(device, device))
  return device
end


local function switch_on_zram(size)
  execute "modprobe zram"
  write("/sys/block/zram0/disksize", size)
  return switch_on "/dev/zram0"
end


local function mount_scratch(system, device)
  local folder = "/mnt/" .. system
  execute(("mkdir %s && mount -t %s %s %s"):format(folder, system, device, folder))
  return folder
end


--- What the script needs, and where it is: `swap` and `disks` are lists of devices, `zram` is one,
--- `devices` has all by the names that the host gave them,
--- `scratch` has folders by file system, and `cgroups` is the folder of those that account memory.
---@param needs table
---@return table
function setup.guest(needs)
  local found = find_disks()
  local guest = { devices = found, swap = {}, disks = {}, scratch = {} }
  -- What the kernel kills is never what watches it.
  write("/proc/self/oom_score_adj", "-1000")
  guest.cgroups = mount_cgroups(needs.cgroup)
  if needs.lru_gen ~= "" then
    write("/sys/kernel/mm/lru_gen/enabled", needs.lru_gen)
  end
  for i in ipairs(needs.swap) do
    guest.swap[i] = switch_on(found["swap" .. i])
  end
  for i in ipairs(needs.disks) do
    guest.disks[i] = found["disks" .. i]
  end
  for system in pairs(needs.scratch) do
    guest.scratch[system] = mount_scratch(system, found[system])
  end
  guest.zram = needs.zram ~= "" and switch_on_zram(needs.zram) or nil
  return guest
end


return setup
