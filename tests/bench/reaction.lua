-- SPDX-License-Identifier: MIT
-- How soon, by whose hand and at what cost a program is killed that takes all of the memory, in a
-- guest of 512 MiB without swap, with a disk of it and with zram: by the kernel alone, by Debian's
-- daemons and, once scripts/early-oom.lua is there, by pagewarden. Medians of all repetitions.
--
-- Each run is kept in the build tree, and not done again; remove lab/reaction there to start anew.
-- Kill times are good to 5 %, worst stalls to a factor of 2 to 4: emulation stalls by itself. The
-- guest of systemd-oomd has systemd as process 1, in which the program grows more slowly.
--
-- Usage: lua5.4 tests/bench/reaction.lua [repetitions], with PW_BUILD_DIR in the environment
package.path = "tests/lab/?.lua;" .. package.path
local boot = require "boot"
local kept_run = require "kept_run"

local REPETITIONS = tonumber(arg[1]) or 3
local KERNEL = "6.1"
local FOLDER = os.getenv "PW_BUILD_DIR" .. "/lab/reaction"
local SWAPS = { "none", "disk", "zram" }
local COLUMNS = { { "seconds", "%8.1f" }, { "worst_ms", "%9.0f" }, { "p99_ms", "%8.1f" },
  { "rss_kib", "%8.0f" }, { "idle_cpu", "%9.2f" }, { "idle_wakeups", "%9.0f" } }


local function exists(path)
  local file <close> = io.open(path)
  return file ~= nil
end


local function contenders()
  local names = { "none", "earlyoom", "nohang", "oomd", "systemd-oomd" }
  if exists "scripts/early-oom.lua" then
    names[#names + 1] = "pagewarden"
  end
  return names
end


local function recall(path)
  return kept_run.recall(path, "hand")
end


--- One run; systemd-oomd wants systemd as process 1.
local function measure(path, swap, contender)
  local guest = { name = "bench/" .. swap, kernel = KERNEL, words = " contender=" .. contender,
    images = { contenders = FOLDER .. "/contenders" } }
  if contender == "systemd-oomd" then
    guest.words = guest.words .. " then=systemd"
  end
  kept_run.measure(path, guest)
end


--- All runs of one kind, with those that were missing.
local function runs_of(swap, contender)
  local runs = {}
  for number = 1, REPETITIONS do
    local path = ("%s/%s-%s-%d"):format(FOLDER, swap, contender, number)
    if not recall(path) then
      measure(path, swap, contender)
    end
    runs[#runs + 1] = recall(path)
  end
  return runs
end


local function median(runs, name)
  local values = {}
  for _, run in ipairs(runs) do
    values[#values + 1] = run[name]
  end
  table.sort(values)
  return values[(#values + 1) // 2]
end


--- "contender/15, kernel/9": each hand and signal once, and who else ended.
local function hands_of(runs)
  local seen, hands = {}, {}
  for _, run in ipairs(runs) do
    local hand = ("%s/%d%s"):format(run.hand, run.signal,
      run.collateral and " and " .. run.collateral or "")
    if not seen[hand] then
      seen[hand] = true
      hands[#hands + 1] = hand
    end
  end
  return table.concat(hands, ", ")
end


local function print_row(swap, contender, runs)
  local cells = { ("%-5s %-12s %4d"):format(swap, contender, #runs) }
  for _, column in ipairs(COLUMNS) do
    local value = median(runs, column[1])
    local width = column[2]:match "%d+"
    cells[#cells + 1] = value and column[2]:format(value) or ("%" .. width .. "s"):format "-"
  end
  cells[#cells + 1] = hands_of(runs)
  print(table.concat(cells, " "))
end


local function main()
  local obstacle = boot.obstacle("bench/none", KERNEL)
  if obstacle then
    print("skipped: " .. obstacle)
    os.exit(true)
  end
  io.stdout:setvbuf "line"
  assert(os.execute(("mkdir -p %s && sh tests/bench/contenders.sh %s/contenders"):format(FOLDER,
    FOLDER)))
  print(("%-5s %-12s %4s %8s %9s %8s %8s %9s %9s %s"):format("swap", "contender", "runs", "kill s",
    "worst ms", "p99 ms", "RSS KiB", "CPU/10s", "wakes/10s", "hand/signal"))
  local complete = true
  for _, swap in ipairs(SWAPS) do
    for _, contender in ipairs(contenders()) do
      local runs = runs_of(swap, contender)
      complete = complete and #runs == REPETITIONS
      print_row(swap, contender, runs)
    end
  end
  os.exit(complete)
end


main()
