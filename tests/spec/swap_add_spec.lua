-- SPDX-License-Identifier: MIT
-- The recipe `swap-add`: files that are made and put on, all or none, and removed again.
local testing = require "pagewarden.testing"

local MIB <const>, GIB <const> = 1 << 20, 1 << 30
local HEADING <const> = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

--- More than any disk has.
local ALL <const> = "1000T"


local function new(options, furnish)
  local world = testing.new { script = "swap-add", options = options }
  world:write("proc/swaps", HEADING)
  for _, folder in ipairs { "var", "disk1", "disk2" } do
    world:write(folder .. "/.keep", "")
  end
  if furnish then
    furnish(world)
  end
  return world
end


local function contents(world, path)
  local file <close> = io.open(world.path .. path)
  return file and file:read "a"
end


--- Lines of /proc/swaps without their heading.
local function areas(world)
  local lines = {}
  for line in contents(world, "/proc/swaps"):gmatch "[^\n]+" do
    lines[#lines + 1] = line:gsub("%s+", " ")
  end
  table.remove(lines, 1)
  return lines
end


--- Each folder is on a disk of its own; / on an encrypted one.
local function furnish_disks(world)
  local rows = {}
  for i, name in ipairs { "dm-0", "sda", "sdb" } do
    rows[i] = (" 8 %d %s 0 0 0 0 0 0 0 0 0 0 0\n"):format(i, name)
  end
  world:write("proc/diskstats", table.concat(rows))
  world:write("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-1\n")
  world:write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/dm-0 rw\n"
    .. "23 22 8:2 / /disk1 rw - ext4 /dev/sda rw\n24 22 8:3 / /disk2 rw - ext4 /dev/sdb rw\n")
end


--- Two folders on /disk1 as well, each with half of its room.
local function furnish_halves(world)
  furnish_disks(world)
  world:write("disk1/a/.keep", "")
  world:write("disk1/b/.keep", "")
end


describe("swap-add", function()
  it("makes one file of what is lacking, to be filled last, when it is told nothing", function()
    local world <close> = new()
    world:run()
    assert.same({ "/var/pagewarden.swap file 3014652 0 -2" }, areas(world))
    assert.event(world, "added", { path = "/var/pagewarden.swap", size = 2944 * MIB,
      fstab = "/var/pagewarden.swap none swap sw,nofail 0 0" })
  end)

  it("makes another one beside it", function()
    local world <close> = new({ size = "1M" }, function(world)
      world:write("var/pagewarden.swap", "something else")
    end)
    world:run()
    assert.same({ "/var/pagewarden.swap-2 file 1020 0 -2" }, areas(world))
  end)

  it("fills several files evenly", function()
    local world <close> = new({ folders = { "/disk1/", "/disk2" }, size = "8M" }, furnish_disks)
    world:run()
    assert.same({ "/disk1/pagewarden.swap file 4092 0 1", "/disk2/pagewarden.swap file 4092 0 1" },
      areas(world))
    assert.no_event(world, "shared")
    assert.no_event(world, "plain")
  end)

  it("puts them on as they were named, also where the last has the least room", function()
    local world <close> = new({ folders = { "/var", "/disk1/a", "/disk1/b" }, size = "3M" },
      furnish_halves)
    world:run()
    assert.same({ "/var/pagewarden.swap file 1020 0 1", "/disk1/a/pagewarden.swap file 1020 0 1",
      "/disk1/b/pagewarden.swap file 1020 0 1" }, areas(world))
  end)

  it("takes the priority of the areas there are, but for those in memory", function()
    local world <close> = new({ size = "1M" }, function(world)
      world:write("proc/swaps", HEADING .. "/dev/zram0 partition\t8\t0\t3\n"
        .. "/dev/sda partition\t8\t0\t7\n/dev/sdb partition\t8\t0\t9\n")
    end)
    world:run()
    assert.equal("/var/pagewarden.swap file 1020 0 7", areas(world)[4])
  end)

  it("takes a priority that is given", function()
    local world <close> = new { size = "1M", priority = 0 }
    world:run()
    assert.equal("/var/pagewarden.swap file 1020 0 0", areas(world)[1])
  end)

  it("warns when what is encrypted gets plain company", function()
    local world <close> = new({ folders = { "/var", "/disk1" }, size = "2M" }, function(world)
      furnish_disks(world)
      world:write("proc/swaps", HEADING .. "/dev/dm-0 partition\t8\t0\t-2\n")
    end)
    world:run()
    assert.event(world, "plain", { folder = "/disk1", encrypted = "/dev/dm-0" })
    assert.no_event(world, "plain", { folder = "/var" })
    assert.equal(3, #areas(world))
  end)

  it("warns of folders on one disk", function()
    local world <close> = new({ folders = { "/disk1/a", "/disk1/b" }, size = "2M" }, furnish_halves)
    world:run()
    assert.event(world, "shared", { folder = "/disk1/b", disk = "sda" })
    assert.equal(2, #areas(world))
  end)

  it("wants no folder twice", function()
    assert.error_matches(function() new { folders = { "/var", "/var" } } end,
      "/var is named twice")
  end)

  it("chooses less where the disk has room for less, and refuses where it has none", function()
    local world <close> = new { reserve = ALL }
    assert.error_matches(function() world:run() end, "/var has room for 0 B only, with 1000 TiB")
    assert.same({}, areas(world))
    world:stop()
    assert.no_trace(world)
  end)

  it("does not make less than was asked for", function()
    local world <close> = new { size = ALL }
    assert.error_matches(function() world:run() end, "/var has room for %d+.* only, with a twenti")
  end)

  it("leaves no file when another cannot be made", function()
    local world <close> = new({ folders = { "/disk1", "/disk2" }, size = "2M" }, function(world)
      assert(os.execute(("chmod 777 '%s/disk2'"):format(world.path)))
    end)
    assert.error_matches(function() world:run() end, "others may change the folder")
    assert.is_nil(contents(world, "/disk1/pagewarden.swap"))
    assert.same({}, areas(world))
  end)

  it("makes none when a folder has as many as there can be", function()
    local world <close> = new({ folders = { "/disk1", "/disk2" }, size = "2M" }, function(world)
      for number = 1, 32 do
        world:write(("disk2/pagewarden.swap%s"):format(number > 1 and "-" .. number or ""), "")
      end
    end)
    assert.error_matches(function() world:run() end, "/disk2 has 32 files already")
    assert.is_nil(contents(world, "/disk1/pagewarden.swap"))
  end)

  it("says that there is no such folder", function()
    local world <close> = new { folders = { "/none" } }
    assert.error_matches(function() world:run() end, "swap /none: there is no such folder")
  end)

  it("escapes the bytes of a folder's name", function()
    local world <close> = new({ folders = { "/evil) R 1\n\27[2J" }, size = "1M" }, function(world)
      world:write("evil) R 1\n\27[2J/.keep", "")
    end)
    world:run()
    assert.same({ "/evil)\\040R\\0401\\012\27[2J/pagewarden.swap file 1020 0 -2" }, areas(world))
    assert.event(world, "added", { path = "/evil) R 1\n\27[2J/pagewarden.swap" })
  end)

  it("makes nothing in dry run", function()
    local world <close> = testing.new { script = "swap-add", dry_run = true }
    world:write("var/.keep", "")
    world:run()
    assert.act(world, { event = "would", key = "swap /var/pagewarden.swap", value = "on" })
    world:stop()
    assert.no_trace(world)
  end)

  it("refuses in a container, whose swap is the machine's", function()
    local function furnish(world)
      assert(os.execute(("mkdir -p %s/proc/self/ns && ln -s 'pid:[1]' %s/proc/self/ns/pid"):format(
        world.path, world.path)))
    end
    local world <close> = new(nil, furnish)
    assert.error_matches(function() world:run() end, "in a container %(a pid namespace of its own")
    local forced <close> = new({ force = true, size = "1M" }, furnish)
    forced:run()
    assert.equal(1, #areas(forced))
  end)

  --- Runs it twice in one world's folders: with `remove` on what the first run left.
  local function add_then_remove(furnish)
    local world = new { size = "1M" }
    world:run()
    local header = contents(world, "/var/pagewarden.swap")
    world:stop()
    return new({ remove = true }, function(second)
      second:write("var/pagewarden.swap", header)
      second:write("var/pagewarden.swap-2", "not ours")
      second:write("proc/swaps", HEADING .. "/var/pagewarden.swap file\t1020\t512\t-2\n")
      furnish(second)
    end)
  end

  it("removes what it made, and nothing else", function()
    local world <close> = add_then_remove(function() end)
    world:run()
    assert.same({}, areas(world))
    assert.is_nil(contents(world, "/var/pagewarden.swap"))
    assert.equal("not ours", contents(world, "/var/pagewarden.swap-2"))
  end)

  it("leaves on what memory has no room for", function()
    local world <close> = add_then_remove(function(world)
      world:write("proc/meminfo", "MemTotal: 1024 kB\nMemAvailable: 600 kB\n")
    end)
    assert.error_matches(function() world:run() end, "memory has no room for the 0 MiB in it")
    assert.event(world, "stays", { path = "/var/pagewarden.swap" })
    assert.equal(1, #areas(world))
  end)

  it("says that there is nothing to remove", function()
    local world <close> = new { remove = true, folders = { "/disk1", "/disk2" } }
    assert.error_matches(function() world:run() end,
      "there is no file of swap%-add in /disk1, /disk2")
  end)

  it("is as large as its options say together", function()
    local world <close> = new { folders = { "/disk1", "/disk2", "/var" }, size = "3G", reserve = 0 }
    world:run()
    assert.event(world, "added", { size = GIB, priority = 1 })
  end)
end)
