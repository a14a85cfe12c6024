-- SPDX-License-Identifier: MIT
--- Writes what is dirty to disk, waits for it, and says how much it was and how long it took.
--
-- The guide runs `sync` and then `echo s > /proc/sysrq-trigger`. sync(2) returns when all is
-- written. The letter asks for less, and the write to the trigger returns before any of that is
-- done: it is for a machine on which no program can call sync any more. So it is waited for here
-- until the kernel says "Emergency Sync complete"; then what files hold is written, and what the
-- file systems note about them has only been sent off (fs/sync.c, do_sync_work()).

local format = require "pagewarden.format"
local opt = require "pagewarden.option"

local size = format.size


--- What waits to be written and what is being written: bytes.
local function dirty_of(figures)
  return (figures.Dirty or 0) + (figures.Writeback or 0)
end


local function what_of(o)
  return o.path and "the file system of " .. o.path or "all file systems"
end


local function say_before(pw, o, before)
  pw.log("before", {
    dirty = before.Dirty, writeback = before.Writeback, path = o.path,
    message = ("%s wait to be written and %s are being written; syncing %s"):format(
      size(before.Dirty or 0), size(before.Writeback or 0), what_of(o)),
  })
end


--- Says every few seconds how far it is: a slow disk looks like one that hangs.
local function say_progress(pw, o, before)
  local last = dirty_of(before)
  return pw:every(o.progress, function()
    local now = pw.proc.meminfo()
    local left = now and dirty_of(now) or 0
    pw.log("syncing", {
      dirty = left, change = left - last,
      message = ("%s are still dirty, %s"):format(size(left), left == last and "no less than before"
        or ("%s %s than %s ago"):format(size(math.abs(left - last)), left < last and "less"
          or "more", format.duration(o.progress))),
    })
    last = left
  end)
end


--- sync(2) or syncfs(2), whose results are alike.
local function sync(pw, o)
  if o.path then
    return pw.reclaim.syncfs(o.path)
  end
  return pw.reclaim.sync()
end


--- SysRq s; where the kernel lacks it or does not let us, sync(2), which does the same.
local function sync_by_sysrq(pw, o)
  local done, message, _, kind = pw.sysrq.trigger("s", { limit = o.limit })
  if done then
    pw.log("sysrq", {
      confirmed = done.confirmed, seconds = done.seconds,
      message = done.confirmed and "the kernel says that its emergency sync is complete"
        or "the kernel was asked for an emergency sync; whether it is complete is not known: "
          .. tostring(done.why),
    })
    return done
  elseif kind ~= "unsupported" and kind ~= "denied" then
    return nil, message
  end
  pw.log("instead", { message = ("%s; sync(2) instead"):format(message) })
  return sync(pw, o)
end


local function say_after(pw, before, written, seconds)
  local dirty, left = dirty_of(before), dirty_of(assert(pw.proc.meminfo()))
  local per_second = written and written > 0 and seconds > 0 and written / seconds or nil
  local rate = per_second and ("; meanwhile %s were written, %s/s"):format(size(written),
    size(per_second)) or ""
  pw.log("synced", {
    before = dirty, after = left, written = written, seconds = seconds,
    per_second = per_second and math.floor(per_second),
    message = ("%s were dirty, %s are now, after %s%s"):format(size(dirty), size(left),
      format.duration(seconds), rate),
  })
end


--- Bytes that were written since boot; nil before Linux 2.6.36, which does not count them.
local function count_written(pw)
  local vmstat = pw.proc.vmstat()
  return vmstat and vmstat.nr_written and vmstat.nr_written * pw.proc.page_size()
end


local function run(pw, o)
  local before, message = pw.proc.meminfo()
  if not before then
    error(message, 0)
  end
  local written, started = count_written(pw), pw:now()
  say_before(pw, o, before)
  local progress = say_progress(pw, o, before)
  local done
  done, message = (o.sysrq and sync_by_sysrq or sync)(pw, o)
  progress:cancel()
  if not done then
    error(message, 0)
  end
  say_after(pw, before, written and count_written(pw) - written, pw:now() - started)
end


return {
  api     = 1,
  name    = "sync-now",
  summary = "Write what is dirty to disk, and say how much that was and how long it took",
  tags    = { "writeback", "one-shot" },
  description = "Calls sync(2), or syncfs(2) for one file system, and says what was dirty before "
    .. "and after. SysRq s, which the guide runs after sync, does less than sync has done, and "
    .. "returns before anything is written: here it is waited for until the kernel says that it "
    .. "is complete. Where there is no SysRq, sync(2) is called instead.",
  examples = {
    "pagewarden run sync-now",
    "pagewarden run sync-now -o path=/var/lib/postgresql",
    "pagewarden run sync-now -o sysrq=yes",
  },
  options = {
    opt.path { "path", help = "only the file system that this folder is in" },
    opt.boolean { "sysrq", default = false, help = "by SysRq s, and wait for the kernel's word" },
    opt.duration { "limit", default = "1m", min = "1s", max = "1h",
      help = "how long to wait for that word" },
    opt.duration { "progress", default = "5s", min = "1s", max = "1h",
      help = "say how much is left after each so long" },
  },
  needs = function(o)
    if o.path then
      return { reclaim = { "syncfs " .. o.path } }
    end
    return { reclaim = { "sync" }, sysrq = o.sysrq and { "s" } or nil }
  end,
  check = function(o)
    return not (o.path and o.sysrq), "SysRq s is for all file systems: leave out path or sysrq"
  end,
  start = function(pw, o) pw:task(function() run(pw, o) end) end,
}
