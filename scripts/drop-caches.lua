-- SPDX-License-Identifier: MIT
--- Drops what the kernel has cached, once, and only when that cannot hurt.
--
-- The guide writes 1, 2 or 3 to /proc/sys/vm/drop_caches "to write all clean pages to disk".
-- Nothing is written by that: clean pages are forgotten, and dirty ones stay, which is why all is
-- synced first. Nor does it make room: the kernel would take clean pages anyway the moment that
-- memory is wanted. What is left is a way to measure with cold caches, which everybody pays for
-- who reads files afterwards.
--
-- The cool-down goes by the time since the boot: a clock that is set does not shorten it. After a
-- reboot what is known for sure is how long ago that was.

local disks = require "pagewarden.recipe.disks"
local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local pressure = require "pagewarden.recipe.pressure"

local size, duration = format.size, format.duration

local WHAT = { ["1"] = "the page cache", ["2"] = "dentries and inodes",
  ["3"] = "the page cache, dentries and inodes" }

--- Where it is noted when caches were last dropped.
local KEY = "dropped"


--- Minutes after midnight of both ends of "02:00-04:00".
local function parse_window(window)
  local h1, m1, h2, m2 = window:match "^(%d%d?):(%d%d)%-(%d%d?):(%d%d)$"
  if not h1 then
    return nil
  end
  h1, m1, h2, m2 = tonumber(h1), tonumber(m1), tonumber(h2), tonumber(m2)
  local from, to = h1 * 60 + m1, h2 * 60 + m2
  if m1 < 60 and m2 < 60 and from < 1440 and to <= 1440 and from ~= to then
    return from, to
  end
end


--- Why not now, when the window is shut. It may go past midnight.
local function check_window(pw, o)
  if not o.window then
    return nil
  end
  local from, to = parse_window(o.window)
  local clock = pw:local_time()
  local now = clock.hour * 60 + clock.min
  local open = now >= from and now < to
  if from > to then
    open = now >= from or now < to
  end
  return not open and ("it is %02d:%02d, outside the maintenance window %s"):format(clock.hour,
    clock.min, o.window) or nil
end


local function boot_id(pw)
  return pw.proc.read "proc/sys/kernel/random/boot_id" or ""
end


--- Why not again, when it is not long enough ago.
local function check_cooldown(pw, o)
  local last = pw.state:get(KEY)
  if not last then
    return nil
  end
  local now = pw:now()
  local is_same = last.boot == boot_id(pw) and last.at <= now
  local passed = is_same and now - last.at or now
  if passed >= o.cooldown then
    return nil
  end
  return ("caches were dropped %s%s ago; not again for another %s (cooldown)"):format(
    is_same and "" or "before the reboot ", duration(passed), duration(o.cooldown - passed))
end


--- How fast disks have read since the boot while they did: bytes a second, nil when they hardly
--- did.
local function reading_speed(pw)
  local sectors, ms = 0, 0
  for _, disk in pairs(disks.real(pw.proc.diskstats() or {})) do
    sectors, ms = sectors + (disk.sectors_read or 0), ms + (disk.read_ms or 0)
  end
  return sectors >= 32768 and ms > 0 and sectors * 512 / ms * 1000 or nil
end


local function say_before(pw, o)
  local memory = assert(pw.proc.meminfo())
  local pages = (memory.Cached or 0) + (memory.Buffers or 0) - (memory.Shmem or 0)
  local slab = memory.SReclaimable or 0
  pw.log("before", {
    cached = pages, slab = slab, dirty = memory.Dirty, mapped = memory.Mapped,
    message = ("%s of files and %s of slab are cached; %s are dirty and are written first; about "
      .. "%s of files are mapped, and stay; dropping %s"):format(size(pages), size(slab),
      size(memory.Dirty or 0), size(memory.Mapped or 0), WHAT[o.mode]),
  })
end


--- What is lost is read again by those who miss it, and in smaller pieces than disks like best.
local function say_after(pw, done)
  local speed = reading_speed(pw)
  local cost = speed and done.freed / speed
  pw.log("dropped", {
    freed = done.freed, free = done.after.MemFree, seconds = done.seconds, reading = cost,
    speed = speed and math.floor(speed),
    message = ("%s were freed in %s; %s"):format(size(done.freed), duration(done.seconds), cost
      and ("reading all of that back takes about %s at the %s/s that disks here have read at so "
        .. "far"):format(duration(cost), size(speed))
      or "what reading it back will take is not known: disks have hardly read anything yet"),
  })
end


local function check_pressure(pw, o)
  local verdict = pressure.now(pw, { some = o.threshold, full = o.threshold })
  if verdict.level == "unknown" then
    pw.log("unmeasured", { message = verdict.reason .. "; going on without" })
  elseif verdict.level ~= "none" then
    return verdict.reason .. ", and cold caches would make that worse"
  end
end


--- The time is noted before: whoever is killed meanwhile has dropped them.
local function run(pw, o)
  local refusal = check_pressure(pw, o)
  if refusal then
    error(refusal, 0)
  end
  say_before(pw, o)
  local before = pw.state:get(KEY)
  local noted, message = pw.state:put(KEY, { at = pw:now(), boot = boot_id(pw) })
  if noted then
    noted, message = pw.state:flush()
  end
  if not noted then
    error("the time cannot be noted, for the cool-down: " .. message, 0)
  end
  local done
  done, message = pw.reclaim.drop_caches(math.tointeger(o.mode), { threshold = o.threshold })
  if not done then
    if before then
      pw.state:put(KEY, before)
    else
      pw.state:delete(KEY)
    end
    error((message:gsub("; see force.*", "")), 0)
  end
  say_after(pw, done)
end


local function start(pw, o)
  local refusal = check_window(pw, o) or check_cooldown(pw, o)
  if refusal then
    return nil, refusal
  end
  pw:task(function() run(pw, o) end)
  return true
end


return {
  api     = 1,
  name    = "drop-caches",
  summary = "Drop what the kernel has cached, once, when that cannot hurt",
  tags    = { "cache", "one-shot" },
  description = "Syncs, then drops the page cache (1), dentries and inodes (2) or both (3), and "
    .. "says what that freed and what reading it back will take. It wants --yes, or a window of "
    .. "the day in which it may; it refuses while programs wait for memory or disks, in a "
    .. "container, and twice within a cool-down, whatever became of the clock or the machine "
    .. "meanwhile. It does not write clean pages to disk, as the guide has it, and makes no room "
    .. "that the kernel would not make by itself: it is for measuring with cold caches.",
  examples = {
    "pagewarden run drop-caches --dry-run",
    "pagewarden run drop-caches --yes -o mode=3",
    "pagewarden run drop-caches -o window=02:00-04:00",
  },
  options = {
    opt.choice { "mode", choices = { "1", "2", "3" }, default = "1",
      help = "1 the page cache, 2 dentries and inodes, 3 both" },
    opt.string { "window", help = "the time of day in which it may, such as 02:00-04:00 or "
      .. "22:30-01:00, where the machine is; without --yes only then" },
    opt.duration { "cooldown", default = "1h", min = "1m", max = "30d",
      help = "never twice within so long" },
    opt.percent { "threshold", default = "10%",
      help = "not while programs wait for memory or disks more than so much of the time" },
  },
  needs = { reclaim = { "drop_caches" }, pressure = { "memory", "io" }, state = "1K" },
  agreed = function(o) return o.window ~= nil end,
  check = function(o)
    return not o.window or parse_window(o.window) ~= nil,
      "window: expected two times of day, such as 02:00-04:00"
  end,
  start = start,
}
