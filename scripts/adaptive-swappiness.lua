-- SPDX-License-Identifier: MIT
--- Moves vm.swappiness to where programs wait least for what reclaim took from them.
--
-- Reclaim takes pages of files or puts memory in swap; swappiness says which it prefers. Either is
-- right as long as nobody wants the page back. So this compares what programs wait for pages of
-- files that are read again with what they wait for memory to come back from swap, and moves away
-- from whichever costs more. Where both cost alike no value is better, only better for somebody,
-- and it goes back to what was set. The guide's table (0 to 40 best, on one kernel of 2004) holds
-- for one load: for others the best value is 0, 150, or changes by the minute.

local looks = require "pagewarden.recipe.looks"
local opt = require "pagewarden.option"
local refault_cost = require "pagewarden.recipe.refault_cost"
local swappiness = require "pagewarden.recipe.swappiness"

local KEY = "vm.swappiness"

--- How far one look moves when programs wait all the time for one side only, and less the less they
--- wait. What it puts in swap takes seconds to be wanted back, and longer to come back.
local STRIDE = 15

--- A part of the way back to what was set is added to that: a load that has changed waits for it.
local PART = 0.5

--- Sides that differ by a lesser share of their sum cost alike.
local DEAD_BAND = 0.3

--- Then it goes back to what was set, unless the side that this is bad for costs more by so much:
--- less than the dead band, so that it does not go to and fro.
local AGAINST = 0.15

--- A part of the time: who waits less for something is not worth a change.
local WORTH = 0.01

local CALM = "hardly anything that reclaim took is wanted back"

--- What waiting counts for: for files, and for memory.
local WEIGHTS = { balance = { 1, 1 }, files = { 4, 1 }, memory = { 1, 4 } }


---@class adaptive_swappiness.Range
---@field floor integer
---@field most integer
---@field set integer what was there before it set anything
---@field home integer the same, or the end of the range that is next to it


local function approach(value, goal, stride)
  local way = math.min(math.ceil(stride), math.abs(goal - value))
  return value + (goal > value and way or -way)
end


--- Where to, and why not, when it is to stay.
---@param range adaptive_swappiness.Range
local function decide(value, files, anonymous, weights, range)
  local waiting = math.min(files + anonymous, 1)
  files, anonymous = files * weights[1], anonymous * weights[2]
  local share = (files - anonymous) / (files + anonymous)
  local way_home = math.abs(range.home - value)
  local homeward = range.home > value and share or -share -- how much speaks for going back
  if math.abs(share) < DEAD_BAND then
    if way_home > 0 and homeward > -AGAINST then
      return approach(value, range.home, math.max(STRIDE, PART * way_home))
    end
    return value, "files and memory cost alike"
  end
  local stride = STRIDE * waiting + (homeward > 0 and PART * way_home or 0)
  local wanted = approach(value, share > 0 and range.most or range.floor, stride * math.abs(share))
  return wanted, wanted == value and "this is as far as it may go" or nil
end


local function describe(cost, files, anonymous)
  return ("programs wait %.0f%% of the time for files that are read again (%.0f pages/s), and "
    .. "%.0f%% for memory in swap (%.0f pages/s)"):format(100 * files, cost.refaults,
    100 * anonymous, cost.swapped_in)
end


local function start(pw, o)
  local before, message = refault_cost.sample(pw)
  local value = before and pw.sysctl.get(KEY)
  message = message or swappiness.shortfall(pw.cgroup) or refault_cost.lacks(before)
  if message or not value then
    return nil, message or "this kernel has no " .. KEY
  end
  local most = math.min(o.ceiling, pw.sysctl.describe(KEY).max or 100)
  local range = { floor = o.floor, most = most, set = value, home = value }
  local files, anonymous, held, has_moved, refused = 0, 0, nil, false, false

  --- Says why it stays once, not at each look.
  local function hold(reason, fields)
    if reason ~= held then
      held, fields.value = reason, value
      fields.message = ("%s stays %d: %s"):format(KEY, value, reason)
      pw.log("held", fields)
    end
  end

  local function move(to, cost)
    local done, refusal = pw.sysctl.set(KEY, to)
    if not done then
      pw.log("gave-up", { message = refusal })
      refused = true
      return
    end
    held, has_moved = nil, true
    pw.log("moved", {
      from = value, to = to, files = files, anonymous = anonymous, refaults = cost.refaults,
      swapped_in = cost.swapped_in,
      message = ("%s from %d to %d%s: %s"):format(KEY, value, to,
        to == range.set and ", as it was set" or "", describe(cost, files, anonymous)),
    })
  end

  --- Half of what is gone by is what was before, and what is over does not move anything. True when
  --- something is waited for.
  local function weigh(cost)
    files, anonymous = (files + cost.files) / 2, (anonymous + cost.anonymous) / 2
    local fields = { files = files, anonymous = anonymous }
    if cost.files + cost.anonymous < WORTH or files + anonymous < WORTH then
      return hold(CALM, fields)
    end
    local to, reason = decide(value, files, anonymous, WEIGHTS[o.favour], range)
    if to == value then
      hold(reason, fields)
    else
      move(to, cost)
    end
    return true
  end

  --- Not at the start: what one before it left, which is replaced or was killed, goes after that.
  local function find_home()
    if not has_moved then
      range.set, range.home = value, math.max(math.min(value, most), o.floor)
    end
  end

  --- True when it is to look again soon.
  local function look()
    local after = refault_cost.sample(pw)
    local cost = before and after and refault_cost.between(before, after)
    before, value = after, pw.sysctl.get(KEY) or value
    find_home()
    if not cost then
      hold("the counters cannot be compared with those of before", {})
    elseif #after.areas == 0 then
      files, anonymous = 0, 0
      hold("there is no swap, so that it has no effect", {})
    else
      return weigh(cost)
    end
  end

  pw.log("watching", {
    value = value, floor = o.floor, ceiling = most,
    message = ("%s is %d, and may become %d to %d"):format(KEY, value, o.floor, most),
  })
  looks.keep(pw, function()
    local soon = look()
    return not refused and (soon and o.interval / 2 or o.interval) or nil
  end, o.interval)
  return true
end


return {
  api     = 1,
  name    = "adaptive-swappiness",
  summary = "Move vm.swappiness to where programs wait least for what reclaim took",
  description = [[
Compares what programs wait for pages of files that are read again with what they wait for memory
that comes back from swap, and moves vm.swappiness away from what costs more; what it was comes back
in the end. While both cost alike it goes back to what it was, too, unless favour says whose side to
take, and it holds still while hardly anything is wanted back.

The guide sets vm.swappiness=60 and shows one table. There is no best value: files that are read
again beside memory that sleeps want a high one, memory in use beside a backup wants 0. And it goes
to 200 since Linux 5.8; near that, memory in use is put in swap for files nobody needs.

Without swap it waits until there is some. It refuses cgroups of version 1, which have a swappiness
of their own, and kernels before Linux 3.15, which do not count what is read again. Before 5.9
refaults of memory are what is swapped in. With multi-generational LRU all refaults of files count,
of which some could not have been avoided.]],
  examples = {
    "pagewarden run adaptive-swappiness",
    "pagewarden run adaptive-swappiness -o favour=memory -o ceiling=100",
  },
  tags    = { "tuning", "reversible", "swap" },
  options = {
    opt.duration { "interval", default = "2s", min = "500ms", max = "1m",
      help = "time between two looks; half of it while programs wait" },
    opt.choice { "favour", choices = { "balance", "files", "memory" }, default = "balance",
      help = "whose waiting counts four times" },
    opt.integer { "floor", default = 0, min = 0, max = 200, help = "lowest swappiness" },
    opt.integer { "ceiling", default = 160, min = 0, max = 200,
      help = "highest swappiness; at most 100 before Linux 5.8" },
  },
  needs = { process = "read", cgroup = "read", sysctl = { KEY } },
  check = function(o) return o.floor < o.ceiling, "the floor has to be under the ceiling" end,
  start = start,
}
