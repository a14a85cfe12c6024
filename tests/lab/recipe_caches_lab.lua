-- SPDX-License-Identifier: MIT
-- The recipes about caches and what is dirty on a real kernel, each as an administrator runs it.
local lab = require "lab"

local MIB = 1 << 20
local VM = "/proc/sys/vm/"

--- A guest on a busy host may be waiting for its disks.
local CALM = " -o threshold=100%"


--- Writes a file of so many MiB to the scratch disk, without syncing it: nor does the kernel, which
--- after half a minute would, and a guest on a busy host takes that long.
local function write_file(mib)
  local path = lab.scratch.ext4 .. "/file"
  lab.write("/proc/sys/vm/dirty_writeback_centisecs", 0)
  lab.defer(function() lab.write("/proc/sys/vm/dirty_writeback_centisecs", 500) end)
  assert.equal(0, lab.run(("dd if=/dev/zero of=%s bs=1M count=%d"):format(path, mib)))
  lab.defer(function() os.remove(path) end)
end


--- A number of /proc/vmstat.
local function vmstat(name)
  return tonumber(lab.read("/proc/vmstat"):match("\n" .. name .. " (%d+)"))
end


local function meminfo(name)
  return tonumber(lab.read("/proc/meminfo"):match("\n" .. name .. ":%s+(%d+)")) * 1024
end


--- The number of a field in an event of such an output, as --json has it.
local function figure(output, event, name)
  for line in output:gmatch "[^\n]+" do
    if line:find(('"event":"%s"'):format(event), 1, true) then
      return tonumber(line:match(('"%s":(-?[%%d.e+]+)'):format(name)))
    end
  end
  error(("nothing is said of '%s' in:\n%s"):format(event, output))
end


--- Lets a recipe begin anew.
local function forget(name)
  os.remove("/var/lib/pagewarden/state/" .. name)
end


return {
  needs = { scratch = { ext4 = "300M" }, memory = "512M", timeout = 900,
    -- On a fast host nobody waits for the disk in 1 % of the time, and the kernel's averages take
    -- less than that for nothing (kernel/sched/psi.c, calc_avgs()).
    throttle = { mib = 50, requests = 1500 } },

  { "sync-now has all on disk, and says how much that was", function()
    lab.run "sync"
    write_file(32)
    local output, status = lab.recipe "sync-now --json"
    assert.equal(0, status, output)
    assert.is_true(figure(output, "synced", "before") >= 16 * MIB, output)
    assert.is_true(figure(output, "synced", "written") >= 16 * MIB, output)
    assert.is_true(figure(output, "synced", "after") < 4 * MIB, output)
    assert.is_true(meminfo "Dirty" < 4 * MIB)
  end },

  { "sync-now does the same for one file system", function()
    write_file(32)
    local output, status = lab.recipe("sync-now -o path=" .. lab.scratch.ext4)
    assert.equal(0, status, output)
    assert.is_true(meminfo "Dirty" < 4 * MIB, output)
  end },

  { "sync-now waits for the kernel's word after SysRq s", function()
    write_file(32)
    local output, status = lab.recipe "sync-now -o sysrq=yes"
    assert.equal(0, status, output)
    assert.matches("the kernel says that its emergency sync is complete", output)
    local _, log = lab.run "dmesg"
    assert.matches("Emergency Sync complete", log)
    assert.is_true(meminfo "Dirty" < 4 * MIB, output)
  end },

  { "sync-now tells of a folder that is not there", function()
    local output, status = lab.recipe "sync-now -o path=/no/such/folder"
    assert.equal(1, status)
    assert.matches("No such file or directory", output)
  end },

  { "sync-now syncs nothing in dry run", function()
    write_file(32)
    local output, status = lab.recipe "sync-now --dry-run"
    assert.equal(0, status, output)
    assert.is_true(meminfo "Dirty" >= 16 * MIB, output)
  end },

  { "drop-caches frees what was cached, and not twice, whatever the clock says", function()
    write_file(64)
    lab.run(("sync; echo 1 >/proc/sys/vm/drop_caches; cat %s/file >/dev/null"):format(
      lab.scratch.ext4))
    local output, status = lab.recipe("drop-caches --yes --json -o mode=3" .. CALM)
    assert.equal(0, status, output)
    assert.is_true(figure(output, "dropped", "freed") >= 48 * MIB, output)
    assert.is_true(figure(output, "dropped", "reading") > 0, output)
    local times = vmstat "drop_pagecache"
    for _, clock in ipairs { "2030-01-01 00:00", "2001-01-01 00:00" } do
      assert.equal(0, lab.run(("date -s '%s'"):format(clock)))
      output, status = lab.recipe("drop-caches --yes" .. CALM)
      assert.equal(1, status, output)
      assert.matches("caches were dropped .* ago; not again for another", output)
    end
    assert.equal(times, vmstat "drop_pagecache")
  end },

  { "drop-caches wants a maintenance window, open, or --yes", function()
    forget "drop-caches"
    local times = vmstat "drop_pagecache"
    assert.equal(3, select(2, lab.recipe("drop-caches" .. CALM)))
    lab.run "date -s '2026-01-01 03:00'"
    local output, status = lab.recipe("drop-caches -o window=12:00-14:00" .. CALM)
    assert.equal(1, status, output)
    assert.matches("it is 03:0%d, outside the maintenance window 12:00%-14:00", output)
    assert.equal(times, vmstat "drop_pagecache")
    output, status = lab.recipe("drop-caches -o window=02:00-04:00" .. CALM)
    assert.equal(0, status, output)
    assert.equal(times + 1, vmstat "drop_pagecache")
  end },

  { "drop-caches does not do it in a container", function()
    forget "drop-caches"
    local times = vmstat "drop_pagecache"
    local output, status = lab.recipe("drop-caches --yes" .. CALM,
      "unshare --pid --fork --mount-proc")
    assert.equal(1, status, output)
    assert.matches("this is a container", output)
    assert.equal(times, vmstat "drop_pagecache")
  end },

  { "drop-caches does not do it while disks are waited for", function()
    forget "drop-caches"
    local busy = lab.scratch.ext4 .. "/busy"
    lab.defer(function() os.remove(busy) end)
    local writer = lab.start { "sh", "-c", ("while :; do dd if=/dev/zero of=%s bs=64k count=64 "
      .. "2>/dev/null; sync; done"):format(busy) }
    lab.await("disks are waited for", 60, function()
      return tonumber(lab.read("/proc/pressure/io"):match "some avg10=(%S+)") > 0
    end)
    local output, status = lab.recipe "drop-caches --yes -o threshold=0%"
    writer:stop()
    assert.equal(1, status, output)
    assert.matches("waited for %a+ in .* of the last 10 s, and cold caches would make that worse",
      output)
  end },

  { "oom-kill-now kills whom it showed, however much memory is free", function()
    local hog = lab.hog(60)
    local kills = vmstat "oom_kill"
    assert.is_true(meminfo "MemAvailable" > 200 * MIB)
    local output, status = lab.recipe "oom-kill-now --yes --json -o only=^hog$ -o delay=1s"
    assert.equal(0, status, output)
    assert.equal(hog.pid, figure(output, "candidate", "pid"), output)
    assert.equal(hog.pid, figure(output, "killed", "pid"), output)
    assert.equal(kills + 1, figure(output, "killed", "kills"), output)
    -- Not all 60 MiB: from 6.7 on a CPU keeps up to an eighth of a zone to itself, and meminfo does
    -- not count that (mm/page_alloc.c, zone_highsize()).
    assert.is_true(figure(output, "killed", "freed") > 0, output)
    assert.same({ "killed", 9 }, { hog:wait() })
  end },

  { "oom-kill-now kills nobody that it was told to spare, nor without --yes", function()
    local hog = lab.hog(60)
    local kills = vmstat "oom_kill"
    local output, status = lab.recipe "oom-kill-now --yes -o avoid=^hog$"
    assert.equal(1, status, output)
    assert.matches(("the kernel would kill hog %%(pid %d%%), which avoid spares"):format(hog.pid),
      output)
    assert.equal(3, select(2, lab.recipe "oom-kill-now"))
    assert.equal(0, select(2, lab.recipe "oom-kill-now --dry-run -o delay=0s"))
    assert.equal(kills, vmstat "oom_kill")
    assert.is_nil(hog.how)
  end },

  { "oom-kill-now never has the kernel kill pagewarden itself", function()
    local kills = vmstat "oom_kill"
    local output, status = lab.recipe "oom-kill-now --yes -o delay=0s"
    assert.equal(1, status, output)
    assert.matches("it would kill pagewarden itself", output)
    assert.equal(kills, vmstat "oom_kill")
  end },

  { "writeback holds writers at what the disk writes in the time, and puts all back", function()
    local ratio = lab.number(VM .. "dirty_ratio")
    local background = lab.number(VM .. "dirty_background_ratio")
    local busy = lab.scratch.ext4 .. "/busy"
    local _, policy = lab.hear_recipe({ "writeback", "-o", "burst=500ms", "-o", "interval=1s" },
      "flushers: ")
    local writer = lab.start { "sh", "-c", ("while :; do dd if=/dev/zero of=%s bs=1M count=100 "
      .. "2>/dev/null; sync; done"):format(busy) }
    lab.defer(function() os.remove(busy) end)
    local line = policy:hear "adapted: "
    local limit = lab.number(VM .. "dirty_bytes")
    assert.is_true(limit >= 64 * MIB and limit <= 110 * MIB, line)
    assert.equal(limit // 4, lab.number(VM .. "dirty_background_bytes"))
    assert.equal(0, lab.number(VM .. "dirty_ratio"))
    assert.equal(limit // 4096, vmstat "nr_dirty_threshold")
    for _ = 1, 20 do
      lab.sleep(0.1)
      assert.is_true(meminfo "Dirty" + meminfo "Writeback" < limit + 8 * MIB)
    end
    writer:stop()
    policy:signal "SIGTERM"
    assert.same({ "exited", 0 }, { policy:wait() })
    assert.same({ 0, 0, ratio, background }, { lab.number(VM .. "dirty_bytes"),
      lab.number(VM .. "dirty_background_bytes"), lab.number(VM .. "dirty_ratio"),
      lab.number(VM .. "dirty_background_ratio") })
  end },

  { "writeback puts in bytes back what was in bytes", function()
    lab.write(VM .. "dirty_bytes", 100 * MIB)
    lab.defer(function() lab.write(VM .. "dirty_ratio", 20) end)
    local busy = lab.scratch.ext4 .. "/busy"
    local _, policy = lab.hear_recipe({ "writeback", "-o", "burst=500ms", "-o", "interval=1s",
      "-o", "share=1%" }, "flushers: ")
    local writer = lab.start { "sh", "-c", ("while :; do dd if=/dev/zero of=%s bs=1M count=60 "
      .. "2>/dev/null; sync; done"):format(busy) }
    lab.defer(function() os.remove(busy) end)
    policy:hear "adapted: "
    assert.equal(64 * MIB, lab.number(VM .. "dirty_bytes"))
    writer:stop()
    policy:signal "SIGTERM"
    policy:wait()
    assert.equal(100 * MIB, lab.number(VM .. "dirty_bytes"))
  end },
}
