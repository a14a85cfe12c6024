-- SPDX-License-Identifier: MIT
-- The lab itself: the guest is what its script asked for, and pagewarden can act in it as root.
local lab = require "lab"
local oom = require "pagewarden.oom"
local proc = require "pagewarden.proc"
local sysctl = require "pagewarden.sysctl"
local unistd = require "posix.unistd"

local CAP_SYS_RESOURCE = 24

return {
  needs = { swap = { "64M", "64M" }, zram = "64M", disks = { "16M" },
    scratch = { ext4 = "32M", xfs = "320M", btrfs = "128M" } },

  { "the kernel is the one that was asked for", function()
    assert.equal(lab.kernel, lab.read("/proc/cmdline"):match "lab=%S+@(%S+)")
  end },

  { "root may do anything", function()
    local capabilities = tonumber(lab.read("/proc/self/status"):match "CapEff:%s*(%x+)", 16)
    assert.equal(0, unistd.getuid())
    assert.equal(1, capabilities >> CAP_SYS_RESOURCE & 1)
  end },

  { "pressure and cgroup v2 are there", function()
    assert.is_table(proc.pressure "memory")
    assert.matches("memory", lab.read "/sys/fs/cgroup/cgroup.subtree_control")
  end },

  { "a sysctl is set and put back", function()
    local before = assert(sysctl.get "vm.swappiness")
    assert.equal(17, sysctl.set("vm.swappiness", 17))
    assert.equal(17, lab.number "/proc/sys/vm/swappiness")
    assert.equal(before, sysctl.set("vm.swappiness", before))
  end },

  { "a process is protected, and left as it was", function()
    local hog = lab.hog(1)
    assert.equal(-900, oom.set_adj(hog.process, -900))
    assert.equal(-900, lab.number(("/proc/%d/oom_score_adj"):format(hog.pid)))
    assert.equal(0, oom.set_adj(hog.process, 0))
  end },

  { "two disks and a zram are on as swap, and a third disk is empty", function()
    local swaps = lab.read "/proc/swaps"
    assert.matches(lab.swap[1], swaps, 1, true)
    assert.matches(lab.swap[2], swaps, 1, true)
    assert.matches(lab.zram, swaps, 1, true)
    assert.equal(16 << 20, 512 * lab.number(lab.disks[1]:gsub("/dev", "/sys/block") .. "/size"))
  end },

  { "the scratch disks can be written", function()
    for system, folder in pairs(lab.scratch) do
      lab.write(folder .. "/file", system)
      assert.matches(folder .. " " .. system, lab.read "/proc/mounts", 1, true)
    end
  end },

  { "a program's end is seen, and what it printed", function()
    local status, output = lab.run "pagewarden --version; exit 3"
    assert.equal(3, status)
    assert.matches("^pagewarden ", output)
  end },
}
