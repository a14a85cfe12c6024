-- SPDX-License-Identifier: MIT
--- Names what grows without bound, and says why it thinks so.
--
-- Real memory (rss_anon + swap, so that swapping hides nothing), virtual memory (vsize) and shared
-- memory of each process, the sums of those that belong together, and what the kernel keeps for
-- itself go into lower envelopes at six scales, from seconds to days. "growing" comes early, "leak"
-- with grounds (core/trend/verdict.h), "settled" takes either back.

local findings = require "pagewarden.recipe.findings"
local opt = require "pagewarden.option"
local sums = require "pagewarden.recipe.groups"
local trend = require "pagewarden.trend"

local REAL <const>, VIRTUAL <const>, SHARED <const> = 1, 2, 3 -- the columns of a history
local KINDS = { "real", "virtual", "shared" }
local KERNEL = { pid = 1, start_time = 0, title = "the kernel's slab", kinds = { "kernel" } }
local TMPFS = { pid = 1, start_time = 0, title = "the machine", kinds = KINDS } -- and its kin
local CALM <const> = 1800     -- seconds, or the patience, until what holds no more is taken back
local FINE <const> = 54       -- finest buckets in the patience, when that is short
local WIDEST <const> = 100 / 9 -- seconds that the finest bucket has at most
local GONE <const> = 86400    -- seconds that the sum of what has no process is kept
local SAVED <const> = 3600    -- seconds between two times that the history is written down
local HALF <const> = 240 << 10 -- bytes of the state for each history


--- The last step of the ladder: a unit is restarted, once, when it has leaked for so long; `at` has
--- when each was, whichever of its processes leaked.
local function restart(pw, o, held, at)
  local unit, now = held.subject.unit, pw:now()
  if unit and held.lasting and not held.restarted and now - held.lasting >= o.restart_after
    and o.restart:any(unit) then
    held.restarted = true
    if now - (at[unit] or -math.huge) >= math.max(o.restart_after, CALM) then
      at[unit] = now
      require("pagewarden.recipe.ladder").restart(pw, unit)
    end
  end
end


local function is_meant(o, comm)
  return (#o.match == 0 or o.match:any(comm)) and not o.ignore:any(comm)
end


local function boot_of(pw)
  return pw.proc.read "proc/sys/kernel/random/boot_id" or "unknown"
end


--- What was found is said in the same way of processes and of sums.
---@param pids_of fun(subject: table): integer[]
local function new_findings(pw, o, calm, history, pids_of)
  return findings.new { again = o.again, calm = calm,
    say = function(held)
      local growth = require "pagewarden.recipe.growth" -- only those who speak need it
      local said = growth.describe(pw, history, held.subject, held.column,
        (held.subject.kinds or KINDS)[held.column], held.event == "leak", pids_of(held.subject))
      pw.log(held.event, said)
      if held.event == "leak" and #o.notify + #o.command > 0 then
        require("pagewarden.recipe.ladder").react(pw, o.notify, o.command, said)
      end
    end,
    settle = function(held)
      pw.log("settled", { pid = held.subject.process and held.subject.pid or nil,
        comm = held.subject.comm, kind = (held.subject.kinds or KINDS)[held.column],
        message = held.subject.title .. " has stopped growing" })
    end }
end


local function start(pw, o)
  local terms = { columns = #KINDS, least = { o.growth, o.virtual, o.growth },
    finest = math.min(WIDEST, math.max(o.patience / FINE, o.interval)),
    screen = o.growth / 16, share = o.share / 100, patience = o.patience,
    processes = 2 * o.processes, series = o.processes }
  local of_processes, of_sums = trend.history(terms), trend.history(terms)
  local calm = math.min(CALM, o.patience)
  local groups, parents, restarted = sums.new(o.by), {}, {}
  local fields = { "pid", "ppid", "comm", "start_time", "rss", "rss_anon", "rss_shmem", "swap",
    "vsize", where = { vsize = { min = 1 } }, by = "vsize", top = o.processes } -- no kernel threads
  local with_tree = table.concat(o.by, " "):find "tree"
  local with_unit = #o.restart > 0 or table.concat(o.by, " "):find "unit"
  if with_unit then
    table.move({ "unit", "cgroup" }, 1, 2, #fields + 1, fields)
  end
  local snapshot = assert(pw.proc.processes(fields))
  local processes = new_findings(pw, o, calm, of_processes,
    function(subject) return { subject.pid } end)
  local totals = new_findings(pw, o, calm, of_sums, function(subject)
    local group = groups:get(subject.pid)
    return group and sums.members(group, snapshot, parents) or {}
  end)

  local function take(now)
    assert(snapshot:refresh())
    if with_tree then
      for p in snapshot:each() do
        parents[p.pid] = p.ppid -- of all, before the first is put in its tree
      end
    end
    for p in snapshot:each() do
      local real, shared = (p.rss_anon or p.rss) + (p.swap or 0), p.rss_shmem or 0
      of_processes:add(now, p.pid, p.start_time, real, p.vsize, shared)
      groups:add(now, p, real, shared, parents)
    end
    groups:flush(now, function(group)
      of_sums:add(now, group.number, 0, group.real, 0, group.shared)
    end, function(group) of_sums:forget(group.number, 0) end)
    local memory = pw.proc.meminfo()
    if memory and memory.SUnreclaim then
      of_sums:add(now, KERNEL.pid, 0, memory.SUnreclaim, 0, memory.Shmem or 0)
    end
  end

  local function judge_processes(now)
    for _, pid, start_time, column, verdict in of_processes:suspects() do
      local p = snapshot:get(pid)
      if p and p.start_time == start_time and is_meant(o, p.comm) then
        groups:blame(now, p, parents)
        -- what is in use is mapped as well: one word for both
        if column == VIRTUAL and (processes:has(pid, REAL) or processes:has(pid, SHARED)) then
          processes:drop(pid, VIRTUAL)
        else
          restart(pw, o, processes:note(now, { process = true, pid = pid, start_time = start_time,
            comm = p.comm, swap = p.swap, unit = with_unit and p.unit,
            title = ("%s (pid %d)"):format(p.comm, pid) }, column, verdict), restarted)
        end
      end
    end
  end

  --- Whether a sum is as it was found: a bucket may take a day until it says otherwise.
  local function is_there(group, column)
    local finding = group.size > 0 and of_sums:finding(group.number, 0, column)
    return finding and group.latest[column] >= finding.first + (finding.last - finding.first) / 4
  end

  --- A sum counts only where no process of it is to blame.
  local function judge_sums(now)
    for _, number, _, column, verdict in of_sums:suspects() do
      local group = groups:get(number)
      if number == KERNEL.pid then
        if #o.match == 0 then
          totals:note(now, column == REAL and KERNEL or TMPFS, column, verdict)
        end
      elseif group and now - group.blamed <= calm then
        totals:drop(number, column)
      elseif group and is_there(group, column) and is_meant(o, group.comm) then
        restart(pw, o, totals:note(now, { pid = number, start_time = 0, comm = group.comm,
          by = group.by, name = tostring(group.name), size = group.size,
          unit = group.by == "unit" and group.name, title = groups.title(group) }, column, verdict),
          restarted)
      end
    end
  end

  local function look()
    local now = pw:now()
    take(now)
    of_processes:judge()
    of_sums:judge()
    judge_processes(now)
    judge_sums(now)
    processes:withdraw(now, function(it)
      local p = snapshot:get(it.pid)
      return p ~= nil and p.start_time == it.start_time
    end)
    totals:withdraw(now, function(it)
      local group = groups:get(it.pid)
      return it.pid == KERNEL.pid or group ~= nil and group.size > 0
    end)
    of_processes:expire(now - 3 * o.interval)
    of_sums:expire(now - GONE)
    parents = {}
  end

  --- The history is of this boot: pids and clock begin anew with the next.
  local function remember()
    pw.state:put("boot", boot_of(pw))
    pw.state:put("processes", of_processes:save(HALF))
    pw.state:put("sums", of_sums:save(HALF))
    pw.state:put("names", groups:names())
  end

  if pw.state:get "boot" == boot_of(pw) then
    groups:restore(pw.state:get "names" or {}, pw:now())
    of_processes:load(pw:now(), pw.state:get "processes" or "")
    of_sums:load(pw:now(), pw.state:get "sums" or "")
  end
  look()
  pw:every(o.interval, look)
  pw:every(SAVED, remember)
  pw:defer(remember)
end


--- Programs that it may run: those that its options name.
local function needs(o)
  local programs = { o.notify[1] }
  programs[#programs + 1] = o.command[1]
  programs[#programs + 1] = #o.restart > 0 and "/usr/bin/systemctl" or nil
  return { process = "read", cgroup = "read", state = "512K", exec = programs[1] and programs }
end


return {
  api     = 1,
  name    = "leak-watch",
  summary = "Name processes whose memory grows without bound",
  description = [[
Watches real memory (rss_anon + swap), virtual and shared memory of each process, their sums by
command (or unit, or tree), and what the kernel keeps for itself. What rises is "growing" within a
minute or two; a "leak" has grounds: a process that doubled within `patience` without slowing down
or giving back, one that grew faster sooner, a slower one later. Nobody can tell a cache that fills
evenly for so long from a leak before it stops, and then it is "settled".

Its history of up to 48 days survives restarts of the daemon, not of the machine. Kernels before 4.5
do not tell anonymous memory from files: there all resident memory counts.]],
  examples = {
    "pagewarden run leak-watch",
    "pagewarden run leak-watch --for 1h -o match=^java -o patience=1h",
    "pagewarden run leak-watch -o by=command,unit -o notify=/usr/bin/logger,-t,leak",
  },
  tags    = { "leak", "diagnosis", "reading" },
  options = {
    opt.duration { "interval", default = "5s", min = "100ms", max = "1h",
      help = "time between two looks at all processes" },
    opt.duration { "patience", default = "36h", min = "10s", max = "90d",
      help = "what doubles within this time is called a leak; less is sooner, with false alarms" },
    opt.size { "growth", default = "16M", min = "64K",
      help = "least growth of real and of shared memory to speak of" },
    opt.size { "virtual", default = "128M", min = "64K",
      help = "least growth of virtual memory to speak of" },
    opt.percent { "share", default = "5%",
      help = "least growth to call a leak, of what there was before" },
    opt.duration { "again", default = "6h", min = "10s", max = "90d",
      help = "repeat a finding that holds after this long" },
    opt.list { "by", of = opt.choice, choices = { "command", "unit", "tree" },
      default = { "command" },
      help = "sums to watch besides each process: of all instances of a command, of a unit or "
        .. "container, of a daemon with all that descends from it" },
    opt.list { "match", of = opt.pattern, default = {},
      help = "only processes whose name matches one of these" },
    opt.list { "ignore", of = opt.pattern, default = {},
      help = "never processes whose name matches one of these" },
    opt.list { "notify", of = opt.string, default = {},
      help = "a program by its whole path, and its first arguments, run with what is said of a "
        .. "leak" },
    opt.list { "command", of = opt.string, default = {},
      help = "the same, run with the kind of a leak, the name and the pid: for a heap profile" },
    opt.list { "restart", of = opt.pattern, default = {},
      help = "units that are restarted when they have leaked for `restart_after`" },
    opt.duration { "restart_after", default = "6h", min = "1s", max = "90d",
      help = "how long a leak is only spoken of" },
    opt.integer { "processes", default = 1000, min = 1, max = 100000,
      help = "follow at most so many, those with the most virtual memory" },
  },
  needs = needs,
  check = function(o)
    for _, name in ipairs { "notify", "command" } do
      if #o[name] > 0 and not o[name][1]:find "^/" then
        return false, name .. ": a whole path expected"
      end
    end
    return true
  end,
  start = start,
}
