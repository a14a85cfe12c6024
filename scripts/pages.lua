-- SPDX-License-Identifier: MIT
--- In which state the pages of memory are: of the machine, of a process, or of all of a name.
--
-- The guide sums Shared_Clean and Shared_Dirty of /proc/1/smaps "to find dirty and clean memory".
-- That is only what process 1 shares; and a page that is dirty there is one that differs from what
-- is on disk, so that all anonymous memory counts, which no flusher will ever write. What waits to
-- be written is Dirty and Writeback of /proc/meminfo. Nor has any kernel since 2.6 a list of "clean
-- inactive" pages that are as good as free: the nearest is the file cache that is not dirty.

local format = require "pagewarden.format"
local opt = require "pagewarden.option"

local size = format.size

--- What smaps_rollup calls it, and what it is.
local STATES = {
  { "shared_clean", "Shared_Clean" }, { "shared_dirty", "Shared_Dirty" },
  { "private_clean", "Private_Clean" }, { "private_dirty", "Private_Dirty" },
  { "anonymous", "Anonymous" }, { "referenced", "Referenced" }, { "locked", "Locked" },
  { "swapped", "Swap" }, { "pss", "Pss" }, { "rss", "Rss" },
}


--- Where the kernel's lists of pages are: before Linux 2.6.28 it did not tell anonymous from file.
local function say_lists(pw, memory)
  pw.log("lists", {
    active_anon = memory["Active(anon)"], inactive_anon = memory["Inactive(anon)"],
    active_file = memory["Active(file)"], inactive_file = memory["Inactive(file)"],
    active = memory.Active, inactive = memory.Inactive, unevictable = memory.Unevictable,
    message = memory["Active(anon)"]
      and ("active: %s anonymous, %s of files; inactive: %s anonymous, %s of files; %s cannot be "
        .. "evicted"):format(size(memory["Active(anon)"]), size(memory["Active(file)"]),
        size(memory["Inactive(anon)"]), size(memory["Inactive(file)"]),
        size(memory.Unevictable or 0))
      or ("active: %s; inactive: %s (this kernel does not tell files from the rest)"):format(
        size(memory.Active), size(memory.Inactive)),
  })
end


local function say_dirty(pw, memory)
  pw.log("dirty", {
    dirty = memory.Dirty, writeback = memory.Writeback,
    message = ("%s wait to be written, %s are being written"):format(size(memory.Dirty),
      size(memory.Writeback)),
  })
end


local function say_swapped(pw, memory)
  local used = memory.SwapTotal - memory.SwapFree
  pw.log("swapped", {
    used = used, cached = memory.SwapCached, zswapped = memory.Zswapped,
    message = memory.SwapTotal == 0 and "there is no swap"
      or ("%s of %s swap are used, %s of that is in memory as well"):format(size(used),
        size(memory.SwapTotal), size(memory.SwapCached or 0)),
  })
end


--- What reclaim could get now, dearest last. MemAvailable (Linux 3.14) is the kernel's own guess at
--- the first two, less what it keeps for itself.
local function say_reclaimable(pw, memory)
  local files = (memory["Active(file)"] or 0) + (memory["Inactive(file)"] or 0)
  local waiting = math.min(files, memory.Dirty + memory.Writeback)
  local slab = memory.KReclaimable or memory.SReclaimable or 0
  local anonymous = (memory["Active(anon)"] or 0) + (memory["Inactive(anon)"] or 0)
  local swappable = math.min(anonymous, memory.SwapFree)
  pw.log("reclaimable", {
    free = memory.MemFree, clean = files - waiting, dirty = waiting, slab = slab,
    swappable = swappable, available = memory.MemAvailable,
    message = ("%s are free; %s of clean file pages and %s of slab cost no more than reading back "
      .. "what is missed, %s have to be written first, %s would have to be swapped out"):format(
      size(memory.MemFree), size(files - waiting), size(slab), size(waiting), size(swappable)),
  })
end


local function show_machine(pw)
  local memory = assert(pw.proc.meminfo())
  say_lists(pw, memory)
  say_dirty(pw, memory)
  say_swapped(pw, memory)
  say_reclaimable(pw, memory)
end


--- Adds up the fields of a process's mappings, for kernels before 4.14.
local function sum_mappings(process)
  local mappings, message, errno, kind = process:smaps()
  if not mappings then
    return nil, message, errno, kind
  end
  local sums = {}
  for _, mapping in ipairs(mappings) do
    for _, state in ipairs(STATES) do
      sums[state[2]] = (sums[state[2]] or 0) + (mapping[state[2]] or 0)
    end
  end
  return sums
end


local function measure(process)
  local sums, message, errno, kind = process:rollup()
  if not sums and kind == "unsupported" then
    return sum_mappings(process)
  end
  return sums, message, errno, kind
end


local function say_process(pw, row, sums)
  local fields = { pid = row.pid, comm = row.comm }
  for _, state in ipairs(STATES) do
    fields[state[1]] = sums[state[2]]
  end
  fields.message = ("%s (pid %d): %s private (%s clean), %s shared (%s clean), %s swapped; its "
    .. "share of all is %s"):format(row.comm, row.pid,
    size((sums.Private_Clean or 0) + (sums.Private_Dirty or 0)), size(sums.Private_Clean or 0),
    size((sums.Shared_Clean or 0) + (sums.Shared_Dirty or 0)), size(sums.Shared_Clean or 0),
    size(sums.Swap or 0), size(sums.Pss or sums.Rss or 0))
  pw.log("process", fields)
end


--- The processes that are meant: a pid, with or without what it started, or all of a name.
local function find(pw, o)
  if o.pid == 0 then
    local rows = assert(pw.proc.processes { "pid", "comm", "rss", by = "rss" }):table()
    local found = {}
    for _, row in ipairs(rows) do
      found[#found + 1] = o.name:any(row.comm) and row or nil
    end
    return found
  elseif o.tree then
    return pw.proc.tree(o.pid)
  end
  local process, message = pw.proc.process(o.pid)
  local stat = process and process:stat()
  return stat and { { pid = o.pid, comm = stat.comm } } or nil, message
end


--- One process at a time: each costs about 9 ms for a GiB that it maps.
local function show_processes(pw, found)
  local total, unread = 0, 0
  for _, row in ipairs(found) do
    local process = pw.proc.process(row.pid)
    local sums = process and measure(process)
    if sums and next(sums) then
      say_process(pw, row, sums)
      total = total + (sums.Pss or sums.Rss or 0)
    else
      unread = unread + 1
    end
    pw:sleep(0)
  end
  local read = #found - unread
  local rest = unread > 0 and (", not counting %d that ended or may not be read"):format(unread)
  pw.log("sum", {
    processes = read, unread = unread, pss = total,
    message = ("%d %s %s%s"):format(read, read == 1 and "process has" or "processes have",
      size(total), rest or ""),
  })
end


local function start(pw, o)
  if o.pid == 0 and #o.name == 0 then
    show_machine(pw)
    return true
  end
  local found, message = find(pw, o)
  if not found or #found == 0 then
    return nil, message or "no process has such a name"
  end
  pw:task(function() show_processes(pw, found) end)
  return true
end


return {
  api     = 1,
  name    = "pages",
  summary = "Show in which state the pages of memory are, and what could be had back",
  description = [[
Shows how much of memory is active and inactive, anonymous and of files, clean and dirty, shared,
private and swapped; and what each way of getting memory back would bring and cost. Of the machine,
or of processes by pid or name. It changes nothing.

"Dirty" in /proc/PID/smaps is not what waits to be written: all anonymous memory is dirty there. And
no kernel since 2.6 has a list of clean inactive pages that are as good as free.

Before Linux 4.14 the mappings of a process are added up one by one, which takes longer.]],
  examples = {
    "pagewarden run pages",
    "pagewarden run pages -o pid=1 -o tree=true",
    "pagewarden run pages -o name=^postgres$",
  },
  tags    = { "diagnosis", "reading", "one-shot" },
  options = {
    opt.integer { "pid", default = 0, min = 0, help = "of this process, not of the machine" },
    opt.boolean { "tree", default = false, help = "and of all that it started" },
    opt.list { "name", of = opt.pattern, default = {},
      help = "of all processes whose name matches one of these" },
  },
  needs = { process = "read" },
  check = function(o)
    return not (o.tree and o.pid == 0), "a tree has a pid at its root"
  end,
  start = start,
}
