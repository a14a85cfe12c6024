-- SPDX-License-Identifier: MIT
-- The guide's table, on loads that want different things: how much work gets done under each
-- vm.swappiness and under adaptive-swappiness, in a guest of 512 MiB whose disks do 20 MiB and 600
-- requests a second together: slow, for an emulated processor must not be what is waited for.
-- tests/lab/guest/swappiness.lua says what the loads are.
--
-- The best fixed value is chosen from the runs with odd numbers, and adaptive-swappiness compared
-- with it in those with even numbers, run by run: a value that was best by luck is not so again.
-- The interval is Student's, 95 %, of the ratios.
--
-- Each run boots a guest, takes about 190 seconds (C 310), is kept in the build tree, and not done
-- again; remove lab/swappiness there to start anew. A machine that does something else spoils it.
--
-- Usage: lua5.4 tests/bench/swappiness.lua [runs [loads]], such as `4 A,B`, with PW_BUILD_DIR in
-- the environment
package.path = "tests/lab/?.lua;lua/?.lua;" .. package.path
local boot = require "boot"
local kept_run = require "kept_run"
local paired = require "pagewarden.recipe.paired"

local RUNS = tonumber(arg[1]) or 4
local KERNEL = "6.1"
local FOLDER = os.getenv "PW_BUILD_DIR" .. "/lab/swappiness"
local VALUES = { "20", "60", "100", "150", "200", "adaptive" }
local DEFAULT = "60"

---@class bench.Load
---@field name string
---@field guest string
---@field load string
---@field seconds integer
---@field work fun(run: table): number what it is about
---@field favours string[]? sides that the policy is told to favour, once each

local function files(run)
  return run.mb_per_second
end

local function memory(run)
  return run.touches_per_second
end

local function geometric_mean(run)
  return math.sqrt(run.mb_per_second * run.touches_per_second)
end

---@type bench.Load[]
local LOADS = {
  { name = "A", guest = "bench/swappiness", load = "A", seconds = 120, work = files },
  { name = "B", guest = "bench/swappiness", load = "B", seconds = 120, work = memory },
  { name = "C", guest = "bench/swappiness", load = "C", seconds = 240, work = geometric_mean },
  { name = "D", guest = "bench/swappiness", load = "D", seconds = 120, work = geometric_mean,
    favours = { "files", "memory" } },
  { name = "Z", guest = "bench/swappiness_zram", load = "A", seconds = 120, work = files },
}

local function recall(path)
  return kept_run.recall(path, "touches_per_second")
end


local function measure(path, load, value)
  kept_run.measure(path, { name = load.guest, kernel = KERNEL,
    words = (" load=%s value=%s seconds=%d"):format(load.load, value, load.seconds) })
end


--- A run, kept or now.
local function run_one(load, value, number)
  local path = ("%s/%s-%s-%d"):format(FOLDER, load.name, value, number)
  if not recall(path) then
    measure(path, load, value)
  end
  return recall(path)
end


--- One run of every value, in an order of its own.
local function run_all(load, number)
  local runs = {}
  for i = 1, #VALUES do
    local value = VALUES[(i + number * 2) % #VALUES + 1]
    runs[value] = run_one(load, value, number)
  end
  for _, side in ipairs(number == 1 and load.favours or {}) do
    runs[side] = run_one(load, side, number)
  end
  return runs
end


--- The mean and half of its interval; the latter is not known of one value.
local function interval(values)
  local middle, squares = paired.mean(values), 0
  for _, value in ipairs(values) do
    squares = squares + (value - middle) ^ 2
  end
  local freedom = #values - 1
  return middle, freedom > 0
    and paired.quantile(0.95, freedom) * math.sqrt(squares / freedom / #values) or nil
end


--- What a function makes of all runs of a value that a condition wants.
local function of_runs(all, value, fn, wanted)
  local values = {}
  for number, runs in ipairs(all) do
    if runs[value] and (not wanted or wanted(number)) then
      values[#values + 1] = fn(runs[value])
    end
  end
  return values
end


local function is_odd(number)
  return number % 2 == 1
end


--- The fixed value that did best in the runs with odd numbers.
local function choose(all, work)
  local best, most
  for _, value in ipairs(VALUES) do
    local values = value ~= "adaptive" and of_runs(all, value, work, is_odd) or {}
    local middle = #values > 0 and paired.mean(values)
    if middle and (not most or middle > most) then
      best, most = value, middle
    end
  end
  return best
end


local function field(name)
  return function(run)
    return run[name] or 0
  end
end


local function print_row(all, value)
  local columns = { "mb_per_second", "touches_per_second", "swap_kib", "pswpin", "pswpout",
    "workingset_refault_file", "workingset_activate_file", "full_ms" }
  local cells = { ("%-9s %4d"):format(value, #of_runs(all, value, files)) }
  for _, name in ipairs(columns) do
    local values = of_runs(all, value, field(name))
    local unit = name == "swap_kib" and 1024 or 1
    cells[#cells + 1] = ("%9.1f"):format(#values > 0 and paired.mean(values) / unit or 0)
  end
  print(table.concat(cells, " "))
end


--- adaptive-swappiness by a fixed value, run by run.
local function print_ratio(all, work, against, what)
  local ratios = {}
  for number, runs in ipairs(all) do
    local fixed = runs[against]
    if not is_odd(number) and fixed and runs.adaptive and work(fixed) > 0 then
      ratios[#ratios + 1] = work(runs.adaptive) / work(fixed)
    end
  end
  if #ratios > 0 then
    local middle, half = interval(ratios)
    print(("  adaptive by %s (%s): %.2f%s of %d runs"):format(against, what, middle,
      half and (" +- %.2f"):format(half) or "", #ratios))
  end
end


local function report(load, all)
  print(("\nload %s\n%-9s %4s %9s %9s %9s %9s %9s %9s %9s %9s"):format(load.name, "value", "runs",
    "MB/s", "touches/s", "swap MiB", "pswpin/s", "pswpout/s", "refault/s", "useful/s", "full ms/s"))
  for _, value in ipairs(VALUES) do
    print_row(all, value)
  end
  for _, side in ipairs(load.favours or {}) do
    print_row(all, side)
  end
  local best = choose(all, load.work)
  if best then
    print_ratio(all, load.work, best, "the best fixed value")
    print_ratio(all, load.work, DEFAULT, "the default")
  end
end


local function main()
  local obstacle = boot.obstacle("bench/swappiness", KERNEL)
  if obstacle then
    print("skipped: " .. obstacle)
    os.exit(true)
  end
  io.stdout:setvbuf "line"
  assert(os.execute("mkdir -p " .. FOLDER))
  for _, load in ipairs(LOADS) do
    if not arg[2] or arg[2]:find(load.name) then
      local all = {}
      for number = 1, RUNS do
        all[number] = run_all(load, number)
      end
      report(load, all)
    end
  end
end


main()
