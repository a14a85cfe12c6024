-- SPDX-License-Identifier: MIT
-- How long after an event the policy's first line runs: from the event to the host's answer to the
-- question for the time that this line asks, which is part of what is measured. A pressure event is
-- injected at the loop, as the kernel's would arrive there; a change of a cgroup's memory.events
-- comes through the kernel, from the write on.
--
-- Usage: lua5.4 tests/bench/latency.lua [EVENTS]
local folders = require "folder"
local loops = require "pagewarden.loop"
local policy = require "pagewarden.policy"
local proc = require "pagewarden.proc"
local runtime = require "pagewarden.runtime"

local EVENTS = tonumber(arg[1]) or 10000
local FIRST = 100 -- not measured: memory that is touched for the first time

local EVENTS_FILE = "sys/fs/cgroup/web/memory.events"
local COUNTERS = "low 0\nhigh %d\nmax 0\noom 0\noom_kill 0\n"

local WAITS = [[
return { api = 1, name = "waits", summary = "Says when it was called", start = function(pw)
  %s
end }
]]

local clock = assert(loops.new())


--- Starts a policy whose questions for the time are answered with the machine's, and noted.
local function start(folder, loop, reader, body)
  local asked = {}
  local loaded = assert(policy.load(folder:write("waits.lua", WAITS:format(body))))
  assert(loaded:set_options {})
  local seen = setmetatable({ now = function()
    asked[#asked + 1] = clock:now()
    return asked[#asked]
  end }, {
    __index = function(_, name)
      return function(_, ...) return loop[name](loop, ...) end
    end,
  })
  runtime.start(loaded, { loop = seen, reader = reader, sink = print,
    now = function() return 0 end })
  return asked
end


local function print_row(name, sent, asked)
  assert(#asked == #sent, ("%d events, %d calls"):format(#sent, #asked))
  local microseconds = {}
  for i = FIRST + 1, #sent do
    microseconds[#microseconds + 1] = (asked[i] - sent[i]) * 1e6
  end
  table.sort(microseconds)
  print(("%-40s %8d %10.1f %10.1f %10.1f"):format(name, #microseconds,
    microseconds[#microseconds // 2], microseconds[math.ceil(#microseconds * 0.99)],
    microseconds[#microseconds]))
end


local function measure_pressure(folder, reader)
  local loop <close> = assert(loops.new { virtual = true, reader = reader })
  local asked = start(folder, loop, reader, [[
assert(pw:on_pressure({ resource = "memory", stall = 0.1 }, function() pw:now() end))]])
  local sent, event = {}, { resource = "memory", total = 1, avg10 = 0.5 }
  for i = 1, EVENTS do
    sent[i] = clock:now()
    loop:inject("pressure", event)
  end
  print_row("pressure, from the loop on", sent, asked)
end


local function measure_memory_events(folder, reader)
  local loop <close> = assert(loops.new { reader = reader })
  local asked = start(folder, loop, reader, [[
assert(pw:on_memory_events("/web", function() pw:now() end))]])
  local sent = {}
  local file <close> = assert(io.open(folder.path .. "/" .. EVENTS_FILE, "r+"))
  loop:every(0.001, function()
    if #asked == EVENTS then
      loop:stop()
    elseif #asked == #sent then
      file:seek "set"
      sent[#sent + 1] = clock:now()
      file:write(COUNTERS:format(#sent))
      file:flush()
    end
  end)
  assert(loop:run())
  print_row("memory.events, from the write on", sent, asked)
end


local folder <close> = folders.new()
for _, path in ipairs { "proc", "sys", "sys/fs", "sys/fs/cgroup", "sys/fs/cgroup/web" } do
  folder:mkdir(path)
end
folder:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
folder:write(EVENTS_FILE, COUNTERS:format(0))
local reader <close> = assert(proc.open(folder.path))
print(("%-40s %8s %10s %10s %10s"):format("us to the policy's first line", "events", "median",
  "p99", "most"))
measure_pressure(folder, reader)
measure_memory_events(folder, reader)
