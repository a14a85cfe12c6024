-- SPDX-License-Identifier: MIT
--- Where in its address space a process grows, and what to run to learn why.
--
-- The guide says `valgrind --tool=memcheck cat /prox/$$/maps`: there is no /prox, and it looks for
-- leaks in cat. Valgrind cannot look at what runs already, only start it again, 20 to 30 times
-- slower. That is the last step; the first is to know which memory grows, which takes no restart.

local choose = require "pagewarden.recipe.choose"
local command_line = require "pagewarden.recipe.command_line"
local format = require "pagewarden.format"
local mappings = require "pagewarden.recipe.mappings"
local opt = require "pagewarden.option"

local size = format.size
local MOST_ARGUMENTS = 60

--- What kind of growth tells.
local MEANINGS = {
  heap = "the heap: small blocks of malloc that are not freed, or lie between others",
  anon = "anonymous memory: large blocks of malloc, threads' arenas, or a runtime's own heap",
  stack = "the stack: recursion that goes deeper, or large local variables",
  file = "a file that it maps: pages that were read or written, which the kernel can take back",
  shmem = "shared memory: it is nobody's until all have let go of it and it was removed",
}


--- What a process has that only it can give back; rss before Linux 4.5.
local function real(row)
  return (row.rss_anon or row.rss) + (row.swap or 0)
end


--- Of the processes that are meant, the one that has most.
local function find_largest(pw, o)
  local rows, message = choose.find(pw, o, { "rss", "rss_anon", "swap" })
  if not rows then
    error(message, 0)
  end
  table.sort(rows, function(a, b) return real(a) > real(b) end)
  return rows[1], #rows > 1 and ("the largest of %d that fit"):format(#rows)
end


--- Of all processes, the one that grows most within an interval.
local function find_growing(pw, o)
  local snapshot <close> = assert(pw.proc.processes { "pid", "comm", "start_time", "rss",
    "rss_anon", "swap", where = { vsize = { min = 1 } } })
  local before, most, found = {}, 0, nil
  for row in snapshot:each() do
    before[row.pid .. ":" .. row.start_time] = real(row)
  end
  pw:sleep(o.interval)
  for row in assert(snapshot:refresh()):each() do
    local grown = real(row) - (before[row.pid .. ":" .. row.start_time] or math.huge)
    if grown > most then
      most, found = grown, { pid = row.pid, comm = row.comm, start_time = row.start_time }
    end
  end
  if not found then
    error(("no process grew within %s; say which one: pid=, name= or another option"):format(
      format.duration(o.interval)), 0)
  end
  return found, ("it grew most, %s within %s"):format(size(most), format.duration(o.interval))
end


local function find_suspect(pw, o)
  local row, reason = { pid = o.pid }, nil
  if o.pid == 0 then
    row, reason = (choose.given(o) and find_largest or find_growing)(pw, o)
  end
  local process, message = pw.proc.process(row.pid)
  local stat = process and process:stat()
  if not stat then
    error(message or ("process %d has ended"):format(row.pid), 0)
  elseif stat.vsize == 0 then
    error(("%s (pid %d) has no memory of its own"):format(stat.comm, row.pid), 0)
  end
  pw.log("suspect", { pid = row.pid, comm = stat.comm, start_time = process.start_time,
    message = ("%s (pid %d)%s"):format(stat.comm, row.pid, reason and ": " .. reason or "") })
  return process, stat.comm
end


--- Looks at the mappings again and again. A program that executes another has a new address space,
--- at another random place: all begins anew, and who does that again and again is left.
local function observe(pw, o, process)
  local fields = { "Rss", "Swap", least = o.least // 8 }
  local seen = { space = mappings.new(), looks = 0, began = pw:now(), ended = pw:now() }
  local first, left = nil, 10 * o.looks
  while seen.looks < o.looks and left > 0 do
    local stat = process:stat()
    local list, message, _, kind = process:smaps(fields)
    if not (stat and list) then
      if seen.looks == 0 or kind == "denied" then
        error(message or "it has ended", 0)
      end
      pw.log("ended", { pid = process.pid, message = "it ended before all looks were taken" })
      seen.gone = true
      return seen
    elseif first and stat.startstack ~= first.startstack then
      pw.log("executed", { pid = process.pid, comm = stat.comm,
        message = ("it is %s now, and begins anew"):format(stat.comm) })
      seen.space, seen.looks, first = mappings.new(), 0, nil
    end
    first = first or stat
    seen.space:add(list)
    seen.began = seen.looks == 0 and pw:now() or seen.began
    seen.looks, seen.ended, left = seen.looks + 1, pw:now(), left - 1
    seen.virtual = stat.vsize - first.vsize
    pw:sleep(seen.looks < o.looks and o.interval or 0)
  end
  return seen
end


local function say_place(pw, process, comm, seen, place)
  local seconds, grown = seen.ended - seen.began, math.floor(place.bytes - place.first)
  local address = place.start and ("%x-%x"):format(place.start, place.end_)
  pw.log("grown", {
    pid = process.pid, comm = comm, kind = place.kind, name = place.name, address = address,
    grown = grown, bytes = place.bytes, seconds = seconds, slope = grown / seconds,
    rises = place.rises, looks = seen.looks,
    message = ("%s in %s, %s/s, to %s, at %d of %d looks: %s (%s)"):format(size(grown),
      format.duration(seconds), size(grown / seconds), size(place.bytes), place.rises,
      seen.looks - 1, MEANINGS[place.kind], place.name or address),
  })
end


--- What grew, most first; the kind of the first.
local function say_places(pw, o, process, comm, seen)
  local grown = seen.looks > 1 and seen.space:grown(o.least) or {}
  for i = 1, math.min(#grown, o.top) do
    say_place(pw, process, comm, seen, grown[i])
  end
  if #grown == 0 then
    pw.log("still", { pid = process.pid, comm = comm, looks = seen.looks, virtual = seen.virtual,
      message = ("no part of it grew by %s in %s; its virtual memory changed by %s"):format(
        size(o.least), format.duration(seen.ended - seen.began), size(seen.virtual or 0)) })
  end
  return grown[1] and grown[1].kind
end


--- What to run next, by the kind of memory that grew.
local function say_next(pw, process, kind, words, problem)
  local pid = process.pid
  local function say(tool, command, why)
    pw.log("next", { pid = pid, tool = tool, command = command,
      message = ("%s: %s"):format(why, command) })
  end
  if kind == "stack" then
    say("gdb", ("gdb -p %d -batch -ex 'thread apply all backtrace -30'"):format(pid),
      "who calls whom; stops it meanwhile")
    return
  elseif kind == "file" or kind == "shmem" then
    say("pages", ("pagewarden run pages -o pid=%d"):format(pid), "what of it could be had back")
    return
  end
  say("heaptrack", ("heaptrack -p %d"):format(pid), "who allocates, from now on, in what runs")
  say("gcore", ("gcore -o core %d"):format(pid),
    "what is in the memory; stops it meanwhile, and the file is as large")
  if not words then
    pw.log("unknown", { pid = pid, message = "it cannot be started again from here: " .. problem })
    return
  end
  local command = command_line.join(words)
  say("heaptrack", "heaptrack " .. command,
    ("the same from the start (in /proc/%d/cwd)"):format(pid))
  say("valgrind", "valgrind --leak-check=full --log-file=valgrind.%p.log " .. command,
    "what nothing points to any more, 20 to 30 times slower")
end


--- The user that a status file is of.
local function user_in(status)
  return math.tointeger((status or ""):match "\nUid:%s+%d+%s+(%d+)")
end


--- Starts the program a second time, as who we are: only where that is who runs it already.
local function run_valgrind(pw, o, process, words, problem)
  local status, message = process:status()
  if not (words and status) then
    error("valgrind: " .. (problem or message), 0)
  elseif status.Uid[2] ~= user_in(pw.proc.read "proc/self/status") then
    error("valgrind: it runs as another user; as that user, run the command line above", 0)
  elseif #words > MOST_ARGUMENTS then
    error(("valgrind: it has more than %d arguments"):format(MOST_ARGUMENTS), 0)
  end
  local ended = assert(pw.exec.run({ o.valgrind, "--leak-check=full",
    "--log-file=" .. o.valgrind_log, table.unpack(words) }, { timeout = o.valgrind_time }))
  pw.log("valgrind", { status = ended.status, signal = ended.signal, seconds = ended.seconds,
    log = o.valgrind_log, message = ("it ended after %s; what was found is in %s"):format(
      format.duration(ended.seconds), o.valgrind_log) })
end


local function start(pw, o)
  pw:task(function()
    local process, comm = find_suspect(pw, o)
    local words, problem = command_line.of(process)
    local seen = observe(pw, o, process)
    local kind = say_places(pw, o, process, comm, seen)
    if kind and not seen.gone then
      say_next(pw, process, kind, words, problem)
    end
    if o.valgrind then
      run_valgrind(pw, o, process, words, problem)
    end
  end)
end


return {
  api     = 1,
  name    = "leak-where",
  summary = "Show which parts of a process's memory grow, and what to run to learn why",
  description = [[
Looks at the mappings of one process several times and says which grew, how fast and how steadily:
the heap, anonymous memory, a stack, a file or shared memory, in memory and swap together. Then it
gives the command lines for what comes next: heaptrack, gcore, valgrind or gdb, with the program's
own arguments. Without a pid or anything else to choose by it takes the process that grows most.

With valgrind=PATH it runs the program a second time under valgrind, with the same arguments but
neither its environment nor its folder, and only if it is your own: a second copy of a daemon may
not be welcome. Each look costs 9 ms for a GiB that the process maps, and holds up its mmap calls
meanwhile. Of other users' processes only root may know.]],
  examples = {
    "pagewarden run leak-where",
    "pagewarden run leak-where -o pid=812",
    "pagewarden run leak-where -o unit=nginx -o interval=1m -o looks=10",
  },
  tags    = { "leak", "diagnosis", "reading", "one-shot" },
  options = choose.options {
    opt.integer { "pid", default = 0, min = 0, help = "this process" },
    opt.duration { "interval", default = "5s", min = "100ms", max = "1d",
      help = "time between two looks" },
    opt.integer { "looks", default = 6, min = 2, max = 1000, help = "how often to look" },
    opt.size { "least", default = "256K", min = "4K", help = "least growth to speak of" },
    opt.integer { "top", default = 5, min = 1, max = 100, help = "show at most so many parts" },
    opt.path { "valgrind", help = "run the same program under this valgrind, /usr/bin/valgrind" },
    opt.path { "valgrind_log", default = "/var/log/pagewarden-valgrind.log",
      help = "where valgrind writes what it found" },
    opt.duration { "valgrind_time", default = "1h", min = "1s", max = "1d",
      help = "end it after this long" },
  },
  needs = function(o)
    return { process = "read", oom = "read", exec = o.valgrind and { o.valgrind } or nil }
  end,
  start = start,
}
