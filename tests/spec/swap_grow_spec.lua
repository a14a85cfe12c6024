-- SPDX-License-Identifier: MIT
-- The recipe `swap-grow`: files that come when memory and swap get short, and go when idle.
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20
local HEADING <const> = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


local function contents(world, path)
  local file <close> = io.open(world.path .. path)
  return file and file:read "a"
end


--- Areas that are on: path, KiB, KiB used and priority of each.
local function areas(world)
  local found = {}
  for path, kib, used, priority in contents(world, "/proc/swaps"):gmatch
    "(/%S+)%s+%a+%s+(%d+)%s+(%d+)%s+(%-?%d+)" do
    found[#found + 1] = { path, tonumber(kib), tonumber(used), tonumber(priority) }
  end
  return found
end


--- So many MiB of 1000 are available; what is on counts as the kernel would have it.
local function has_available(world, mib)
  world:write("proc/meminfo", ("MemTotal: %d kB\nMemFree: 0 kB\nMemAvailable: %d kB\n"):format(
    1000 << 10, mib << 10))
end


--- Says that so much of each area is used.
local function use(world, used)
  local lines = { HEADING }
  for _, area in ipairs(areas(world)) do
    lines[#lines + 1] = ("%s file\t%d\t%d\t%d\n"):format(area[1], area[2], used[area[1]] or area[3],
      area[4])
  end
  world:write("proc/swaps", table.concat(lines))
end


local function new(options, given)
  given = given or {}
  given.script, given.options = "swap-grow", options or {}
  given.options.file = given.options.file or "100M"
  local world = testing.new(given)
  world:write("var/.keep", "")
  world:write("proc/swaps", HEADING)
  has_available(world, 500)
  return world
end


describe("swap-grow", function()
  it("does nothing while enough is free", function()
    local world <close> = new()
    world:advance "15m"
    assert.same({}, world.acts)
    assert.event(world, "watching", { percent = 50.0, file = 100 * MIB, most = 1000 * MIB })
    world:stop()
    assert.no_trace(world)
  end)

  it("grows until the target is met, by whole files that are filled last", function()
    local world <close> = new()
    has_available(world, 190) -- (190 + x) / (1000 + x) is 30 % with 157 MiB
    world:advance "6s"
    assert.event(world, "grown", { bytes = 200 * MIB, percent = 19 })
    local on = areas(world)
    assert.same({ "/var/pagewarden-1", 100 * 1024 - 4, 0, -2 }, on[1])
    assert.same({ "/var/pagewarden-2", 100 * 1024 - 4, 0, -3 }, on[2])
    world:advance "15m"
    assert.equal(2, #areas(world))
    assert.equal(1, #world:logged("grown"))
  end)

  it("changes nothing between low and high, whichever way it came", function()
    local world <close> = new()
    has_available(world, 190)
    world:advance "6s"
    for _, mib in ipairs { 150, 500, 150, 500 } do
      has_available(world, mib)
      world:advance "20m"
    end
    assert.equal(2, #areas(world))
  end)

  it("takes away one file after the other, the emptiest first, when they have long been idle",
    function()
      local world <close> = new()
      has_available(world, 190)
      world:advance "6s"
      has_available(world, 900)
      use(world, { ["/var/pagewarden-1"] = 50 << 10, ["/var/pagewarden-2"] = 10 << 10 })
      world:advance "9m"
      assert.equal(2, #areas(world))
      world:advance "2m"
      assert.event(world, "shrunk", { path = "/var/pagewarden-2" })
      assert.equal("/var/pagewarden-1", areas(world)[1][1])
      world:advance "11m"
      assert.same({}, areas(world))
      assert.is_nil(contents(world, "/var/pagewarden-1"))
      world:stop()
      assert.no_event(world, "stays")
    end)

  it("does not take a file away whose contents memory has no room for", function()
    local world <close> = new { file = "1G", most = "2G" }
    has_available(world, 190)
    world:advance "6s"
    has_available(world, 700)
    use(world, { ["/var/pagewarden-1"] = 450 << 10 })
    world:write("proc/swaps", contents(world, "/proc/swaps")
      .. "/dev/sda partition\t4096000\t0\t5\n")
    world:advance "30m"
    assert.equal(2, #areas(world))
    has_available(world, 760)
    world:advance "11m"
    assert.equal(1, #areas(world))
  end)

  it("looks at once under pressure", function()
    local world <close> = new { interval = "1h" }
    world:advance "1s"
    has_available(world, 100)
    world:pressure { resource = "memory", kind = "some", avg10 = 30 }
    world:advance "0s"
    assert.event(world, "grown", { bytes = 300 * MIB })
  end)

  it("counts nothing as free that is compressed in memory", function()
    local world <close> = new()
    has_available(world, 150)
    world:write("proc/swaps", HEADING .. "/dev/zram0 partition\t4096000\t0\t100\n")
    world:advance "6s"
    assert.equal(1, #world:logged("grown"))
  end)

  it("counts what others add and remove", function()
    local world <close> = new()
    has_available(world, 150)
    world:write("proc/swaps", HEADING .. "/dev/sda partition\t1024000\t0\t5\n")
    world:advance "15m"
    assert.same({}, world.acts)
    world:write("proc/swaps", HEADING)
    world:advance "5s"
    assert.equal(3, #areas(world))
  end)

  it("puts a file on again that somebody took off, when it is needed", function()
    local world <close> = new()
    has_available(world, 190)
    world:advance "6s"
    world:write("proc/swaps", HEADING)
    world:advance "5s"
    assert.equal(2, #areas(world))
    assert.is_nil(contents(world, "/var/pagewarden-3"))
  end)

  it("has no more files than it may, and says so once", function()
    local world <close> = new { most = "150M" }
    has_available(world, 10)
    world:advance "15m"
    assert.equal(2, #areas(world))
    assert.equal(1, #world:logged("stuck"))
    assert.event(world, "stuck",
      { message = "swap should grow, and 150 MiB in files are the most it may have" })
  end)

  it("says once that the disk is full, and grows when it has room again", function()
    local world <close> = new { reserve = "1000T" }
    has_available(world, 10)
    world:advance "15m"
    assert.same({}, areas(world))
    assert.equal(1, #world:logged("stuck"))
    assert.event(world, "stuck",
      { message = "swap should grow, and the disk of /var has no room" })
  end)

  --- Two files, small enough for a test to copy.
  local SMALL <const> = { file = "20M", most = "40M" }

  it("takes its files over when it starts again, and undoes nothing when it ends", function()
    local world = new(SMALL)
    has_available(world, 190)
    world:advance "6s"
    local kept, on = contents(world, "/var/pagewarden-1"), contents(world, "/proc/swaps")
    world:stop()
    assert.event(world, "stays", { files = 2 })
    local second <close> = new(SMALL)
    second:write("var/pagewarden-1", kept)
    second:write("var/pagewarden-2", kept)
    second:write("proc/swaps", on)
    has_available(second, 900)
    second:advance "21m"
    assert.event(second, "adopted", { files = 2 })
    assert.same({}, areas(second))
  end)

  it("removes files that are off after a boot and not needed, and uses them when they are",
    function()
      local world = new(SMALL)
      has_available(world, 190)
      world:advance "6s"
      local kept = contents(world, "/var/pagewarden-1")
      world:stop()
      for available, on in pairs { [500] = 0, [190] = 2 } do
        local second <close> = new(SMALL)
        second:write("var/pagewarden-1", kept)
        has_available(second, available)
        second:advance "6s"
        assert.equal(on, #areas(second))
        assert.equal(on > 0, contents(second, "/var/pagewarden-1") ~= nil)
      end
    end)

  --- A file of SMALL's size as a run leaves it.
  local function small_file()
    local world <close> = new(SMALL)
    has_available(world, 190)
    world:advance "6s"
    return contents(world, "/var/pagewarden-1")
  end

  it("puts its files on that are off though the disk has no room for others", function()
    local world <close> = new { file = "20M", most = "60M", reserve = "1000T" }
    local kept = small_file()
    world:write("var/pagewarden-1", kept)
    world:write("var/pagewarden-7", kept)
    has_available(world, 10)
    world:advance "6s"
    assert.event(world, "grown", { total = 40 * MIB })
    assert.equal(2, #areas(world))
    world:advance "2m"
    assert.event(world, "stuck",
      { message = "swap should grow, and the disk of /var has no room" })
  end)

  it("puts a file on that is larger than what is lacking, where there is room for no other",
    function()
      local world <close> = new { file = "1M", most = "60M", reserve = "1000T",
        target = "21%" }
      world:write("var/pagewarden-1", small_file())
      has_available(world, 199)
      world:write("proc/swaps", HEADING .. "/dev/sda partition\t133120\t108544\t5\n")
      world:advance "6s"
      assert.event(world, "grown", { total = 20 * MIB })
    end)

  it("leaves the disk more than others must take before it gives files back", function()
    local other <close> = new()
    local free = assert(require("pagewarden.swap").room(other.path)).free
    local world <close> = new { reserve = ("%dK"):format((free >> 10) - (120 << 10)) }
    has_available(world, 190)
    world:advance "6s"
    local grown = world:logged("grown")[1].bytes
    assert.is_true(grown > 60 * MIB and grown < 112 * MIB, grown)
  end)

  it("goes on with other files where one cannot be put on", function()
    local world <close> = new(SMALL)
    world:write("var/pagewarden-1", small_file():sub(1, -4097))
    has_available(world, 190)
    world:advance "6s"
    local on = areas(world)
    assert.same({ "/var/pagewarden-2", "/var/pagewarden-3" }, { on[1][1], on[2][1] })
    assert.event(world, "grown", { total = 40 * MIB })
    assert.is_nil(contents(world, "/var/pagewarden-1"))
  end)

  it("leaves files alone that are not its own", function()
    local world <close> = new()
    world:write("var/pagewarden-1", "something else")
    world:write("var/pagewarden-x", "something else")
    has_available(world, 190)
    world:advance "6s"
    assert.event(world, "stuck", { message = "swap /var/pagewarden-1: there is already a file, "
      .. "which is no swap" })
    assert.equal("something else", contents(world, "/var/pagewarden-1"))
  end)

  it("would grow once in dry run", function()
    local world <close> = new(nil, { dry_run = true })
    has_available(world, 190)
    world:advance "10m"
    assert.equal(1, #world:logged("grown"))
    assert.equal(4, #world.acts)
    assert.is_nil(contents(world, "/var/pagewarden-1"))
  end)

  it("warns when what is encrypted gets plain company", function()
    local world <close> = new()
    world:write("proc/diskstats", " 8 1 dm-0 0 0 0 0 0 0 0 0 0 0 0\n")
    world:write("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-1\n")
    world:write("proc/swaps", HEADING .. "/dev/dm-0 partition\t8\t0\t-2\n")
    has_available(world, 100)
    world:advance "6s"
    assert.event(world, "plain", { encrypted = "/dev/dm-0", folder = "/var" })
  end)

  for message, options in pairs {
    ["there is no such folder"] = { folder = "/none" },
    ["low, target and high must rise"] = { low = "50%" },
  } do
    it("refuses with its reason: " .. message, function()
      assert.error_matches(function()
        local world <close> = new(options)
        world:advance "1s"
      end, message)
    end)
  end

  it("refuses a folder behind a link, whose files have another path", function()
    for folder, where in pairs { ["/link/"] = "/var", ["/link/in"] = "/var/in" } do
      local world <close> = new { folder = folder }
      world:write("var/in/.keep", "")
      assert(os.execute(("ln -s var %s/link"):format(world.path)))
      assert.error_matches(function() world:advance "1s" end,
        ("%s is %s, by way of a link: give that"):format(folder, where))
    end
    local plain <close> = new { folder = "/var//" }
    plain:advance "1s"
    assert.event(plain, "watching", {})
  end)

  it("refuses where the kernel has no swap, and in a container", function()
    local without <close> = new()
    os.remove(without.path .. "/proc/swaps")
    assert.error_matches(function() without:advance "1s" end, "proc/swaps: No such file")
    local contained <close> = new()
    assert(os.execute(("mkdir -p %s/proc/self/ns && ln -s 'pid:[1]' %s/proc/self/ns/pid"):format(
      contained.path, contained.path)))
    assert.error_matches(function() contained:advance "1s" end, "in a container")
  end)

  it("only looks now and then where there is no pressure to wait for", function()
    local world <close> = new()
    os.remove(world.path .. "/proc/pressure/memory")
    has_available(world, 190)
    world:advance "6s"
    assert.equal(2, #areas(world))
  end)
end)
