-- SPDX-License-Identifier: MIT
--- Swap that follows need: files come before memory is short, and go when they have long been idle.
--
-- What swapspace and systemd-swap do, without what goes wrong there. systemd-swap goes by MemFree,
-- so that a machine whose memory is all cache gets files; fills them before disks that others put
-- on without a priority; and fills the disk but for two files. swapspace counts what is free in
-- zram as if it took no memory, makes files of whatever size is lacking, and takes one off without
-- asking whether memory has room for what is in it. Both look every second.

local balance = require "pagewarden.recipe.swap_balance"
local files = require "pagewarden.recipe.swap_files"
local format = require "pagewarden.format"
local opt = require "pagewarden.option"

local size, percentage = format.size, format.percent

--- A smaller file is not worth one of the few places that the kernel has for areas.
local LEAST <const> = 16 << 20

--- So much of the disk's room is left to others: when they have had that too, it is they who are
--- short of it, and not its own files that have filled the disk.
local MARGIN <const> = LEAST

--- A header's page a file, which /proc/swaps leaves out, is no difference.
local ROUNDING <const> = 8 << 20

--- After it could not grow, so long is waited.
local RETRY_S <const> = 60

--- How often it says how far a file is.
local PROGRESS_S <const> = 5

--- Pressure on which it looks at once: so much of two seconds is lost.
local PRESSURE <const> = { resource = "memory", kind = "some", stall = 0.1, window = 2 }


local function start(pw, o)
  local sign = pw.cgroup.container()
  if sign and not o.force then
    return nil, ("in a container (%s) swap is the whole machine's; see force"):format(sign)
  end
  local areas, message = pw.swap.areas(o.folder)
  local rooms = nil
  if areas then
    rooms, message = files.rooms(pw, { o.folder }, o.reserve)
  end
  if not rooms then
    return nil, message
  end
  local memory, reserve = assert(pw.proc.meminfo()), o.reserve > 0 and o.reserve or nil
  local file = o.file > 0 and o.file or balance.file_size(memory.MemTotal)
  local most = o.most > 0 and o.most or memory.MemTotal
  local busy, retry_at, calm_since, said = false, 0, pw:now(), nil
  local promised = 0 -- what was made and is not there: a dry run makes nothing

  local function measure()
    pw.proc.meminfo(memory)
    areas = assert(pw.swap.areas(o.folder))
    local found = balance.of(memory, areas, o.folder)
    found.free, found.total = found.free + promised, found.total + promised
    return found, 100 * found.free / found.total
  end

  --- Says what keeps it from doing what it should: once, until it is something else.
  local function complain(reason)
    if reason ~= said then
      said = reason
      pw.log("stuck", { message = reason })
    end
  end

  --- Makes of what is on in the folder so much, or as near as whole files get.
  local function resize(bytes)
    local total, reason = pw.swap.resize(o.folder, { total = bytes, file = file, reserve = reserve,
      priority = o.priority >= 0 and o.priority or nil,
      progress = files.progress(pw, PROGRESS_S, o.folder, "are done") })
    if not total then
      return nil, reason
    end
    promised, said = 0, nil
    local missing = total - measure().bytes
    promised = missing > ROUNDING and missing or 0
    return total
  end

  local function grow(found, percent)
    local has = found.bytes + promised
    local room = assert(pw.swap.room(o.folder, { reserve = reserve })).room
    local wanted = math.ceil(balance.lacking(found, o.target) / file) * file
    local idle, smallest = files.find_idle(pw, o.folder, found.own)
    local left, allowed = math.max(room - MARGIN, 0), most - has
    local more = math.min(math.max(wanted, smallest, LEAST), allowed, left + idle)
    retry_at = pw:now() + RETRY_S
    if more < LEAST then
      return complain(allowed >= LEAST
        and ("swap should grow, and the disk of %s has no room"):format(o.folder)
        or ("swap should grow, and %s in files are the most it may have"):format(size(has)))
    end
    files.warn_of_plain(pw, rooms, areas)
    rooms = {} -- once is enough
    local total, reason = resize(has + more)
    if not total and idle > 0 and left >= LEAST then
      total, reason = resize(has + math.min(more, left)) -- perhaps none that is off can be put on
    end
    if not total then
      complain(reason)
    else
      retry_at = 0
      pw.log("grown", { bytes = total - has, total = total, percent = percent,
        message = ("%s of memory and swap were free: %s of swap more, %s in files now"):format(
          percentage(percent), size(total - has), size(total)) })
    end
  end

  local function shrink(area, found, reason)
    calm_since = pw:now()
    local ok, problem = pw.swap.remove(area.path,
      { progress = files.progress(pw, PROGRESS_S, area.path, "are still in it") })
    if not ok then
      return complain(problem)
    end
    local left = found.bytes - area.size
    pw.log("shrunk", { path = area.path, bytes = area.size, total = left,
      message = ("%s: %s of swap in %s are gone, %s in files are left"):format(reason,
        size(area.size), area.path, size(left)) })
  end

  --- What is to be done now, if anything: a function for a task.
  local function decide()
    local found, percent = measure()
    local now = pw:now()
    calm_since = percent <= o.high and now or calm_since
    if percent < o.low then
      return now >= retry_at and function() grow(found, percent) end
    elseif #found.own == 0 then
      return nil
    end
    local room = pw.swap.room(o.folder, { reserve = reserve })
    local full = room and room.room == 0
    local spare = (full or now - calm_since >= o.calm) and balance.spare(found, o.target, o.low)
    local reason = full and "the disk has less than its reserve"
      or ("%s of memory and swap are free, and were for long"):format(percentage(percent))
    return spare and function() shrink(spare, found, reason) end
  end

  --- One change at a time.
  local function begin(act)
    busy = true
    pw:task(function()
      local _ <close> = setmetatable({}, { __close = function() busy = false end })
      act()
    end)
  end

  local function look()
    local act = not busy and decide()
    if act then
      begin(act)
    end
  end

  --- Files of a run before that are on are ours again. Those that are off, as after a boot, are
  --- put on if swap has to grow, and else removed.
  local function adopt()
    local found, percent = measure()
    pw.log("watching", { percent = percent, file = file, most = most,
      message = ("%s of memory and swap are free; under %s there will be files of %s in %s, %s at "
        .. "most"):format(percentage(percent), percentage(o.low), size(file), o.folder,
        size(most)) })
    if #found.own > 0 then
      pw.log("adopted", { files = #found.own, total = found.bytes,
        message = ("%d files of %s are on from before"):format(#found.own, size(found.bytes)) })
    end
    if percent >= o.low then
      local ok, reason = resize(found.bytes)
      if not ok then
        complain(reason)
      end
    else
      grow(found, percent)
    end
  end

  begin(adopt)
  pw:every(o.interval, look)
  local ok, problem = pw:on_pressure(PRESSURE, look)
  if not ok then
    pw.log("no_pressure", { message = ("it only looks every %s: %s"):format(
      format.duration(o.interval), problem) })
  end
  pw:defer(function()
    local found = measure()
    if #found.own > 0 then
      pw.log("stays", { files = #found.own, total = found.bytes,
        message = ("%d files of %s stay on with what is in them"):format(#found.own,
          size(found.bytes)) })
    end
  end)
  return true
end


return {
  api     = 1,
  name    = "swap-grow",
  summary = "Grow and shrink swap by whole files, as it is needed",
  description = [[
Makes swap files in a folder when less than low of memory and swap is free, until target is; and
takes them away, one at a time, when more than high has been free for calm. Between low and high
nothing changes. What is free in a zram device counts for nothing, since to use it takes memory. It
looks every interval, and at once under memory pressure (where there is PSI).

A file goes only when memory has room for what is in it, and more. Head-room is left on the disk,
and when others fill that, idle files are given back. Swap that others add or remove is counted.
Files are filled after all areas that have a priority, unless one is given; the one with the least
in it goes first.

What it made stays when it stops: what is in a file could not be taken back at once, and memory may
have no room for it; so this is kept rather than leased. The next start takes its files over again,
also after a boot, and removes those that are not needed; 'pagewarden undo' lists them. On tmpfs,
overlay and network file systems there is no swap, and in a container swap is the machine's: there
it refuses.]],
  examples = {
    "pagewarden run swap-grow",
    "pagewarden run swap-grow -o folder=/var/swap -o most=16G -o file=1G",
  },
  tags    = { "swap", "long-running" },
  options = {
    opt.path { "folder", default = "/var", help = "where the files are made" },
    opt.percent { "low", default = "20%", help = "grow when less of memory and swap is free" },
    opt.percent { "target", default = "30%", max = "95%", help = "grow until so much is free" },
    opt.percent { "high", default = "60%", help = "shrink when more has long been free" },
    opt.duration { "calm", default = "10m", min = "10s", max = "7d",
      help = "that long; and between two files that go" },
    opt.duration { "interval", default = "5s", min = "1s", max = "1h", help = "look so often" },
    opt.size { "file", default = 0,
      help = "size of a file; 0 for an eighth of memory, 256M at least and 4G at most" },
    opt.size { "most", default = 0, help = "of all files together; 0 for as much as memory" },
    opt.size { "reserve", default = 0,
      help = "leave so much free on the disk; 0 for a twentieth of it, at most 1G" },
    opt.integer { "priority", default = -1, min = -1, max = 32767,
      help = "of the files; -1 to have them filled last" },
    opt.boolean { "force", default = false, help = "in a container too" },
  },
  needs = function(o)
    return { process = "read", cgroup = "read", pressure = { "memory" }, swap = { o.folder } }
  end,
  check = function(o)
    return o.low < o.target and o.target < o.high, "low, target and high must rise"
  end,
  start = start,
}
