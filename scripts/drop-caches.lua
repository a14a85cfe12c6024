-- SPDX-License-Identifier: MIT
--- Drops what the kernel has cached, once, and only when that cannot hurt.
--
-- The guide writes 1, 2 or 3 to /proc/sys/vm/drop_caches "to write all clean pages to disk".
-- Nothing is written by that: clean pages are forgotten, and dirty ones stay, which is why all is
-- synced first. Nor does it make room: the kernel would take clean pages anyway the moment that
-- memory is wanted. What is left is a way to measure with cold caches, which everybody pays for
-- who reads files afterwards.
--
-- The cool-down goes by the time since the boot, which no clock that is set can shorten.

local disks = require "pagewarden.recipe.disks"
local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local pressure = require "pagewarden.recipe.pressure"
local window = require "pagewarden.recipe.window"

local size, duration = format.size, format.duration

local WHAT = { ["1"] = "the page cache", ["2"] = "dentries and inodes",
  ["3"] = "the page cache, dentries and inodes" }

--- Seconds in which disks may get over what was written first.
local PATIENCE = 60

--- Where it is noted when caches were last dropped.
local KEY = "dropped"


--- Why not now, when the window is shut.
local function check_window(pw, o)
  local clock = pw:local_time()
  if o.window and not window.is_open(window.parse(o.window), clock) then
    return ("it is %02d:%02d, outside the maintenance window %s"):format(clock.hour, clock.min,
      o.window)
  end
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
  return passed < o.cooldown
    and ("caches were dropped %s%s ago; not again for another %s (cooldown)"):format(
      is_same and "" or "before the reboot ", duration(passed), duration(o.cooldown - passed))
end


--- How fast disks have read since the boot, bytes a second; nil when they hardly have.
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
  pw.log("before", {
    cached = pages, slab = memory.SReclaimable, dirty = memory.Dirty, mapped = memory.Mapped,
    message = ("%s of files and %s of slab are cached; %s are dirty and are written first; about "
      .. "%s of files are mapped, and stay; dropping %s"):format(size(pages),
      size(memory.SReclaimable or 0), size(memory.Dirty or 0), size(memory.Mapped or 0),
      WHAT[o.mode]),
  })
end


local function say_after(pw, done)
  local speed = reading_speed(pw)
  local cost = speed and done.freed / speed
  pw.log("dropped", {
    freed = done.freed, free = done.after.MemFree, seconds = done.seconds,
    reading = cost, speed = speed and math.floor(speed),
    message = ("%s were freed in %s; %s"):format(size(done.freed), duration(done.seconds), cost
      and ("reading all of that back takes about %s at the %s/s that disks here have read at so "
        .. "far"):format(duration(cost), size(speed))
      or "what reading it back will take is not known: disks have hardly read anything yet"),
  })
end


--- Why not now, when programs wait.
local function check_pressure(pw, o)
  local verdict = pressure.now(pw, { some = o.threshold, full = o.threshold })
  if verdict.level == "unknown" then
    pw.log("unmeasured", { message = verdict.reason .. "; going on without" })
  elseif verdict.level ~= "none" then
    return verdict.reason .. ", and cold caches would make that worse"
  end
end


--- Writes what is dirty, and waits until disks have got over that.
local function sync(pw, o)
  local done, message = pw.reclaim.sync()
  if not done then
    return message
  end
  local deadline, refusal = pw:now() + PATIENCE, nil
  repeat
    pw:sleep(refusal and 5 or 0)
    refusal = check_pressure(pw, o)
  until not refusal or pw:now() >= deadline
  return refusal or check_window(pw, o)
end


--- The time is noted before: whoever is killed meanwhile has dropped them.
local function drop(pw, o)
  local before = pw.state:get(KEY)
  local done, message = pw.state:put(KEY, { at = pw:now(), boot = boot_id(pw) })
  if done then
    done, message = pw.state:flush()
  end
  if not done then
    return nil, "the time cannot be noted, for the cool-down: " .. message
  end
  done, message = pw.reclaim.drop_caches(math.tointeger(o.mode), { threshold = o.threshold })
  if not done then
    pw.state[before and "put" or "delete"](pw.state, KEY, before)
    return nil, (message:gsub("; see force.*", ""))
  end
  return done
end


local function run(pw, o)
  local message, done = check_pressure(pw, o), nil
  if not message then
    say_before(pw, o)
    message = sync(pw, o)
  end
  if not message then
    done, message = drop(pw, o)
  end
  if not done then
    error(message, 0)
  end
  say_after(pw, done)
end


local function start(pw, o)
  local refusal = check_window(pw, o) or check_cooldown(pw, o)
  if not refusal then
    pw:task(function() run(pw, o) end)
  end
  return not refusal, refusal
end


return {
  api     = 1,
  name    = "drop-caches",
  summary = "Drop what the kernel has cached, once, when that cannot hurt",
  tags    = { "cache", "one-shot" },
  description = "Syncs, waits until disks have got over that, drops what is cached, and says what "
    .. "that freed and what reading it back will take. It wants --yes, or a window of the day in "
    .. "which it may; it refuses while programs wait for memory or disks, in a container, and "
    .. "twice within a cool-down, whatever became of the clock meanwhile. It does not write clean "
    .. "pages to disk, as the guide has it, and makes no room that the kernel would not make by "
    .. "itself: it is for measuring with cold caches.",
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
  needs = { reclaim = { "sync", "drop_caches" }, pressure = { "memory", "io" }, state = "1K" },
  agreed = function(o) return o.window ~= nil end,
  check = function(o)
    return not o.window or window.parse(o.window) ~= nil,
      "window: expected two times of day, such as 02:00-04:00"
  end,
  start = start,
}
