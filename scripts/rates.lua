-- SPDX-License-Identifier: MIT
--- How fast memory changes, of the machine and of processes.
--
-- The guide has `sar -R 1 120` for the machine, which sysstat removed in 11.5.4 (2017), and
-- `watch -n 1 'ps axo pid,comm,rss,vsize | grep sshd'` for processes, which shows no change, finds
-- itself, and forgets what it showed. Here each look says what is different since the last one.

local choose = require "pagewarden.recipe.choose"
local columns = require "pagewarden.recipe.columns"
local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local rate = require "pagewarden.recipe.rate"

local ROWS_A_PAGE = 20        -- under one heading
local LONGEST_INTERVALS = 10  -- a look further back is of another time: a suspend, a stopped guest

local MACHINE = columns.new { { "free/s", 11 }, { "buffers/s", 11 }, { "cached/s", 11 },
  { "swap used/s", 11 }, { "swapped in/s", 12 }, { "swapped out/s", 13 } }

local PROCESS = columns.new { { "pid", 7 }, { "rss", 9 }, { "change", 10 }, { "vsize", 9 },
  { "change", 10 }, { "name" } }

local PROCESS_PSS = columns.new { { "pid", 7 }, { "pss", 9 }, { "change", 10 }, { "rss", 9 },
  { "change", 10 }, { "vsize", 9 }, { "change", 10 }, { "name" } }


--- A change with its sign; nothing when it is not known.
local function signed(bytes)
  return bytes and (bytes > 0 and "+" or "") .. format.size(bytes)
end


local function size(bytes)
  return bytes and format.size(bytes)
end


local function whole(number)
  return number and math.floor(number + 0.5)
end


--- Logs rows, with their headings once a page.
local function new_page(pw, event, layout)
  local rows = 0
  return function(fields, cells)
    if rows % ROWS_A_PAGE == 0 then
      pw.log("columns", { of = event, message = layout:heading() })
    end
    rows, fields.message = rows + 1, layout:row(cells)
    pw.log(event, fields)
  end
end


--- A function that says what the machine's memory did since it was called last.
local function watch_machine(pw, longest)
  local levels = rate.new { levels = { "MemFree", "Buffers", "Cached", "swap_used" },
    longest = longest }
  local counters = rate.new { counters = { "pswpin", "pswpout" }, longest = longest }
  local say, memory, events = new_page(pw, "machine", MACHINE), {}, {}
  return function()
    memory = assert(pw.proc.meminfo(memory))
    memory.swap_used = memory.SwapTotal and memory.SwapTotal > 0
      and memory.SwapTotal - memory.SwapFree or nil
    events = pw.proc.vmstat(events) or {}
    local level, counter = levels:add(pw:now(), memory), counters:add(pw:now(), events)
    if not (level and counter) then
      return
    end
    local function swapped(name)
      return memory.swap_used and counter[name] and whole(counter[name] * pw.proc.page_size())
    end
    local free, buffers, cached = whole(level.MemFree), whole(level.Buffers), whole(level.Cached)
    local used, read, written = whole(level.swap_used), swapped "pswpin", swapped "pswpout"
    say({
      free_per_second = free, buffers_per_second = buffers, cached_per_second = cached,
      swap_used_per_second = used, swapped_in_per_second = read, swapped_out_per_second = written,
    }, { signed(free), signed(buffers), signed(cached), signed(used), size(read), size(written) })
  end
end


local function change(before, after, name)
  return before and before[name] and after[name] and after[name] - before[name] or nil
end


--- What each process has that is its own, and its part of what it shares. Other users' processes
--- may not be asked for that.
local function add_pss(pw, row)
  local process = pw.proc.process(row.pid)
  local sums = process and process.start_time == row.start_time and process:rollup()
  row.pss = sums and sums.Pss or nil
  pw:sleep(0)
end


--- A function that says what the chosen processes did since it was called last, largest first.
local function watch_processes(pw, o)
  local say = new_page(pw, "process", o.pss and PROCESS_PSS or PROCESS)
  local known, absent = {}, false

  local function say_process(row)
    local before = known[row.pid]
    before = before and before.start_time == row.start_time and before or nil
    local rss, vsize, pss = change(before, row, "rss"), change(before, row, "vsize"),
      change(before, row, "pss")
    local cells = { row.pid, size(row.rss), signed(rss), size(row.vsize), signed(vsize), row.comm }
    if o.pss then
      table.move(cells, 2, 6, 4)
      cells[2], cells[3] = size(row.pss), signed(pss)
    end
    say({ pid = row.pid, comm = row.comm, start_time = row.start_time, rss = row.rss,
      vsize = row.vsize, pss = row.pss, rss_change = rss, vsize_change = vsize, pss_change = pss,
    }, cells)
  end

  local function say_sum(rows)
    local rss, pss, unread = 0, 0, 0
    for _, row in ipairs(rows) do
      rss, pss, unread = rss + row.rss, pss + (row.pss or 0), unread + (row.pss and 0 or 1)
    end
    pw.log("sum", {
      processes = #rows, rss = rss, pss = o.pss and pss or nil, unread = o.pss and unread or nil,
      message = ("%d processes: %s rss, which counts shared pages more than once%s%s"):format(#rows,
        size(rss), o.pss and ("; %s pss, which does not"):format(size(pss)) or "", o.pss
        and unread > 0 and (" (of %d it may not be read)"):format(unread) or ""),
    })
  end

  return function()
    local rows, message = choose.find(pw, o, { "rss", "vsize" })
    if not rows and not absent then
      pw.log("absent", { message = message .. "; waiting for one" })
    end
    absent, rows = not rows, rows or {}
    local seen = {}
    for _, row in ipairs(rows) do
      if o.pss then
        add_pss(pw, row)
      end
      seen[row.pid] = row
    end
    table.sort(rows, function(a, b) return a.rss > b.rss end)
    for i = 1, math.min(#rows, o.top) do
      say_process(rows[i])
    end
    if #rows > 1 then
      say_sum(rows)
    end
    for pid, row in pairs(known) do
      if not seen[pid] or seen[pid].start_time ~= row.start_time then
        pw.log("ended", { pid = pid, comm = row.comm, start_time = row.start_time, rss = row.rss,
          message = ("%s (pid %d) has ended, or is called otherwise"):format(row.comm, pid) })
      end
    end
    known = seen
  end
end


local function start(pw, o)
  local look_at_machine = watch_machine(pw, LONGEST_INTERVALS * o.interval)
  local look_at_processes = choose.given(o) and watch_processes(pw, o)
  pw:task(function()
    while true do
      local begun = pw:now()
      look_at_machine()
      if look_at_processes then
        look_at_processes()
      end
      pw:sleep(math.max(o.interval - (pw:now() - begun), 0.01))
    end
  end)
end


return {
  api     = 1,
  name    = "rates",
  summary = "Show how fast free memory, caches, swap and chosen processes change",
  description = [[
At each interval, how much more memory is free, buffers, cache and used swap than at the last one,
each second, and how much was swapped in and out; what falls has a minus. Of chosen processes the
resident and the virtual memory and how that has changed, largest first; with pss=true their share
of what they have in common with others as well, which may be added up as rss may not. It runs until
it is stopped, or for the time of --for, and changes nothing.

The first look has nothing to compare with. Without swap its columns stay empty. For pss each
process is asked for its mappings, which takes 9 ms a GiB and Linux 4.14, or longer before; of other
users' processes only root may know.]],
  examples = {
    "pagewarden run rates",
    "pagewarden run rates -o name=^sshd$ --for 2m",
    "pagewarden run rates -o unit=postgresql -o pss=true -o interval=10s",
  },
  tags    = { "diagnosis", "leak", "reading" },
  options = choose.options {
    opt.duration { "interval", default = "1s", min = "100ms", max = "1d",
      help = "time between two looks" },
    opt.boolean { "pss", default = false, help = "of processes, the share of what they have with "
      .. "others, too" },
    opt.integer { "top", default = 20, min = 1, max = 10000,
      help = "show at most so many processes, those with the most resident memory" },
  },
  needs = { process = "read", oom = "read" },
  start = start,
}
