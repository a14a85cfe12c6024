-- SPDX-License-Identifier: MIT
-- The recipe `swap-advise`: the tables, what the work needs, and in which order areas are filled.
local testing = require "pagewarden.testing"

local MIB <const>, GIB <const> = 1 << 20, 1 << 30


local function run(options, furnish, state)
  local world = testing.new { script = "swap-advise", options = options, state = state }
  if furnish then
    furnish(world)
  end
  world:run()
  return world
end


local function meminfo(fields)
  local lines = {}
  for name, mib in pairs(fields) do
    lines[#lines + 1] = ("%s: %d kB\n"):format(name, mib << 10)
  end
  return table.concat(lines)
end


--- Disks sda and sdb with two partitions each, /dev/dm-0 encrypted on sda2, dm-1 a volume in that.
local function furnish_disks(world, areas)
  local stats, row = {}, " 8 %d %s 0 0 0 0 0 0 0 0 0 0 0\n"
  for i, name in ipairs { "sda", "sda1", "sda2", "sdb", "sdb1", "dm-0", "dm-1", "zram0" } do
    stats[i] = row:format(i, name)
    world:write(("sys/class/block/%s/dev"):format(name), ("8:%d\n"):format(i))
  end
  world:write("proc/diskstats", table.concat(stats))
  for disk, partition in pairs { sda1 = "sda", sda2 = "sda", sdb1 = "sdb" } do
    world:write(("sys/class/block/%s/%s/partition"):format(partition, disk), "1\n")
  end
  world:write("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-0123-home\n")
  world:write("sys/class/block/dm-0/dm/name", "home\n")
  world:write("sys/class/block/dm-0/slaves/sda2/dev", "8:3\n")
  world:write("sys/class/block/dm-1/dm/uuid", "LVM-0123\n")
  world:write("sys/class/block/dm-1/dm/name", "vg-swap\n")
  world:write("sys/class/block/dm-1/slaves/dm-0/dev", "8:6\n")
  world:write("proc/self/mountinfo", "22 1 8:2 / / rw - ext4 /dev/sda1 rw\n"
    .. "23 22 8:5 / /mnt/a\\040b rw shared:2 - ext4 /dev/sdb1 rw\n"
    .. "24 22 0:44 / /home rw - btrfs /dev/mapper/home rw\n")
  world:write("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" .. areas)
end


describe("swap-advise", function()
  it("shows every table, and where it jumps", function()
    local world <close> = run(nil, function(world)
      world:write("proc/meminfo", meminfo { MemTotal = 16384, MemFree = 8192, MemAvailable = 8192,
        SwapTotal = 0, SwapFree = 0, Committed_AS = 4096 })
    end)
    assert.equal(9, #world:logged("table"))
    assert.event(world, "table", { source = "guide", size = 12 * GIB, jumps = "it jumps at 1 GiB "
      .. "of memory from nothing to 1.5 GiB, at 2 GiB of memory from 3 GiB to 2 GiB, at 8 GiB of "
      .. "memory from 8 GiB to 6 GiB" })
    assert.event(world, "table", { source = "rhel9", size = 4 * GIB })
  end)

  it("finds that a machine that never used its memory needs no more than the floor", function()
    local world <close> = run()
    assert.event(world, "need", { size = 3968 * MIB,
      reason = "what nobody touches for long should have a place" })
    world:stop()
    assert.no_trace(world)
  end)

  it("wants what was used at most, and a fifth more, also of runs before", function()
    local small = meminfo { MemTotal = 1024, MemFree = 512, MemAvailable = 512, SwapTotal = 0,
      SwapFree = 0, Committed_AS = 900 }
    local world <close> = run(nil, function(world) world:write("proc/meminfo", small) end,
      { peak = { used = 3 * GIB, committed = 5 * GIB } })
    assert.event(world, "need", { used = 3 * GIB, committed = 5 * GIB, size = 2688 * MIB,
      reason = "a fifth more than was used at most has to fit" })
    assert.same({ peak = { used = 3 * GIB, committed = 5 * GIB } }, world:state())
  end)

  it("sees the peak of the time that it watches", function()
    local world <close> = testing.new { script = "swap-advise", options = { watch = "1h" } }
    local function use(mib)
      world:write("proc/meminfo", meminfo { MemTotal = 4096, MemAvailable = 4096 - mib,
        SwapTotal = 4096, SwapFree = 4096 - mib, SwapCached = 0, Committed_AS = 2 * mib })
    end
    use(100)
    world:after("30m", function() use(4000) end)
    world:after("31m", function() use(100) end)
    world:run()
    assert.event(world, "need", { used = 8000 * MIB, committed = 8000 * MIB, size = 5504 * MIB })
    assert.is_true(world:now() >= 3600)
  end)

  it("counts what is promised where memory is not overcommitted", function()
    local world <close> = run(nil, function(world)
      world:write("proc/sys/vm/overcommit_memory", "2\n")
      world:write("proc/meminfo", meminfo { MemTotal = 1024, MemFree = 512, MemAvailable = 512,
        SwapTotal = 100, SwapFree = 100, CommitLimit = 612, Committed_AS = 5000 })
    end)
    assert.event(world, "need", { strict = true, size = 5504 * MIB })
  end)

  it("adds memory to hibernate, and names the area that could hold the image", function()
    local world <close> = run({ hibernation = true }, function(world)
      world:write("sys/power/state", "freeze mem disk\n")
      world:write("sys/power/image_size", "1000000000\n")
      furnish_disks(world, "/dev/zram0 partition\t8388604\t0\t100\n"
        .. "/dev/sda1 partition\t2097148\t1048576\t3\n")
    end)
    assert.event(world, "hibernation", { able = true, image = 1000000000,
      largest = (2097148 - 1048576) << 10 })
    assert.event(world, "need", { size = 7872 * MIB })
  end)

  local ORDERS = {
    ["areas on different disks are filled one after the other: give them equal priorities"] =
      "/dev/sda1 partition\t1024\t0\t-2\n/dev/sdb1 partition\t1024\t0\t-3\n",
    ["the order in which areas are filled is as it should be"] =
      "/dev/sda1 partition\t1024\t0\t3\n/mnt/a\\040b/swap file\t1024\t0\t3\n",
    ["areas of equal priority are on one disk, which gains nothing"] =
      "/dev/sda1 partition\t1024\t0\t3\n/dev/dm-1 partition\t1024\t0\t3\n",
    ["/dev/sda1 is filled before what is compressed in memory, which is faster"] =
      "/dev/sda1 partition\t1024\t0\t100\n/dev/zram0 partition\t1024\t0\t100\n",
  }
  for message, areas in pairs(ORDERS) do
    it("says that " .. message, function()
      local world <close> = run(nil, function(world) furnish_disks(world, areas) end)
      assert.event(world, "order", { message = message })
    end)
  end

  it("knows an encrypted area, through a volume, and a file system by what it was mounted from",
    function()
      local world <close> = run(nil, function(world)
        furnish_disks(world, "/dev/dm-1 partition\t1024\t0\t-2\n/home/swap file\t1024\t0\t-3\n"
          .. "/mnt/a\\040b/swap file\t1024\t0\t-4\n")
      end)
      assert.event(world, "area", { path = "/dev/dm-1", encrypted = true, disks = "sda" })
      assert.event(world, "area", { path = "/home/swap", encrypted = true, disks = "sda" })
      assert.event(world, "area", { path = "/mnt/a b/swap", encrypted = false, disks = "sdb" })
    end)

  it("writes lines for fstab, and one for what is lacking", function()
    local world <close> = run({ folder = "/srv/swap/" }, function(world)
      furnish_disks(world, "/mnt/a\\040b/swap file\t1024\t0\t3\n"
        .. "/dev/zram0 partition\t1024\t0\t100\n")
      world:write("proc/meminfo", meminfo { MemTotal = 1024, MemFree = 512, SwapTotal = 2,
        SwapFree = 2, Committed_AS = 2048 })
    end)
    local lines = {}
    for i, event in ipairs(world:logged("fstab")) do
      lines[i] = event.line
    end
    assert.event(world, "need", { message = function(message)
      return message:find ", which would take 1 GiB of swap$"
    end })
    assert.same({ "/mnt/a\\040b/swap none swap sw,pri=3,nofail 0 0",
      "/srv/swap/pagewarden.swap none swap sw,pri=1,nofail 0 0" }, lines)
  end)

  it("reads a kernel that knows neither what is available nor what is promised", function()
    local world <close> = run(nil, function(world)
      world:write("proc/meminfo", meminfo { MemTotal = 1024, MemFree = 100, Buffers = 50,
        Cached = 400, SwapTotal = 0, SwapFree = 0 })
      world:write("proc/swaps", "")
    end)
    assert.event(world, "need", { used = (1024 - 550) * MIB, committed = (1024 - 550) * MIB })
    assert.event(world, "order", { message = "there is no swap" })
  end)

  it("says that a container's figures are the machine's", function()
    local world <close> = testing.new { script = "swap-advise" }
    world:write("run/.containerenv", "")
    assert(os.execute(("mkdir -p %s/proc/self/ns && ln -s 'pid:[1]' %s/proc/self/ns/pid"):format(
      world.path, world.path)))
    world:run()
    assert.event(world, "container", { sign = "run/.containerenv" })
  end)
end)
