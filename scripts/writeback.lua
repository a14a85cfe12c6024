-- SPDX-License-Identifier: MIT
--- Keeps what waits to be written to disk as small as the disks can write in a few seconds.
--
-- The guide tunes pdflush by percentages of memory. pdflush is gone since Linux 2.6.32, and some
-- percents of today's memory are more than a disk writes in a minute. So the thresholds are set in
-- bytes, by how fast the disks wrote when flushers kept them busy, as seen in passing: there is no
-- load of our own. Where several disks share the writing, the one that would be done last counts.
--
-- The limit is never above a share of what may become dirty at all, nor below 64 MiB. While it is
-- set in bytes, vm.dirty_ratio is 0; what was not 0 before is what is put back.

local disks = require "pagewarden.recipe.disks"
local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local write_speed = require "pagewarden.recipe.write_speed"

local size = format.size

local LIMIT, BACKGROUND = "vm.dirty_bytes", "vm.dirty_background_bytes"

--- No change that is smaller, in percent, or comes sooner: what writes is never steady.
local LEAST_CHANGE, LEAST_PAUSE = 25, 60


--- Who writes what is dirty, which changed with the kernel.
local function flushers(release)
  local a, b, c = (release or ""):match "^(%d+)%.(%d+)%.?(%d*)"
  local version = a and (tonumber(a) * 1000 + tonumber(b)) * 1000 + (tonumber(c) or 0)
  if not version or version >= 3010000 then
    return "pdflush is gone: each disk has a flusher of its own, a kworker called "
      .. "flush-MAJOR:MINOR while it writes"
  elseif version >= 2006032 then
    return "pdflush is gone: each disk has a flusher of its own, a thread called flush-MAJOR:MINOR"
  end
  return "pdflush writes for all disks"
end


local function say_flushers(pw, limit, background)
  local memory = pw.proc.meminfo() or {}
  local holds = limit and background and ("flushers begin at %s, writers are slowed from %s on and "
    .. "held at %s"):format(size(background), size((limit + background) // 2), size(limit))
    or "this kernel does not tell where it holds writers"
  pw.log("flushers", {
    dirty = memory.Dirty, writeback = memory.Writeback, limit = limit, background = background,
    message = ("%s; %s are dirty, %s are being written; %s"):format(
      flushers(pw.proc.read "proc/sys/kernel/osrelease"), size(memory.Dirty or 0),
      size(memory.Writeback or 0), holds),
  })
end


--- What may become dirty at all: mm/page-writeback.c, global_dirtyable_memory(), but for reserves.
local function dirtyable(memory)
  return (memory.MemFree or 0) + (memory["Active(file)"] or memory.Active or 0)
    + (memory["Inactive(file)"] or memory.Inactive or 0)
end


--- Where writers are to be held.
local function target_of(speed, memory, o)
  local most = math.min(speed * o.burst, dirtyable(memory) * o.share / 100)
  return math.max(o.floor, math.floor(most) & -(1 << 20))
end


--- The rows to compare with next time: a machine may have more loop devices than disks.
local function keep_disks(rows)
  local kept = {}
  for _, row in pairs(disks.real(rows)) do
    kept[#kept + 1] = row
  end
  return kept
end


--- What keeps this from being of use here; else what it starts with.
local function look_first(pw, o)
  local now, message = pw.proc.diskstats()
  if not now then
    return nil, message
  end
  local vmstat = pw.proc.vmstat() or {}
  local page = pw.proc.page_size()
  local limit = vmstat.nr_dirty_threshold and vmstat.nr_dirty_threshold * page
  local background = vmstat.nr_dirty_background_threshold
    and vmstat.nr_dirty_background_threshold * page
  local set, problem, _, kind = pw.sysctl.get(LIMIT)
  if not set then
    return nil, kind == "unsupported" and "there is no vm.dirty_bytes here, which came with Linux "
      .. "2.6.29" or problem
  end
  limit = set ~= 0 and set or limit
  if limit and limit < o.floor then
    return nil, ("writers are held at %s already, which is below floor, %s"):format(size(limit),
      size(o.floor))
  end
  say_flushers(pw, limit, background)
  return { disks = keep_disks(now), at = pw:now(), written = vmstat.nr_written }
end


--- Bytes of the cache that were written since the last look; nil before Linux 2.6.36, which does
--- not count them.
local function count_written(pw, last)
  local vmstat = pw.proc.read "proc/vmstat" or ""
  local now, before = tonumber(vmstat:match "%f[%w]nr_written (%d+)"), last.written
  last.written = now
  return now and before and (now - before) * pw.proc.page_size()
end


local function start(pw, o)
  local last, message = look_first(pw, o)
  if not last then
    return nil, message
  end
  local seen, tried, timer = write_speed.new(), -math.huge, nil

  --- Sets both thresholds. Whoever else has a say in them keeps it: one of them alone is not worth
  --- holding, so that it ends.
  local function apply(target, speed, disk)
    local background = target * o.background // 100
    local was = pw.sysctl.get(LIMIT)
    local done, problem = pw.sysctl.set { [LIMIT] = target, [BACKGROUND] = background }
    tried = pw:now()
    if not done then
      pw.log("gave-up", { message = problem })
      timer:cancel()
      return
    end
    pw.log("adapted", {
      limit = target, background = background, was = was, speed = math.floor(speed), disk = disk,
      message = ("writers are held at %s and flushers begin at %s: disks have written %s/s, "
        .. "%s being the last to be done"):format(size(target), size(background), size(speed),
        disk),
    })
  end

  --- Sets the limit when what it should be is a good deal off.
  local function adapt()
    local speed, disk = write_speed.of(seen)
    local memory, now = pw.proc.meminfo(), pw.sysctl.get(LIMIT)
    if not (speed and memory and now) or pw:now() - tried < LEAST_PAUSE then
      return
    end
    local target = target_of(speed, memory, o)
    if now == 0 or math.abs(target - now) * 100 >= now * LEAST_CHANGE then
      apply(target, speed, disk)
    end
  end

  timer = pw:every(o.interval, function()
    local now, at = pw.proc.diskstats(), pw:now()
    if now then
      local uses, seconds = disks.between(last.disks, now, at - last.at), at - last.at
      last.disks, last.at = keep_disks(now), at
      write_speed.keep(seen, last.disks)
      write_speed.learn(seen, uses, seconds, count_written(pw, last) or nil)
      adapt()
    end
  end)
  return true
end


return {
  api     = 1,
  name    = "writeback",
  summary = "Keep what waits to be written as small as the disks can write in a few seconds",
  tags    = { "tuning", "writeback", "reversible" },
  description = "Watches how fast disks write when the kernel's flushers keep them busy, and sets "
    .. "vm.dirty_bytes and vm.dirty_background_bytes so that writing all that is dirty takes no "
    .. "longer than burst. It makes no load of its own, so it sets nothing before enough has been "
    .. "written; it follows when the limit is off by a quarter; and it puts everything back when "
    .. "it stops, which it does when somebody else sets the limit twice. The guide tunes pdflush "
    .. "by percentages of memory: pdflush has been gone since Linux 2.6.32, and a percentage of "
    .. "much memory is more than a disk writes in a minute.",
  examples = {
    "pagewarden run writeback --dry-run",
    "pagewarden run writeback -o burst=2s",
    "pagewarden run writeback -o burst=10s -o share=10%",
  },
  options = {
    opt.duration { "burst", default = "5s", min = "500ms", max = "5m",
      help = "how long writing all that is dirty may take" },
    opt.size { "floor", default = "64M", min = "64M", max = "64G",
      help = "never hold writers at less than this" },
    opt.percent { "share", default = "20%", min = "1%",
      help = "nor at more than this share of free and cached memory" },
    opt.percent { "background", default = "25%", min = "1%", max = "90%",
      help = "begin to write at this share of where writers are held" },
    opt.duration { "interval", default = "5s", min = "500ms", max = "5m",
      help = "time between two looks at the disks" },
  },
  needs = { sysctl = { LIMIT, BACKGROUND }, process = "read" },
  start = start,
}
