-- SPDX-License-Identifier: MIT
--- Names processes whose memory grows without bound, and says why it thinks so.
--
-- The real memory (rss_anon + swap, so that swapping hides nothing) and the virtual memory (vsize)
-- of each process go into lower envelopes, which leave out what a garbage collector gives back.
-- Only what has risen is tested. "growing" comes early, "leak" with grounds, "settled" takes
-- either back.

local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local trend = require "pagewarden.trend"

local KINDS = { "real", "virtual" } -- the columns of the history
local BUCKETS = 32                  -- 168 bytes a series: 372 a process


--- Rises more than chance would have it, hardly comes back down, and is not slowing.
local function grows(growth, least)
  return growth.points >= 6 and growth.last - growth.first >= least and growth.low > 0
    and growth.p < 0.01 and growth.kept >= 0.6 and growth.late > growth.slope / 2
end


--- For long, by a good part of what it was, without giving back, and no slower than it began.
local function leaks(growth, o)
  return growth.seconds >= o.confirm and growth.last >= growth.first * (1 + o.share / 100)
    and growth.p < 0.001 and growth.kept >= 0.9 and growth.late > growth.early / 2
end


local function explain(p, kind, growth, exhaustion)
  local given_back = growth.kept == 1 and "never giving any back"
    or growth.kept >= 0.9 and "giving hardly any back" or "giving back less than it takes"
  local message = ("%s (pid %d) grew %s of %s memory in %s, %s/s, %s"):format(
    p.comm, p.pid, format.size(growth.last - growth.first), kind,
    format.duration(growth.seconds), format.size(growth.slope), given_back)
  return exhaustion
    and ("%s; at this rate memory is exhausted in %s"):format(message, format.duration(exhaustion))
    or message
end


local function start(pw, o)
  local limits = { o.growth, o.virtual }
  local found = { {}, {} } -- what was said, by column and pid
  local history = trend.history { -- twice as many as are read: the dead stay for three looks
    columns = #KINDS, bucket = o.interval, capacity = BUCKETS, window = o.window,
    processes = 2 * o.processes,
  }
  local snapshot = assert(pw.proc.processes {
    "pid", "comm", "start_time", "rss", "rss_anon", "swap", "vsize",
    where = { vsize = { min = 1 } }, by = "vsize", top = o.processes, -- no kernel threads
  })

  local function watched(comm)
    return (#o.match == 0 or o.match:any(comm)) and not o.ignore:any(comm)
  end

  --- Seconds until memory and swap are used up at this rate; they do not limit virtual memory.
  local function time_left(kind, slope)
    local memory = pw.proc.meminfo()
    if kind == "real" and memory then
      return ((memory.MemAvailable or memory.MemFree) + (memory.SwapFree or 0)) / slope
    end
  end

  local function say(event, p, kind, growth)
    local exhaustion = time_left(kind, growth.slope)
    pw.log(event, {
      pid = p.pid, comm = p.comm, start_time = p.start_time, kind = kind,
      grown = math.floor(growth.last - growth.first), seconds = growth.seconds,
      slope = growth.slope, slope_low = growth.low, slope_high = growth.high,
      exhaustion = exhaustion,
      message = explain(p, kind, growth, exhaustion),
    })
  end

  --- Says what is new, worse, or was last said long ago.
  local function judge(now, p, column)
    local growth = history:growth(p.pid, p.start_time, column)
    if not (growth and grows(growth, limits[column]) and watched(p.comm)) then
      return
    end
    local finding = found[column][p.pid]
    if not finding or finding.start_time ~= p.start_time then
      finding = { start_time = p.start_time, said = -math.huge }
      found[column][p.pid] = finding
    end
    local event = (finding.event == "leak" or leaks(growth, o)) and "leak" or "growing"
    if event ~= finding.event or now - finding.said >= o.again then
      say(event, p, KINDS[column], growth)
      finding.event, finding.said = event, now
    end
    finding.held = now
  end

  --- Takes back what has not held for so long that it would have been said again.
  local function withdraw(now, column)
    for pid, finding in pairs(found[column]) do
      if now - finding.held >= o.again then
        found[column][pid] = nil
        local p = snapshot:get(pid)
        if p and p.start_time == finding.start_time then
          pw.log("settled", {
            pid = pid, comm = p.comm, start_time = p.start_time, kind = KINDS[column],
            message = ("%s (pid %d) has stopped growing"):format(p.comm, pid),
          })
        end
      end
    end
  end

  local function look()
    local now = pw:now()
    for p in assert(snapshot:refresh()):each() do
      local real, virtual = history:add(now, p.pid, p.start_time,
        (p.rss_anon or p.rss) + (p.swap or 0), p.vsize)
      if real and real >= o.growth then
        judge(now, p, 1)
      end
      -- what is in use is mapped as well: one word for both
      if virtual and virtual >= o.virtual and not found[1][p.pid] then
        judge(now, p, 2)
      end
    end
    withdraw(now, 1)
    withdraw(now, 2)
    history:expire(now - 3 * o.interval)
  end

  look()
  pw:every(o.interval, look)
end


return {
  api     = 1,
  name    = "leak-watch",
  summary = "Name processes whose memory grows without bound",
  description = [[
Follows the real memory (rss_anon and swap) and the virtual memory of each process. What rises more
than chance would have it is said to be growing, early; a leak is what has grown for long, gives
nothing back and is not slowing down. What settles is taken back.

It reads, and changes nothing. Before Linux 4.5 rss stands for rss_anon.]],
  examples = {
    "pagewarden run leak-watch",
    "pagewarden run leak-watch -o match=^httpd$ -o confirm=5m",
  },
  tags    = { "leak", "diagnosis", "reading" },
  options = {
    opt.duration { "interval", default = "5s", min = "100ms", max = "1h",
      help = "time between two looks at all processes" },
    opt.duration { "window", default = "1h", min = "1m", max = "30d",
      help = "how far back to remember; longer sees slower leaks, and new ones later" },
    opt.duration { "confirm", default = "15m", min = "1m", max = "30d",
      help = "how long it must have grown to be called a leak" },
    opt.size { "growth", default = "16M", min = "64K",
      help = "least growth of real memory to speak of" },
    opt.size { "virtual", default = "128M", min = "64K",
      help = "least growth of virtual memory to speak of" },
    opt.percent { "share", default = "5%",
      help = "least growth to call a leak, of what the process had before" },
    opt.duration { "again", default = "10m", min = "10s", max = "7d",
      help = "repeat a finding that holds, and take back one that does not, after this long" },
    opt.list { "match", of = opt.pattern, default = {},
      help = "only processes whose name matches one of these" },
    opt.list { "ignore", of = opt.pattern, default = {},
      help = "never processes whose name matches one of these" },
    opt.integer { "processes", default = 1000, min = 1, max = 100000,
      help = "follow at most so many, those with the most virtual memory" },
  },
  needs = { process = "read" },
  check = function(o)
    return o.window >= o.confirm, "a window shorter than confirm never sees enough for a leak"
  end,
  start = start,
}
