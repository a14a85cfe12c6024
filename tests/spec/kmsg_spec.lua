-- SPDX-License-Identifier: MIT
-- The texts in tests/fixtures/oom are reports of the kernels that they are named after, made short
-- and anonymous.
local kmsg = require "pagewarden.kmsg"
local tree = require "tree"

local KIB = 1 << 10


local function read(path)
  local file <close> = assert(io.open("tests/fixtures/oom/" .. path))
  return file:read "a"
end


local function only_report(path)
  local reports = kmsg.reports(read(path))
  assert.equal(1, #reports)
  return reports[1]
end


local function lines(...)
  return table.concat({ ... }, "\n") .. "\n"
end


local SUMMARY = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
  .. "oom_memcg=/web,task_memcg=/web/a,task=hog,pid=9,uid=33"
local KILL = "Memory cgroup out of memory: Killed process 9 (hog) total-vm:8kB, anon-rss:4kB, "
  .. "file-rss:0kB, shmem-rss:0kB, UID:33 pgtables:16kB oom_score_adj:7"


describe("kmsg.reports", function()
  after_each(tree.remove_all)

  it("keeps no more than the last ones that are asked for", function()
    local function pids(options)
      local found = {}
      for i, report in ipairs(kmsg.reports(
        lines("Killed process 1 (a) vsz:4kB", "Killed process 2 (b) vsz:4kB",
        "Killed process 3 (c) vsz:4kB"), options)) do
        found[i] = report.pid
      end
      return found
    end
    assert.same({ 3 }, pids { last = 1 })
    assert.same({ 2, 3 }, pids { last = 2 })
    assert.same({ 1, 2, 3 }, pids { last = 4 })
    assert.error_matches(function() pids { last = 0 } end, "last: a positive integer expected")
    assert.error_matches(function() pids { first = 1 } end, "unknown option 'first'")
  end)

  describe("reads the reports of", function()
    it("2.6.32, where a child is killed in the chosen one's place", function()
      local report = only_report "2.6.32.log"
      assert.same({ comm = "named", pid = 955, gfp_mask = 0x201da, order = 0, oom_adj = 0,
        oom_score_adj = 0, kernel = "2.6.32-279.9.1.el6.x86_64" }, report.invoked)
      assert.same({ pid = 1151, comm = "sniproxy", score = 394 }, report.chosen)
      assert.same({ 1153, "sniproxy", 0, 124 * KIB },
        { report.pid, report.comm, report.uid, report.anon_rss })
      assert.same({ pid = 1091, uid = 0, tgid = 1091, total_vm = 25624, rss = 256, cpu = 0,
        oom_adj = -17, oom_score_adj = -1000, name = "sshd" }, report.tasks[2])
      assert.equal(4, #report.tasks)
      assert.same({}, report.missing)
    end)

    it("2.6.32, with memory by zone and swap", function()
      local memory = only_report "2.6.32.log".memory
      assert.equal(93021, memory.pages.active_anon)
      assert.equal(1166, memory.pages.pagetables)
      local zone = memory.zones[1]
      assert.same({ "DMA", 0, 2016 * KIB, 84 * KIB },
        { zone.zone, zone.node, zone.free, zone.min })
      assert.same({ 0, 483, 483, 483 }, zone.lowmem_reserve)
      assert.equal(2, zone.blocks[4 * KIB])
      assert.equal(1, zone.blocks[1024 * KIB])
      assert.same({ 0, 1015800 * KIB, 131055 },
        { memory.swap_free, memory.swap_total, memory.ram_pages })
    end)

    it("3.10, for a cgroup's limit", function()
      local report = only_report "3.10-memcg.log"
      assert.same({ "CONSTRAINT_MEMCG", "/kubepods/pod95/6895", "/kubepods/pod95" },
        { report.constraint, report.cgroup, report.oom_cgroup })
      assert.same({ usage = 512 << 20, limit = 512 << 20, failcnt = 84511 }, report.usage.memory)
      assert.equal(math.huge, report.usage.kmem.limit)
      assert.equal("/kubepods/pod95/6895", report.stats[2].cgroup)
      assert.equal(524188 * KIB, report.stats[2].stat.rss)
      assert.equal(1661, report.tasks[1].nr_ptes)
      assert.is_nil(report.time)
      assert.same({}, report.missing)
    end)

    it("4.14, on a machine without NUMA", function()
      local report = only_report "4.14.log"
      assert.equal("GFP_HIGHUSER_MOVABLE|__GFP_COLD", report.invoked.gfp_flags)
      assert.equal(92124 * KIB, report.memory.nodes[0].active_anon)
      local zone = report.memory.zones[1]
      assert.same({ "DMA", 452 * KIB, 1 }, { zone.zone, zone.free, zone.blocks[64 * KIB] })
      assert.equal(2, report.tasks[2].nr_pmds)
      assert.equal(6520, report.pid)
      assert.same({ anon_rss = 0, file_rss = 0, shmem_rss = 0 }, report.reaped)
      assert.is_near(51517.304887, report.time, 1e-6)
    end)

    it("5.17, whose slab is full and whose reaper gave up", function()
      local report = only_report "5.17.log"
      assert.equal(466670, report.memory.pages.slab_reclaimable)
      assert.equal(2048 * KIB, report.memory.nodes[0].anon_thp)
      assert.same({ name = "kmalloc-8k", used = 4100096 * KIB, total = 4174592 * KIB },
        report.slabs[2])
      assert.same({ "stress a b", "stress a b", "0-1,3" },
        { report.comm, report.tasks[2].name, report.mems_allowed })
      assert.is_false(report.reaped)
    end)
  end)

  describe("reads what was made in the lab by", function()
    it("6.1, whose statistics were cut, with a group", function()
      local report = only_report "6.1-memcg.log"
      assert.same({ "/web", "/web", "CONSTRAINT_MEMCG", "/web" },
        { report.cgroup, report.oom_cgroup, report.constraint, report.group })
      assert.same({ 391, 8 << 20 }, { report.usage.memory.failcnt, report.usage.memory.limit })
      assert.same({ 8257536, 0, nil }, { report.stats[1].stat.anon,
        report.stats[1].stat.workingset_activate_file, report.stats[1].stat.pgfault })
      assert.same({ 1, 113, "sleep" },
        { #report.others, report.others[1].pid, report.others[1].comm })
      assert.same({}, report.missing)
    end)

    it("6.1, by sysrq f", function()
      local report = only_report "6.1.log"
      assert.same({ true, "kworker/1:2", -1 },
        { report.manual, report.invoked.comm, report.invoked.order })
      assert.same({ "DMA", "DMA32" },
        { report.memory.zones[1].zone, report.memory.zones[2].zone })
      assert.equal(66188 * KIB, report.memory.nodes[0].inactive_anon)
      assert.equal(2 << 20, report.memory.hugepages[2].hugepages_size)
      assert.same({ 117, 16502 }, { report.tasks[2].pid, report.tasks[2].rss })
      assert.same({}, report.missing)
    end)

    it("6.12, on the whole machine", function()
      local report = only_report "6.12.log"
      assert.equal("6.12.107+deb13-cloud-amd64", report.invoked.kernel)
      assert.same({ pid = 165, uid = 0, tgid = 165, total_vm = 524536, rss = 112909,
        rss_anon = 112896, rss_file = 13, rss_shmem = 0, pgtables_bytes = 950272, swapents = 0,
        oom_score_adj = 0, name = "hog" }, report.tasks[2])
      assert.equal(2672 * KIB, report.memory.zones[2].free)
      assert.same({ 130938, 12300, 0 }, { report.memory.ram_pages, report.memory.reserved_pages,
        report.memory.hwpoisoned_pages })
      assert.same({}, report.missing)
    end)

    it("6.12, for a cgroup's limit", function()
      local report = only_report "6.12-memcg.log"
      assert.equal(0, report.stats[1].stat.numa_hint_faults)
      assert.equal(math.huge, report.usage.swap.limit)
      assert.equal(317, report.tasks[2].rss_file)
    end)
  end)

  it("tolerates lines of others in between, and callers", function()
    local report = kmsg.reports(lines(
      "[    1.000000][  T812] hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
      "[    1.000001][    C1] usb 1-1: new high-speed USB device",
      "[    1.000002][  T812] memory: usage 4kB, limit 4kB, failcnt 8",
      "[    1.000003][  T813] Memory cgroup stats for /web:",
      "[    1.000004][  T812] anon 2048",
      "[    1.000005][    C0] eth0: link up",
      "[    1.000006][  T812] file 0",
      "[    1.000007][  T812] Tasks state (memory values in pages):",
      "[    1.000008][  T812] [  pid  ]   uid  tgid total_vm      rss name",
      "[    1.000009][  T812] [      9]    33     9       10        1 hog",
      "[    1.000010][  T812] " .. SUMMARY,
      "[    1.000011][  T812] " .. KILL))[1]
    assert.same({ anon = 2048, file = 0 }, report.stats[1].stat)
    assert.equal("hog", report.tasks[1].name)
    assert.same({ "/web", "/web/a", 33, 7 },
      { report.oom_cgroup, report.cgroup, report.uid, report.oom_score_adj })
    assert.same({}, report.missing)
  end)

  it("reads statistics that were printed as one record", function()
    local report = kmsg.reports(lines(
      "4,7,1000000,-;hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
      "6,8,1000001,-;Memory cgroup stats for /web:",
      "6,9,1000002,-;anon 2048\\x0afile 4096\\x0akernel_stack 0"))[1]
    assert.same({ anon = 2048, file = 4096, kernel_stack = 0 }, report.stats[1].stat)
    assert.equal(1, report.time)
  end)

  it("says what is missing of a report that is not whole", function()
    local reports = kmsg.reports(lines(
      "[  pid  ]   uid  tgid name", "[      9]    33     9 hog", SUMMARY, KILL,
      KILL,
      "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0", "Mem-Info:"))
    assert.equal(3, #reports)
    assert.same({ "invocation", "memory" }, reports[1].missing)
    assert.same({ "invocation", "memory", "tasks" }, reports[2].missing)
    assert.same({ "tasks", "kill" }, reports[3].missing)
  end)

  it("does not take what sysrq m and failed allocations print for a report", function()
    local report = kmsg.reports(lines(
      "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0", KILL,
      "sysrq: Show Memory", "Mem-Info:", "Node 0 DMA free:4kB min:4kB"))
    assert.equal(1, #report)
    assert.is_nil(report[1].memory)
    assert.same({}, (kmsg.reports(lines("Mem-Info:", "active_anon:1 inactive_anon:2"))))
  end)

  it("knows the hand of a person", function()
    local reports = kmsg.reports(lines(
      "sysrq: Manual OOM execution",
      "kworker/0:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, oom_score_adj=0", KILL,
      "SysRq : Manual OOM execution",
      "kworker/0:1 invoked oom-killer: gfp_mask=0xd0, order=-1, oom_score_adj=0",
      "Out of memory and no killable processes...",
      "sysrq: OOM request ignored. No task eligible",
      "sh invoked oom-killer: gfp_mask=0xd0, order=0", KILL))
    assert.equal(3, #reports)
    assert.same({ true, nil, true, true },
      { reports[1].manual, reports[1].nobody, reports[2].manual, reports[2].nobody })
    assert.is_nil(reports[3].manual)
  end)

  it("knows that the machine was to panic instead", function()
    local report = kmsg.reports(lines(
      "sh invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0",
      "Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled"))[1]
    assert.equal("Out of memory: compulsory panic_on_oom is enabled", report.panic)
    assert.same({ "memory", "tasks" }, report.missing)
  end)

  it("names all who were killed with a group", function()
    local reports = kmsg.reports(lines(
      SUMMARY, KILL,
      "Tasks in /web are going to be killed due to memory.oom.group set",
      KILL,
      "Memory cgroup out of memory: Killed process 10 (sh) total-vm:8kB, anon-rss:4kB"))
    assert.equal(1, #reports)
    assert.equal("/web", reports[1].group)
    assert.same({ { pid = 10, comm = "sh", total_vm = 8 * KIB, anon_rss = 4 * KIB,
      constraint = "CONSTRAINT_MEMCG" } }, reports[1].others)
  end)

  it("takes the allocating task's kill for one", function()
    local report = kmsg.reports("Out of memory (oom_kill_allocating_task): Killed process 7 (x) "
      .. "total-vm:4kB, anon-rss:0kB")[1]
    assert.same({ 7, "x", 4 * KIB }, { report.pid, report.comm, report.total_vm })
  end)

  it("gives the reaper's work to the report it belongs to, though another has begun", function()
    local reports = kmsg.reports(lines(KILL,
      "sh invoked oom-killer: gfp_mask=0xd0, order=0",
      "oom_reaper: reaped process 9 (hog), now anon-rss:12kB, file-rss:0kB, shmem-rss:0kB"))
    assert.equal(12 * KIB, reports[1].reaped.anon_rss)
    assert.is_nil(reports[2].reaped)
  end)

  it("counts records that were overwritten, and does not believe what programs write", function()
    local reports, log = kmsg.reports(lines("6,100,1,-;a", " SUBSYSTEM=x", "6,150,1,-;b",
      "12,151,1,-;" .. KILL))
    assert.same({}, reports)
    assert.same({ lines = 4, lost = 49 }, log)
  end)

  it("reads a capture's log where it was put", function()
    local view <close> = kmsg.open(tree.new { ["dev/kmsg"] = "3,1,2000000,-;" .. KILL .. "\n" })
    local reports, log = view:reports()
    assert.same({ 9, 2, "dev/kmsg" }, { reports[1].pid, reports[1].time, log.file })
    local other <close> = kmsg.open(tree.new { ["var/log/dmesg"] = KILL .. "\n" })
    assert.equal("var/log/dmesg", select(2, other:reports()).file)
    local none <close> = kmsg.open(tree.new {})
    assert.equal("unsupported", select(4, none:reports()))
  end)

  it("finds nothing in a text without reports", function()
    assert.same({}, (kmsg.reports ""))
    assert.same({}, (kmsg.reports "\0\n\n;;;\n[\n[]\n<\n Node 0 DMA free:\n"))
  end)

  it("names the argument that is wrong", function()
    assert.error_matches(function() kmsg.reports {} end, "string expected")
    assert.error_matches(function() kmsg.reports("", {}, 1) end, "too many")
  end)
end)
