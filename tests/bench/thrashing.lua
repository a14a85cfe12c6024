-- SPDX-License-Identifier: MIT
-- How usable a machine of 512 MiB stays for somebody at a terminal while another makes it stand
-- still (tests/lab/guest/thrash.lua), on disks that do 10 MiB and 100 requests a second together:
-- with the kernel alone, with Debian's daemons and with scripts/early-oom.lua. Each second of 90 a
-- shell is started that runs `ls` and `cat`. Medians of all repetitions, and the worst of all.
--
-- Each run takes two to three minutes, is kept in the build tree, and not done again; remove
-- lab/thrashing there to start anew. The guest of systemd-oomd has systemd as process 1.
--
-- Usage: lua5.4 tests/bench/thrashing.lua [repetitions [contenders [kernel]]], such as
-- `5 none,pagewarden 6.12`, with PW_BUILD_DIR in the environment
package.path = "tests/lab/?.lua;" .. package.path
local boot = require "boot"
local kept_run = require "kept_run"

local REPETITIONS = tonumber(arg[1]) or 3
local CONTENDERS = arg[2] or "none earlyoom nohang systemd-oomd pagewarden"
local KERNEL = arg[3] or "6.1"
local FOLDER = os.getenv "PW_BUILD_DIR" .. "/lab/thrashing"
local NAME = "bench/thrashing"

local ROW = "%-12s %4d %7s %7s %8s %8s %8s %8s %8s  %s"


--- All runs of one contender, with those that were missing.
local function runs_of(contender)
  local runs = {}
  for number = 1, REPETITIONS do
    local path = ("%s/%s-%s-%d"):format(FOLDER, KERNEL, contender, number)
    if not kept_run.recall(path, "prompt_worst_ms") then
      kept_run.measure(path, { name = NAME, kernel = KERNEL,
        words = (" contender=%s%s"):format(contender,
          contender == "systemd-oomd" and " then=systemd" or ""),
        images = { contenders = FOLDER .. "/contenders" } })
    end
    runs[#runs + 1] = kept_run.recall(path, "prompt_worst_ms")
  end
  return runs
end


--- The value in the middle, or the last one: of those that the runs have by a name.
local function value_of(runs, name, which)
  local values = {}
  for _, run in ipairs(runs) do
    values[#values + 1] = run[name]
  end
  table.sort(values)
  local value = values[which == "last" and #values or (#values + 1) // 2]
  return value and ("%.0f"):format(value) or "-"
end


--- "contender/15, nobody/0": each hand and signal once, and who else ended.
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


local function print_row(contender, runs)
  print(ROW:format(contender, #runs, value_of(runs, "seconds"), value_of(runs, "hog_mib"),
    value_of(runs, "swap_free_mib"), value_of(runs, "prompts_late"),
    value_of(runs, "prompt_worst_ms"), value_of(runs, "prompt_worst_ms", "last"),
    value_of(runs, "heartbeat_worst_ms"), hands_of(runs)))
end


local function main()
  local obstacle = boot.obstacle(NAME, KERNEL)
  if obstacle then
    print("skipped: " .. obstacle)
    os.exit(true)
  end
  io.stdout:setvbuf "line"
  assert(os.execute(("mkdir -p %s && sh tests/bench/contenders.sh %s/contenders"):format(FOLDER,
    FOLDER)))
  print((ROW:gsub("%%4d", "%%4s")):format("contender", "runs", "end s", "hog MiB", "swap MiB",
    "late >1s", "worst ms", "of all", "beat ms", "hand/signal"))
  local complete = true
  for contender in CONTENDERS:gmatch "[^, ]+" do
    local runs = runs_of(contender)
    complete = complete and #runs == REPETITIONS
    print_row(contender, runs)
  end
  os.exit(complete)
end


main()
