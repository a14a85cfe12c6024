-- SPDX-License-Identifier: MIT
-- The recipe `oom-explain`: whom it ranks, how far it says an OOM is, and why it says one was.
local kill_report = require "pagewarden.recipe.kill_report"
local kmsg = require "pagewarden.kmsg"
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20
local KIB <const> = 1 << 10
local PAGE <const> = 4096
local HOSTILE <const> = "evil) R 1\n\27[2J"


local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


local function run(options, furnish)
  local world = testing.new { script = "oom-explain", options = options }
  if furnish then
    furnish(world)
  end
  world:run()
  world:stop()
  assert.no_trace(world)
  return world
end


local function messages(world, name)
  local found = {}
  for i, event in ipairs(world:logged(name)) do
    found[i] = event.message
  end
  return found
end


describe("oom-explain ranks", function()
  it("who would be killed, with what makes the sum", function()
    local world = run({}, function(world)
      world:write("proc/sys/kernel/osrelease", "6.1.0\n")
      world:spawn { comm = "small", rss = "100M", oom_score_adj = 500 }
      world:spawn { comm = "large", rss = "900M", swap = "100M" }
      world:spawn { comm = HOSTILE, rss = "2G", oom_score_adj = -900 }
      world:spawn { comm = "never", rss = "2G", oom_score_adj = -1000 }
    end)
    assert.same({
      "1. small (pid 1000): 2.52 GiB: 100 MiB resident, 0 B swapped, 0 B of page tables, and "
        .. "2.42 GiB more for its oom_score_adj of 500",
      "2. large (pid 1001): 1000 MiB: 900 MiB resident, 100 MiB swapped, 0 B of page tables",
    }, table.move(messages(world, "victim"), 1, 2, 1, {}))
    assert.event(world, "victim", { rank = 3, pid = 1002, comm = HOSTILE, oom_score_adj = -900 })
    assert.no_event(world, "victim", { pid = 1003 })
  end)

  it("no more than it is asked to, and says who would die with the first", function()
    local world = run({ top = 1 }, function(world)
      world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
      world:write("sys/fs/cgroup/web/cgroup.events", "populated 1\nfrozen 0\n")
      world:write("sys/fs/cgroup/web/a/cgroup.events", "populated 1\nfrozen 0\n")
      world:write("sys/fs/cgroup/web/memory.oom.group", "1\n")
      world:write("sys/fs/cgroup/web/a/memory.oom.group", "0\n")
      world:spawn { comm = "web", rss = "200M", cgroup = "/web/a" }
      world:spawn { comm = "other", rss = "100M" }
    end)
    assert.equal(1, #messages(world, "victim"))
    assert.event(world, "victim", { comm = "web", group = "/web" })
  end)

  it("nobody, where there is nobody to kill", function()
    assert.event(run(), "nobody",
      { message = "nobody can be killed: when memory runs out the kernel panics" })
  end)

  it("and says what changes the kernel's choice", function()
    local world = run({}, function(world)
      world:write("proc/sys/vm/panic_on_oom", "1\n")
      world:write("proc/sys/vm/oom_kill_allocating_task", "1\n")
    end)
    assert.event(world, "rule", { key = "vm.panic_on_oom", message = "vm.panic_on_oom is 1: the "
      .. "machine panics when all of it runs out, and nobody is killed" })
    assert.event(world, "rule", { key = "vm.oom_kill_allocating_task", value = 1 })
    assert.no_event(run(), "rule")
  end)

  it("by the kernel's own score before 2.6.36", function()
    local world <close> = testing.new { script = "oom-explain" }
    world:write("proc/sys/kernel/osrelease", "2.6.32\n")
    world:spawn { comm = "old", rss = "10M" }
    world:after(0, function() os.remove(world.path .. "/proc/1000/oom_score_adj") end)
    world:run()
    assert.matches("^1%. old %(pid 1000%): score %d+; 10 MiB res", messages(world, "victim")[1])
  end)
end)


describe("oom-explain says how far it is", function()
  local ZONES <const> = [[
Node 0, zone      DMA
  pages free     3840
        min      15
        low      18
        high     21
        spanned  4095
        present  3998
        managed  3840
        protection: (0, 3019, 16587)
      nr_free_pages 3840
      nr_zone_inactive_file 0
      nr_zone_active_file 0
Node 0, zone   Normal
  pages free     20000
        min      1000
        low      1250
        high     1500
        spanned  300000
        present  300000
        managed  280000
        protection: (0, 0, 0)
      nr_free_pages 20000
      nr_zone_inactive_file 4000
      nr_zone_active_file 2000
]]

  it("for all memory and swap", function()
    local world = run()
    local available, swap = 3402112 * KIB, 1048572 * KIB
    assert.event(world, "memory",
      { left = available + swap, available = available, swap_free = swap })
    assert.event(world, "nearest", { left = available + swap })
    assert.event(world, "page_tables", { bytes = 6120 * KIB })
    assert.no_event(world, "commit")
  end)

  it("for each zone, above its watermark and what it keeps from most requests", function()
    local world = run({}, function(world) world:write("proc/zoneinfo", ZONES) end)
    assert.event(world, "zone", { zone = "DMA", left = (3840 - 15 - 16587) * PAGE,
      reserve = 16587 * PAGE })
    assert.event(world, "zone", { zone = "Normal", left = (20000 + 6000 - 1000) * PAGE,
      low = 1250 * PAGE, high = 1500 * PAGE })
    assert.matches("nothing for ordinary requests$", messages(world, "zone")[1])
  end)

  it("for each cgroup with a limit of version 2, with who would be killed", function()
    local world = run({}, function(world)
      world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
      for path, limit in pairs { ["/"] = "max", ["/web"] = 100 * MIB, ["/web/a"] = "max",
        ["/db"] = 50 * MIB } do
        local folder = "sys/fs/cgroup" .. path .. "/"
        world:write(folder .. "memory.max", limit .. "\n")
        world:write(folder .. "memory.swap.max", "0\n")
        world:write(folder .. "memory.swap.current", "0\n")
        world:write(folder .. "memory.current", 40 * MIB .. "\n")
        world:write(folder .. "memory.stat", ("inactive_file %d\nactive_file %d\n"):format(
          4 * MIB, MIB))
      end
      world:spawn { comm = "web", rss = "30M", cgroup = "/web/a" }
      world:spawn { comm = "db", rss = "30M", cgroup = "/db" }
    end)
    assert.same({ "/db: 15 MiB left, of a limit of 50 MiB; then db (pid 1001) is killed",
      "/web: 65 MiB left, of a limit of 100 MiB; then web (pid 1000) is killed" },
      messages(world, "cgroup"))
    assert.event(world, "nearest", { cgroup = "/db", left = 15 * MIB })
  end)

  it("for one of version 1, which limits swap together with memory", function()
    local world = run({}, function(world)
      local folder = "sys/fs/cgroup/memory/"
      world:write(folder .. "memory.limit_in_bytes", "9223372036854771712\n")
      world:write(folder .. "memory.usage_in_bytes", "0\n")
      world:write(folder .. "web/memory.limit_in_bytes", 100 * MIB .. "\n")
      world:write(folder .. "web/memory.memsw.limit_in_bytes", 110 * MIB .. "\n")
      world:write(folder .. "web/memory.usage_in_bytes", 90 * MIB .. "\n")
      world:write(folder .. "web/memory.memsw.usage_in_bytes", 94 * MIB .. "\n")
      world:write(folder .. "web/memory.stat", "swap 4194304\ntotal_swap 4194304\n")
      local p = world:spawn { comm = "web", rss = "80M" }
      world:after(0, function()
        world:write(("proc/%d/cgroup"):format(p.pid), "4:memory:/web\n0::/\n")
      end)
    end)
    assert.event(world, "cgroup", { cgroup = "/web", swap = 16 * MIB, left = 26 * MIB })
  end)

  it("when programs are refused memory before", function()
    local world = run({}, function(world) world:write("proc/sys/vm/overcommit_memory", "2\n") end)
    assert.event(world, "commit", { left = (3062792 - 903412) * KIB })
  end)

  it("on a kernel that does not tell what is available, and has no zoneinfo", function()
    local world = run({}, function(world)
      world:write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nActive: 3 kB\n"
        .. "Inactive: 2 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    end)
    assert.event(world, "memory", { left = 105 * KIB,
      message = "all of the machine: 105 KiB left, 105 KiB of memory and 0 B of swap; guessed, as "
        .. "this kernel has no MemAvailable" })
    assert.no_event(world, "zone")
  end)

  it("with a word of warning in a container", function()
    local world = run({}, function(world) world:write(".dockerenv", "") end)
    assert.event(world, "container", { sign = ".dockerenv" })
    assert.no_event(run(), "container")
  end)
end)


describe("oom-explain explains", function()
  local function follow(log, given, details)
    local world = testing.new { script = "oom-explain", options = { follow = true } }
    if log then
      world:write("dev/kmsg", log)
    end
    local hog = world:spawn(given)
    world:advance "1s"
    world:oom(hog, details)
    world:advance "1s"
    world:stop()
    assert.no_trace(world)
    return world
  end

  it("a kill that comes, by the kernel's log", function()
    local world = follow(read "tests/fixtures/oom/6.12.log", { pid = 165, comm = "hog" })
    assert.event(world, "kill", { pid = 165, comm = "hog", cause = "memory", invoked = "hog",
      message = "hog (pid 165), which had 442 MiB and an oom_score_adj of 0, was killed: the "
        .. "machine had run out: 4.42 MiB was free, and there is no swap" })
    assert.event(world, "large", { pid = 161, comm = "lua5.4", oom_score_adj = -1000 })
    assert.event(world, "prevention", { message = "swap: there was none" })
  end)

  it("a kill by what it was told, where the log is overwritten or may not be read", function()
    local world = follow(nil, { comm = HOSTILE, rss = "100M" })
    assert.event(world, "kill", { comm = HOSTILE, bytes = 100 * MIB, cause = "memory" })
    assert.event(world, "prevention")
    world = follow(nil, { comm = "hog" }, { synthetic = true })
    assert.event(world, "kill", { kills = 1,
      message = "1 killed; why is in the kernel's log, which may not be read" })
  end)

  it("the last kills of the log when it is asked", function()
    local log = read "tests/fixtures/oom/6.12-memcg.log" .. read "tests/fixtures/oom/6.12.log"
    local function explain(count, text)
      return run({ past = count }, function(world) world:write("dev/kmsg", text) end)
    end
    assert.equal(1, #messages(explain(1, log), "kill"))
    assert.event(explain(1, log), "kill", { pid = 165 })
    assert.equal(2, #messages(explain(9, log), "kill"))
    assert.event(explain(9, ""), "calm")
  end)

  it("nothing of a log that is not there, and says so", function()
    local world <close> = testing.new { script = "oom-explain", options = { past = 1 } }
    assert.error_matches(function() world:run() end, "No such file")
  end)
end)


describe("recipe.kill_report", function()
  local function report_of(fixture)
    return kmsg.reports(read("tests/fixtures/oom/" .. fixture .. ".log"))[1]
  end

  local function prevention_of(report)
    return table.concat(kill_report.prevention(report, PAGE,
      kill_report.others(report, PAGE, 3)), "\n")
  end

  it("finds a cause in the report of each kernel", function()
    local causes = {}
    for _, name in ipairs { "2.6.32", "3.10-memcg", "4.14", "5.17", "6.1-memcg", "6.1",
      "6.12-memcg", "6.12" } do
      local report = report_of(name)
      causes[name] = kill_report.cause(report, PAGE)
      assert.is_true(#prevention_of(report) > 0)
      assert.is_true(kill_report.victim_bytes(report, PAGE) > 0)
    end
    assert.equal("memory", causes["6.12"])
    for _, name in ipairs { "3.10-memcg", "6.1-memcg", "6.12-memcg" } do
      assert.equal("cgroup", causes[name])
    end
  end)

  it("tells a cgroup's limit from a machine that has run out", function()
    local _, sentence = kill_report.cause(report_of "6.12-memcg", PAGE)
    assert.matches("^cgroup /%S+ was at its limit: 8 MiB of 8 MiB$", sentence)
    assert.matches("a higher memory.max", prevention_of(report_of "6.12-memcg"), 1, true)
  end)

  it("tells who asked, nodes that were full, and pieces that were too large", function()
    local memory = { pages = { free = 100000 }, swap_total = 0, ram_pages = 1000000 }
    assert.equal("asked", (kill_report.cause({ manual = true }, PAGE)))
    assert.equal("not to ask: SysRq f kills even when there is plenty of memory",
      prevention_of { manual = true })
    assert.equal("nodes", (kill_report.cause({ constraint = "CONSTRAINT_CPUSET" }, PAGE)))
    local cause, sentence = kill_report.cause({ invoked = { order = 3 }, memory = memory }, PAGE)
    assert.equal("fragments", cause)
    assert.matches("^32 KiB in one piece were wanted", sentence)
  end)

  it("names memory that is of no process", function()
    local advice = prevention_of { memory = { ram_pages = 1000, swap_total = 8 * PAGE,
      swap_free = 0, pages = { shmem = 300, slab_unreclaimable = 400, pagetables = 10 } } }
    assert.matches("more swap: 32 KiB of 32 KiB were in use", advice, 1, true)
    assert.matches("tmpfs and shared memory: 1.17 MiB", advice, 1, true)
    assert.matches("the kernel itself, where something may leak: 1.56 MiB", advice, 1, true)
    assert.is_nil(advice:find "page tables")
  end)

  it("names who was spared though larger, and a victim that was chosen for its adj", function()
    local report = { pid = 9, comm = "hit", oom_score_adj = 300, tasks = {
      { pid = 9, rss = 10, name = "hit" },
      { pid = 8, rss = 90, name = "big", oom_score_adj = -900 },
      { pid = 7, rss = 5, name = "small", oom_score_adj = -900 } } }
    local advice = prevention_of(report)
    assert.matches("less for big (pid 8), which is larger, 360 KiB, and has an oom_score_adj of -9",
      advice, 1, true)
    assert.matches("an oom_score_adj lower than the 300", advice, 1, true)
    assert.is_nil(advice:find "small")
  end)
end)
