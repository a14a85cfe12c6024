-- SPDX-License-Identifier: MIT
-- The recipe `adaptive-swappiness`, on a machine whose disks answer to what it sets.
local testing = require "pagewarden.testing"

local SECTORS_A_PAGE <const> = 8
local MS_A_PAGE <const> = 2

local SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
local SWAP_DISK = "/dev/vdb                                partition\t1048572\t1000\t\t-2\n"


--- A disk's line, of which only reads count here.
local function disk(number, name, pages)
  return ("252 %d %s %d 0 %d %d 0 0 0 0 0 0 0\n"):format(number, name, pages,
    pages * SECTORS_A_PAGE, pages * MS_A_PAGE)
end


--- A machine with one disk of files and one of swap, on which each second so many pages of files
--- are read again and so many come back from swap, as `load(swappiness)` says. Of what is read
--- the part `useful` could have stayed, or all.
local function new(options, given)
  given = given or {}
  local world = testing.new { script = "adaptive-swappiness", options = options,
    dry_run = given.dry_run }
  local machine = { world = world, files = 1000, anonymous = 1000 }
  world:write("proc/sys/kernel/osrelease", (given.release or "6.1.0") .. "\n")
  world:write("proc/sys/vm/swappiness", "60\n")
  world:write("proc/swaps", SWAPS .. (given.swap or SWAP_DISK))

  function machine.write()
    world:write("proc/vmstat", ((given.vmstat or "workingset_refault_anon %d\n"
      .. "workingset_refault_file %d\nworkingset_activate_anon %d\nworkingset_activate_file %d\n")
      .. "pswpin %d\npswpout 7\n"):format(machine.anonymous, machine.files, machine.anonymous,
        machine.files * (given.useful or 1) // 1, machine.anonymous))
    world:write("proc/diskstats", disk(0, "vda", machine.files)
      .. disk(16, "vdb", given.swap and 0 or machine.anonymous))
  end

  function machine.swappiness()
    local file <close> = assert(io.open(world.path .. "/proc/sys/vm/swappiness"))
    return file:read "n"
  end

  function machine.live()
    local load = machine.load or given.load
    local files, anonymous = load(machine.swappiness())
    machine.files, machine.anonymous = machine.files + files, machine.anonymous + anonymous
    machine.write()
  end

  machine.write()
  world:every("1s", machine.live)
  return machine
end


--- Files are read again and again beside memory that sleeps: the less the more of it is swapped.
local function guide(swappiness)
  return math.max(400 - 2 * swappiness, 0), 0
end


--- Memory in use beside a scan: nothing of the files is wanted back.
local function backup(swappiness)
  return 0, 20 * swappiness
end


local function both(swappiness)
  return math.max(300 - 2 * swappiness, 0), swappiness
end


--- More than can be waited for, on either side and at any value.
local function overload()
  return 1000, 1000
end


local function calm()
  return 0, 0
end


describe("adaptive-swappiness", function()
  local machine

  after_each(function()
    machine.world:stop()
  end)

  local function run(load, options, given)
    given = given or {}
    given.load = load
    machine = new(options, given)
    machine.world:advance "1m"
    return machine.swappiness()
  end

  --- Where it is some time after the load has changed.
  local function change(load, time)
    machine.load = load
    machine.world:advance(time or "1m")
    return machine.swappiness()
  end

  it("goes up, the faster the longer files are waited for, beside memory that sleeps", function()
    assert.equal(160, run(guide, { ceiling = 160 }))
    assert.event(machine.world, "moved", { from = 60, to = 63 })
    assert.event(machine.world, "moved", { from = 63, to = 69 })
  end)

  it("goes down to nothing while memory in use comes back from swap", function()
    assert.equal(0, run(backup))
  end)

  it("settles where both cost alike, and stays", function()
    local settled = run(both)
    assert.is_true(settled > 70 and settled < 130, settled)
    local moves = machine.world:count("moved")
    machine.world:advance "10m"
    assert.same({ settled, moves }, { machine.swappiness(), machine.world:count("moved") })
  end)

  it("follows a load that changes", function()
    assert.equal(160, run(guide))
    assert.equal(0, change(backup))
    assert.equal(160, change(guide))
  end)

  it("is back four seconds after the load has changed, and well past it after ten", function()
    assert.equal(160, run(guide))
    assert.is_true(change(backup, "4s") < 80)
    assert.is_true(change(backup, "6s") < 20)
    assert.is_true(change(guide, "10s") > 100)
  end)

  it("weighs how long somebody waits, not how many wait", function()
    local settled = run(function(swappiness)
      return 10 * (200 - swappiness), 5 * swappiness -- 4 s a second at 0; 2 s at 200
    end)
    assert.is_true(settled < 110, settled)
  end)

  it("goes back to what was set when both wait all the time, whatever it sets", function()
    assert.equal(160, run(guide))
    assert.equal(60, change(overload))
    assert.event(machine.world, "moved", { to = 60, message = function(message)
      return message:find "as it was set"
    end })
    assert.event(machine.world, "held", { value = 60, message = function(message)
      return message:find "files and memory cost alike"
    end })
  end)

  it("takes for what was set what is there before it sets anything", function()
    assert.equal(60, run(calm))
    machine.world:write("proc/sys/vm/swappiness", "20\n")
    assert.equal(160, change(guide))
    assert.equal(20, change(overload))
  end)

  it("goes back to what was set towards a side that costs a bit more, not away from it", function()
    local function mixed() return 350, 500 end -- 0.7 and 1 of the time
    assert.equal(160, run(guide))
    assert.equal(60, change(mixed))
    assert.is_true(change(backup) < 10)
    assert.is_true(change(mixed) < 10)
  end)

  it("is drawn to no side by many readers who wait all the time for a few useful pages", function()
    local settled = run(function() return 3000, 450 end, nil, { useful = 0.25 })
    assert.equal(60, settled)
  end)

  it("leaves everything as it is while nothing is wanted back", function()
    assert.equal(60, run(calm))
    assert.same({ 0, 1 }, { machine.world:count("moved"), machine.world:count("held") })
  end)

  it("favours the side that it is told to", function()
    local balanced = run(both)
    machine.world:stop()
    assert.is_true(run(both, { favour = "memory" }) < balanced)
    machine.world:stop()
    assert.is_true(run(both, { favour = "files" }) > balanced)
  end)

  it("puts back what was there", function()
    assert.equal(0, run(backup))
    machine.world:stop()
    assert.no_trace(machine.world)
  end)

  it("decides the same in a dry run, and sets nothing", function()
    assert.equal(60, run(guide, nil, { dry_run = true }))
    assert.event(machine.world, "would", { key = "sysctl vm.swappiness" })
  end)

  it("knows that zram costs next to nothing", function()
    local zram = "/dev/zram0                              partition\t1048572\t1000\t\t100\n"
    assert.equal(160, run(function(swappiness)
      return math.max(300 - swappiness, 0), 2 * swappiness
    end, nil, { swap = zram }))
  end)

  it("counts what an area in a file costs among the disk's other reads", function()
    local file = "/swapfile                               file\t\t1048572\t1000\t\t-2\n"
    machine = new(nil, { swap = file, load = calm })
    local read = 0
    machine.write = function()
      machine.anonymous, read = machine.anonymous + 300, read + 300
      machine.world:write("proc/vmstat", ("workingset_activate_file 5\npswpin %d\n"):format(
        machine.anonymous))
      machine.world:write("proc/diskstats", disk(0, "vda", read))
    end
    machine.world:advance "1m"
    assert.equal(0, machine.swappiness())
  end)

  it("stays at most 100 before Linux 5.8", function()
    assert.equal(100, run(guide, nil, { release = "5.4.0",
      vmstat = "nr_zone_active_anon %d\nworkingset_refault %d\nx %d\nworkingset_activate %d\n" }))
  end)

  it("waits for swap, and goes on when there is some", function()
    assert.equal(60, run(guide, nil, { swap = "" }))
    assert.event(machine.world, "held", { value = 60 })
    machine.world:write("proc/swaps", SWAPS .. SWAP_DISK)
    machine.world:advance "1m"
    assert.equal(160, machine.swappiness())
  end)

  it("judges nothing when counters begin anew", function()
    machine = new(nil, { load = backup })
    machine.world:advance "2s"
    machine.files, machine.anonymous, machine.load = 0, 0, calm
    machine.world:advance "10s"
    assert.event(machine.world, "held", { message = function(message)
      return message:find "the counters cannot be compared with those of before"
    end })
    assert.is_true(machine.swappiness() > 0)
  end)

  it("gives up on a key that somebody else goes on setting", function()
    run(both)
    machine.world:every("3s", function() machine.world:write("proc/sys/vm/swappiness", "1\n") end)
    machine.world:advance "1m"
    assert.event(machine.world, "gave-up", {})
    machine.world:write("proc/sys/vm/swappiness", "60\n")
  end)

  describe("refuses", function()
    local function refusal(furnish)
      machine = new(nil, { load = calm })
      furnish(machine.world)
      local ok, message = pcall(machine.world.advance, machine.world, "1s")
      assert.is_false(ok)
      return message
    end

    it("where cgroups have a swappiness of their own", function()
      assert.matches("each of which has a memory.swappiness of its own", refusal(function(world)
        world:write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
      end))
    end)

    it("a kernel that does not count what is read again", function()
      assert.matches("does not count what is read again", refusal(function(world)
        world:write("proc/vmstat", "pswpin 4\npswpout 4\n")
      end))
    end)
  end)

  it("wants a floor under its ceiling", function()
    assert.error_matches(function() new({ floor = 100, ceiling = 90 }) end, "floor has to be under")
    machine = { world = { stop = function() end } }
  end)
end)
