-- SPDX-License-Identifier: MIT
-- What time of its own early-oom takes from a pressure event to the signal, with so many processes
-- in a fake root on this machine: CPU time from when the loop has the event until the act is done.
-- "ranked" is where memory was near the limits before, for then the processes are looked at twice a
-- second; "not ranked" is where half of it was gone at once.
--
-- Usage: lua5.4 tests/bench/signal.lua [DECISIONS [PROCESSES...]]
local testing = require "pagewarden.testing"

local DECISIONS = tonumber(arg[1]) or 100
local COUNTS = { table.unpack(arg, 2) }
local MEMINFO = [[
MemTotal:        4194304 kB
MemFree:         %d kB
MemAvailable:    %d kB
SwapTotal:       0 kB
SwapFree:        0 kB
]]
local AMPLE, NEAR, SHORT = 3000, 600, 250


local function set_available(world, mib)
  world:write("proc/meminfo", MEMINFO:format(mib << 10, mib << 10))
end


--- A world with early-oom, in which it is noted when the last change of the fake root was done and
--- when a signal came.
local function new_world(count)
  local world = testing.new { script = "early-oom" }
  local times = {}
  local settle, signal = world.settle, world.signal
  function world.settle(self)
    settle(self)
    times.began = os.clock()
  end
  function world.signal(self, act)
    times.signalled = times.signalled or os.clock()
    signal(self, act)
  end
  set_available(world, AMPLE)
  for i = 1, count do
    world:spawn { comm = "worker" .. i, rss = 20 << 20, uid = 1000 }
  end
  return world, times
end


--- Microseconds from the event to the signal to somebody who has just taken all.
local function decide(world, times, is_ranked)
  local hog = world:spawn { comm = "hog", rss = 2 << 30, uid = 1000 }
  set_available(world, is_ranked and NEAR or AMPLE)
  world:advance "30s"
  set_available(world, SHORT)
  times.signalled = nil
  world:pressure { resource = "memory", kind = "some" }
  local took = assert(times.signalled, "nobody was signalled") - times.began
  set_available(world, AMPLE)
  world:advance "1m"
  assert(world.processes[hog.pid] ~= hog, "it has not ended")
  return took * 1e6
end


local function print_row(count, is_ranked)
  local world <close>, times = new_world(count)
  local microseconds = {}
  for i = 1, DECISIONS do
    microseconds[i] = decide(world, times, is_ranked)
  end
  table.sort(microseconds)
  print(("%-12s %9d %9d %9.0f %9.0f %9.0f"):format(is_ranked and "ranked" or "not ranked", count,
    DECISIONS, microseconds[(DECISIONS + 1) // 2], microseconds[math.ceil(DECISIONS * 0.99)],
    microseconds[DECISIONS]))
end


print(("%-12s %9s %9s %9s %9s %9s"):format("us", "processes", "decisions", "median", "p99", "most"))
for _, count in ipairs(COUNTS[1] and COUNTS or { "100", "350", "1000" }) do
  print_row(tonumber(count), true)
  print_row(tonumber(count), false)
end
