-- SPDX-License-Identifier: MIT
--- Why the kernel killed a process for want of memory, from a report of `pagewarden.kmsg`, and what
-- would have prevented it. Pure.
--
-- Constraints are those of enum oom_constraint (include/linux/oom.h); tasks are compared as
-- oom_badness() does (mm/oom_kill.c).
-- @module pagewarden.recipe.kill_report
local format = require "pagewarden.format"

local kill_report = {}

local size = format.size

--- How many of the largest besides a victim are named.
local OTHERS = 3

--- A share of memory, or of swap, that is worth a word.
local MUCH = 0.2

--- Swap is full with less than this left.
local LITTLE = 0.05


--- The bytes of all nodes under a name, or of the machine's pages of that name.
local function bytes_of(memory, name, page_size)
  return memory.pages and memory.pages[name] and memory.pages[name] * page_size or 0
end


local function what_was_free(report, page_size)
  local memory = report.memory
  if not memory or not memory.pages then
    return "the machine had run out of memory"
  end
  local swap = (memory.swap_total or 0) > 0 and (" and %s of %s swap were free"):format(
    size(memory.swap_free or 0), size(memory.swap_total)) or " was free, and there is no swap"
  return "the machine had run out: " .. size(bytes_of(memory, "free", page_size)) .. swap
end


local function limit_of(report)
  local usage = report.usage and report.usage.memory
  return ("cgroup %s was at its limit%s"):format(report.oom_cgroup or report.cgroup or "?",
    usage and usage.limit and (": %s of %s"):format(size(usage.usage), size(usage.limit)) or "")
end


--- Why memory had run out, as a short word and a sentence.
---@param report pagewarden.OomReport
---@param page_size integer
---@return string cause "asked", "cgroup", "nodes", "fragments" or "memory"
---@return string sentence
function kill_report.cause(report, page_size)
  local order = report.invoked and report.invoked.order or 0
  if report.manual then
    return "asked", "somebody asked the kernel to kill (SysRq f), whatever memory there was"
  elseif report.constraint == "CONSTRAINT_MEMCG" then
    return "cgroup", limit_of(report)
  elseif report.constraint == "CONSTRAINT_CPUSET"
    or report.constraint == "CONSTRAINT_MEMORY_POLICY" then
    return "nodes", ("the memory nodes were full that were allowed (%s)"):format(
      report.mems_allowed or "?")
  elseif order > 0 then
    return "fragments", ("%s in one piece were wanted: %s"):format(size(page_size << order),
      what_was_free(report, page_size))
  end
  return "memory", what_was_free(report, page_size)
end


--- What a task counts for when the kernel compares.
local function badness_of(task, page_size)
  return ((task.rss or 0) + (task.swapents or 0)) * page_size
    + (task.pgtables_bytes or (task.nr_ptes or 0) * page_size)
end


--- The largest tasks besides the victim, largest first.
---@param report pagewarden.OomReport
---@param page_size integer
---@param count integer how many at most
---@return { pid: integer, comm: string, bytes: integer, oom_score_adj: integer }[]
function kill_report.others(report, page_size, count)
  local others = {}
  for _, task in ipairs(report.tasks or {}) do
    if task.pid ~= report.pid then
      others[#others + 1] = { pid = task.pid, comm = task.name or "?",
        bytes = badness_of(task, page_size), oom_score_adj = task.oom_score_adj or 0 }
    end
  end
  table.sort(others, function(a, b)
    return a.bytes > b.bytes or a.bytes == b.bytes and a.pid < b.pid
  end)
  return table.move(others, 1, math.min(count, #others), 1, {})
end


--- What the victim itself counted for.
---@param report pagewarden.OomReport
---@param page_size integer
---@return integer bytes
function kill_report.victim_bytes(report, page_size)
  for _, task in ipairs(report.tasks or {}) do
    if task.pid == report.pid then
      return badness_of(task, page_size)
    end
  end
  return (report.anon_rss or 0) + (report.file_rss or 0) + (report.shmem_rss or 0)
    + (report.pgtables or 0)
end


local function advise_cgroup(report, say)
  local usage = report.usage or {}
  if usage.swap and usage.swap.limit == 0 then
    say "swap for the cgroup: memory.swap.max is 0"
  end
  say "a higher memory.max, or less in the cgroup"
  say "memory.high below memory.max, which slows a cgroup down before it is killed (version 2)"
end


--- What lies in swap, or could not.
local function advise_swap(memory, say)
  local total, free = memory.swap_total or 0, memory.swap_free or 0
  if total == 0 then
    say "swap: there was none"
  elseif free < LITTLE * total then
    say(("more swap: %s of %s were in use"):format(size(total - free), size(total)))
  else
    say(("what was left could not be swapped out, or not as fast as it was needed: %s of %s swap "
      .. "were free"):format(size(free), size(total)))
  end
end


--- Memory that is of no process, and therefore of no victim.
local KINDS = {
  { "shmem", "a limit (size=) for what is in tmpfs and shared memory: %s" },
  { "slab_unreclaimable", "less for the kernel itself, where something may leak: %s (slabtop)" },
  { "pagetables", "fewer page tables, by huge pages for instance: %s" },
  { "unevictable", "less that is locked in memory: %s" },
}


local function advise_memory(report, page_size, say)
  local memory = report.memory
  if not memory or not memory.pages then
    return
  end
  advise_swap(memory, say)
  for _, kind in ipairs(KINDS) do
    local bytes = bytes_of(memory, kind[1], page_size)
    if memory.ram_pages and bytes >= MUCH * memory.ram_pages * page_size then
      say(kind[2]:format(size(bytes)))
    end
  end
end


--- What the choice of the victim says.
local function advise_victim(report, page_size, others, say)
  local adj, bytes = report.oom_score_adj or 0, kill_report.victim_bytes(report, page_size)
  for _, other in ipairs(others) do
    if other.bytes > bytes and other.oom_score_adj < adj then
      say(("less for %s (pid %d), which is larger, %s, and has an oom_score_adj of %d"):format(
        other.comm, other.pid, size(other.bytes), other.oom_score_adj))
    end
  end
  if adj > 0 then
    say(("for this process: an oom_score_adj lower than the %d that it had"):format(adj))
  end
end


--- What would have prevented the kill, the likeliest first.
---@param report pagewarden.OomReport
---@param page_size integer
---@param others table[] of `kill_report.others`
---@return string[]
function kill_report.prevention(report, page_size, others)
  local advice = {}
  local function say(sentence)
    advice[#advice + 1] = sentence
  end
  local cause = kill_report.cause(report, page_size)
  if cause == "asked" then
    say "not to ask: SysRq f kills even when there is plenty of memory"
    return advice
  elseif cause == "cgroup" then
    advise_cgroup(report, say)
  elseif cause == "nodes" then
    say "more nodes in the cpuset or the memory policy"
  else
    if cause == "fragments" then
      say "a higher vm.min_free_kbytes, which leaves more in one piece"
    end
    advise_memory(report, page_size, say)
  end
  advise_victim(report, page_size, others, say)
  if #advice == 0 then
    say "more memory, or less in use: the log does not tell more"
  end
  return advice
end


local function tell_kill(report, page_size)
  local cause, sentence = kill_report.cause(report, page_size)
  local bytes = kill_report.victim_bytes(report, page_size)
  local who = report.nobody and "nobody could be killed" or report.panic and "the kernel panicked"
    or ("%s (pid %d), which had %s and an oom_score_adj of %d, was killed"):format(
      report.comm or "?", report.pid or 0, size(bytes), report.oom_score_adj or 0)
  return {
    cause = cause, pid = report.pid, comm = report.comm, uid = report.uid, bytes = bytes,
    oom_score_adj = report.oom_score_adj, constraint = report.constraint, cgroup = report.cgroup,
    oom_cgroup = report.oom_cgroup, group = report.group, at = report.time,
    invoked = report.invoked and report.invoked.comm,
    message = ("%s: %s%s"):format(who, sentence, report.group
      and ("; with it all of cgroup %s (memory.oom.group)"):format(report.group) or ""),
  }
end


--- Logs a kill: what it was, what else was large, and what would have prevented it.
---@param log fun(event: string, fields: table)
---@param report pagewarden.OomReport
---@param page_size integer
function kill_report.tell(log, report, page_size)
  log("kill", tell_kill(report, page_size))
  local others = kill_report.others(report, page_size, OTHERS)
  for _, other in ipairs(others) do
    other.message = ("%s (pid %d) was large too: %s, oom_score_adj %d"):format(other.comm,
      other.pid, size(other.bytes), other.oom_score_adj)
    log("large", other)
  end
  for _, advice in ipairs(kill_report.prevention(report, page_size, others)) do
    log("prevention", { pid = report.pid, message = advice })
  end
end


return kill_report
