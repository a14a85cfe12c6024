-- SPDX-License-Identifier: MIT
-- early-oom with preset=systemd-oomd in the situations that systemd's own tests are about
-- (src/oom/test-oomd-util.c and test/units/TEST-55-OOMD.sh of 257), and in those that its
-- oomd-manager.c describes. What a test of theirs is called is named with each; their
-- oomd_fetch_cgroup_oom_preference is tests/unit/cgroup_preference_test.c.
local systemd_oomd = require "pagewarden.recipe.early_oom.systemd_oomd"
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20

local SLICE = "/TEST.slice/TEST-55.slice/TEST-55-OOMD.slice/TEST-55-OOMD-workload.slice"
local FOR_PRESSURE = ("DefaultMemoryPressureDurationSec=2s [%s] ManagedOOMMemoryPressure=kill "
  .. "ManagedOOMMemoryPressureLimit=20%%"):format(SLICE)
local FOR_SWAP = "[/] ManagedOOMSwap=kill"


--- meminfo of a machine of 4000 MiB with 1000 MiB of swap, with so much left (MiB).
local function memory(world, available, swap_free)
  world:write("proc/meminfo", ([[
MemTotal:        4096000 kB
MemFree:         %d kB
MemAvailable:    %d kB
SwapTotal:       1024000 kB
SwapFree:        %d kB
]]):format(available << 9, available << 10, swap_free << 10))
end


--- Shows what a cgroup has (MiB), and what of its pages was scanned.
local function show(world, path, given)
  local folder = "sys/fs/cgroup" .. path .. "/"
  local pids = {}
  for pid, p in pairs(world.processes) do
    pids[#pids + 1] = p.cgroup == path and pid .. "\n" or nil
  end
  world:write(folder .. "cgroup.procs", table.concat(pids))
  world:write(folder .. "cgroup.events", "populated 1\nfrozen 0\n")
  world:write(folder .. "memory.oom.group", given.oom_group and "1\n" or "0\n")
  world:write(folder .. "memory.current", ("%d\n"):format((given.current or 100) * MIB))
  world:write(folder .. "memory.swap.current", ("%d\n"):format((given.swap or 0) * MIB))
  world:write(folder .. "memory.stat", ("anon 0\npgscan %d\n"):format(given.pgscan or 0))
  world:write(folder .. "memory.pressure", ("some avg10=99.00 avg60=0.00 avg300=0.00 total=0\n"
    .. "full avg10=%.2f avg60=0.00 avg300=0.00 total=0\n"):format(given.full or 0))
end


local function machine(settings, given)
  given = given or {}
  local options = given.options or {}
  options.preset, options.settings = "systemd-oomd", settings
  local world = testing.new { script = "early-oom", options = options, dry_run = given.dry_run }
  world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
  memory(world, 3000, 1000)
  return world
end


--- A process in a cgroup of its own, which has so much.
local function spawn(world, path, given, p)
  p = p or {}
  p.comm, p.cgroup, p.rss = p.comm or path:match "[^/]*$":sub(1, 15), path, p.rss or "10M"
  local spawned = world:spawn(p)
  show(world, path, given or {})
  return spawned
end


--- The cgroups that were killed, in order.
local function killed(world)
  local paths = {}
  for _, act in ipairs(world.acts) do
    paths[#paths + 1] = act.key:match "^kill cgroup (.*)$"
    assert.equal("SIGKILL", act.value)
  end
  return paths
end


--- The slice of TEST-55-OOMD with its three services. What a service does shows in its pgscan.
local function workload(settings, given)
  local world = machine(settings or FOR_PRESSURE, given)
  local counts = { testchill = 0, testmunch = 10, testbloat = 10 }
  local services = {}
  for name in pairs(counts) do
    services[name] = spawn(world, ("%s/TEST-55-OOMD-%s.service"):format(SLICE, name))
  end
  local slice = { current = 300, full = 0 }
  world:every("1s", function()
    slice.pgscan = 0
    for name, count in pairs(counts) do
      local path = ("%s/TEST-55-OOMD-%s.service"):format(SLICE, name)
      local pgscan = math.floor(world:now()) * count
      slice.pgscan = slice.pgscan + pgscan
      if world.processes[services[name].pid] == services[name] then
        show(world, path, { pgscan = pgscan })
      end
    end
    show(world, SLICE, slice)
  end)
  show(world, SLICE, slice)
  return world, slice, counts
end


describe("preset=systemd-oomd takes systemd-oomd's settings", function()
  it("with its defaults", function()
    local settings = assert(systemd_oomd.parse(FOR_SWAP))
    assert.equal(9000, settings.swap_limit)
    assert.equal(60, settings.limit)
    assert.equal(30, settings.duration)
  end)

  it("as they stand in oomd.conf (testcase_reload)", function()
    local settings = assert(systemd_oomd.parse("[OOM]\n# a comment\nSwapUsedLimit=80%\n"
      .. " ;another\nDefaultMemoryPressureLimit=55%\nDefaultMemoryPressureDurationSec=5s\n"
      .. FOR_SWAP))
    assert.equal(8000, settings.swap_limit)
    assert.equal(55, settings.limit)
    assert.equal(5, settings.duration)
  end)

  it("in permille and in permyriad", function()
    assert.equal(1234, assert(systemd_oomd.parse("SwapUsedLimit=12.34% " .. FOR_SWAP)).swap_limit)
    assert.equal(875, assert(systemd_oomd.parse("SwapUsedLimit=87.5‰ " .. FOR_SWAP)).swap_limit)
    assert.equal(29, assert(systemd_oomd.parse("SwapUsedLimit=29‱ " .. FOR_SWAP)).swap_limit)
  end)

  it("a duration of none as the default, for all cgroups", function()
    local text = "DefaultMemoryPressureDurationSec=0 " .. FOR_SWAP
    assert.equal(30, assert(systemd_oomd.parse(text)).duration)
  end)

  it("what a unit has, under the path of its cgroup (testcase_duration_override)", function()
    local settings = assert(systemd_oomd.parse [[
      DefaultMemoryPressureDurationSec=2s
      [/system.slice/munch.service]
      ManagedOOMMemoryPressureDurationSec=3s
      ManagedOOMMemoryPressure=kill
      [/system.slice/chill.service/]
      ManagedOOMMemoryPressureDurationSec=
      ManagedOOMMemoryPressure=kill
      ManagedOOMMemoryPressureLimit=0%
    ]])
    assert.equal(3, systemd_oomd.wanted(settings, "/system.slice/munch.service").duration)
    local chill = systemd_oomd.wanted(settings, "/system.slice/chill.service")
    assert.equal(2, chill.duration)
    assert.equal(60, chill.limit)
    assert.is_nil(systemd_oomd.wanted(settings, "/system.slice"))
  end)

  it("for units that a pattern means, of which the last says most", function()
    local settings = assert(systemd_oomd.parse [[
      [/user.slice/user-*.slice/user@*.service]
      ManagedOOMMemoryPressure=kill ManagedOOMMemoryPressureLimit=50%
      [/user.slice/user-1000.slice/user@1000.service]
      ManagedOOMMemoryPressureLimit=70%
      [/user.slice/user-0.slice/user@0.service]
      ManagedOOMMemoryPressure=auto
    ]])
    local function limit(uid)
      local wanted = systemd_oomd.wanted(settings,
        ("/user.slice/user-%d.slice/user@%d.service"):format(uid, uid))
      return wanted and wanted.limit
    end
    assert.equal(50, limit(1001))
    assert.equal(70, limit(1000))
    assert.is_nil(limit(0))
    assert.is_nil(systemd_oomd.wanted(settings, "/user.slice/user-1/x.slice/user@1.service"))
  end)

  for text, message in pairs {
    [""] = "no cgroup is watched", ["SwapUsedLimit=80%"] = "no cgroup is watched",
    ["[/] ManagedOOMSwap=auto"] = "no cgroup is watched",
    ["[/x] ManagedOOMMemoryPressureDurationSec=0"] = "DurationSec: at least a second expected",
    ["[/x] ManagedOOMMemoryPressureDurationSec=500ms"] = "at least a second expected",
    ["SwapUsedLimit=101%"] = "SwapUsedLimit: a percentage expected",
    ["SwapUsedLimit=90"] = "a percentage expected",
    ["ManagedOOMSwap=kill"] = "it belongs under the path of a cgroup",
    ["[/] SwapUsedLimit=80%"] = "SwapUsedLimit is not of a cgroup",
    ["[/] ManagedOOMSwap=yes"] = "kill or auto expected",
    ["[web.service] ManagedOOMSwap=kill"] = "is no cgroup's path",
    ["OOMRules=x"] = "'OOMRules' is not known here",
    ["kill"] = "'kill' is neither NAME=VALUE nor [/CGROUP]",
  } do
    it(("but not '%s' (testcase_duration_analyze)"):format(text), function()
      assert.error_matches(function() machine(text) end, message, 1, true)
    end)
  end

  it("and not beside options of early-oom's own that have the same say", function()
    assert.error_matches(function() machine(FOR_SWAP, { options = { never = { "x" } } }) end,
      "never: with preset=systemd-oomd its settings decide that", 1, true)
    assert.error_matches(function() machine(FOR_SWAP, { options = { observe = true } }) end,
      "observe: whole cgroups are not compared", 1, true)
  end)
end)


describe("preset=systemd-oomd judges", function()
  it("memory and swap, both of which must be short (oomd_mem_and_swap_free_below)", function()
    local settings = assert(systemd_oomd.parse("SwapUsedLimit=80% " .. FOR_SWAP))
    local total, used, most = 20971512 << 10, 3310136 << 10, 20971440 << 10
    local function is_short(memory_used, swap_used, swap_total)
      return systemd_oomd.is_short(settings, { MemTotal = swap_total or total,
        MemAvailable = (swap_total or total) - memory_used, SwapTotal = swap_total or total,
        SwapFree = (swap_total or total) - swap_used })
    end
    assert.is_false(is_short(used, most))
    assert.is_false(is_short(most, used))
    assert.is_true(is_short(most, most))
    assert.is_false(is_short(0, 0, 0))
  end)

  it("by limits that count as reached only below them", function()
    local settings = assert(systemd_oomd.parse(FOR_SWAP))
    local full = { MemTotal = 1000, SwapTotal = 1000, MemAvailable = 99, SwapFree = 99 }
    assert.is_true(systemd_oomd.is_short(settings, full))
    full.SwapFree = 100
    assert.is_false(systemd_oomd.is_short(settings, full))
  end)

  it("pressure by how long it is over the limit (oomd_pressure_above)", function()
    local herp = { limit = 80, duration = 0, pgscan = 0 }
    local derp = { limit = 80, duration = 0, pgscan = 0 }
    systemd_oomd.observe(herp, 100, 99.99, 0)
    systemd_oomd.observe(derp, 100, 1.11, 0)
    assert.is_true(systemd_oomd.is_pressed(herp, 100))
    assert.is_false(systemd_oomd.is_pressed(derp, 100))
    assert.equal(100, herp.since)
    assert.is_nil(derp.since)
    herp.duration = 30
    assert.is_false(systemd_oomd.is_pressed(herp, 129))
    assert.is_true(systemd_oomd.is_pressed(herp, 130))
    systemd_oomd.observe(herp, 131, 80, 0)
    assert.is_nil(herp.since)
  end)

  it("what was reclaimed from one look to the next (oomd_cgroup_context_acquire_and_insert, "
    .. "oomd_update_cgroup_contexts_between_hashmaps)", function()
    local watched = { limit = 60, duration = 30, pgscan = 57, reclaimed_at = 888 }
    systemd_oomd.observe(watched, 1000, 70, 57)
    assert.equal(888, watched.reclaimed_at)
    assert.is_false(systemd_oomd.is_reclaimed(watched, 1000))
    systemd_oomd.observe(watched, 1001, 70, 101)
    assert.equal(1001, watched.reclaimed_at)
    assert.equal(1000, watched.since)
    assert.is_true(systemd_oomd.is_reclaimed(watched, 1031))
    assert.is_false(systemd_oomd.is_reclaimed(watched, 1032))
    systemd_oomd.observe(watched, 1002, 70, 3)
    assert.equal(1002, watched.reclaimed_at, "a counter of a cgroup that was made anew")
  end)

  local HERP, DERP = "/herp.slice", "/herp.slice/derp.scope"
  local SHEEP, MOST = DERP .. "/sheep.service", math.maxinteger
  local LIST = {
    { path = HERP, swap = 20, last_pgscan = 0, pgscan = 33, current = 10 },
    { path = DERP, swap = 60, last_pgscan = 33, pgscan = 1, current = 20 },
    { path = SHEEP, swap = 40, last_pgscan = 1, pgscan = 33, current = 40 },
    { path = "/zupa.slice", swap = 10, last_pgscan = 33, pgscan = 2, current = 10 },
    { path = "/boop.slice", swap = 11, last_pgscan = 33, pgscan = 33, current = 10 },
    { path = "/omitted.slice", swap = 90, last_pgscan = 0, pgscan = MOST, current = 0,
      preference = "omit" },
    { path = "/avoid.slice", swap = 99, last_pgscan = 0, pgscan = MOST, current = 0,
      preference = "avoid" },
  }

  local function paths(list)
    local found = {}
    for i, c in ipairs(list) do
      found[i] = c.path
    end
    return found
  end

  it("who goes first by swap (oomd_sort_cgroups)", function()
    assert.same({ DERP, SHEEP, HERP, "/boop.slice", "/zupa.slice", "/avoid.slice" },
      paths(systemd_oomd.by_swap(LIST)))
  end)

  it("who goes first by what was scanned, and then by memory (oomd_sort_cgroups)", function()
    assert.same({ HERP, SHEEP, "/zupa.slice", DERP, "/boop.slice", "/avoid.slice" },
      paths(systemd_oomd.by_pgscan(LIST)))
    assert.same({ SHEEP, DERP }, paths(systemd_oomd.by_pgscan { LIST[2], LIST[3] }))
  end)
end)


describe("preset=systemd-oomd kills for swap", function()
  local function two(settings)
    local world = machine(settings or FOR_SWAP)
    spawn(world, "/system.slice/large.service", { current = 2000, swap = 300 })
    spawn(world, "/system.slice/small.service", { current = 2500, swap = 200 })
    world:advance "1s"
    return world
  end

  it("the cgroup that has most of it, and says why", function()
    local world <close> = two()
    memory(world, 399, 99)
    world:after("1s", function() memory(world, 3000, 1000) end)
    world:advance "2s"
    assert.same({ "/system.slice/large.service" }, killed(world))
    assert.event(world, "ending", { cgroup = "/system.slice/large.service", signal = "KILL",
      level = "swap", size = 300 * MIB, message = "SIGKILL to cgroup /system.slice/large.service, "
        .. "which has 300 MiB of swap: 90.0% of memory and 90.1% of swap are used, both over 90%" })
    assert.event(world, "ended", { cgroup = "/system.slice/large.service", ended = true })
  end)

  it("nobody while either is at its limit", function()
    local world <close> = two()
    memory(world, 400, 10)
    world:advance "1m"
    memory(world, 10, 100)
    world:advance "1m"
    assert.same({}, killed(world))
  end)

  it("nobody who has no more than 5% of it", function()
    local world <close> = machine(FOR_SWAP)
    spawn(world, "/system.slice/a.service", { swap = 50 })
    memory(world, 100, 10)
    world:advance "1m"
    assert.same({}, killed(world))
    assert.event(world, "holding", { reason = "nobody", level = "swap" })
    assert.equal(1, world:count("holding"))
    show(world, "/system.slice/a.service", { swap = 51 })
    world:advance "1s"
    assert.same({ "/system.slice/a.service" }, killed(world))
  end)

  it("the next at once, while memory is not back: only after pressure it pauses", function()
    local world <close> = two()
    memory(world, 100, 10)
    world:advance "3s"
    assert.same({ "/system.slice/large.service", "/system.slice/small.service" }, killed(world))
  end)

  it("only below cgroups that are watched for it", function()
    local world <close> = two "[/user.slice] ManagedOOMSwap=kill"
    spawn(world, "/user.slice/user-1000.slice/app.scope", { swap = 60 })
    world:advance "11s"
    memory(world, 100, 10)
    world:advance "5s"
    assert.same({ "/user.slice/user-1000.slice/app.scope" }, killed(world))
  end)

  it("all that is in a cgroup whose processes are killed together", function()
    local world <close> = machine(FOR_SWAP)
    for _, name in ipairs { "a", "b" } do
      spawn(world, "/app.slice/group.service/" .. name, { swap = 100 })
    end
    show(world, "/app.slice/group.service", { swap = 200, oom_group = true })
    spawn(world, "/app.slice/other.service", { swap = 150 })
    show(world, "/app.slice", { swap = 350 })
    memory(world, 100, 10)
    world:after("100ms", function() memory(world, 3000, 1000) end)
    world:advance "2s"
    assert.same({ "/app.slice/group.service" }, killed(world))
  end)

  it("all processes of it, and kills it again when others came (oomd_cgroup_kill)", function()
    local world <close> = machine(FOR_SWAP)
    local path = "/system.slice/oomdkilltest"
    for _ = 1, 2 do
      for _ = 1, 2 do
        spawn(world, path, { swap = 200 })
      end
      memory(world, 100, 10)
      world:advance "1s"
      assert.is_nil(next(world.processes))
      memory(world, 3000, 1000)
      world:advance "1s"
    end
    assert.same({ path, path }, killed(world))
  end)

  it("the next where one of a cgroup is protected", function()
    local world <close> = machine(FOR_SWAP)
    spawn(world, "/system.slice/safe.service", { swap = 300 }, { oom_score_adj = -1000 })
    spawn(world, "/system.slice/other.service", { swap = 100 })
    memory(world, 100, 10)
    world:after("500ms", function() memory(world, 3000, 1000) end)
    world:advance "2s"
    assert.event(world, "not-ended", { cgroup = "/system.slice/safe.service" })
    assert.event(world, "ended", { cgroup = "/system.slice/other.service" })
  end)
end)


describe("preset=systemd-oomd kills for pressure", function()
  local BLOAT = SLICE .. "/TEST-55-OOMD-testbloat.service"
  local MUNCH = SLICE .. "/TEST-55-OOMD-testmunch.service"

  it("of a slice the service that keeps reclaim busy (testcase_basic_system)", function()
    local world <close>, slice, counts = workload()
    counts.testbloat = 500
    world:advance "5s"
    assert.same({}, killed(world))
    slice.full = 35
    world:advance "1500ms"
    assert.same({}, killed(world))
    world:advance "2500ms"
    slice.full = 0
    world:advance "20s"
    assert.same({ BLOAT }, killed(world))
    assert.event(world, "ending", { level = "pressure", cgroup = BLOAT, comm = "TEST-55-OOMD-te" })
    assert.matches("all of " .. SLICE .. " waited for memory 35.0% of the time, over 20% for 2s",
      world.events[#world.events - 2].message, 1, true)
  end)

  it("for a user's units as well (testcase_basic_user)", function()
    local top = "/user.slice/user-61183.slice/user@61183.service"
    local world <close> = machine("DefaultMemoryPressureDurationSec=2s "
      .. "[/user.slice/user-*.slice/user@*.service] ManagedOOMMemoryPressure=kill")
    local bloat = top .. "/app.slice/bloat.service"
    spawn(world, bloat, { current = 300, pgscan = 100 })
    spawn(world, top .. "/app.slice/chill.service", { current = 20 })
    show(world, top .. "/app.slice", { pgscan = 100 })
    show(world, top, { pgscan = 100, full = 70 })
    world:advance "5s"
    assert.same({ bloat }, killed(world))
  end)

  it("not one that is to be avoided while there is another (testcase_preference_avoid)", function()
    local world <close>, slice, counts = workload()
    counts.testbloat, counts.testmunch = 500, 100
    local marked = os.execute(("%s/tests/lab/mark %s/sys/fs/cgroup%s user.oomd_avoid"):format(
      os.getenv "PW_BUILD_DIR" or "build/release", world.path, BLOAT))
    if not marked then
      return pending "folders may not be marked here"
    end
    slice.full = 35
    world:advance "5s"
    slice.full = 0
    world:advance "5s"
    assert.same({ MUNCH }, killed(world))
  end)

  it("after the duration that the unit has (testcase_duration_override)", function()
    local world <close>, slice = workload((FOR_PRESSURE
      .. " ManagedOOMMemoryPressureDurationSec=10s"))
    slice.full = 35
    world:advance "9s"
    assert.same({}, killed(world))
    world:advance "4s"
    assert.equal(1, #killed(world))
  end)

  it("nobody when it was over the limit for too short a time, again and again", function()
    local world <close>, slice = workload()
    world:every("1s", function() slice.full = math.floor(world:now()) % 3 == 0 and 0 or 90 end)
    world:advance "1m"
    assert.same({}, killed(world))
  end)

  it("only one, and then pauses for 15 seconds", function()
    local world <close>, slice, counts = workload()
    counts.testbloat, slice.full = 500, 90
    world:advance "15s"
    assert.same({ BLOAT }, killed(world))
    world:advance "6s"
    assert.same({ BLOAT, MUNCH }, killed(world))
  end)

  it("nobody while nothing is reclaimed", function()
    local world <close>, slice, counts = workload()
    for name in pairs(counts) do
      counts[name] = 0
    end
    slice.full = 90
    world:advance "2m"
    assert.same({}, killed(world))
  end)

  it("nobody for that of the machine, of which it does not know what was reclaimed", function()
    local world <close> = machine "[/] ManagedOOMMemoryPressure=kill"
    spawn(world, "/system.slice/bloat.service", { pgscan = 100 })
    world:write("sys/fs/cgroup/memory.pressure", "some avg10=90.00 avg60=90.00 avg300=90.00 "
      .. "total=1\nfull avg10=90.00 avg60=90.00 avg300=90.00 total=1\n")
    world:advance "2m"
    assert.same({}, killed(world))
  end)
end)


describe("preset=systemd-oomd", function()
  it("only says whom it would kill beside systemd-oomd itself", function()
    for beside, count in pairs { observe = 0, act = 1 } do
      local world <close> = machine(FOR_SWAP, { options = { beside = beside } })
      spawn(world, "/system.slice/systemd-oomd.service", {}, { comm = "systemd-oomd", uid = 999 })
      spawn(world, "/system.slice/large.service", { swap = 300 })
      memory(world, 100, 10)
      world:after("500ms", function() memory(world, 3000, 1000) end)
      world:advance "2s"
      assert.equal(count, #killed(world))
      if beside == "observe" then
        assert.event(world, "holding", { reason = "beside", level = "swap" })
      end
    end
  end)

  it("does nothing in dry run, and says once whom it would kill", function()
    local world <close> = machine(FOR_SWAP, { dry_run = true })
    spawn(world, "/system.slice/large.service", { swap = 300 })
    memory(world, 100, 10)
    world:advance "1m"
    assert.equal(1, world:count("ending"))
    assert.event(world, "would", { key = "kill cgroup /system.slice/large.service" })
    assert.event(world, "holding", { reason = "there" })
    world:stop()
    assert.no_trace(world)
  end)

  -- oomd_system_context_acquire
  it("reads meminfo, and refuses one without what it goes by", function()
    for text, name in pairs {
      ["some\nwords\nacross\nmultiple\nlines"] = "MemTotal",
      ["MemTotal:       32495256 kB trailing\nMemFree:         9880512 kB data\n"
        .. "SwapTotal:       8388604 kB is\nSwapFree:           7604 kB bad\n"] = "Mem",
    } do
      local world = machine(FOR_SWAP)
      world:write("proc/meminfo", text)
      assert.error_matches(function() world:advance "1s" end, "meminfo has no " .. name)
      pcall(world.stop, world)
    end
  end)

  it("refuses where there are no cgroups of version 2", function()
    local world = testing.new { script = "early-oom",
      options = { preset = "systemd-oomd", settings = FOR_SWAP } }
    world.tree:write("proc/self/mounts", "")
    assert.error_matches(function() world:advance "1s" end, "cgroups of version 2")
    pcall(world.stop, world)
  end)
end)
