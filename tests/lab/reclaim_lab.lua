-- SPDX-License-Identifier: MIT
-- Getting memory back on a real kernel: what is said to have come of it is what the kernel counts.
local cgroup = require "pagewarden.cgroup"
local lab = require "lab"
local reclaim = require "pagewarden.reclaim"

local MIB = 1 << 20

--- A guest on a busy host may be waiting for its disks.
local CALM = { threshold = 100 }


--- Writes a file of so many MiB to the scratch disk, without syncing it.
local function write_file(mib)
  local path = lab.scratch.ext4 .. "/file"
  assert.equal(0, lab.run(("dd if=/dev/zero of=%s bs=1M count=%d"):format(path, mib)))
  lab.defer(function() os.remove(path) end)
end


local function meminfo(name)
  return tonumber(lab.read("/proc/meminfo"):match(name .. ":%s+(%d+)")) * 1024
end


return {
  needs = { swap = { "256M" }, scratch = { ext4 = "100M" }, memory = "512M" },

  { "what is dirty is on disk after a sync", function()
    write_file(32)
    local done = assert(reclaim.sync())
    assert.is_true(done.before.Dirty + done.before.Writeback >= 16 * MIB)
    assert.is_true(done.after.Dirty + done.after.Writeback < 4 * MIB)
  end },

  { "the same of one file system", function()
    write_file(32)
    assert.truthy(reclaim.syncfs(lab.scratch.ext4))
    assert.is_true(meminfo "Dirty" < 4 * MIB)
  end },

  { "dropping caches frees what they held, and is counted", function()
    write_file(64)
    local done = assert(reclaim.drop_caches(3, CALM))
    assert.is_true(done.freed >= 48 * MIB)
    assert.is_true(done.after.MemFree - done.before.MemFree >= 48 * MIB)
    assert.equal(done.before.drop_pagecache + 1, done.after.drop_pagecache)
    assert.is_true(done.after.drop_slab > done.before.drop_slab)
  end },

  { "the kernel goes on logging that caches are dropped", function()
    local _, before = lab.run "dmesg | grep -c drop_caches"
    assert.truthy(reclaim.drop_caches(1, CALM))
    assert.truthy(reclaim.drop_caches(2, { sync = false, threshold = 100 }))
    local _, after = lab.run "dmesg | grep -c drop_caches"
    assert.equal(before + 2, tonumber(after))
  end },

  { "memory is compacted", function()
    local done = assert(reclaim.compact(CALM))
    assert.is_true(done.after.compact_migrate_scanned > done.before.compact_migrate_scanned)
  end },

  { "a process is paged out, and the figures say so", function()
    local hog = lab.hog(64)
    local done = assert(reclaim.pageout(hog.process))
    assert.is_true(done.advised >= 64 * MIB)
    assert.is_true(done.before.VmRSS - done.after.VmRSS >= 48 * MIB)
    assert.is_true(done.after.VmSwap - done.before.VmSwap >= 48 * MIB)
  end },

  { "a process is made the first to go, and keeps its memory until then", function()
    local hog = lab.hog(32)
    local done = assert(reclaim.cold(hog.pid))
    assert.is_true(done.advised >= 32 * MIB)
    assert.is_true(done.after.VmRSS >= 32 * MIB)
  end },

  { "locked memory is passed over and told of", function()
    local hog = lab.start { "hog", "-l", "8" }
    assert(hog:line() == "full")
    local done = assert(reclaim.cold(hog.process))
    assert.is_true(done.refused >= 8 * MIB)
  end },

  { "a process that has ended is not mistaken for another", function()
    local hog = lab.hog(1)
    hog:stop()
    assert.equal("gone", select(4, reclaim.pageout(hog.process)))
  end },

  { "a kernel thread has nothing to page out", function()
    local _, message = reclaim.cold(2)
    assert.matches("a kernel thread has no memory of its own$", message)
  end },

  { "a cgroup gives back what is asked for", function()
    local path = lab.cgroup "/giving"
    lab.hog(64, path)
    local done = assert(reclaim.cgroup(path, 16 * MIB))
    assert.is_true(done.complete)
    assert.is_true(done.reclaimed >= 15 * MIB)
    assert.equal(done.after.current, done.before.current - done.reclaimed)
  end },

  { "a cgroup that has not as much says how much it gave", function()
    local path = lab.cgroup "/small"
    lab.hog(16, path)
    local done = assert(reclaim.cgroup(path, 256 * MIB))
    assert.is_false(done.complete)
    assert.is_true(done.reclaimed > 4 * MIB and done.reclaimed < 64 * MIB)
    assert.equal(done.after.current, assert(cgroup.current(path)))
  end },

  { "swappiness for one time is known since Linux 6.8", function()
    local path = lab.cgroup "/anonymous"
    lab.hog(32, path)
    local done, message = reclaim.cgroup(path, 8 * MIB, { swappiness = 200 })
    if lab.kernel == "6.1" then
      assert.equal("reclaim cgroup /anonymous: this kernel takes no swappiness here", message)
    else
      assert.is_true(done.complete, message)
    end
  end },

  { "a cgroup that is gone is told", function()
    assert.same({ nil, "reclaim cgroup /gone: no such cgroup", 2, "gone", n = 4 },
      table.pack(reclaim.cgroup("/gone", MIB)))
  end },

  { "a policy's task waits for it while its timers go on", function()
    write_file(64)
    local line = lab.hear_policy("tidy", '{ reclaim = { "drop_caches" } }', [[
      local ticks = 0
      pw:every(0.01, function() ticks = ticks + 1 end)
      pw:task(function()
        local before = ticks
        local done = assert(pw.reclaim.drop_caches(3, { threshold = 100 }))
        pw.log("dropped", { mib = done.freed >> 20, ticks = ticks - before })
      end)]], "dropped")
    assert.is_true(tonumber(line:match "mib=(%d+)") >= 48, line)
    assert.is_true(tonumber(line:match "ticks=(%d+)") > 0, line)
  end },

  { "in a container nothing is done to the whole machine, unless forced", function()
    local program = [[unshare --pid --fork --mount-proc lua5.4 -e '
      local reclaim = require "pagewarden.reclaim"
      print((select(2, reclaim.drop_caches(1))))
      print((select(2, reclaim.compact())))
      print((select(2, require("pagewarden.sysrq").trigger "f")))
      print((select(2, reclaim.drop_caches(1, { force = true }))))']]
    local status, output = lab.run(program)
    assert.equal(0, status, output)
    local refused = "%s: this is a container (a pid namespace of its own), and the machine is not "
      .. "its own; see force\n"
    assert.equal(refused:format "reclaim drop_caches" .. refused:format "reclaim compact"
      .. refused:format "sysrq f" .. "nil\n", output)
  end },
}
