-- SPDX-License-Identifier: MIT
--- Findings about overcommit and the OOM killer.
-- Kernel: Documentation/mm/overcommit-accounting.rst, mm/oom_kill.c.
local format = require "pagewarden.format"

local HEURISTIC, ALWAYS, NEVER = 0, 1, 2


local function policy(report)
  return report.settings["vm.overcommit_memory"] or HEURISTIC
end


return {
  {
    id = "panic-on-oom",
    severity = "critical",
    check = function(report)
      local value = report.settings["vm.panic_on_oom"] or 0
      if value > 0 then
        return ("vm.panic_on_oom is %d: out of memory, the machine panics; this does not disable "
          .. "the OOM killer, it puts a panic in its place%s"):format(value, value == 1
          and " (unless a cgroup or cpuset alone ran out)" or ""), { ["vm.panic_on_oom"] = value }
      end
    end,
  },
  {
    id = "oom-kill-allocating-task",
    severity = "note",
    check = function(report)
      if (report.settings["vm.oom_kill_allocating_task"] or 0) > 0 then
        return "vm.oom_kill_allocating_task is set: out of memory, the task that asks for some is "
          .. "killed, whatever its score", { ["vm.oom_kill_allocating_task"] = 1 }
      end
    end,
  },
  {
    id = "oom-kills",
    severity = "warning",
    check = function(report)
      local kills = report.oom_kills or 0
      if kills > 0 then
        return ("the OOM killer has killed %d process%s since boot (in all cgroups; dmesg tells "
          .. "which)"):format(kills, kills == 1 and "" or "es"), { oom_kill = kills }
      end
    end,
  },
  {
    id = "commit-limit-near",
    severity = "warning",
    check = function(report)
      local committed, limit = report.memory.committed, report.memory.commit_limit
      if policy(report) == NEVER and committed and limit and committed * 10 > limit * 9 then
        return ("overcommit is off and %s of %s are promised: allocations are about to fail, "
          .. "whatever is free"):format(format.size(committed), format.size(limit)),
          { ["vm.overcommit_memory"] = NEVER, Committed_AS = committed, CommitLimit = limit }
      end
    end,
  },
  {
    id = "overcommit-always",
    severity = "note",
    check = function(report)
      if policy(report) == ALWAYS then
        return "vm.overcommit_memory is 1: no allocation is refused, however large, so a leak ends "
          .. "at the OOM killer and nowhere else", { ["vm.overcommit_memory"] = ALWAYS }
      end
    end,
  },
  {
    id = "unkillable-hog",
    severity = "warning",
    check = function(report)
      local hog = report.processes and report.processes.unkillable[1]
      if hog and hog.rss * 10 > (report.memory.total or math.huge) then
        return ("%s (%d) holds %s and is exempt from the OOM killer (oom_score_adj -1000): others "
          .. "will die for it"):format(hog.comm, hog.pid, format.size(hog.rss)),
          { pid = hog.pid, comm = hog.comm, rss = hog.rss, oom_score_adj = -1000 }
      end
    end,
  },
  {
    id = "no-victim",
    severity = "critical",
    check = function(report)
      local processes = report.processes
      if processes and processes.scored_count > 1 and #processes.victims == 0 then
        return "no process that can be seen may be killed by the OOM killer: with no victim the "
          .. "kernel panics", { processes = processes.scored_count }
      end
    end,
  },
}
