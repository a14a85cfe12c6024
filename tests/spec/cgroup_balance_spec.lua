-- SPDX-License-Identifier: MIT
-- The recipe `cgroup-balance`: who is held back, how far, and how that ends.
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20
local TOTAL_MIB <const> = 4028440 >> 10
local HOG <const> = "/system.slice/hog.service"
local WEB <const> = "/system.slice/web.service"
local EVIL <const> = "/system.slice/evil) R 1\27[2J.service"


local function pressure(some, full)
  return ("some avg10=%.2f avg60=0.00 avg300=0.00 total=0\n"
    .. "full avg10=%.2f avg60=0.00 avg300=0.00 total=0\n"):format(some, full)
end


--- A cgroup with a process in it.
local function add(world, path, mib, given)
  given = given or {}
  local folder = "sys/fs/cgroup" .. path
  world:write("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n")
  world:write(folder .. "/memory.current", mib * MIB .. "\n")
  world:write(folder .. "/memory.high", given.high or "max\n")
  world:write(folder .. "/memory.max", given.max or "max\n")
  world:write(folder .. "/memory.low", given.low or "0\n")
  world:write(folder .. "/memory.min", "0\n")
  world:write(folder .. "/memory.pressure", pressure(given.waits or 0, 0))
  return world:spawn { comm = "some", cgroup = path }
end


--- What a cgroup's memory.high is now, in MiB.
local function high_of(world, path)
  local file <close> = assert(io.open(world.path .. "/sys/fs/cgroup" .. path .. "/memory.high"))
  local bytes = file:read "n"
  return bytes and bytes // MIB or math.huge
end


--- The machine waits for memory, for as long as given, and the kernel says so every window.
local function press(world, duration)
  local timer = world:every("2s", function() world:pressure { resource = "memory", avg10 = 40 } end)
  world:advance(duration)
  timer:cancel()
end


local function new(options, dry_run)
  return testing.new { script = "cgroup-balance", options = options, dry_run = dry_run }
end


describe("cgroup-balance", function()
  it("does nothing, and asks for no timer, while nothing waits", function()
    local world <close> = new()
    add(world, HOG, 3000)
    add(world, WEB, 100, { waits = 50 })
    world:advance "1h"
    assert.same({}, world.acts)
    assert.same({ 0, 1 }, { world.instance:count_waiting() })
  end)

  it("holds back who has most, step by step, while another waits, and restores it", function()
    local world <close> = new()
    add(world, HOG, 3000)
    add(world, WEB, 100, { waits = 30 })
    press(world, "3s")
    assert.equal(2700, high_of(world, HOG))
    assert.equal(math.huge, high_of(world, WEB))
    assert.event(world, "held_back", { cgroup = HOG, current = 3000 * MIB, high = 2700 * MIB,
      waiting = WEB, percent = 30 })
    press(world, "30s")
    assert.equal(2700, high_of(world, HOG)) -- it is not there yet
    world:write("sys/fs/cgroup" .. HOG .. "/memory.current", 2700 * MIB .. "\n")
    press(world, "10s")
    assert.equal(2430, high_of(world, HOG))
    world:stop()
    assert.no_trace(world)
  end)

  it("looks again at the next sign that work waits, when there was nothing to do at the first",
    function()
      local world <close> = new { hold = "10m" }
      add(world, HOG, 3000)
      add(world, WEB, 100)
      press(world, "3s")
      world:write("sys/fs/cgroup" .. WEB .. "/memory.pressure", pressure(30, 0))
      press(world, "3s")
      assert.equal(2700, high_of(world, HOG))
    end)

  it("lowers a limit bit by bit, for the kernel reclaims while it is written", function()
    local world <close> = new()
    add(world, HOG, 3000)
    add(world, WEB, 100, { waits = 30 })
    press(world, "3s")
    local last = 3000
    for _, act in ipairs(world.acts) do
      local mib = tonumber(act.value) // MIB
      assert.is_true(mib < last and last - mib <= 64, act.value)
      last = mib
    end
    assert.equal(2700, last)
  end)

  it("waits between two steps", function()
    local world <close> = new { hold = "1m" }
    add(world, HOG, 3000)
    add(world, WEB, 100, { waits = 30 })
    world:every("2s", function()
      local high = high_of(world, HOG)
      world:write("sys/fs/cgroup" .. HOG .. "/memory.current",
        math.min(high == math.huge and 3000 or high, 3000) * MIB .. "\n")
    end)
    press(world, "59s")
    assert.equal(1, world:count("held_back"))
    press(world, "30s")
    assert.equal(2, world:count("held_back"))
  end)

  it("never goes below the share, nor below what is protected", function()
    for low, expected in pairs { ["0\n"] = TOTAL_MIB // 2, [3700 * MIB .. "\n"] = 3700 } do
      local world <close> = new { share = "50%", step = "50%" }
      add(world, HOG, 3800, { low = low })
      add(world, WEB, 100, { waits = 30 })
      press(world, "30s")
      assert.equal(expected, high_of(world, HOG))
    end
  end)

  it("leaves alone who has no more than its share, whoever waits", function()
    local world <close> = new()
    add(world, HOG, TOTAL_MIB // 4)
    add(world, WEB, 100, { waits = 30 })
    press(world, "1m")
    assert.same({}, world.acts)
  end)

  it("leaves alone a hog that nobody else waits for", function()
    local world <close> = new()
    add(world, HOG, 3000, { waits = 90 })
    add(world, WEB, 100, { waits = 9.9 })
    press(world, "1m")
    assert.same({}, world.acts)
  end)

  it("is not moved by who waits at a limit of its own", function()
    for name in pairs { max = true, high = true } do
      local world <close> = new()
      add(world, HOG, 3000)
      add(world, WEB, 100, { waits = 90, [name] = 100 * MIB .. "\n" })
      press(world, "1m")
      assert.same({}, world.acts)
    end
  end)

  it("is not moved by who waits at a limit of what it is in", function()
    local world <close> = new()
    add(world, HOG, 3000)
    add(world, "/system.slice/system-web.slice", 400, { max = 400 * MIB .. "\n" })
    add(world, "/system.slice/system-web.slice/web@1.service", 100, { waits = 90 })
    press(world, "1m")
    assert.same({}, world.acts)
  end)

  it("does not take the slice of a service that has just ended for who has most", function()
    local world <close> = new()
    world:write("sys/fs/cgroup/system.slice/memory.current", 3500 * MIB .. "\n")
    world:spawn { comm = "some", cgroup = "/system.slice/ended.service" }
    add(world, WEB, 100, { waits = 30 })
    press(world, "30s")
    assert.same({}, world.acts)
  end)

  it("never holds back what others depend on, and who is ignored", function()
    for _, path in ipairs { "/system.slice/systemd-journald.service", "/system.slice/dbus.service",
      "/system.slice/ssh.service", "/system.slice/pagewarden.service",
      "/user.slice/user-1000.slice/user@1000.service/init.scope", "/machine.slice/guest.scope" } do
      local world <close> = new()
      add(world, path, 3000)
      add(world, WEB, 100, { waits = 30 })
      press(world, "30s")
      assert.same({}, world.acts)
    end
    local world <close> = new { ignore = { "hog" } }
    add(world, HOG, 3000)
    add(world, WEB, 100, { waits = 30 })
    press(world, "30s")
    assert.same({}, world.acts)
  end)

  it("only ever lowers a limit that was there, and puts that back", function()
    local world <close> = new()
    add(world, HOG, 3000, { high = 2800 * MIB .. "\n" })
    add(world, EVIL, 100, { waits = 30 })
    press(world, "3s")
    assert.equal(2700, high_of(world, HOG))
    add(world, EVIL, 100)
    world:advance "10m"
    assert.equal(2800, high_of(world, HOG))
    assert.event(world, "released", { cgroup = HOG })
    assert.event(world, "held_back", { waiting = EVIL })
    world:stop()
    assert.no_trace(world)
  end)

  it("gives back step by step when nobody else waits, and then sleeps", function()
    local world <close> = new()
    add(world, HOG, 2000)
    add(world, WEB, 100, { waits = 30 })
    press(world, "3s")
    assert.equal(1800, high_of(world, HOG))
    add(world, WEB, 100)
    world:advance "75s"
    assert.equal(2250, high_of(world, HOG))
    world:advance "10m"
    assert.equal(math.huge, high_of(world, HOG))
    assert.same({ 0, 1 }, { world.instance:count_waiting() })
    world:stop()
    assert.no_trace(world)
  end)

  it("gives back at once to who gets nothing done", function()
    local world <close> = new()
    add(world, HOG, 2000)
    add(world, WEB, 100, { waits = 30 })
    press(world, "3s")
    world:write("sys/fs/cgroup" .. HOG .. "/memory.pressure", pressure(90, 70))
    world:advance "10s"
    assert.equal(2250, high_of(world, HOG))
    assert.event(world, "loosened", { cgroup = HOG })
  end)

  it("forgets a cgroup that is removed", function()
    local world <close> = new()
    local hog = add(world, HOG, 2000)
    add(world, WEB, 100, { waits = 30 })
    press(world, "3s")
    world:exit(hog)
    world.tree:remove_folder("sys/fs/cgroup" .. HOG)
    press(world, "1m")
    assert.equal(1, world:count("held_back"))
    assert.same({ 0, 1 }, { world.instance:count_waiting() })
  end)

  it("lets go of a limit that somebody else insists on", function()
    local world <close> = new()
    add(world, HOG, 3000)
    add(world, WEB, 100, { waits = 30 })
    for mib = 2900, 2800, -50 do
      press(world, "12s")
      world:write("sys/fs/cgroup" .. HOG .. "/memory.high", mib * MIB .. "\n")
      world:write("sys/fs/cgroup" .. HOG .. "/memory.current", mib * MIB .. "\n")
    end
    press(world, "1m")
    assert.event(world, "let_go")
    assert.equal(2800, high_of(world, HOG))
  end)

  it("changes nothing in dry run, and says what it would", function()
    local world <close> = new(nil, true)
    add(world, HOG, 3000)
    add(world, WEB, 100, { waits = 30 })
    press(world, "30s")
    assert.act(world, { event = "would", key = "cgroup " .. HOG .. " memory.high" })
    assert.no_act(world, { event = "act" })
    assert.equal(math.huge, high_of(world, HOG))
  end)

  it("refuses without cgroups of version 2, without PSI, and where nothing is meant", function()
    local bare <close> = new()
    assert.error_matches(function() bare:advance "1s" end, "memory.high is in cgroups of version 2")
    local blind <close> = new()
    add(blind, HOG, 3000)
    blind:write("sys/fs/cgroup" .. HOG .. "/memory.pressure", "")
    assert.error_matches(function() blind:advance "1s" end, "does not tell which cgroups wait")
    local none <close> = new { cgroup = { "/none" } }
    add(none, HOG, 3000)
    assert.error_matches(function() none:advance "1s" end, "no process is in a cgroup below /none")
  end)
end)
