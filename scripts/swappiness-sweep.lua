-- SPDX-License-Identifier: MIT
--- Measures what vm.swappiness does to this machine and its work: tries each value in turn, in
-- rounds of random order, and says which one to choose and how sure that is.
--
-- The guide has a table of six values from one machine of 2004 (Ray Bryant on linux-kernel,
-- 2004-09-06) and reads it the wrong way round: its "Total I/O" is the throughput of what ran, and
-- fell where more was swapped. Of the six kernels measured, it shows the only one whose knee was at
-- 60.

local columns = require "pagewarden.recipe.columns"
local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local paging = require "pagewarden.recipe.paging"
local sweeps = require "pagewarden.recipe.sweep"
local swappiness = require "pagewarden.recipe.swappiness"

local KEY <const> = "vm.swappiness"

local MEANS = { "io", "swap", "swapped_in", "swapped_out", "faults", "refaults", "stall",
  "stall_full" }
local UNITS = { stall = "% of the time waiting for memory", faults = "major faults a second" }

--- A row of the table; all but the swap that is used and the stall are of one second.
local TABLE = columns.new { { "swappiness", 10 }, { "I/O", 10 }, { "swap used", 9 },
  { "in", 9 }, { "out", 9 }, { "faults", 7 }, { "stall", 7 }, { "against now" } }


--- Swap in use. A sweep is not to be what uses it up.
local function swap_used(pw, into)
  local memory = assert(pw.proc.meminfo(into))
  if memory.SwapFree < memory.SwapTotal // 20 then
    error("stopped: less than 5 % of swap is free", 0)
  end
  return memory.SwapTotal - memory.SwapFree
end


--- What happened meanwhile that makes a trial worthless.
local function check_trial(pw, value, before, after)
  local found = pw.sysctl.get(KEY)
  if found ~= value then
    error(("stopped: somebody else has set %s to %s"):format(KEY, tostring(found)), 0)
  elseif (after.oom_kill or 0) > (before.oom_kill or 0) then
    error("stopped: the kernel has killed a process for memory", 0)
  end
end


--- Sets one value, lets the machine get used to it, and measures.
local function try(pw, o, value)
  local kept, message = pw.sysctl.set(KEY, value, { lifetime = "lease" })
  if not kept then
    error(message, 0)
  end
  pw:sleep(o.settle)
  local start, before = pw:now(), paging.count(pw.proc)
  local swap, looks, memory = 0, 0, {}
  repeat
    pw:sleep(math.min(1, o.hold))
    swap, looks = swap + swap_used(pw, memory), looks + 1
  until pw:now() - start >= o.hold - 0.01
  local after, seconds = paging.count(pw.proc), pw:now() - start
  check_trial(pw, value, before, after)
  local trial = paging.between(before, after, seconds, pw.proc.page_size())
  trial.swappiness, trial.seconds, trial.swap = value, seconds, swap / looks
  return trial
end


local function run_round(pw, o, sweep)
  local trials = {}
  for _, value in ipairs(sweep:order()) do
    local trial = try(pw, o, value)
    trial.round, trials[value] = sweep.rounds + 1, trial
    trial.message = ("round %d, %d: %.4g %s"):format(trial.round, value, trial[sweep.by],
      UNITS[sweep.by])
    pw.log("trial", trial)
  end
  sweep:add(trials)
end


local function say_result(pw, result)
  local function size(bytes) return bytes and format.size(bytes) end
  result.message = TABLE:row { result.swappiness, size(result.io), size(result.swap),
    size(result.swapped_in), size(result.swapped_out), ("%.4g"):format(result.faults),
    result.stall and ("%.3g %%"):format(result.stall),
    result.low and ("%+.3g to %+.3g"):format(result.low, result.high) or "" }
  pw.log("result", result)
end


--- The value to choose, when there is one, and why.
local function decide(pw, sweep, results)
  if paging.reclaimed(paging.count(pw.proc)) == sweep.reclaimed then
    return nil, "nothing was reclaimed, so that swappiness was never asked: sweep while memory is "
      .. "short"
  end
  local best, unseen = sweeps.best(results)
  if best then
    return best, ("choose %d: %.3g to %.3g %s less than with %d (95 %% confidence)"):format(
      best.swappiness, -best.high, -best.low, UNITS[sweep.by], sweep.now)
  end
  return nil, ("no difference seen that speaks against %d; in %d rounds one under %.3g %s would "
    .. "not show"):format(sweep.now, sweep.rounds, unseen, UNITS[sweep.by])
end


--- Says what came out, as far as it got.
local function conclude(pw, sweep)
  local results, best, message = {}, nil, "fewer than two whole rounds say nothing"
  if sweep.rounds >= 2 then
    pw.log("header", { message = TABLE:heading() })
    for i, value in ipairs(sweep.values) do
      results[i] = sweep:result(value, MEANS)
      say_result(pw, results[i])
    end
    best, message = decide(pw, sweep, results)
  end
  pw.log("verdict", { swappiness = best and best.swappiness or sweep.now, now = sweep.now,
    sure = best ~= nil, rounds = sweep.rounds, message = message })
end


--- Finds out what there is to sweep.
local function prepare(pw, o)
  local now, message = pw.sysctl.get(KEY)
  if not now then
    return nil, message
  elseif (assert(pw.proc.meminfo()).SwapTotal or 0) == 0 then
    return nil, "there is no swap, so that vm.swappiness decides nothing"
  end
  local counters = paging.count(pw.proc)
  local by = counters.psi_some and o.by or "faults"
  local sweep = sweeps.new(now, o.values, pw.sysctl.describe(KEY).max, by)
  sweep.blind = not counters.psi_some and "this kernel does not measure pressure"
  sweep.reclaimed = paging.reclaimed(counters)
  if #sweep.values < 2 then
    return nil, ("there is nothing to compare %d with"):format(now)
  end
  return sweep
end


--- Says what to expect, and what this machine lacks.
local function announce(pw, o, sweep, unguarded)
  local trials = #sweep.values * o.rounds
  pw.log("begin", { now = sweep.now, trials = trials, seconds = trials * (o.settle + o.hold),
    message = ("%d values in %d rounds take %s; %s is %d"):format(#sweep.values, o.rounds,
      format.duration(trials * (o.settle + o.hold)), KEY, sweep.now) })
  local shortfall = swappiness.shortfall(pw.cgroup)
  if shortfall then
    pw.log("reach", { message = shortfall })
  end
  if unguarded then
    pw.log("unguarded", { message = ("%s: %s decide, and the sweep ends early only when swap runs "
      .. "out or the kernel kills"):format(unguarded, UNITS[sweep.by]) })
  end
end


local function start(pw, o)
  local sweep, message = prepare(pw, o)
  if not sweep then
    return nil, message
  end
  local task
  local alarm, unguarded = pw:on_pressure({ resource = "memory", kind = "full", window = 2,
    stall = 2 * o.stop / 100 }, function()
    pw.log("stopped", { message = ("nothing could go on for more than %s of 2 s: the sweep ends, "
      .. "and %s is put back"):format(format.percent(o.stop), KEY) })
    task:cancel()
  end)
  announce(pw, o, sweep, sweep.blind or unguarded)
  task = pw:task(function()
    local _ <close> = setmetatable({}, { __close = function()
      if alarm then
        alarm:cancel()
      end
      conclude(pw, sweep)
    end })
    for _ = 1, o.rounds do
      run_round(pw, o, sweep)
    end
  end)
  return true
end


return {
  api     = 1,
  name    = "swappiness-sweep",
  summary = "Measure which vm.swappiness is best for this machine and its work",
  description = [[
Tries each of the "values" of vm.swappiness and the one there is, in "rounds" whose order is random,
while the machine does its own work: after "settle" it measures for "hold" what is read and written,
how much swap is used, major faults, refaults and how long programs wait for memory (PSI). The
differences to the present value, round by round, say which value to choose: one whose interval, at
95 % for all of them together, is below nothing. "No difference seen" is an answer too, and comes
with the difference that would not have shown.

It ends at once, and puts vm.swappiness back, when for more than "stop" of two seconds nothing could
go on (PSI full), when swap runs out, or when somebody else sets the key. Without PSI major faults
decide. It wants swap, and says when nothing was reclaimed: then no value makes any difference. In
cgroups of version 1 it reaches only what is in none of them.

For a table to plot: --csv trial, or --csv result. The guide's own table is of one machine of 2004,
and has throughput, not paging, under "Total I/O": what it calls a reduction is a loss.]],
  examples = {
    "pagewarden run swappiness-sweep",
    "pagewarden run swappiness-sweep -o values=0,60,100 -o rounds=10",
    "pagewarden run swappiness-sweep --csv trial",
  },
  tags    = { "diagnosis", "tuning", "reversible" },
  options = {
    opt.list { "values", of = opt.integer, min = 0, max = 200,
      default = { 20, 40, 60, 80, 100, 120 }, help = "which to try" },
    opt.integer { "rounds", default = 5, min = 2, max = 1000,
      help = "how often; more tell smaller differences" },
    opt.duration { "hold", default = "30s", min = "1s", max = "1d",
      help = "how long to measure each time" },
    opt.duration { "settle", default = "5s", max = "1h",
      help = "how long not to, after each change" },
    opt.percent { "stop", default = "20%", min = "1%",
      help = "end when nothing went on for so much of two seconds" },
    opt.choice { "by", default = "stall", choices = { "stall", "faults" },
      help = "what decides: time waited for memory, or major faults" },
  },
  needs = { process = "read", cgroup = "read", pressure = { "memory" }, sysctl = { KEY } },
  start = start,
}
