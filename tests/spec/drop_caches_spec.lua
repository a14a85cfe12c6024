-- SPDX-License-Identifier: MIT
-- The recipe `drop-caches`: when it does, when it refuses, and that it never does it twice. What
-- that frees only a kernel can show: tests/lab/recipe_caches_lab.lua.
local testing = require "pagewarden.testing"

local BOOT_ID = "proc/sys/kernel/random/boot_id"
local DROPPED = { event = "act", key = "reclaim drop_caches" }
local STALL = "some avg10=%.2f avg60=0.00 avg300=0.00 total=0\n"
  .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

--- A day after the boot, as the world's clock has it at first.
local START = 86400


local function new(given, furnish)
  given.script = "drop-caches"
  local world = testing.new(given)
  world:write(BOOT_ID, "one\n")
  if furnish then
    furnish(world)
  end
  return world
end


--- Drops them, and gives the world as it was left.
local function run(given, furnish)
  local world <close> = new(given, furnish)
  world:run()
  world.kept_then = world:state()
  return world
end


--- Why it does not.
local function refusal(given, furnish)
  local world <close> = new(given, furnish)
  local ok, message = pcall(world.run, world)
  assert.is_false(ok)
  assert.no_act(world, DROPPED)
  return message
end


--- What it kept so many seconds ago.
local function dropped(seconds, boot)
  return { dropped = { at = START - seconds, boot = boot or "one\n" } }
end


local function confine(world)
  assert(os.execute(("mkdir -p '%s/proc/self/ns' && ln -s 'pid:[4026532301]' '%s/proc/self/ns/pid'")
    :format(world.path, world.path)))
end


--- Lets syncing make disks busy for so many seconds.
local function slow_down(world, seconds)
  local take = world.take
  function world:take(event)
    take(self, event)
    if event.key == "reclaim sync" then
      self:write("proc/pressure/io", STALL:format(60))
      self:after(seconds, function() self:write("proc/pressure/io", STALL:format(0)) end)
    end
  end
end


describe("drop-caches", function()
  it("says what is cached, drops that, and says what it freed", function()
    local world = run { options = { mode = "3" } }
    assert.event(world, "before", { cached = (41288 + 612740 - 5580) << 10, slab = 52144 << 10 })
    assert.act(world, { key = "reclaim drop_caches",
      value = "drop the page cache, dentries and inodes" })
    assert.event(world, "dropped", { freed = function() return true end })
    world:stop()
    assert.no_trace(world)
  end)

  it("tells what reading it back will take, by how fast disks have read", function()
    local world = run({}, function(world)
      world:write("proc/diskstats", "   8       0 sda 1000 0 2048000 10000 0 0 0 0 0 9000 0\n"
        .. " 252       0 zram0 1000 0 9048000 1 0 0 0 0 0 9000 0\n")
    end)
    assert.event(world, "dropped", { speed = 2048000 * 512 // 10 })
  end)

  it("does not guess where disks have hardly read", function()
    for _, diskstats in ipairs { "", "   8       0 sda 1 0 8 10 0 0 0 0 0 9 0\n" } do
      local world = run({}, function(world) world:write("proc/diskstats", diskstats) end)
      assert.event(world, "dropped", { message = function(message)
        return message:find "is not known: disks have hardly read anything yet"
      end })
      assert.no_event(world, "dropped", { speed = function() return true end })
    end
  end)

  describe("in a maintenance window", function()
    for _, case in ipairs {
      { "02:00-04:00", "02:00", true }, { "02:00-04:00", "03:59", true },
      { "02:00-04:00", "04:00", false }, { "02:00-04:00", "01:59", false },
      { "22:30-1:00", "23:59", true }, { "22:30-1:00", "00:59", true },
      { "22:30-1:00", "01:00", false }, { "22:30-1:00", "12:00", false },
      { "20:00-24:00", "23:59", true },
    } do
      local window, time, open = table.unpack(case)
      it(("%s it %s at %s"):format(window, open and "does" or "does not", time), function()
        local function furnish(world) world:set_time_of_day(time) end
        if open then
          assert.act(run({ options = { window = window } }, furnish), DROPPED)
        else
          assert.matches(("it is %s, outside the maintenance window %s"):format(time, window),
            refusal({ options = { window = window } }, furnish), 1, true)
        end
      end)
    end

    it("it does not when syncing took until the window was shut", function()
      assert.matches("it is 04:00, outside the maintenance window", refusal({
        options = { window = "02:00-04:00" } }, function(world)
          world:set_time_of_day "03:59"
          slow_down(world, 30)
          world:after(1, function() world:set_time_of_day "04:00" end)
        end))
    end)

    for _, window in ipairs { "", "2-4", "02:00", "02:60-03:00", "24:00-01:00", "02:00-25:00",
      "02:00-02:00", "02:00-04:00x", "evil\27[2J" } do
      it(("it takes no %q for one"):format(window), function()
        assert.error_matches(function() testing.new { script = "drop-caches",
          options = { window = window } } end, "expected two times of day, such as 02:00%-04:00")
      end)
    end
  end)

  describe("within its cool-down", function()
    it("does not do it twice", function()
      assert.matches("caches were dropped 10m ago; not again for another 50m %(cooldown%)",
        refusal { state = dropped(600) })
      assert.act(run { state = dropped(3600) }, DROPPED)
      assert.matches("not again for another 20m", refusal { state = dropped(600),
        options = { cooldown = "30m" } })
    end)

    it("goes by the time since the boot, whatever the time of day is", function()
      for _, time in ipairs { "00:00", "23:59" } do
        assert.matches("10m ago", refusal({ state = dropped(600) }, function(world)
          world:set_time_of_day(time)
        end))
      end
    end)

    it("counts from the reboot what was before it", function()
      local function furnish(world) world:write(BOOT_ID, "two\n") end
      assert.act(run({ state = dropped(0) }, furnish), DROPPED)
      assert.matches("caches were dropped before the reboot 1d ago; not again for another 1d",
        refusal({ state = dropped(40 * 86400), options = { cooldown = "2d" } }, furnish))
    end)

    it("does not believe a time that is yet to come", function()
      assert.act(run { state = dropped(-86400) }, DROPPED)
    end)

    it("begins when it was done, from one run to the next", function()
      local kept = run({}).kept_then
      assert.same({ dropped = { at = START, boot = "one\n" } }, kept)
      refusal { state = kept }
    end)

    it("does not do it where that could not be noted", function()
      assert.matches("the time cannot be noted, for the cool%-down: .*Not a directory",
        refusal({}, function(world)
          world:after(0, function() world:write("var", "a file, where a folder is to be") end)
        end))
    end)
  end)

  describe("while it would hurt", function()
    for _, resource in ipairs { "memory", "io" } do
      it("does not add to waiting for " .. resource, function()
        local message = refusal({}, function(world)
          world:write("proc/pressure/" .. resource, STALL:format(12))
        end)
        assert.matches("programs waited for %a+ in 12.0%% of the last 10 s, and cold caches would",
          message)
      end)
    end

    it("waits until disks have got over what was written first, and not for ever", function()
      assert.act(run({}, function(world) slow_down(world, 50) end), DROPPED)
      assert.matches("programs waited for disks in 60.0%% of the last 10 s",
        refusal({}, function(world) slow_down(world, 3600) end))
    end)

    it("lets be so much waiting as it is told", function()
      assert.act(run({ options = { threshold = "20%" } }, function(world)
        world:write("proc/pressure/io", STALL:format(12))
      end), DROPPED)
    end)

    it("goes by what programs reclaim themselves where pressure is not measured", function()
      local function unmeasured(world)
        for _, name in ipairs { "memory", "io", "cpu" } do
          os.remove(world.path .. "/proc/pressure/" .. name)
        end
        world:write("proc/vmstat", "allocstall_normal 7\n")
      end
      assert.act(run({}, unmeasured), DROPPED)
      assert.matches("programs had to reclaim memory themselves in the last 1 s",
        refusal({}, function(world)
          unmeasured(world)
          world:after(0.5, function() world:write("proc/vmstat", "allocstall_normal 8\n") end)
        end))
      local world = run({}, function(world)
        unmeasured(world)
        os.remove(world.path .. "/proc/vmstat")
      end)
      assert.event(world, "unmeasured")
      assert.act(world, DROPPED)
    end)

    it("does not touch the caches of the machine that a container is on", function()
      local world <close> = new({ state = dropped(7200) }, confine)
      assert.error_matches(function() world:run() end, "this is a container .* not its own$")
      assert.no_act(world, DROPPED)
      assert.same(dropped(7200), world:state())
    end)

    it("has no cool-down of what it did not do", function()
      local world <close> = new({}, confine)
      assert.error_matches(function() world:run() end, "this is a container")
      assert.same({}, world:state())
    end)
  end)

  it("drops nothing in dry run, and may then still", function()
    local world <close> = new { dry_run = true }
    world:run()
    assert.act(world, { event = "would", key = "reclaim drop_caches" })
    assert.no_act(world, DROPPED)
  end)
end)
