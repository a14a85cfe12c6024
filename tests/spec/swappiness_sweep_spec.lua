-- SPDX-License-Identifier: MIT
-- The recipe swappiness-sweep in worlds whose paging depends on vm.swappiness, or does not.
local paired = require "pagewarden.recipe.paired"
local sweeps = require "pagewarden.recipe.sweep"
local testing = require "pagewarden.testing"

local PSI = "some avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n"
  .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n"

--- Some more waiting, by value and round of a sweep of six values, in whatever order those come.
local function by_round(value, seconds)
  return math.sin(value * 37 + seconds // (6 * 35) * 101) / 50
end


--- Noise that is the same in each run.
local function new_noise(seed)
  return function()
    seed = (seed * 1103515245 + 12345) % (1 << 31)
    return seed / (1 << 31) - 0.5
  end
end


local function swappiness_of(world)
  local file <close> = assert(io.open(world.path .. "/proc/sys/vm/swappiness"))
  return file:read "n"
end


--- A world of a kernel whose programs wait for memory as a function says: for how much of a second,
--- by vm.swappiness and the time since it began.
local function new(stall, options, release)
  local world = testing.new { script = "swappiness-sweep", options = options }
  world:write("proc/sys/kernel/osrelease", (release or "6.1.0") .. "\n")
  world:write("proc/sys/vm/swappiness", "60\n")
  local total_us, faults, start = 0, 0, world:now()
  world:every(1, function()
    local share = stall(swappiness_of(world), world:now() - start)
    total_us, faults = total_us + math.floor(share * 1e6), faults + math.floor(share * 1000)
    world:write("proc/pressure/memory", PSI:format(total_us, total_us // 10))
    world:write("proc/vmstat", ("pgpgin %d\npgpgout 0\npswpin %d\npswpout 0\npgmajfault %d\n"
      .. "pgsteal_kswapd %d\nworkingset_refault_anon %d\nworkingset_refault_file 0\noom_kill 0\n")
      :format(faults * 4, faults, faults, faults, faults))
  end)
  return world
end


local function verdict_of(world)
  local found = world:logged("verdict")
  assert.equal(1, #found)
  return found[1]
end


local function finish(world)
  world:stop()
  assert.no_trace(world)
end


describe("swappiness-sweep chooses", function()
  it("the value with which programs wait least, and says how much less", function()
    local world <close> = new(function(value, seconds)
      return 0.2 + (value - 100) ^ 2 / 10000 + by_round(value, seconds)
    end)
    world:run()
    local verdict = verdict_of(world)
    assert.same({ 100, 60, true, 5 },
      { verdict.swappiness, verdict.now, verdict.sure, verdict.rounds })
    assert.equal("choose 100: 10.7 to 21.4 % of the time waiting for memory less than with 60 "
      .. "(95 % confidence)", verdict.message)
    assert.equal(30, #world:logged("trial"))
    finish(world)
  end)

  it("by major faults where the kernel does not measure pressure", function()
    local world <close> = new(function(value) return value / 200 end, { values = { 20, 60 } })
    world:every(0.5, function() os.remove(world.path .. "/proc/pressure/memory") end)
    os.remove(world.path .. "/proc/pressure/memory")
    world:run()
    assert.event(world, "unguarded")
    assert.equal(20, verdict_of(world).swappiness)
    assert.matches("major faults a second less than with 60", verdict_of(world).message)
    world:stop()
  end)
end)


describe("swappiness-sweep sees no difference", function()
  it("in noise", function()
    local world <close> = new(function(value, seconds) return 0.3 + by_round(value, seconds) end)
    world:run()
    local verdict = verdict_of(world)
    assert.same({ 60, false }, { verdict.swappiness, verdict.sure })
    assert.matches("^no difference seen that speaks against 60; in 5 rounds one under %d",
      verdict.message)
    finish(world)
  end)

  it("where all other values are worse", function()
    local world <close> = new(function(value) return value == 60 and 0.1 or 0.2 end)
    world:run()
    assert.is_false(verdict_of(world).sure)
    finish(world)
  end)

  it("where nothing is reclaimed, and says that", function()
    local world <close> = new(function() return 0 end)
    world:run()
    assert.matches("^nothing was reclaimed", verdict_of(world).message)
    finish(world)
  end)
end)


describe("swappiness-sweep", function()
  it("has the guide's table, for each value and what it did", function()
    local world <close> = new(function(value) return value / 1000 end, { values = { 20, 100 } })
    world:run()
    assert.event(world, "begin", { trials = 15, message = "3 values in 5 rounds take 8m 45s; "
      .. "vm.swappiness is 60" })
    local results = world:logged("result")
    assert.same({ 20, 60, 100 },
      { results[1].swappiness, results[2].swappiness, results[3].swappiness })
    assert.is_true(math.abs(results[1].stall - 2) < 0.01)
    assert.is_true(math.abs(results[1].io / (20 * 4 * 1024) - 1) < 0.01)
    assert.is_true(math.abs(results[1].swapped_in / (20 * 4096) - 1) < 0.01)
    assert.is_nil(results[2].difference)
    finish(world)
  end)

  it("tries no value that the kernel does not take", function()
    local world <close> = new(function() return 0.1 end, nil, "4.18.0")
    world:run()
    assert.equal(25, #world:logged("trial"))
    finish(world)
  end)

  it("ends at once when nothing goes on, and puts the value back", function()
    local world <close> = new(function(value) return value / 1000 end)
    world:advance "4m"
    world:pressure { resource = "memory", kind = "full", avg10 = 30 }
    assert.event(world, "stopped")
    assert.matches("^fewer than two whole rounds", verdict_of(world).message)
    world:advance "1s"
    assert.equal(60, swappiness_of(world))
    assert.is_true(#world:logged("trial") < 7)
    finish(world)
  end)

  it("says what it has when it is ended early", function()
    local world <close> = new(function(value) return value / 1000 end)
    world:advance "10m"
    world:stop()
    assert.same({ 2, 20 }, { verdict_of(world).rounds, verdict_of(world).swappiness })
    assert.no_trace(world)
  end)

  it("goes no further when swap runs out", function()
    local world <close> = new(function() return 0.1 end)
    world:after("1m", function()
      world:write("proc/meminfo", "MemTotal: 4000 kB\nSwapTotal: 1000 kB\nSwapFree: 40 kB\n")
    end)
    assert.error_matches(function() world:run() end, "stopped: less than 5 %% of swap is free")
    assert.event(world, "verdict", { sure = false })
    assert.equal(60, swappiness_of(world))
    finish(world)
  end)

  it("goes no further when somebody else sets the value, and leaves it", function()
    local world <close> = new(function() return 0.1 end)
    world:after("20s", function() world:write("proc/sys/vm/swappiness", "77\n") end)
    assert.error_matches(function() world:run() end,
      "stopped: somebody else has set vm.swappiness to 77")
    assert.equal(77, swappiness_of(world))
    world:stop()
  end)

  it("says what it does not reach in cgroups of version 1", function()
    local world <close> = new(function() return 0.1 end)
    world:write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    world:advance "1s"
    assert.event(world, "reach")
    finish(world)
  end)

  it("refuses without swap, and without another value to try", function()
    local world <close> = new(function() return 0 end)
    world:write("proc/meminfo", "MemTotal: 4000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    assert.error_matches(function() world:run() end, "there is no swap")
    local other <close> = new(function() return 0 end, { values = { 60 } })
    assert.error_matches(function() other:run() end, "there is nothing to compare 60 with")
  end)
end)


describe("a sweep", function()
  it("hardly ever finds a difference in what only grows meanwhile", function()
    local noise, found = new_noise(5), 0
    math.randomseed(1)
    for _ = 1, 500 do
      local sweep = sweeps.new(60, { 20, 40, 60, 80, 100, 120 }, 200, "stall")
      local moment = 0
      for _ = 1, 5 do
        local trials = {}
        for _, value in ipairs(sweep:order()) do
          moment = moment + 1
          trials[value] = { stall = moment + noise() }
        end
        sweep:add(trials)
      end
      local results = {}
      for i, value in ipairs(sweep.values) do
        results[i] = sweep:result(value, { "stall" })
      end
      found = found + (sweeps.best(results) and 1 or 0)
    end
    assert.is_true(found <= 0.035 * 500, found)
  end)
end)


describe("a paired difference", function()
  it("has the quantiles of Student's distribution, as tables print them", function()
    for _, row in ipairs { { 0.95, 1, 12.706 }, { 0.95, 2, 4.303 }, { 0.95, 4, 2.776 },
      { 0.99, 4, 4.604 }, { 0.99, 9, 3.250 }, { 0.999, 7, 5.408 }, { 0.95, 30, 2.042 } } do
      assert.near(row[3], paired.quantile(row[1], row[2]), 0.0005)
    end
  end)

  it("holds as often as it says, for all comparisons together", function()
    local noise, held = new_noise(11), 0
    for _ = 1, 1000 do
      local all = true
      local base = {}
      for i = 1, 5 do base[i] = noise() + noise() + noise() end
      for _ = 1, 5 do
        local samples = {}
        for i = 1, 5 do samples[i] = 1 + noise() + noise() + noise() end
        local mean, reach = paired.difference(samples, base, paired.each(0.95, 5))
        all = all and math.abs(mean - 1) <= reach
      end
      held = held + (all and 1 or 0)
    end
    assert.is_true(held >= 940, held)
  end)

  it("is one number where all rounds agree", function()
    assert.same({ 2, 0 }, { paired.difference({ 3.0, 4.0 }, { 1.0, 2.0 }, 0.95) })
  end)
end)
