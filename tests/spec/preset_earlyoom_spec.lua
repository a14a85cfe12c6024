-- SPDX-License-Identifier: MIT
-- early-oom with preset=earlyoom in the situations that earlyoom's own tests are about
-- (testsuite_unit_test.go and testsuite_cli_test.go of 1.8), and in those that its manual and its
-- main.c and kill.c describe. What a test of theirs is called is named with each.
local earlyoom = require "pagewarden.recipe.early_oom.earlyoom"
local testing = require "pagewarden.testing"

local GIB <const> = 1 << 30


--- meminfo of a machine with so much left, of so much that is for users (MiB). A quarter of the
--- machine is a tmpfs.
local function memory(world, available, swap_free, given)
  given = given or {}
  local for_users = given.for_users or 3000
  world:write("proc/meminfo", ([[
MemTotal:        4096000 kB
MemFree:         %d kB
MemAvailable:    %d kB
SwapTotal:       %d kB
SwapFree:        %d kB
AnonPages:       %d kB
]]):format(available << 9, available << 10, (given.swap_total or 1000) << 10, swap_free << 10,
    (for_users - available) << 10))
end


local function machine(settings, options)
  options = options or {}
  options.preset, options.settings = "earlyoom", settings
  local world = testing.new { script = "early-oom", options = options }
  memory(world, 3000, 1000)
  return world
end


local function first(world, name)
  return world:logged(name)[1]
end


--- "TERM hog": whom it signals first, and how, with so much left.
local function decision(settings, available, swap_free, given)
  given = given or {}
  local world <close> = machine(settings)
  for _, p in ipairs(given.processes or { { comm = "hog", rss = "1G" } }) do
    world:spawn(p)
  end
  memory(world, 3000, math.min(1000, given.swap_total or 1000), given)
  world:advance "1s"
  memory(world, available, swap_free, given)
  world:advance "1500ms"
  local event = first(world, "ending")
  return event and ("%s %s"):format(event.signal, event.comm)
end


describe("preset=earlyoom reads a pair of limits (TestParseTuple)", function()
  for _, case in ipairs {
    { "2,1", 100, 2, 1 }, { "20,10", 100, 20, 10 }, { "30", 100, 30, 15 }, { "30", 20 },
    { "22[,20]", 100 }, { "220[,160]", 300 }, { "180[,170]", 300 },
    { "5,0", 100, 5, 0 }, { "5,9", 100, 9, 9 }, { "0,5", 100, 5, 5 }, { "4,5", 100, 5, 5 },
    { "0", 100 }, { "0,0", 100 },
    { "4.0,2.0", 100, 4, 2 }, { "4,0,2,0", 100 }, { "3.1415,2.7182", 100, 3.1415, 2.7182 },
    { "3.1415", 100, 3.1415, 3.1415 / 2 }, { "1." .. ("123"):rep(100), 100 },
    { "x1,x2", 100 }, { "1,x2", 100 }, { "1x,2x", 100 }, { "1.1.", 100 }, { "1,2..", 100 },
  } do
    local text, most, term, kill = table.unpack(case, 1, 4)
    it(("'%s' of %d"):format(text:sub(1, 20), most), function()
      local limits, message = earlyoom.parse_pair(text, most)
      if term then
        assert.same({ term = term, kill = kill }, limits)
      else
        assert.is_nil(limits)
        assert.is_string(message)
      end
    end)
  end
end)


describe("preset=earlyoom takes earlyoom's arguments (TestCli)", function()
  --- At which percentages it would act on a machine of 4000 MiB with 1000 MiB of swap.
  local function limits(settings)
    local found = assert(earlyoom.limits(assert(earlyoom.parse(settings)), 4000 << 20, 1000 << 20))
    return ("%.4g,%.4g %.4g,%.4g"):format(found.memory.term, found.memory.kill, found.swap.term,
      found.swap.kill)
  end

  for settings, expected in pairs {
    [""] = "10,5 10,5", ["-p"] = "10,5 10,5", ["-d"] = "10,5 10,5",
    ["-m 1"] = "1,0.5 10,5", ["-s 2"] = "10,5 2,1", ["-s 100"] = "10,5 100,50",
    ["-M 40960"] = "1,0.5 10,5", ["-S 20480"] = "10,5 2,1",
    ["-r=0"] = "10,5 10,5", ["-r 0.1"] = "10,5 10,5", ["-i"] = "10,5 10,5",
    ["-m 2,1"] = "2,1 10,5", ["-m 1,2"] = "2,2 10,5", ["-s 2,1"] = "10,5 2,1",
    ["-s 1,2"] = "10,5 2,2", ["-m 5,0"] = "5,0 10,5", ["-m 5,9"] = "9,9 10,5",
    ["-m 3.14"] = "3.14,1.57 10,5", ["-m 7,3.14"] = "7,3.14 10,5",
    ["-s 12.34"] = "10,5 12.34,6.17", ["-m 10 -M 40960"] = "1,0.5 10,5",
    ["-s 10 -S 20480"] = "10,5 2,1", ["-gpm 7 -s3"] = "7,3.5 3,1.5",
    ["--avoid 'Web Content' --prefer=\"^a b$\" --ignore x -m 20,18"] = "20,18 10,5",
    ["--ignore-root-user --sort-by-rss --syslog -n -k"] = "10,5 10,5",
  } do
    it("'" .. settings .. "'", function()
      assert.equal(expected, limits(settings))
    end)
  end

  for _, settings in ipairs { "-m 0", "-m -10", "-m 100", "-s 101", "-s 0", "-s -10", "xyz", "-i 1",
    "-m 1,-1", "-m 1000,-1000", "-M -1", "-m -1", "-m 2147483648", "-m 4294967296", "-S -1",
    "-s -1", "-s 2147483648", "-m", "--avoid", "--avoid (", "--avoid 'x", "-w 0", "-g=1" } do
    it("but not '" .. settings .. "'", function()
      local found, message = earlyoom.parse(settings)
      assert.is_nil(found)
      assert.is_string(message)
    end)
  end

  it("but not sizes that are more than there is", function()
    local settings = assert(earlyoom.parse "-M 9999999999999999")
    assert.is_nil(earlyoom.limits(settings, 4 * GIB, GIB))
    settings = assert(earlyoom.parse "-S 9999999999999999")
    assert.is_nil(earlyoom.limits(settings, 4 * GIB, GIB))
  end)

  it("and passes -S over where there is no swap, as its manual says", function()
    local settings = assert(earlyoom.parse "-S 1000")
    assert.same({ term = 10, kill = 5 }, earlyoom.limits(settings, 4 * GIB, 0).swap)
  end)

  for settings, message in pairs {
    ["-m 0"] = "settings: -m: both are zero",
    ["--dryrun"] = "settings: --dryrun: run it with --dry-run",
    ["-P /x"] = "settings: -P: name the program by before=",
    ["-N /x"] = "settings: -N: name the program by after=",
  } do
    it("or says before it starts what is wrong with them: " .. settings, function()
      assert.error_matches(function() machine(settings) end, message, 1, true)
    end)
  end

  for name, value in pairs { prefer = { "x" }, act = { "available<1%" }, score = "p.rss",
    cgroup = "/web", guard = false, kill = "unit" } do
    it("and refuses an option of its own that has the same say: " .. name, function()
      assert.error_matches(function() machine("", { [name] = value }) end,
        name .. ": with preset=earlyoom its settings decide that", 1, true)
    end)
  end
end)


describe("preset=earlyoom acts", function()
  it("when both memory and swap are at their limits, and not when one is (lowmem_sig)", function()
    assert.is_nil(decision("", 301, 100))
    assert.is_nil(decision("", 300, 101))
    assert.equal("TERM hog", decision("", 300, 100))
    assert.equal("TERM hog", decision("", 150, 51))
    assert.equal("KILL hog", decision("", 150, 50))
  end)

  it("by percentages of what is for users: a tmpfs that fills does not hide anything", function()
    assert.equal("TERM hog", decision("", 100, 100, { for_users = 1000 }))
    assert.is_nil(decision("", 101, 100, { for_users = 1000 }))
  end)

  it("without swap by memory alone", function()
    assert.equal("TERM hog", decision("", 300, 0, { swap_total = 0 }))
    assert.is_nil(decision("", 301, 0, { swap_total = 0 }))
  end)

  it("with -s 100 whatever swap is free", function()
    assert.equal("TERM hog", decision("-s 100", 300, 1000))
  end)

  it("with equal limits always with SIGKILL", function()
    assert.equal("KILL hog", decision("-m 10,10 -s 10,10", 300, 100))
  end)

  it("where MemAvailable is not told by what is free and cached (available_guesstimate)", function()
    local world <close> = machine ""
    local hog = world:spawn { comm = "hog", rss = "2G" }
    world:write("proc/meminfo", "MemTotal: 4096000 kB\nMemFree: 100000 kB\nBuffers: 50000 kB\n"
      .. "Cached: 250000 kB\nShmem: 100000 kB\nAnonPages: 2700001 kB\nSwapTotal: 0 kB\n"
      .. "SwapFree: 0 kB\n")
    world:advance "1s"
    assert.event(world, "ending", { pid = hog.pid, signal = "TERM" })
  end)

  it("and neither ZFS's cache nor what zram saves has a say", function()
    local world <close> = machine ""
    local hog = world:spawn { comm = "hog", rss = "2G" }
    world:write("proc/spl/kstat/zfs/arcstats", "9 1 0x01 2 2 1 2\nname type data\n"
      .. "c_min 4 134217728\nsize 4 2147483648\n")
    memory(world, 300, 100)
    world:advance "1s"
    assert.event(world, "ending", { pid = hog.pid })
  end)
end)


describe("preset=earlyoom chooses", function()
  --- Each of the list goes rather than those before it, as pairs and as a machine's processes.
  local function in_order(settings, processes)
    local parsed = assert(earlyoom.parse(settings))
    for i, p in ipairs(processes) do
      for j, other in ipairs(processes) do
        assert.equal(i > j, earlyoom.is_larger(parsed, p, other), ("%d and %d"):format(i, j))
      end
    end
    for last = 2, #processes do
      local list = {}
      for i = last, 1, -1 do
        local p = processes[i]
        list[#list + 1] = { comm = "p" .. i, rss = p.rss, oom_score = p.oom_score,
          threads = p.threads, state = p.threads and "Z" or nil, vsize = p.threads and 0 or nil }
      end
      assert.equal("TERM p" .. last, decision(settings, 300, 100, { processes = list }))
    end
  end

  it("by oom_score, and of equals who has more resident (Test_is_larger)", function()
    in_order("", {
      { comm = "", oom_score = 100, rss = 1236 << 10 },
      { comm = "", oom_score = 100, rss = 1240 << 10 },
      { comm = "", oom_score = 101, rss = 4 << 10 }, { comm = "", oom_score = 102, rss = 4 << 10 },
      { comm = "", oom_score = 103, rss = 0, threads = 2 },
    })
  end)

  it("by resident memory, and by oom_score who has none left (Test_is_larger_by_rss)", function()
    in_order("--sort-by-rss", {
      { comm = "", oom_score = 100, rss = 4 << 10 }, { comm = "", oom_score = 100, rss = 8 << 10 },
      { comm = "", oom_score = 101, rss = 8 << 10 }, { comm = "", oom_score = 99, rss = 12 << 10 },
      { comm = "", oom_score = 102, rss = 0, threads = 2 },
      { comm = "", oom_score = 102, rss = 12 << 10 },
    })
  end)

  local SMALL = { comm = "small", rss = "100M", oom_score = 300, uid = 1000 }
  local LARGE = { comm = "large", rss = "1G", oom_score = 500, uid = 0 }

  for settings, expected in pairs {
    [""] = "TERM large",
    ["--prefer ^small$"] = "TERM small", ["--avoid lar"] = "TERM small",
    ["--avoid small"] = "TERM large", ["--ignore '^(large|x)$'"] = "TERM small",
    ["--ignore-root-user"] = "TERM small", ["--sort-by-rss"] = "TERM large",
    ["--sort-by-rss --prefer small"] = "TERM small",
    ["--ignore ."] = false,
  } do
    it("with " .. (settings == "" and "no argument" or settings), function()
      local found = decision(settings, 300, 100, { processes = { LARGE, SMALL } })
      assert.equal(expected, found or false)
    end)
  end

  it("a name that is avoided if there is nobody else", function()
    assert.equal("TERM large", decision("--avoid large", 300, 100, { processes = { LARGE } }))
  end)

  it("300 points by a name, not more", function()
    local two = { { comm = "a", oom_score = 300, rss = "1M" }, { comm = "b", oom_score = 601,
      rss = "1M" } }
    assert.equal("TERM b", decision("--prefer a", 300, 100, { processes = two }))
    two[2].oom_score = 599
    assert.equal("TERM a", decision("--prefer a", 300, 100, { processes = two }))
  end)

  it("a browser's small process whose oom_score_adj is high, though others have more", function()
    local processes = { { comm = "tab", rss = "1M", oom_score_adj = 300 } }
    for i = 1, 40 do
      processes[#processes + 1] = { comm = "p" .. i, rss = "30M" }
    end
    assert.equal("TERM tab", decision("", 300, 100, { processes = processes }))
  end)

  it("nobody whose oom_score_adj is -1000, whatever his name", function()
    assert.is_nil(decision("--prefer hog", 300, 100, { processes = { { comm = "hog", rss = "1G",
      oom_score_adj = -1000 } } }))
  end)

  it("one of a crowd, and a daemon that others stand on as anybody else", function()
    local processes = {}
    for _ = 1, 100 do
      processes[#processes + 1] = { comm = "bomb", rss = "20M" }
    end
    processes[1].comm, processes[1].rss, processes[1].uid = "sshd", "21M", 0
    assert.equal("TERM sshd", decision("", 300, 100, { processes = processes }))
  end)

  it("not itself (find_largest_process)", function()
    local world <close> = machine ""
    world:write("proc/self/stat", "1000 (pagewarden) S 1 1000 1000 0 -1 0\n")
    world:spawn { comm = "pagewarden", rss = "2G" }
    local other = world:spawn { comm = "other", rss = "1G" }
    memory(world, 300, 100)
    world:advance "1s"
    assert.event(world, "ending", { pid = other.pid })
    assert.no_event(world, "ending", { comm = "pagewarden" })
  end)

  -- TestIsAliveMock, Test_parse_proc_pid_stat_Mock
  for _, comm in ipairs { "foo) Z ", "foo) Z", "foo)Z ", "foo)\nZ\n", "foo)\tZ\t", ": - )",
    "()()()())))(((()", "   \n\n    " } do
    it(("a process whose name pretends that it is dead: %q"):format(comm), function()
      local world <close> = machine ""
      local hog = world:spawn { comm = comm, rss = "1G", ignores_term = true }
      memory(world, 300, 100)
      world:advance "3s"
      assert.event(world, "ending", { pid = hog.pid, comm = comm })
      assert.no_event(world, "ended")
    end)
  end
end)


describe("preset=earlyoom sees to the end of it (kill_wait)", function()
  local function stubborn(settings)
    local world = machine(settings)
    local hog = world:spawn { comm = "stubborn", rss = "2G", ignores_term = true }
    world:advance "1s"
    memory(world, 300, 100)
    return world, hog
  end

  it("kills who was asked as soon as the second limits are reached", function()
    local world <close>, hog = stubborn ""
    world:advance "2s"
    assert.no_act(world, { value = "SIGKILL" })
    memory(world, 150, 50)
    world:advance "200ms"
    assert.act(world, { value = "SIGKILL" })
    assert.event(world, "ended", { pid = hog.pid, signal = "KILL" })
  end)

  it("never kills before they are, and asks again after 10 seconds", function()
    local world <close>, hog = stubborn ""
    world:advance "9s"
    assert.equal(1, world:count("ending"))
    world:advance "2500ms"
    assert.event(world, "not-ended", { pid = hog.pid, signal = "TERM" })
    assert.equal(2, world:count("ending"))
    world:advance "2m"
    assert.no_act(world, { value = "SIGKILL" })
  end)

  it("leaves alone who was asked when memory is back before he ended", function()
    local world <close> = stubborn ""
    world:advance "5s"
    memory(world, 3000, 1000)
    world:advance "2h"
    assert.no_act(world, { value = "SIGKILL" })
    assert.event(world, "not-ended", { signal = "TERM" })
  end)

  it("asks again after so many seconds as -w says", function()
    local world <close> = stubborn "-w 3"
    world:advance "4500ms"
    assert.equal(2, world:count("ending"))
  end)

  it("does not rest between two", function()
    local world <close> = machine ""
    for i = 1, 3 do
      world:spawn { comm = "hog " .. i, rss = (1000 + i) << 20 }
    end
    memory(world, 300, 100)
    world:advance "1s"
    assert.equal(3, world:count("ended"))
  end)

  it("with -g has the whole process group end", function()
    local world <close> = machine "-g"
    local hog = world:spawn { comm = "hog", rss = "2G" }
    world:spawn { comm = "helper", rss = "5M", pgrp = hog.pid }
    memory(world, 300, 100)
    world:advance "1s"
    assert.act(world, { key = ("kill %d:%d group"):format(hog.pid, hog.start_time) })
    assert.is_nil(next(world.processes))
  end)

  it("with --dry-run does nothing (--dryrun)", function()
    local world <close> = testing.new { script = "early-oom", dry_run = true,
      options = { preset = "earlyoom" } }
    local hog = world:spawn { comm = "hog", rss = "2G" }
    memory(world, 300, 100)
    world:advance "1s"
    assert.event(world, "would", { key = ("kill %d:%d"):format(hog.pid, hog.start_time) })
    world:stop()
    assert.no_trace(world)
  end)
end)
