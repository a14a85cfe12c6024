-- SPDX-License-Identifier: MIT
-- Whether events cost memory: a million timer ticks, and a million events of each kind that can be
-- injected, in virtual time. Lua's memory and the process's RSS are taken after the first thousand
-- and at the end; the status is 1 when either has grown by more than the noise of measuring it.
--
-- Usage: lua5.4 tests/bench/events.lua [EVENTS]
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"

local total = tonumber(arg[1]) or 1000000
local FIRST = 1000

--- What measuring itself moves: a page of Lua's strings, and the allocator's slack.
local LUA_NOISE, RSS_NOISE = 4 << 10, 256 << 10

local own_process = assert(proc.process(tonumber(proc.read("proc/self/stat"):match "^%d+")))

local function memory()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count" * 1024 // 1 | 0, own_process:status().VmRSS
end

--- Each takes a loop and a function to call at each event; returns a function that makes some.
local sources = {
  { "timer ticks", function(loop, count)
    loop:every(1, count)
    return function(events) loop:advance(events) end
  end },
  { "pressure events", function(loop, count)
    assert(loop:on_pressure({ resource = "memory", stall = 0.1 }, count))
    local event = { resource = "memory", total = 1, avg10 = 0.5 }
    return function(events)
      for _ = 1, events do loop:inject("pressure", event) end
    end
  end },
  { "OOM kills", function(loop, count)
    assert(loop:on_oom(count))
    local event = { pid = 1000, comm = "hog", anon_rss = 1 << 30, constraint = "CONSTRAINT_NONE" }
    return function(events)
      for _ = 1, events do loop:inject("oom", event) end
    end
  end },
}

local function measure(name, start)
  local loop <close> = assert(loops.new { virtual = true })
  local clock <close> = assert(loops.new())
  local seen = 0
  local make = start(loop, function() seen = seen + 1 end)
  memory() -- what the first look takes is not the events'
  make(FIRST)
  local lua_before, rss_before = memory()
  local begun = clock:now()
  make(total - FIRST)
  local seconds = clock:now() - begun
  local lua_after, rss_after = memory()
  assert(seen == total)
  print(("%-16s %9d %8.0f ns each  Lua %d -> %d bytes  RSS %d -> %d KiB"):format(name, seen,
    seconds / (total - FIRST) * 1e9, lua_before, lua_after, rss_before >> 10, rss_after >> 10))
  return lua_after - lua_before <= LUA_NOISE and rss_after - rss_before <= RSS_NOISE
end

local steady = true
for _, source in ipairs(sources) do
  steady = measure(source[1], source[2]) and steady
end
os.exit(steady and 0 or 1)
