-- SPDX-License-Identifier: MIT
-- The recipe `proactive-reclaim`: from whom it takes how much, and when it stops.
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20
local PAGES <const> = 256 -- in a MiB
local UNIT <const> = "/system.slice/web.service"


local function pressure(total_us)
  return ("some avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n"
    .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"):format(total_us)
end


--- The files of a cgroup with a process in it: `mib` of memory, half of it files.
local function add_cgroup(world, path, mib)
  local folder = "sys/fs/cgroup" .. path
  world:write("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n")
  world:write(folder .. "/memory.current", mib * MIB .. "\n")
  world:write(folder .. "/memory.reclaim", "")
  for _, resource in ipairs { "memory", "io" } do
    world:write(("%s/%s.pressure"):format(folder, resource), pressure(0))
  end
  local function set_stat(refaults)
    world:write(folder .. "/memory.stat", ("inactive_anon %d\nactive_anon 0\ninactive_file %d\n"
      .. "active_file 0\nworkingset_refault_anon 0\nworkingset_refault_file %d\n"):format(
      mib * MIB // 2, mib * MIB // 2, refaults))
  end
  set_stat(0)
  return { p = world:spawn { comm = "web", cgroup = path }, set_stat = set_stat,
    wait = function(resource, total_us)
      world:write(("%s/%s.pressure"):format(folder, resource), pressure(total_us))
    end }
end


local function new(options, dry_run)
  return testing.new { script = "proactive-reclaim", options = options, dry_run = dry_run }
end


--- What was asked of a cgroup, in order.
local function asked(world, path)
  local values = {}
  for _, act in ipairs(world.acts) do
    values[#values + 1] = act.key == "reclaim cgroup " .. (path or UNIT) and act.value or nil
  end
  return values
end


describe("proactive-reclaim", function()
  it("takes a small part at every look but the first, and leaves nothing behind", function()
    local world <close> = new()
    add_cgroup(world, UNIT, 800)
    world:advance "30s"
    assert.same({}, asked(world))
    world:advance "61s"
    assert.same({ tostring(2 * MIB), tostring((800 - 2) * MIB // 400) }, asked(world))
    local taken = world.tree.files["sys/fs/cgroup" .. UNIT .. "/memory.current"]
    assert.equal((800 - 2) * MIB - (800 - 2) * MIB // 400, tonumber(taken))
    world:stop()
    assert.no_trace(world)
  end)

  it("takes less the nearer its pressure is to the target", function()
    local world <close> = new()
    local unit = add_cgroup(world, UNIT, 800)
    world:advance "31s"
    unit.wait("memory", 15000) -- of the next 30 s: 0.05 %
    world:advance "30s"
    assert.same({ tostring(MIB) }, asked(world))
  end)

  for _, resource in ipairs { "memory", "io" } do
    it("leaves alone who waits for " .. resource .. ", twice as long each time", function()
      local world <close> = new()
      local unit = add_cgroup(world, UNIT, 800)
      local waited = 0
      local timer = world:every("30s", function()
        waited = waited + 300000
        unit.wait(resource, waited)
      end)
      world:advance "10m"
      assert.same({}, asked(world))
      assert.event(world, "pause", { cgroup = UNIT, message = UNIT .. " waited 1% of the time for "
        .. "memory or disks: it is left alone" })
      timer:cancel()
      world:advance "2m"
      assert.same({}, asked(world))
      world:advance "15m"
      assert.is_true(#asked(world) > 0)
    end)
  end

  it("stops when what it took comes back", function()
    local world <close> = new()
    local unit = add_cgroup(world, UNIT, 800)
    world:advance "61s"
    assert.equal(1, #asked(world))
    unit.set_stat(PAGES // 2)
    world:advance "30s"
    assert.equal(1, #asked(world))
    assert.event(world, "pause", { message = UNIT .. " got back 512 KiB of the 2 MiB that were "
      .. "taken: it is left alone" })
    world:advance "30s"
    assert.equal(1, #asked(world))
    world:advance "30s"
    assert.equal(2, #asked(world))
  end)

  it("leaves alone who gets all back twice as long each time", function()
    local world <close> = new()
    local unit = add_cgroup(world, UNIT, 800)
    world:every("10s", function() unit.set_stat(#asked(world) * 2 * PAGES) end)
    world:advance "2h"
    assert.is_true(#asked(world) > 3 and #asked(world) < 9, #asked(world))
  end)

  it("minds no page or two that come back", function()
    local world <close> = new()
    local unit = add_cgroup(world, UNIT, 800)
    world:advance "61s"
    unit.set_stat(PAGES // 10)
    world:advance "30s"
    assert.equal(2, #asked(world))
  end)

  it("never makes a cgroup smaller than it may be", function()
    local world <close> = new { step = "50%" }
    add_cgroup(world, UNIT, 120)
    add_cgroup(world, "/system.slice/small.service", 100)
    world:advance "10m"
    assert.same({ tostring(20 * MIB) }, asked(world))
    assert.same({}, asked(world, "/system.slice/small.service"))
  end)

  it("takes no more than lies in files where there is no swap, or none is left", function()
    local world <close> = new { step = "100%", min_size = "1M" }
    add_cgroup(world, UNIT, 800)
    world:write("proc/meminfo", "MemTotal: 4000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    world:advance "61s"
    assert.same({ tostring(400 * MIB) }, asked(world))
  end)

  it("asks the kernel to spare swap when little of it is left", function()
    local world <close> = new()
    add_cgroup(world, UNIT, 800)
    world:write("proc/meminfo", "MemTotal: 4000000 kB\nSwapTotal: 100000 kB\nSwapFree: 24999 kB\n")
    world:advance "61s"
    assert.same({ 2 * MIB .. " swappiness=0" }, asked(world))
  end)

  it("goes on when a cgroup is removed, made again or added, whatever its name", function()
    local evil <const> = "/system.slice/evil) R 1\27[2J.service"
    local world <close> = new()
    local unit = add_cgroup(world, UNIT, 800)
    world:advance "61s"
    world:exit(unit.p)
    world.tree:remove_folder("sys/fs/cgroup" .. UNIT)
    add_cgroup(world, evil, 800)
    world:advance "10m"
    assert.equal(1, #asked(world))
    assert.is_true(#asked(world, evil) > 5)
    add_cgroup(world, UNIT, 800)
    world:advance "10m"
    assert.is_true(#asked(world) > 5)
  end)

  it("takes from those that are meant, and from those above where memory is accounted for",
    function()
      local world <close> = new { cgroup = { "/web/", "/app" }, ignore = { "^/web/db" } }
      for _, path in ipairs { "/web/a", "/web/db", "/website", "/app" } do
        add_cgroup(world, path, 800)
      end
      world:spawn { comm = "inner", cgroup = "/app/inner/most" }
      world:write("sys/fs/cgroup/app/inner/most/cgroup.procs", "")
      world:advance "61s"
      assert.equal(2, #world.acts)
      assert.same({ 1, 1 }, { #asked(world, "/web/a"), #asked(world, "/app") })
    end)

  it("says now and then how much it took", function()
    local world <close> = new { report = "10m" }
    add_cgroup(world, UNIT, 800)
    world:advance "10m"
    assert.event(world, "taken", { cgroups = 1, pauses = 0,
      bytes = function(bytes) return bytes > 17 * 2 * MIB and bytes < 19 * 2 * MIB end })
  end)

  it("takes nothing in dry run, and says what it would", function()
    local world <close> = new(nil, true)
    add_cgroup(world, UNIT, 800)
    world:advance "61s"
    assert.act(world, { event = "would", key = "reclaim cgroup " .. UNIT })
    assert.no_act(world, { event = "act" })
  end)

  it("goes by what comes back where the kernel has no PSI", function()
    local world <close> = new()
    add_cgroup(world, UNIT, 800)
    for _, path in ipairs { "proc/pressure/memory", "sys/fs/cgroup" .. UNIT .. "/memory.pressure",
      "sys/fs/cgroup" .. UNIT .. "/io.pressure" } do
      world:write(path, "")
    end
    world:advance "61s"
    assert.event(world, "without_pressure")
    assert.equal(1, #asked(world))
  end)

  it("refuses where no process is in such a cgroup", function()
    local world <close> = new { cgroup = { "/none" } }
    add_cgroup(world, UNIT, 800)
    assert.error_matches(function() world:advance "1s" end,
      "no process is in a cgroup below /none that is not ignored; name others by cgroup=")
  end)

  describe("without memory.reclaim", function()
    it("makes the memory of who is idle the first to go, once", function()
      local world <close> = new()
      local sleeper = world:spawn { comm = "sleeper", rss_anon = 64 * MIB }
      world:spawn { comm = "small", rss_anon = 8 * MIB }
      world:advance "9m"
      assert.event(world, "fallback")
      world:advance "30m"
      assert.equal(1, #world.acts)
      assert.matches(("^reclaim cold %d:"):format(sleeper.pid), world.acts[1].key)
    end)

    it("does so from when it finds out, on a kernel before 5.19", function()
      local world <close> = new()
      local unit = add_cgroup(world, UNIT, 800)
      unit.p.rss_anon = 700 * MIB
      os.remove(("%s/sys/fs/cgroup%s/memory.reclaim"):format(world.path, UNIT))
      world:spawn { comm = "stranger", rss_anon = 64 * MIB, cgroup = "/elsewhere" }
      world:advance "30m"
      assert.event(world, "fallback")
      assert.equal(1, #world.acts)
      assert.matches(("^reclaim cold %d:"):format(unit.p.pid), world.acts[1].key)
      assert.same({ 1, 0 }, { world.instance:count_waiting() })
    end)

    it("refuses where there is no swap either", function()
      local world <close> = new()
      world:write("proc/meminfo", "MemTotal: 4000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
      assert.error_matches(function() world:advance "1s" end, "memory.reclaim is in cgroups of "
        .. "version 2, which are not here; and without swap nothing else can be done")
    end)
  end)
end)
