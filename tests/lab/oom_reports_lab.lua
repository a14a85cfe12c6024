-- SPDX-License-Identifier: MIT
-- The kernel's reports of OOM kills, made here and read whole.
local kmsg = require "pagewarden.kmsg"
local lab = require "lab"

local MIB = 1 << 20
local PAGE = 4096


--- The report that is written while something is done, the only one.
local function report_of(act)
  local before = #assert(kmsg.reports())
  act()
  local after = assert(kmsg.reports())
  assert.equal(before + 1, #after)
  local report = after[#after]
  assert.same({}, report.missing)
  assert.equal(lab.kernel, report.invoked.kernel:match "^%d+%.%d+")
  assert.is_true(report.time > 0)
  return report
end


local function task_of(report, pid)
  for _, task in ipairs(report.tasks) do
    if task.pid == pid then
      return task
    end
  end
end


--- The victim is told of twice, in pages and in bytes.
local function check_victim(report, hog)
  assert.same({ hog.pid, "hog", 0, 0 },
    { report.pid, report.comm, report.uid, report.oom_score_adj })
  local task = task_of(report, hog.pid)
  assert.equal("hog", task.name)
  assert.equal(report.total_vm, task.total_vm * PAGE)
  assert.equal(report.pgtables // 1024, task.pgtables_bytes // 1024)
  assert.is_near(report.anon_rss + report.file_rss + report.shmem_rss, task.rss * PAGE, MIB)
end


--- What a zone has, by the zone's own lines.
local function check_zone(zone)
  local free = 0
  for size, count in pairs(zone.blocks) do
    free = free + size * count
  end
  assert.is_near(zone.free, free, 4 * MIB)
  assert.is_true(zone.min < zone.low and zone.low < zone.high)
  assert.is_true(zone.managed <= zone.present)
  assert.is_true(#zone.lowmem_reserve >= 3)
end


--- What the machine has: the numbers of a report agree with each other.
local function check_memory(memory)
  local present, managed = 0, 0
  for _, zone in ipairs(memory.zones) do
    check_zone(zone)
    present, managed = present + zone.present, managed + zone.managed
  end
  assert.same({ "DMA", "DMA32" }, { memory.zones[1].zone, memory.zones[2].zone })
  assert.equal(memory.ram_pages * PAGE, present)
  assert.equal(memory.reserved_pages * PAGE, present - managed)
  local node = memory.nodes[0]
  assert.equal((memory.pages.active_anon + memory.pages.inactive_anon) * PAGE,
    node.active_anon + node.inactive_anon)
  assert.same({ 0, 0 }, { memory.swap_free, memory.swap_total })
end


return {
  { "a kill on the whole machine", function()
    local hog
    local report = report_of(function()
      hog = lab.start { "hog", "2048" }
      hog:wait()
    end)
    assert.equal("CONSTRAINT_NONE", report.constraint)
    assert.same({ "hog", hog.pid, 0 },
      { report.invoked.comm, report.invoked.pid, report.invoked.order })
    check_victim(report, hog)
    check_memory(report.memory)
    assert.is_nil(report.manual)
  end },

  { "a kill for a cgroup's limit, with all that are in it", function()
    local sleeper, hog
    lab.cgroup "/web"
    lab.write("/sys/fs/cgroup/web/memory.max", 8 * MIB)
    lab.write("/sys/fs/cgroup/web/memory.oom.group", 1)
    local report = report_of(function()
      sleeper = lab.start({ "sleep", "100" }, "/web")
      hog = lab.start({ "hog", "32" }, "/web")
      hog:wait()
      sleeper:wait()
    end)
    check_victim(report, hog)
    assert.same({ "CONSTRAINT_MEMCG", "/web", "/web", "/web" },
      { report.constraint, report.cgroup, report.oom_cgroup, report.group })
    assert.same({ 1, sleeper.pid, "sleep" },
      { #report.others, report.others[1].pid, report.others[1].comm })
    assert.equal(8 * MIB, report.usage.memory.limit)
    assert.is_near(8 * MIB, report.usage.memory.usage, MIB)
    assert.equal(math.huge, report.usage.swap.limit)
    assert.equal("/web", report.stats[1].cgroup)
    assert.is_near(report.anon_rss, report.stats[1].stat.anon, MIB)
    assert.is_nil(report.memory)
  end },

  { "a kill that was asked for by sysrq f", function()
    local hog = lab.hog(64)
    local report = report_of(function()
      lab.write("/proc/sysrq-trigger", "f")
      hog:wait()
    end)
    assert.is_true(report.manual)
    assert.equal(-1, report.invoked.order)
    assert.matches("^kworker", report.invoked.comm)
    check_victim(report, hog)
    check_memory(report.memory)
  end },

  { "the log as dmesg prints it says the same", function()
    local _, text = lab.run "dmesg"
    local printed, read = assert(kmsg.reports(text)), assert(kmsg.reports())
    assert.equal(#read, #printed)
    for i, report in ipairs(read) do
      report.stats, printed[i].stats = nil, nil -- in 6.1 dmesg cuts them earlier
      assert.same(report, printed[i])
    end
  end },
}
