-- SPDX-License-Identifier: MIT
-- What `pagewarden top` costs beside `top -d 1`: the CPU time that each takes in the same seconds,
-- with some hundred processes more, each on a terminal of its own.
--
-- Usage: lua5.4 tests/bench/top.lua [seconds], with PW_BUILD_DIR in the environment
local program = require "program"
local pseudo_terminal = require "pseudo_terminal"
local signal = require "posix.signal"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local SECONDS = tonumber(arg[1]) or 20
local PROCESSES = 300
local TICKS_A_SECOND = unistd.sysconf(unistd._SC_CLK_TCK)


--- Processes that sleep until their standard input ends.
local function start_herd()
  local reading, writing = assert(unistd.pipe())
  local pids = {}
  for i = 1, PROCESSES do
    local pid = assert(unistd.fork())
    if pid == 0 then
      unistd.close(writing)
      unistd.read(reading, 1)
      unistd._exit(0)
    end
    pids[i] = pid
  end
  unistd.close(reading)
  return function()
    unistd.close(writing)
    for _, pid in ipairs(pids) do
      wait.wait(pid)
    end
  end
end


--- Seconds of CPU that a process has taken.
local function cpu_seconds(pid)
  local file <close> = assert(io.open(("/proc/%d/stat"):format(pid)))
  local after_name = file:read("a"):match "^.*%) (.*)"
  local user, system = after_name:match(("%S+ "):rep(11) .. "(%d+) (%d+)")
  return (user + system) / TICKS_A_SECOND
end


--- Reads what is shown, so that nobody waits for us.
local function watch(terminals, seconds)
  local until_when = os.time() + seconds
  while os.time() < until_when do
    for _, terminal in ipairs(terminals) do
      terminal:drain(100)
    end
  end
end


local function main()
  local end_herd = start_herd()
  local names = { "pagewarden top", "pagewarden top --by growth", "top -d 1" }
  local terminals, before = {}, {}
  for i, name in ipairs(names) do
    local line = name:gsub("^pagewarden", program.path)
    terminals[i] = pseudo_terminal.start("env TERM=xterm " .. line)
  end
  watch(terminals, 2)
  for i, terminal in ipairs(terminals) do
    before[i] = cpu_seconds(terminal.pid)
  end
  watch(terminals, SECONDS)
  print(("%-28s %12s %8s"):format("top", "CPU ms/s", "ratio"))
  local costs = {}
  for i, terminal in ipairs(terminals) do
    costs[i] = (cpu_seconds(terminal.pid) - before[i]) / SECONDS
  end
  for i, name in ipairs(names) do
    print(("%-28s %12.2f %8.2f%s"):format(name, costs[i] * 1000, costs[i] / costs[#costs],
      i < #names and costs[i] >= costs[#costs] and "  MISSED" or ""))
  end
  for _, terminal in ipairs(terminals) do
    signal.kill(terminal.pid, signal.SIGKILL)
    terminal:close()
  end
  end_herd()
end


main()
