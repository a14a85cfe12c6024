-- SPDX-License-Identifier: MIT
-- leak-watch in virtual time: what it must name, and what it must leave alone.
local log = require "pagewarden.log"
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20


--- A world in which one process lives by a function of the seconds since it started.
local function watch(given, live, options)
  local world = testing.new { script = "leak-watch", options = options }
  local p = world:spawn(given)
  local start = world:now()
  world:every("5s", function() live(p, math.floor(world:now() - start)) end)
  return world, p
end


--- Its real memory, in MiB, by the second.
local function watch_real(mib, options)
  return watch({ comm = "grower", rss_anon = math.floor(mib(0) * MIB) }, function(p, second)
    p.rss_anon = math.floor(mib(second) * MIB)
  end, options)
end


local function events(world, name)
  local found = {}
  for _, event in ipairs(world.events) do
    if event.event == name then
      found[#found + 1] = event
    end
  end
  return found
end


--- A test of events: within a part of what is expected.
local function about(expected, part)
  return function(value)
    return math.abs(value / expected - 1) <= (part or 0.05)
  end
end


describe("leak-watch names", function()
  it("a process that grows within a minute, and calls it a leak after a quarter of an hour",
    function()
      local world <close>, p = watch_real(function(second) return 100 + second end)
      world:advance "1m"
      assert.event(world, "growing", { pid = p.pid, kind = "real", slope = about(MIB) })
      world:advance "14m"
      assert.no_event(world, "leak")
      world:advance "3m"
      assert.event(world, "leak", {
        pid = p.pid, comm = "grower", start_time = p.start_time, kind = "real", slope = about(MIB),
        seconds = function(seconds) return seconds >= 15 * 60 end,
        grown = function(bytes) return bytes >= 15 * 60 * MIB end,
      })
    end)

  it("in words, with the time that memory and swap will last", function()
    local world <close> = watch_real(function(second) return 100 + second end)
    world:advance "1m"
    local event = events(world, "growing")[1]
    assert.equal("grower (pid 1000) grew 25 MiB of real memory in 25s, 1 MiB/s, never giving any"
      .. " back; at this rate memory is exhausted in 1h 12m", event.message)
    assert.is_true(about(4346.4)(event.exhaustion)) -- MemAvailable and SwapFree of the machine
  end)

  it("a slow leak under a garbage collector's saw-tooth", function()
    local world <close>, p = watch_real(function(second)
      return 100 + second % 60 * 2 + second / 20
    end)
    world:advance "40m"
    assert.event(world, "leak", { pid = p.pid, slope = about(MIB / 20, 0.2) })
  end)

  it("a leak whose resident memory falls because it is swapped out", function()
    local world <close>, p = watch({ comm = "hidden", rss = "400M" }, function(it, second)
      it.rss_anon = (400 - second // 10) * MIB
      it.swap = second // 5 * MIB
    end)
    world:advance "30m"
    assert.event(world, "leak", { pid = p.pid, kind = "real", slope = about(MIB / 10) })
  end)

  it("a leak of mappings that are never touched, as virtual", function()
    local world <close>, p = watch({ comm = "mapper", rss = "10M" }, function(it, second)
      it.vsize = (100 + second) * MIB
    end)
    world:advance "30m"
    assert.event(world, "leak", { pid = p.pid, kind = "virtual", slope = about(MIB) })
    assert.no_event(world, "growing", { kind = "real" })
    assert.is_nil(events(world, "leak")[1].exhaustion)
  end)

  it("a leak that begins after two calm hours, with its own slope", function()
    local world <close>, p = watch_real(function(second)
      return 300 + math.max(0, second - 7200) / 2
    end)
    world:advance "2h"
    assert.equal(0, #world.events)
    world:advance "30m"
    assert.event(world, "leak", { pid = p.pid, slope = about(MIB / 2) })
  end)

  it("a process that renames itself all the time", function()
    local world <close>, p = watch({ comm = "name 0", rss = "50M" }, function(it, second)
      it.rss_anon = (50 + second) * MIB
      it.comm = "name " .. second
    end)
    world:advance "20m"
    assert.event(world, "leak", { pid = p.pid, start_time = p.start_time })
    assert.equal(1, #events(world, "leak"))
  end)

  it("a process whose name is made to deceive, without printing it raw", function()
    local comm = "x) R 1\n\27[2J\255"
    local world <close>, p = watch({ comm = comm, rss = "50M" }, function(it, second)
      it.rss_anon = (50 + second) * MIB
    end)
    world:advance "1m"
    assert.event(world, "growing", { pid = p.pid, comm = comm })
    assert.is_nil(log.to_text(world.events[1]):find "%c")
    assert.is_nil(log.to_json(world.events[1]):find "[%c\255]")
  end)
end)


describe("leak-watch leaves alone", function()
  it("a warm-up", function()
    local world <close> = watch_real(function(second) return 10 + math.min(60, 5 * second) end)
    world:advance "1h"
    assert.equal(0, #world.events)
  end)

  it("a cache that fills ever more slowly", function()
    local world <close> = watch_real(function(second)
      return 100 + 1000 * (1 - math.exp(-second / 300))
    end)
    world:advance "1h"
    assert.no_event(world, "leak")
  end)

  it("a saw-tooth that always comes back down", function()
    local world <close> = watch_real(function(second) return 100 + second % 300 * 2 end)
    world:advance "2h"
    assert.no_event(world, "leak")
  end)

  it("a step to another load", function()
    local world <close> = watch_real(function(second) return second < 1800 and 100 or 700 end)
    world:advance "2h"
    assert.equal(0, #world.events)
  end)

  it("noise", function()
    local state = 1
    local world <close> = watch_real(function()
      state = state * 48271 % 2147483647 -- Lehmer's generator: the same noise in every run
      return 300 + state / 2147483647 * 200
    end)
    world:advance "2h"
    assert.equal(0, #world.events)
  end)

  it("growth too small to speak of", function()
    local world <close> = watch_real(function(second) return 100 + second / 600 end)
    world:advance "1h"
    assert.equal(0, #world.events)
  end)

  it("a growth that is little beside what the process had: growing, but no leak", function()
    local world <close> = watch_real(function(second) return 8000 + second / 30 end)
    world:advance "1h"
    assert.event(world, "growing")
    assert.no_event(world, "leak")
  end)

  it("processes that come and go", function()
    local world <close> = testing.new { script = "leak-watch" }
    local alive
    world:every("10s", function()
      if alive then
        world:exit(alive)
      end
      alive = world:spawn { comm = "compiler", rss = "20M" }
    end)
    world:every("1s", function()
      if alive then
        alive.rss_anon = alive.rss_anon + 50 * MIB
      end
    end)
    world:advance "20m"
    assert.equal(0, #world.events)
  end)

  it("a new process with the pid of one that grew", function()
    local world <close>, first = watch_real(function(second) return 100 + second end)
    world:advance "14m"
    world:exit(first)
    local second = world:spawn { pid = first.pid, comm = "heir", rss = "2G" }
    world:advance "14m"
    assert.no_event(world, "leak")
    assert.no_event(world, "growing", { start_time = second.start_time })
  end)

  it("whom its options say to", function()
    local function grow(second) return 100 + second end
    local ignoring <close> = watch_real(grow, { ignore = { "^grow" } })
    ignoring:advance "20m"
    assert.equal(0, #ignoring.events)
    local other <close> = watch_real(grow, { match = { "^java$", "^node$" } })
    other:advance "20m"
    assert.equal(0, #other.events)
    local matching <close> = watch_real(grow, { match = { "^java$", "er$" } })
    matching:advance "20m"
    assert.event(matching, "leak")
  end)
end)


describe("leak-watch", function()
  it("says a thing once, again when it gets worse, and then every ten minutes", function()
    local world <close> = watch_real(function(second) return 100 + second end)
    world:advance "40m"
    local said = {}
    for i, event in ipairs(world.events) do
      said[i] = event.event
      local last = world.events[i - 1]
      assert.is_true(not last or last.event ~= event.event or event.time - last.time >= 600)
    end
    assert.same({ "growing", "growing", "leak", "leak", "leak" }, said)
  end)

  it("speaks of memory that is in use once, not as virtual memory too", function()
    local world <close> = watch_real(function(second) return 100 + second end)
    world:advance "30m"
    assert.event(world, "leak", { kind = "real" })
    assert.no_event(world, "growing", { kind = "virtual" })
    assert.no_event(world, "leak", { kind = "virtual" })
  end)

  it("takes a finding back when the growth has ended", function()
    local world <close>, p = watch_real(function(second) return 100 + math.min(second, 1500) end)
    world:advance "25m"
    assert.event(world, "leak", { pid = p.pid })
    world:advance "1h"
    assert.event(world, "settled", { pid = p.pid, kind = "real" })
    assert.equal("settled", world.events[#world.events].event)
  end)

  it("forgets a finding with its process", function()
    local world <close>, p = watch_real(function(second) return 100 + second end)
    world:advance "2m"
    world:exit(p)
    world:advance "1h"
    assert.no_event(world, "settled")
    assert.equal(1, #world.events)
  end)

  it("watches the whole of a crowd", function()
    local world <close> = testing.new { script = "leak-watch" }
    local crowd = {}
    for i = 1, 60 do
      crowd[i] = world:spawn { comm = "worker", rss = "30M" }
    end
    world:every("5s", function() crowd[37].rss_anon = crowd[37].rss_anon + 5 * MIB end)
    world:advance "20m"
    assert.event(world, "leak", { pid = crowd[37].pid })
    for _, event in ipairs(world.events) do
      assert.equal(crowd[37].pid, event.pid)
    end
  end)

  it("leaves nothing behind", function()
    local world <close> = watch_real(function(second) return 100 + second end)
    world:advance "2m"
    world:stop()
    assert.no_trace(world)
  end)

  it("refuses a window that is too short to confirm anything in", function()
    assert.error_matches(function()
      testing.new { script = "leak-watch", options = { window = "5m" } }
    end, "window shorter than confirm")
  end)
end)
