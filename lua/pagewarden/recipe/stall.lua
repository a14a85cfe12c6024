-- SPDX-License-Identifier: MIT
--- Why tasks wait: what is seen of them and of the machine over some seconds, and what it comes to.
--- Nothing here reads cmdline or smaps: those wait for a lock that a task in D may have.
-- @module pagewarden.recipe.stall
local stall = {}

--- What a task waits for, by the functions that it is in. The first that fits: who swaps in or
--- reclaims also waits for a disk in the end. Names are those of Linux 2.6.32 to 6.12.
local CAUSES = {
  { "reclaim", { "^try_to_free_", "^do_try_to_free_", "^shrink_", "direct_reclaim", "^reclaim_thr",
    "^balance_pgdat", "^mem_cgroup_handle_over_high", "^try_to_compact" } },
  { "swap", { "^do_swap_page", "^swapin_", "^swap_read", "^read_swap_cache", "^shmem_swapin",
    "^__read_swap_cache", "^try_to_unuse" } },
  { "writeback", { "^balance_dirty_pages", "^wb_", "^writeback_", "_writeback$", "fdatawait",
    "^sync_inodes_sb", "^ksys_sync", "^jbd2_", "^xlog_", "^xfs_log", "fsync", "^sync_file",
    "^btrfs_commit", "^btrfs_wait_ordered", "^blkdev_issue_flush", "^wait_on_page_writeback" } },
  { "disk", { "^io_schedule", "^folio_wait_bit", "^wait_on_page", "^__lock_page", "^__folio_lock",
    "^sleep_on_page", "^blk_mq_get_tag", "^get_request", "wait_on_buffer", "^submit_bio_wait",
    "^rq_qos_wait", "^bit_wait_io", "^out_of_line_wait_on_bit", "^wait_on_bit_io", "^filemap_fault",
    "iomap_dio_rw$", "blkdev_direct_IO", "^dio_await", "^rpc_", "^nfs_" } },
}

--- Where a task waits for another that has what it wants.
local LOCKS = { "^rwsem_down", "mutex_lock", "^__down", "^down_", "^percpu_rwsem", "percpu_down",
  "^__rwbase" }

--- A task waits for a lock when that is what it does inside whatever else it does.
local INNERMOST = 4

--- Neither stack nor wchan shows functions of the scheduler, which those of most locks are on most
--- kernels (kernel/stacktrace.c, stack_trace_consume_entry_nosched()). Then the innermost is the
--- one that takes the lock: mmap_lock, an inode's, a directory's, a file system's.
local TAKERS = { "^do_user_addr_fault", "^lock_mm_and_find_vma", "^vm_mmap_pgoff", "^__vm_munmap",
  "^do_mprotect", "^do_madvise", "^m_start$", "_write_iter$", "^do_unlinkat", "^do_rmdir",
  "^lookup_slow", "^walk_component", "^open_last_lookups", "^path_openat", "^lock_rename",
  "^iterate_dir", "^do_truncate", "^vfs_write$", "^mnt_want_write", "^xfs_ilock", "tree_lock$" }

--- What keeps a task from going on that the machine is short of, as far as that may be seen.
local SHORTAGES = { reclaim = true, swap = true, writeback = true, disk = true, unseen = true }

local TASKS_A_LOOK, THREADS_A_LOOK = 64, 2000 -- each thread costs some 10 us
local FUNCTIONS_SHOWN = 6


local function fits(name, patterns)
  for _, pattern in ipairs(patterns) do
    if name:find(pattern) then
      return true
    end
  end
  return false
end


--- What a task waits for.
---@param functions string[] of the kernel, the innermost first
---@return "reclaim"|"swap"|"writeback"|"disk"|"lock"|nil
function stall.cause_of(functions)
  for i = 1, math.min(#functions, INNERMOST) do
    if fits(functions[i], LOCKS) then
      return "lock"
    end
  end
  if functions[1] and fits(functions[1], TAKERS) then
    return "lock"
  end
  for _, cause in ipairs(CAUSES) do
    for _, name in ipairs(functions) do
      if fits(name, cause[2]) then
        return cause[1]
      end
    end
  end
end


---@class pagewarden.recipe.Evidence
---@field least number percent of the time from which on somebody waits
---@field memory number percent of the time that somebody waited for memory
---@field io number the same for disks
---@field looks integer
---@field votes table<string, integer> looks at which a task waited for this, by cause
---@field swapped number pages that were swapped in and out
---@field refaulted number pages of files that were read again soon after they were dropped
---@field dirty integer looks at which so much was dirty that writers are held back
---@field stuck string? a disk that had requests and ended none
---@field threads_left integer threads that were not looked at


local function has_voted(evidence, cause)
  return 2 * (evidence.votes[cause] or 0) >= evidence.looks
end


--- Of tasks that wait all the time, what most wait for.
local function most_voted(evidence)
  local most
  for _, cause in ipairs { "reclaim", "swap", "writeback", "disk", "lock" } do
    if has_voted(evidence, cause)
      and (not most or evidence.votes[cause] > evidence.votes[most]) then
      most = cause
    end
  end
  return most
end


--- What it all comes to. Waiting for memory is also counted as waiting for disks when it is for
--- swap or for files; who waits for disks to take what was written hardly waits for memory.
---@param evidence pagewarden.recipe.Evidence
---@return "reclaim"|"swap"|"writeback"|"disk"|"lock"|"nothing"|"unknown" verdict
function stall.judge(evidence)
  local votes = evidence.votes
  if evidence.memory >= evidence.least and 2 * evidence.memory >= evidence.io then
    return evidence.swapped > evidence.refaulted and "swap" or "reclaim"
  elseif evidence.stuck then
    return "disk"
  elseif evidence.io >= evidence.least then
    local writes = 2 * evidence.dirty >= evidence.looks
      or (votes.writeback or 0) > (votes.disk or 0)
    return writes and "writeback" or "disk"
  end
  local is_blind = has_voted(evidence, "unseen") or evidence.threads_left > 0
  return most_voted(evidence) or is_blind and "unknown" or "nothing"
end


--- The sum of all counters of a name, which may end in that of a zone.
local function sum(counters, pattern)
  local total = 0
  for name, value in pairs(counters) do
    if name:find(pattern) and not name:find "throttle" then
      total = total + value
    end
  end
  return total
end


--- What is counted in pages.
local function count(pw)
  local counters = pw.proc.vmstat() or {}
  return {
    direct = sum(counters, "^pgscan_direct"), kswapd = sum(counters, "^pgscan_kswapd"),
    stalls = sum(counters, "^allocstall"),
    refaulted = counters.workingset_refault_file or counters.workingset_refault or 0,
    refaulted_anon = counters.workingset_refault_anon or 0,
    swapped_in = (counters.pswpin or 0) + (counters.zswpin or 0),
    swapped_out = (counters.pswpout or 0) + (counters.zswpout or 0),
    dirty = (counters.nr_dirty or 0) + (counters.nr_writeback or 0),
    -- writers are held back from here on: mm/page-writeback.c, dirty_freerun_ceiling()
    freerun = counters.nr_dirty_threshold
      and (counters.nr_dirty_threshold + (counters.nr_dirty_background_threshold or 0)) / 2,
  }
end


--- Microseconds that somebody, and that all, waited for a resource; nothing before Linux 4.20.
local function lost(pw, resource)
  local pressure = pw.proc.pressure(resource)
  return pressure and { some = pressure.some and pressure.some.total,
    full = pressure.full and pressure.full.total }
end


local function read_all(pw)
  return { at = pw:now(), counts = count(pw), disks = pw.proc.diskstats() or {},
    memory = lost(pw, "memory"), io = lost(pw, "io") }
end


--- The functions that a task is in, unless it has gone on meanwhile; without root's rights the
--- innermost at most.
local function examine(process)
  local functions = process:stack()
  if functions and #functions > 0 then
    return functions
  end
  local name = process:wchan()
  return name and name ~= "" and { name } or nil
end


local function look_at(tasks, process, comm)
  local key = process.pid .. ":" .. process.start_time
  local task = tasks[key] or { pid = process.pid, comm = comm, looks = 0, cause = "unseen" }
  local functions = examine(process)
  tasks[key], task.looks = task, task.looks + 1
  if functions then
    task.stack = table.concat(functions, " < ", 1, math.min(#functions, FUNCTIONS_SHOWN))
    task.wchan = functions[1]
    task.cause = stall.cause_of(functions) or "other"
  end
  return task.cause
end


--- A process's threads that wait, other than its first.
local function look_at_threads(pw, seen, row, causes)
  for _, tid in ipairs(row:process():threads "D" or {}) do
    local thread = tid ~= row.pid and pw.proc.process(tid)
    if thread then
      causes[look_at(seen.tasks, thread, row.comm)] = true
    end
  end
end


--- Looks until each process's threads were looked at, one as a rule.
local function new_round()
  return { looks = 0, short = 0, counts = {}, of_threads = {}, done = {} }
end


--- Counts the looks of a round. What threads wait for counts for all of them: each was looked at
--- once.
local function end_round(seen)
  local round = seen.round
  for cause in pairs(round.of_threads) do
    round.counts[cause] = round.looks
    round.short = SHORTAGES[cause] and round.looks or round.short
  end
  for cause, looks in pairs(round.counts) do
    seen.votes[cause] = (seen.votes[cause] or 0) + looks
  end
  seen.waiting = seen.waiting + round.short
  seen.round = new_round()
end


--- Looks at who waits now, and at the threads of as many processes as there is time for; the looks
--- to come go on with the others.
local function look(pw, seen, snapshot)
  local round, causes, short = seen.round, {}, false
  local tasks, threads, behind = TASKS_A_LOOK, THREADS_A_LOOK, 0
  for row in assert(snapshot:refresh()):each() do
    if row.state == "D" and tasks > 0 then
      tasks = tasks - 1
      causes[look_at(seen.tasks, row:process(), row.comm)] = true
    end
    if row.threads > 1 and not round.done[row.pid] then
      if threads > 0 then
        threads, round.done[row.pid] = threads - row.threads, true
        look_at_threads(pw, seen, row, round.of_threads)
      else
        behind = behind + row.threads - 1
      end
    end
  end
  round.looks = round.looks + 1
  for cause in pairs(causes) do
    round.counts[cause] = (round.counts[cause] or 0) + 1
    short = short or SHORTAGES[cause]
  end
  round.short = round.short + (short and 1 or 0)
  seen.threads_left = math.min(seen.threads_left, behind)
  if behind == 0 then
    end_round(seen)
  end
end


---@class pagewarden.recipe.Seen
---@field looks integer
---@field seconds number
---@field tasks table<string, { pid: integer, comm: string, looks: integer, cause: string }>
---@field votes table<string, integer> looks at which a task waited for this
---@field waiting integer looks at which one did for what the machine is short of
---@field dirty integer looks at which so much was dirty that writers are held back
---@field direct integer looks since the one before which programs reclaimed memory themselves
---@field before table what is counted, at the first look
---@field after table and at the last
---@field threads_left integer threads that there was no time to look at
---@field private round table

--- Looks again and again for a while, in a task. Kernel threads count: they write and reclaim.
---@param pw pagewarden.Pw
---@param window number seconds
---@param interval number seconds
---@return pagewarden.recipe.Seen
function stall.observe(pw, window, interval)
  local snapshot <close> = assert(pw.proc.processes { "pid", "comm", "start_time", "state",
    "threads" })
  local seen = { looks = 0, tasks = {}, votes = {}, waiting = 0, dirty = 0, direct = 0,
    threads_left = math.maxinteger, round = new_round() }
  seen.before = read_all(pw)
  local direct = seen.before.counts.direct + seen.before.counts.stalls
  repeat
    look(pw, seen, snapshot)
    pw:sleep(interval)
    local now = count(pw)
    seen.looks = seen.looks + 1
    seen.dirty = seen.dirty + (now.freerun and now.dirty > now.freerun and 1 or 0)
    seen.direct = seen.direct + (now.direct + now.stalls > direct and 1 or 0)
    direct = now.direct + now.stalls
  until pw:now() >= seen.before.at + window
  end_round(seen)
  seen.after = read_all(pw)
  seen.seconds = seen.after.at - seen.before.at
  return seen
end


--- The percentage of the time that was lost to waiting for a resource.
---@param seen pagewarden.recipe.Seen
---@param resource "memory"|"io"
---@param kind "some"|"full"
---@return number? percent nil when the kernel does not measure that
function stall.share(seen, resource, kind)
  local before, after = seen.before[resource], seen.after[resource]
  if before and after and before[kind] and after[kind] then
    return math.max(math.min((after[kind] - before[kind]) / seen.seconds / 1e4, 100), 0)
  end
end


--- How many more pages were counted between the first look and the last.
---@param seen pagewarden.recipe.Seen
---@param name string
---@return integer
function stall.more(seen, name)
  return math.max(seen.after.counts[name] - seen.before.counts[name], 0)
end


return stall
