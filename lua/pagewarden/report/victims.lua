-- SPDX-License-Identifier: MIT
--- Whom the OOM killer would take next. Pure: works on rows of a process snapshot.
--
-- The kernel compares badness, that is resident pages, swapped pages and page tables, moved by
-- oom_score_adj (oom_badness() in mm/oom_kill.c). oom_score shows it in thousandths of all memory,
-- so processes of one score are told apart here by their memory.
--
-- @module pagewarden.report.victims
local victims = {}

local LEAST_SCORE_ADJ = -1000


--- Kernel threads and zombies have no memory of their own, hence no virtual size.
local function may_be_killed(process)
  return process.pid ~= 1
    and (process.oom_score or 0) > 0
    and process.oom_score_adj ~= LEAST_SCORE_ADJ
    and (process.vsize or 0) > 0
end


local function memory_of(process)
  return (process.rss or 0) + (process.swap or 0)
end


--- Those that may be killed, the next one first.
---@param processes table[] rows with pid, ppid, rss, swap, vsize, oom_score, oom_score_adj
---@param count integer how many to return at most
---@return table[] victims
---@return integer ties how many share the first one's score, itself included
function victims.rank(processes, count)
  local candidates = {}
  for _, process in ipairs(processes) do
    if may_be_killed(process) then
      candidates[#candidates + 1] = process
    end
  end
  table.sort(candidates, function(a, b)
    if a.oom_score ~= b.oom_score then
      return a.oom_score > b.oom_score
    elseif memory_of(a) ~= memory_of(b) then
      return memory_of(a) > memory_of(b)
    end
    return a.pid > b.pid
  end)
  local ties = 0
  while candidates[ties + 1] and candidates[ties + 1].oom_score == candidates[1].oom_score do
    ties = ties + 1
  end
  return table.move(candidates, 1, math.min(count, #candidates), 1, {}), ties
end


return victims
