-- SPDX-License-Identifier: MIT
--- Why the machine hangs: who waits for what, and what that comes to.
--
-- The guide: "If during a ps command, you can see kswap and pdflush, and these 2 elements are in
-- state D (iowait), it's probably caused by the kernel." D is an uninterruptible sleep, for a disk
-- or a lock. There is one kswapd a node, called kswapd0, and no pdflush since Linux 2.6.32, but
-- kworkers that flush. Both wait for disks because programs want memory or write: they are not the
-- cause. What is can be told from what waiting tasks do in the kernel, and from its counters.

local disks = require "pagewarden.recipe.disks"
local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local stall = require "pagewarden.recipe.stall"

local size = format.size
local TASKS_SHOWN = 8

local MEANINGS = {
  reclaim = "memory is short: programs wait while pages are taken from others",
  swap = "memory is short: programs wait for what is swapped out and back in",
  writeback = "programs wait until disks have taken what was written",
  disk = "programs wait for disks to read or write",
  lock = "tasks wait for a lock in the kernel, not for memory or disks",
  nothing = "nobody waits for memory, disks or a lock",
  unknown = "tasks wait, and for what only root may see",
}


local function say_tasks(pw, seen)
  local tasks = {}
  for _, task in pairs(seen.tasks) do
    tasks[#tasks + 1] = task
  end
  table.sort(tasks, function(a, b) return a.looks > b.looks end)
  for i = 1, math.min(#tasks, TASKS_SHOWN) do
    local task = tasks[i]
    pw.log("task", {
      pid = task.pid, comm = task.comm, looks = task.looks, cause = task.cause, wchan = task.wchan,
      stack = task.stack,
      message = ("%s (pid %d) waited at %d of %d looks: %s (%s)"):format(task.comm, task.pid,
        task.looks, seen.looks, task.cause, task.stack or "had gone on, or only root may see"),
    })
  end
end


local function say_memory(pw, seen, memory)
  local function bytes(name)
    return stall.more(seen, name) * pw.proc.page_size() // seen.seconds
  end
  local full = stall.share(seen, "memory", "full")
  pw.log("memory", {
    some = memory, full = full, direct = bytes "direct", kswapd = bytes "kswapd",
    refaulted = bytes "refaulted", refaulted_anon = bytes "refaulted_anon",
    swapped_in = bytes "swapped_in", swapped_out = bytes "swapped_out",
    message = ("programs waited for memory in %s of the time%s; looked at for reclaim: %s/s by "
      .. "programs, %s/s by kswapd; dropped too early: %s/s of files, %s/s of others; swapped: "
      .. "%s/s in, %s/s out"):format(format.percent(memory), full
      and (", all of them in " .. format.percent(full)) or "", size(bytes "direct"),
      size(bytes "kswapd"), size(bytes "refaulted"), size(bytes "refaulted_anon"),
      size(bytes "swapped_in"), size(bytes "swapped_out")),
  })
end


local function say_writeback(pw, seen)
  local counts, page = seen.after.counts, pw.proc.page_size()
  local limit = counts.freerun and counts.freerun * page
  pw.log("writeback", {
    dirty = counts.dirty * page, limit = limit and math.floor(limit), looks = seen.dirty,
    message = ("%s are dirty or being written%s"):format(size(counts.dirty * page), limit
      and ("; writers are held back above %s, which was so at %d of %d looks"):format(size(limit),
        seen.dirty, seen.looks) or ""),
  })
end


--- How long a disk's reads and writes waited, as far as that is known.
local function describe_wait(use, hangs)
  return use.wait and "each for " .. format.duration(use.wait)
    or hangs and "each for longer than this" or "none of them a read or a write that ended"
end


--- Says what each disk did; the name of one that has requests and ended none.
local function say_disks(pw, seen)
  local before, stuck = disks.real(seen.before.disks), nil
  for _, use in ipairs(disks.between(seen.before.disks, seen.after.disks, seen.seconds)) do
    local hangs = use.answers == 0 and use.in_flight > 0 and before[use.name].in_flight > 0
    if use.answers > 0 or hangs then
      pw.log("disk", {
        name = use.name, busy = use.busy, queue = use.queue, wait = use.wait,
        in_flight = use.in_flight, read = use.bytes_read // seen.seconds,
        written = use.bytes_written // seen.seconds,
        message = ("%s: %s busy, %s/s read, %s/s written, %.3g waiting, %s"):format(
          use.name, format.percent(use.busy), size(use.bytes_read / seen.seconds),
          size(use.bytes_written / seen.seconds), use.queue,
          describe_wait(use, hangs)),
      })
    end
    stuck = hangs and use.name or stuck
  end
  return stuck
end


--- What a verdict means.
local function explain(verdict, seen)
  if verdict == "unknown" and seen.threads_left > 0 then
    return ("nobody is known to wait, but there was no time for %d threads, for which the window "
      .. "has to be longer"):format(seen.threads_left)
  end
  return MEANINGS[verdict]
end


--- Without PSI the share of the time is that of the looks at which somebody waited.
local function judge(pw, o, seen)
  local memory = stall.share(seen, "memory", "some") or 100 * seen.direct / seen.looks
  local io = stall.share(seen, "io", "some") or 100 * seen.waiting / seen.looks
  say_tasks(pw, seen)
  pw:sleep(0)
  say_memory(pw, seen, memory)
  say_writeback(pw, seen)
  pw:sleep(0)
  local stuck = say_disks(pw, seen)
  local verdict = stall.judge {
    least = o.least, memory = memory, io = io, looks = seen.looks, votes = seen.votes,
    dirty = seen.dirty, stuck = stuck, refaulted = stall.more(seen, "refaulted"),
    swapped = stall.more(seen, "swapped_in") + stall.more(seen, "swapped_out"),
    threads_left = seen.threads_left,
  }
  pw.log("verdict", {
    verdict = verdict, memory = memory, io = io, seconds = seen.seconds,
    psi = seen.after.io ~= nil,
    threads_left = seen.threads_left > 0 and seen.threads_left or nil,
    message = ("%s: %s (waiting for memory in %s of %s, for disks in %s%s)"):format(verdict,
      explain(verdict, seen), format.percent(memory), format.duration(seen.seconds),
      format.percent(io), stuck and (", and %s does not answer"):format(stuck) or ""),
  })
end


local function start(pw, o)
  pw:task(function()
    repeat
      judge(pw, o, stall.observe(pw, o.window, o.interval))
      pw:sleep(o.watch and o.every or 0)
    until not o.watch
  end)
end


return {
  api     = 1,
  name    = "stall-doctor",
  summary = "Say why the machine hangs: reclaim, swap, writeback, a disk or a lock",
  description = [[
Looks for a few seconds at who is in an uninterruptible sleep (D), in which functions of the kernel,
at the pressure on memory and disks, at reclaim, swapping, dirty pages and at each disk, and comes
to a verdict: reclaim, swap, writeback, disk, lock or nothing. It changes nothing.

A kswapd or flusher in D is not "caused by the kernel": it waits for a disk, as programs make it do.

Only root sees the functions; others see one at most, and of their own processes. Without PSI
(before Linux 4.20) the share of the time is that of the looks at which somebody waited.]],
  examples = {
    "pagewarden run stall-doctor",
    "pagewarden run stall-doctor -o window=30s",
    "pagewarden run stall-doctor -o watch=true -o every=10s --for 1h",
  },
  tags    = { "diagnosis", "reading", "one-shot" },
  options = {
    opt.duration { "window", default = "3s", min = "500ms", max = "1h", help = "look for so long" },
    opt.duration { "interval", default = "200ms", min = "10ms", max = "10s",
      help = "time between two looks at who waits" },
    opt.percent { "least", default = "10%",
      help = "share of the time from which on waiting counts" },
    opt.boolean { "watch", default = false, help = "go on, one verdict after another" },
    opt.duration { "every", default = "10s", min = "100ms", max = "1d",
      help = "when watching, time between one and the next" },
  },
  needs = { process = "read", pressure = { "memory", "io" } },
  start = start,
}
