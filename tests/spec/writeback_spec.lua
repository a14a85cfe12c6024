-- SPDX-License-Identifier: MIT
-- The recipe `writeback`: which limits it sets for which disks, when it leaves them alone, and that
-- it puts them back. How fast a disk is, is learnt in recipe_write_speed_spec.lua.
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20

local SETTINGS = { dirty_bytes = 0, dirty_ratio = 20, dirty_background_bytes = 0,
  dirty_background_ratio = 10 }


--- A disk that has done nothing yet.
local function idle(name)
  return { name = name, requests = 0, sectors = 0, ms = 0 }
end


--- Writes down what the machine has done, as the kernel counts it.
local function count(world)
  local lines = {}
  for i, disk in ipairs(world.disks) do
    lines[i] = ("   8 %7d %s 0 0 0 0 %d 0 %d %d 0 %d %d\n"):format(i * 16, disk.name, disk.requests,
      disk.sectors, disk.ms * 8 // 1, disk.ms // 1, disk.ms * 8 // 1)
  end
  world:write("proc/diskstats", table.concat(lines))
  world:write("proc/vmstat", ("nr_dirty 40\nnr_writeback 0\nnr_written %d\nnr_dirty_threshold %d\n"
    .. "nr_dirty_background_threshold %d\n"):format(world.written // 4096, world.limit // 4096,
    world.limit // 8192))
end


--- A machine with 3.4 GiB free or cached, whose disks write what `world.writes` says: MiB a second
--- and percent busy, by name.
local function new(given)
  given = given or {}
  given.script = "writeback"
  local world = testing.new(given)
  world.disks, world.writes = { idle "sda", idle "sdb" }, {}
  world.written, world.limit = 0, 700 * MIB
  for name, value in pairs(SETTINGS) do
    world:write("proc/sys/vm/" .. name, value .. "\n")
  end
  count(world)
  world:every(1, function()
    for _, disk in ipairs(world.disks) do
      local mib, busy, around = table.unpack(world.writes[disk.name] or { 0, 0 })
      disk.sectors, disk.requests = disk.sectors + mib * 2048 // 1, disk.requests + mib * 2 // 1
      disk.ms = disk.ms + busy * 10
      world.written = world.written + (around and 0 or mib * MIB // 1)
    end
    count(world)
  end)
  return world
end


local function setting(world, name)
  local file <close> = assert(io.open(world.path .. "/proc/sys/vm/" .. name))
  return file:read "n"
end


--- The limit and where flushers begin, in MiB.
local function limits(world)
  return { setting(world, "dirty_bytes") // MIB, setting(world, "dirty_background_bytes") // MIB }
end


local function adaptations(world)
  local limits_set = {}
  for _, event in ipairs(world.events) do
    if event.event == "adapted" then
      limits_set[#limits_set + 1] = event.limit // MIB
    end
  end
  return limits_set
end


local function refusal(given, furnish)
  local world <close> = new(given)
  furnish(world)
  local ok, message = pcall(world.advance, world, "1m")
  assert.is_false(ok)
  assert.no_act(world, {})
  return message
end


describe("writeback", function()
  it("says who writes, and where writers are held", function()
    local world <close> = new()
    world:advance "1s"
    assert.event(world, "flushers", { limit = 700 * MIB, background = 350 * MIB,
      dirty = 160 << 10, message = function(message)
        return message:find("pdflush is gone", 1, true)
          and message:find("writers are slowed from 525 MiB on and held at 700 MiB", 1, true)
      end })
  end)

  for release, who in pairs { ["2.6.18"] = "^pdflush writes for all disks;",
    ["2.6.32-754.el6"] = "^pdflush is gone: .* a thread called flush%-MAJOR:MINOR;",
    ["6.12.0"] = "^pdflush is gone: .* a kworker called flush%-MAJOR:MINOR while it writes;" } do
    it("knows who writes on Linux " .. release, function()
      local world <close> = new()
      world:write("proc/sys/kernel/osrelease", release .. "\n")
      world:advance "1s"
      assert.event(world, "flushers", { message = function(message) return message:find(who) end })
    end)
  end

  it("sets nothing while nothing is written", function()
    local world <close> = new()
    world:advance "20m"
    assert.no_act(world, {})
  end)

  it("holds writers at what is written in the time, and puts all back when it stops", function()
    local world <close> = new()
    world.writes.sda = { 100, 100 }
    world:advance "6s"
    assert.same({ 500, 125 }, limits(world))
    assert.event(world, "adapted", { limit = 500 * MIB, background = 125 * MIB, disk = "sda",
      was = 0, speed = 100 * MIB })
    world:stop()
    assert.no_trace(world)
  end)

  it("puts in bytes back what was in bytes", function()
    local world <close> = new()
    for name, value in pairs { dirty_bytes = 900 * MIB, dirty_ratio = 0,
      dirty_background_bytes = 300 * MIB, dirty_background_ratio = 0 } do
      world:write("proc/sys/vm/" .. name, value .. "\n")
    end
    world.writes.sda = { 100, 100 }
    world:advance "6s"
    assert.same({ 500, 125 }, limits(world))
    world:stop()
    assert.no_trace(world)
  end)

  it("learns as much from a disk that is seldom busy", function()
    local world <close> = new { options = { burst = "2s", background = "50%" } }
    world.writes.sda = { 10, 10 }
    world:advance "1m"
    assert.same({ 200, 100 }, limits(world))
  end)

  it("keeps to 64 MiB for a slow disk, and to a share of what may be dirty for a fast one",
    function()
      local slow <close> = new()
      slow.writes.sda = { 5, 100 }
      slow:advance "1m"
      assert.same({ 64, 16 }, limits(slow))
      local fast <close> = new()
      fast.writes.sda = { 3000, 100 }
      fast:advance "1m"
      assert.same({ (2911024 + 307608 + 340840) // 5 >> 10 }, { limits(fast)[1] })
    end)

  it("is held up by the disk that is done last", function()
    local world <close> = new()
    world.writes.sda, world.writes.sdb = { 40, 40 }, { 10, 100 }
    world:advance "1m"
    assert.same({ 250, 62 }, limits(world))
    assert.event(world, "adapted", { disk = "sdb" })
  end)

  it("lets a stick that was pulled out hold nobody up", function()
    local world <close> = new()
    world.writes.sda, world.writes.sdb = { 80, 40 }, { 10, 100 }
    world:advance "3m"
    assert.same({ 450 }, { limits(world)[1] })
    table.remove(world.disks, 2)
    world:advance "70s"
    assert.event(world, "adapted", { disk = "sda", limit = 695 * MIB })
  end)

  it("learns nothing from what programs write around the cache", function()
    local world <close> = new()
    world.writes.sda = { 100, 100, true }
    world:advance "10m"
    assert.no_act(world, {})
  end)

  it("stays where it is while the speed hardly changes", function()
    local world <close> = new()
    world:every(60, function()
      local is_slow = world.writes.sda and world.writes.sda[1] == 100
      world.writes.sda = { is_slow and 85 or 100, 100 }
    end)
    world:advance "20m"
    assert.equal(1, #adaptations(world))
  end)

  it("follows a disk that has become slower, and not more often than once in a minute", function()
    local world <close> = new()
    world.writes.sda = { 100, 100 }
    world:advance "10m"
    world.writes.sda = { 25, 100 }
    world:advance "10m"
    local all = adaptations(world)
    assert.equal(500, all[1])
    assert.is_true(all[#all] < 160 and #all <= 6, table.concat(all, " "))
  end)

  it("takes less when memory has gone to programs", function()
    local world <close> = new()
    world.writes.sda = { 100, 100 }
    world:advance "2m"
    world:write("proc/meminfo", "MemTotal: 4028440 kB\nMemFree: 200000 kB\nDirty: 0 kB\n"
      .. "Writeback: 0 kB\nActive(file): 200000 kB\nInactive(file): 200000 kB\n")
    world:advance "2m"
    assert.same({ 117 }, { limits(world)[1] })
  end)

  it("writes nothing in dry run, and says what it would set once", function()
    local world <close> = new { dry_run = true }
    world.writes.sda = { 100, 100 }
    world:advance "10m"
    assert.act(world, { event = "would", key = "sysctl vm.dirty_bytes", value = "524288000" })
    assert.equal(1, #adaptations(world))
    assert.same({ 0, 0 }, limits(world))
  end)

  it("leaves the limit alone when somebody else sets it", function()
    local world <close> = new()
    world.writes.sda = { 100, 100 }
    world:every(90, function()
      world:write("proc/sys/vm/dirty_bytes", (200 * MIB) .. "\n")
    end)
    world:advance "10m"
    assert.event(world, "gave-up", { message = function(message)
      return message:find "vm.dirty_bytes: let go after 2 writes by somebody else"
    end })
    assert.same({ 1, 1 }, { world:count "gave-up", world:count "refused" })
    assert.same({ 200, 0 }, limits(world))
    assert.equal(10, setting(world, "dirty_background_ratio"))
  end)

  it("takes any bytes for the name of a disk", function()
    local world <close> = new()
    world.disks[1].name = "evil)\27[2J"
    count(world)
    world.writes["evil)\27[2J"] = { 100, 100 }
    world:advance "6s"
    assert.event(world, "adapted", { disk = "evil)\27[2J" })
  end)

  it("goes on when a disk, or all of them, cannot be seen for a while", function()
    local world <close> = new()
    world.writes.sda = { 100, 100 }
    world:after(20, function() table.remove(world.disks, 1) end)
    world:after(30, function() table.insert(world.disks, 1, idle "sda") end)
    world:advance "10m"
    assert.same({ 500, 125 }, limits(world))
  end)

  describe("has nothing to do", function()
    it("where there is no limit in bytes", function()
      assert.matches("there is no vm.dirty_bytes here, which came with Linux 2.6.29",
        refusal({}, function(world) os.remove(world.path .. "/proc/sys/vm/dirty_bytes") end))
    end)

    it("where it cannot see the disks", function()
      assert.matches("diskstats", refusal({}, function(world)
        os.remove(world.path .. "/proc/diskstats")
        world.disks = {}
      end))
    end)

    it("where writers are held at less than 64 MiB already", function()
      assert.matches("writers are held at 40 MiB already, which is below floor, 64 MiB",
        refusal({}, function(world)
          world.limit = 40 * MIB
          count(world)
        end))
      assert.matches("writers are held at 32 MiB already", refusal({}, function(world)
        world:write("proc/sys/vm/dirty_bytes", (32 * MIB) .. "\n")
      end))
    end)
  end)

  it("takes no floor below 64 MiB", function()
    assert.error_matches(function() new { options = { floor = "32M" } } end, "floor")
  end)
end)
