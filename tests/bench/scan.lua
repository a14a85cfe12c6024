-- SPDX-License-Identifier: MIT
-- What it costs to look at every process: microseconds a process and the ratio to a C loop that
-- only opens, reads and closes the same files, all from one run.
--
-- Usage: lua5.4 tests/bench/scan.lua BUILD-DIRECTORY [rounds]
local proc = require "pagewarden.proc"
local clock = require("pagewarden.loop").new()

local build = assert(arg[1], "the build directory is missing")
local rounds = tonumber(arg[2]) or 7
local PASSES = 3 -- in each round; the best counts

--- Runs a command that prints "SECONDS PROCESSES".
local function ask(command)
  local pipe = assert(io.popen(command))
  local seconds, processes = pipe:read("n", "n")
  pipe:close()
  return assert(seconds, command .. " printed no figures"), processes
end

--- The best of a few passes of a function that returns how many processes it saw.
local function timed(pass)
  local best, processes = math.huge, 0
  for _ = 1, PASSES do
    local start = clock:now()
    processes = pass()
    best = math.min(best, clock:now() - start)
  end
  return best, processes
end

--- Every field of every row, so that nothing is left unread.
local function visit(snapshot)
  local total = 0
  for p in snapshot:each() do total = total + p.pid + p.ppid + #p.comm + p.rss + p.vsize end
  return #snapshot
end

local FIELDS = { "pid", "ppid", "comm", "rss", "vsize" }

local function sweep_through_lua()
  local snapshot = proc.processes(FIELDS)
  return function() return visit(snapshot:refresh()) end
end

local function watch_through_lua()
  local watch = proc.watch { "pid", "ppid", "comm", "rss", "vsize", descriptors = 19000 }
  for p in proc.processes({ "pid" }):each() do watch:add(p.pid) end
  return function() return visit(watch:refresh()) end
end

--- What a Lua program without any module would write.
local function pure_lua(pids)
  return function()
    local count = 0
    for _, pid in ipairs(pids) do
      local file = io.open("/proc/" .. pid .. "/stat")
      if file then
        local text = file:read "a"
        file:close()
        local comm, rest = text:match "^%d+ %((.*)%) %S (.*)$"
        local numbers = {}
        for number in rest:gmatch "%S+" do numbers[#numbers + 1] = tonumber(number) end
        count = count + (comm and numbers[21] and 1 or 0)
      end
    end
    return count
  end
end

--- Wall time of a whole ps(1), its start included.
local function ps()
  return timed(function()
    local pipe = assert(io.popen "ps -eo pid,rss,vsz,comm")
    local count = -1
    for _ in pipe:lines() do count = count + 1 end
    pipe:close()
    return count
  end)
end

local function contenders()
  local sweep, watch = sweep_through_lua(), watch_through_lua()
  local pure = pure_lua(proc.processes({ "pid" }):column "pid")
  local c = build .. "/tests/bench_sweep "
  return {
    { "open, read, close in C", function() return ask(c .. "floor " .. PASSES) end },
    { "C sweep", function() return ask(c .. "scan " .. PASSES) end, goal = 1.10 },
    { "sweep through Lua", function() return timed(sweep) end, goal = 1.15 },
    { "watch set through Lua", function() return timed(watch) end, goal = 0.60 },
    { "pure Lua, io.open", function() return timed(pure) end },
    { "ps -eo pid,rss,vsz,comm", ps },
    { "psutil process_iter", function()
      -- Debian's own Python: psutil is its package python3-psutil.
      return ask("/usr/bin/python3 tests/bench/psutil_sweep.py " .. PASSES)
    end },
  }
end

--- With `count` processes asleep beside what the machine runs anyway.
local function with_herd(count, body)
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute("mkfifo " .. fifo))
  local herd = assert(io.popen(("%s/tests/bench_herd %d < %s"):format(build, count, fifo)))
  local stop = assert(io.open(fifo, "w"))
  os.remove(fifo)
  local started = herd:read("l"):match "%d+"
  assert(tonumber(started) == count, "only " .. started .. " processes could be started")
  local result = body()
  stop:close()
  herd:close()
  return result
end

--- The best microseconds a process of each contender, measured in turns.
local function measure(count)
  return with_herd(count, function()
    local list = contenders()
    for _ = 1, rounds do
      for _, contender in ipairs(list) do
        local seconds, processes = contender[2]()
        local each = seconds / processes * 1e6
        contender.best = math.min(contender.best or math.huge, each)
      end
    end
    return list
  end)
end

local function print_ratios(list)
  print(("%-26s %12s %8s   %s"):format("2,000 processes", "us/process", "ratio", "goal"))
  for _, contender in ipairs(list) do
    local ratio = contender.best / list[1].best
    local goal = contender.goal and ("<= %.2f%s"):format(contender.goal,
      ratio <= contender.goal and "" or "  MISSED") or ""
    print(("%-26s %12.2f %8.2f   %s"):format(contender[1], contender.best, ratio, goal))
  end
  local psutil, lua = list[7].best, list[3].best
  print(("psutil / sweep through Lua: %.1f, goal >= 4.5%s"):format(psutil / lua,
    psutil / lua >= 4.5 and "" or "  MISSED"))
end

local function print_scaling(columns)
  print(("\n%-26s %9s %9s %9s   us/process"):format("processes", "100", "1,000", "10,000"))
  for i, contender in ipairs(columns[1]) do
    io.write(("%-26s"):format(contender[1]))
    for _, column in ipairs(columns) do io.write((" %9.2f"):format(column[i].best)) end
    print()
  end
end

print_ratios(measure(2000))
rounds = math.min(rounds, 3)
print_scaling { measure(100), measure(1000), measure(10000) }
