-- SPDX-License-Identifier: MIT
--- What the report of one process is made of, as one plain table, which is also the JSON.
-- @module pagewarden.report.process
local text = require "pagewarden.text"

local FIELDS = {
  "pid", "ppid", "comm", "state", "vsize", "rss", "swap", "oom_score", "oom_score_adj",
}

local LONGEST_COMMAND = 200


local function sum(table_, ...)
  local total
  for _, key in ipairs { ... } do
    if table_[key] then
      total = (total or 0) + table_[key]
    end
  end
  return total
end


--- The measures that need a walk over the process's pages.
local function measure_pages(rollup)
  return {
    pss = rollup.Pss,
    uss = sum(rollup, "Private_Clean", "Private_Dirty", "Private_Hugetlb"),
    shared_clean = rollup.Shared_Clean, shared_dirty = rollup.Shared_Dirty,
    private_clean = rollup.Private_Clean, private_dirty = rollup.Private_Dirty,
    referenced = rollup.Referenced, anonymous = rollup.Anonymous,
    huge_pages = rollup.AnonHugePages, swap_pss = rollup.SwapPss, locked = rollup.Locked,
    hugetlb = sum(rollup, "Shared_Hugetlb", "Private_Hugetlb"),
  }
end


--- VmRSS by kind came with 4.5; before, statm knows what is shared.
local function measure(status, statm, page_size)
  return {
    vsize = status.VmSize or statm.size * page_size,
    rss = status.VmRSS or statm.resident * page_size,
    shared = sum(status, "RssFile", "RssShmem") or statm.shared * page_size,
    rss_anon = status.RssAnon, rss_file = status.RssFile, rss_shmem = status.RssShmem,
    swap = status.VmSwap, peak_rss = status.VmHWM, page_tables = status.VmPTE,
  }
end


local function told(row)
  return {
    pid = row.pid, ppid = row.ppid, comm = text.escape(row.comm), depth = row.depth,
    rss = row.rss, swap = row.swap, oom_score = row.oom_score, oom_score_adj = row.oom_score_adj,
  }
end


local function add_to(totals, row)
  for _, key in ipairs { "rss", "swap", "pss", "uss" } do
    totals[key] = (totals[key] or 0) + (row[key] or 0)
  end
end


--- The process and those below it, with their sums. Pss is read until the time is up.
local function collect_tree(reader, pid, budget)
  local snapshot <close> = reader:processes(FIELDS)
  if not snapshot then
    return nil
  end
  local rows, totals, unread = {}, { processes = 0 }, 0
  local started = os.clock()
  for i, row in ipairs(snapshot:tree(pid)) do
    rows[i] = told(row)
    local process = (row.vsize or 0) > 0 and os.clock() - started < budget
      and reader:process(row.pid)
    local rollup = process and process:rollup()
    if rollup then
      local pages = measure_pages(rollup)
      rows[i].pss, rows[i].uss = pages.pss, pages.uss
    elseif (row.vsize or 0) > 0 then
      unread = unread + 1
    end
    totals.processes = totals.processes + 1
    add_to(totals, rows[i])
  end
  return { rows = rows, totals = totals, pss_unread = unread }
end


local function command_of(process, comm)
  local words = process:cmdline() or {}
  local command = text.escape(table.concat(words, " "):sub(1, LONGEST_COMMAND))
  return command ~= "" and command or ("[%s]"):format(comm)
end


--- Reads one process.
---@param reader table as `proc.open` makes it
---@param pid integer
---@param budget number seconds that reading pss of the tree may take
---@return table? report
---@return string? message
---@return integer? errno
---@return string? kind
return function(reader, pid, budget)
  local process, message, errno, kind = reader:process(pid)
  if not process then
    return nil, message, errno, kind
  end
  local status, statm, problem
  status, message, errno, kind = process:status()
  if not status then
    return nil, message, errno, kind
  end
  statm, message, errno, kind = process:statm()
  if not statm then
    return nil, message, errno, kind
  end
  local rollup
  rollup, problem = process:rollup()
  local oom = process:oom() or {}
  local stat = process:stat() or {}
  local uptime = reader:uptime()
  local comm = text.escape(stat.comm or status.Name or "")
  return {
    pid = pid, comm = comm, command = command_of(process, comm), state = stat.state,
    ppid = stat.ppid, uid = status.Uid and status.Uid[1], threads = stat.num_threads,
    running = uptime and stat.starttime and uptime - stat.starttime / reader:clock_ticks(),
    kernel_thread = (stat.vsize or 0) == 0,
    memory = measure(status, statm, reader:page_size()),
    pages = rollup and measure_pages(rollup),
    pages_unseen = not rollup and text.escape(problem) or nil,
    oom_score = oom.oom_score, oom_score_adj = oom.oom_score_adj, oom_adj = oom.oom_adj,
    majflt = stat.majflt, minflt = stat.minflt,
    tree = collect_tree(reader, pid, budget),
  }
end
