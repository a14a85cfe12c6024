-- SPDX-License-Identifier: MIT
-- The recipe `zram`: swap compressed in memory is set up, resized and taken away.
local testing = require "pagewarden.testing"

local MIB <const>, GIB <const> = 1 << 20, 1 << 30
local HEADING <const> = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


local function contents(world, path)
  local file <close> = io.open(world.path .. path)
  return file and file:read "a"
end


local function add_device(world, name, files)
  for file, value in pairs { disksize = "0", initstate = "0", reset = "", mem_limit = "0",
    comp_algorithm = "lzo [lzo-rle] zstd", mm_stat = "0 0 0 0 0 0 0 0 0" } do
    world:write(("sys/block/%s/%s"):format(name, file), (files and files[file] or value) .. "\n")
  end
  world:write("dev/" .. name, files and files.contents or "")
end


local function new(options, furnish)
  local world = testing.new { script = "zram", options = options }
  world:write("proc/swaps", HEADING)
  world:write("proc/sys/vm/page-cluster", "0\n")
  if furnish then
    furnish(world)
  else
    add_device(world, "zram0")
  end
  return world
end


--- What a first run left, for a second one.
local function set_up_before(options)
  local world <close> = new(options)
  world:run()
  local first = {}
  for _, path in ipairs { "/sys/block/zram0/disksize", "/sys/block/zram0/initstate",
    "/sys/block/zram0/comp_algorithm", "/sys/block/zram0/mem_limit", "/dev/zram0",
    "/proc/swaps" } do
    first[path] = contents(world, path)
  end
  return function(second)
    add_device(second, "zram0")
    for path, text in pairs(first) do
      second:write(path:sub(2), text)
    end
  end
end


describe("zram", function()
  it("sets up half of memory, when it is told nothing", function()
    local world <close> = new()
    world:write("proc/meminfo", "MemTotal: 65000 kB\nMemAvailable: 60000 kB\n")
    world:run()
    assert.event(world, "set_up", { path = "/dev/zram0", size = 31 * MIB, priority = 100 })
    assert.matches("/dev/zram0 partition\t31740\t0\t100\n", contents(world, "/proc/swaps"), 1,
      true)
    assert.equal("lzo [lzo-rle] zstd\n", contents(world, "/sys/block/zram0/comp_algorithm"))
  end)

  it("takes an algorithm, a limit and a size", function()
    local world <close> = new { size = "64M", algorithm = "zstd", limit = "16M", priority = 7 }
    world:run()
    assert.equal("lzo lzo-rle [zstd]\n", contents(world, "/sys/block/zram0/comp_algorithm"))
    assert.equal("16777216\n", contents(world, "/sys/block/zram0/mem_limit"))
    assert.event(world, "set_up", { size = 64 * MIB, priority = 7, limit = 16 * MIB })
  end)

  it("warns of a limit that keeps the device from its size", function()
    local world <close> = new { size = "64M", limit = "16M" }
    world:run()
    assert.event(world, "limit", { message = "64 MiB of pages are in 16 MiB only when they "
      .. "compress to 25%: what does not fit stays in memory, since disks get nothing before the "
      .. "device is full" })
    local ample <close> = new { size = "64M", limit = "32M" }
    ample:run()
    assert.no_event(ample, "limit")
  end)

  it("is filled before every disk", function()
    local world <close> = new({ size = "1M" }, function(world)
      add_device(world, "zram0")
      world:write("proc/swaps", HEADING .. "/dev/sda1 partition\t8\t0\t200\n")
    end)
    world:run()
    assert.event(world, "set_up", { priority = 201 })
  end)

  it("takes the first device that nobody has, or the one that is named", function()
    local function furnish(world)
      add_device(world, "zram0", { disksize = "4096", initstate = "1" })
      add_device(world, "zram1")
      add_device(world, "zram2")
    end
    for device, path in pairs { [""] = "/dev/zram1", zram2 = "/dev/zram2" } do
      local world <close> = new({ size = "1M", device = device }, furnish)
      world:run()
      assert.event(world, "set_up", { path = path })
    end
  end)

  it("changes its own size, and nothing when nothing is to be changed", function()
    local furnish = set_up_before { size = "1M" }
    local same <close> = new({ size = "1M" }, furnish)
    same:run()
    assert.event(same, "unchanged", { path = "/dev/zram0" })
    assert.same({}, same.acts)
    local larger <close> = new({ size = "2M" }, furnish)
    larger:run()
    assert.equal("2097152\n", contents(larger, "/sys/block/zram0/disksize"))
    assert.matches("/dev/zram0 partition\t2044\t0\t100\n", contents(larger, "/proc/swaps"), 1,
      true)
  end)

  it("keeps what it has when the kernel has no such algorithm", function()
    local world <close> = new({ algorithm = "best" }, set_up_before { size = "1M" })
    assert.error_matches(function() world:run() end,
      "'best' is none of the algorithms there are: lzo, lzo%-rle, zstd")
    assert.equal("1048576\n", contents(world, "/sys/block/zram0/disksize"))
  end)

  it("does not resize what memory has no room for", function()
    local world <close> = new({ size = "2M" }, set_up_before { size = "1M" })
    world:write("proc/swaps", HEADING .. "/dev/zram0 partition\t1020\t1000\t100\n")
    world:write("proc/meminfo", "MemTotal: 4096 kB\nMemAvailable: 500 kB\n")
    assert.error_matches(function() world:run() end, "memory has no room")
    assert.equal("1048576\n", contents(world, "/sys/block/zram0/disksize"))
  end)

  it("takes its own away", function()
    local world <close> = new({ remove = true }, set_up_before { size = "1M" })
    world:run()
    assert.equal("0\n", contents(world, "/sys/block/zram0/disksize"))
    assert.equal(HEADING, contents(world, "/proc/swaps"))
    assert.event(world, "removed", { path = "/dev/zram0" })
  end)

  it("says how well it compresses, and what makes no sense beside it", function()
    local furnish = set_up_before { size = "1M" }
    local world <close> = new({ size = "1M" }, function(world)
      furnish(world)
      world:write("sys/block/zram0/mm_stat", "3145728 1000000 1048576 0 1048576 0 0 0 0\n")
      world:write("sys/module/zswap/parameters/enabled", "Y\n")
      world:write("proc/sys/vm/page-cluster", "3\n")
    end)
    world:run()
    assert.event(world, "use", { original = 3 * MIB, memory = MIB })
    assert.event(world, "zswap")
    assert.event(world, "readahead", { cluster = 3 })
  end)

  local function others(world)
    add_device(world, "zram0", { disksize = "4096", initstate = "1" })
  end
  for message, case in pairs {
    ["there is no zram device: 'modprobe zram' makes the first"] = { {}, function() end },
    ["all zram devices are in use: reading /sys/class/zram%-control/hot_add makes another"] =
      { {}, others },
    ["zram0 was set up by somebody else"] = { { device = "zram0" }, others },
    ["there is no device zram9"] = { { device = "zram9" }, others },
    ["there is no zram device that was set up here"] =
      { { remove = true }, function(world) add_device(world, "zram0") end },
    ["a device is such as zram0"] = { { device = "sda) R 1\n\27[2J" }, others },
  } do
    it("refuses with its reason: " .. message, function()
      assert.error_matches(function()
        local world <close> = new(case[1], case[2])
        world:run()
      end, message)
    end)
  end

  it("refuses in a container, whose swap is the machine's", function()
    local world <close> = new()
    assert(os.execute(("mkdir -p %s/proc/self/ns && ln -s 'pid:[1]' %s/proc/self/ns/pid"):format(
      world.path, world.path)))
    assert.error_matches(function() world:run() end, "in a container")
  end)

  it("sets nothing up in dry run", function()
    local world <close> = testing.new { script = "zram", dry_run = true, options = { size = "1G" } }
    add_device(world, "zram0")
    world:run()
    assert.event(world, "set_up", { size = GIB })
    world:stop()
    assert.no_trace(world)
  end)
end)
