-- SPDX-License-Identifier: MIT
-- How soon, by whose hand and at what cost a program is killed that takes all of the memory, in a
-- guest of 512 MiB without swap, with a disk of it and with zram: by the kernel alone, by Debian's
-- daemons and by scripts/early-oom.lua. Medians of all repetitions, and the worst stall of any.
-- What the program had and what swap was free is as last seen before its end.
--
-- Each run takes 40 to 60 seconds, is kept in the build tree, and not done again; remove
-- lab/reaction there to start anew.
-- Kill times are good to 5 %, worst stalls to a factor of 2 to 4: emulation stalls by itself. The
-- guest of systemd-oomd has systemd as process 1, in which the program grows more slowly.
--
-- Usage: lua5.4 tests/bench/reaction.lua [repetitions [swaps [contenders [kernel]]]], such as
-- `10 none,zram earlyoom,pagewarden 6.12`, with PW_BUILD_DIR in the environment
package.path = "tests/lab/?.lua;" .. package.path
local boot = require "boot"
local kept_run = require "kept_run"

--- The words of an argument, or all that there are.
local function chosen(argument, all)
  local words = {}
  for word in (argument or all):gmatch "[^, ]+" do
    words[#words + 1] = word
  end
  return words
end


local REPETITIONS = tonumber(arg[1]) or 3
local SWAPS = chosen(arg[2], "none disk zram")
local CONTENDERS = chosen(arg[3], "none earlyoom nohang oomd psi-notify systemd-oomd pagewarden")
local KERNEL = arg[4] or "6.1"
local FOLDER = os.getenv "PW_BUILD_DIR" .. "/lab/reaction"

---@class bench.Column
---@field title string
---@field name string of a value that the guest tells
---@field width integer
---@field decimals integer
---@field of fun(values: number[]): number of the repetitions, in order

local function median(values)
  return values[(#values + 1) // 2]
end

local function greatest(values)
  return values[#values]
end

---@type bench.Column[]
local COLUMNS = {
  { title = "kill s", name = "seconds", width = 6, decimals = 1, of = median },
  { title = "hog MiB", name = "hog_mib", width = 7, decimals = 0, of = median },
  { title = "swap MiB", name = "swap_free_mib", width = 8, decimals = 0, of = median },
  { title = "stall ms", name = "worst_ms", width = 8, decimals = 0, of = median },
  { title = "worst ms", name = "worst_ms", width = 8, decimals = 0, of = greatest },
  { title = "p99 ms", name = "p99_ms", width = 6, decimals = 1, of = median },
  { title = "RSS KiB", name = "rss_kib", width = 7, decimals = 0, of = median },
  { title = "CPU/10s", name = "idle_cpu", width = 7, decimals = 2, of = median },
  { title = "wakes/10s", name = "idle_wakeups", width = 9, decimals = 0, of = median },
}


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
    local path = ("%s/%s-%s-%s-%d"):format(FOLDER, KERNEL, swap, contender, number)
    if not recall(path) then
      measure(path, swap, contender)
    end
    runs[#runs + 1] = recall(path)
  end
  return runs
end


--- What the runs have by that name, in order.
local function values_of(runs, name)
  local values = {}
  for _, run in ipairs(runs) do
    values[#values + 1] = run[name]
  end
  table.sort(values)
  return values
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


local function print_titles()
  local cells = { ("%-5s %-12s %4s"):format("swap", "contender", "runs") }
  for _, column in ipairs(COLUMNS) do
    cells[#cells + 1] = ("%" .. column.width .. "s"):format(column.title)
  end
  print(table.concat(cells, " ") .. " hand/signal")
end


local function print_row(swap, contender, runs)
  local cells = { ("%-5s %-12s %4d"):format(swap, contender, #runs) }
  for _, column in ipairs(COLUMNS) do
    local value = column.of(values_of(runs, column.name))
    cells[#cells + 1] = value and ("%%%d.%df"):format(column.width, column.decimals):format(value)
      or ("%" .. column.width .. "s"):format "-"
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
  print_titles()
  local complete = true
  for _, swap in ipairs(SWAPS) do
    for _, contender in ipairs(CONTENDERS) do
      local runs = runs_of(swap, contender)
      complete = complete and #runs == REPETITIONS
      print_row(swap, contender, runs)
    end
  end
  os.exit(complete)
end


main()
