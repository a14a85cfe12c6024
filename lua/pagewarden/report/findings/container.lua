-- SPDX-License-Identifier: MIT
--- Findings about the cgroup and container we are in.
local format = require "pagewarden.format"


local function limited(report)
  local group = report.container.cgroup
  if group and group.limit and group.limit ~= math.huge then
    return group
  end
end


--- How much of its limit a cgroup uses, of what cannot be dropped at once.
local function used_percent(group)
  return group.working_set and group.limit > 0 and 100 * group.working_set / group.limit
end


local function tell_use(group)
  return ("the cgroup %s uses %s of its %s"):format(group.path, format.size(group.working_set),
    format.size(group.limit)), { working_set = group.working_set, limit = group.limit }
end


return {
  {
    id = "container-sees-host",
    severity = "warning",
    check = function(report)
      local group = limited(report)
      local total = report.memory.total or 0
      if group and report.container.inside and group.limit < total then
        return ("this is a container limited to %s, but /proc/meminfo (and free, top and most "
          .. "programs) tell of the host's %s"):format(format.size(group.limit),
          format.size(total)), { limit = group.limit, MemTotal = total }
      end
    end,
  },
  {
    id = "cgroup-limit-reached",
    severity = "critical",
    check = function(report)
      local group = limited(report)
      local percent = group and used_percent(group)
      if percent and percent >= 95 then
        local sentence, evidence = tell_use(group)
        return sentence .. ": its own OOM killer is next, however much the machine has", evidence
      end
    end,
  },
  {
    id = "cgroup-limit-near",
    severity = "warning",
    check = function(report)
      local group = limited(report)
      local percent = group and used_percent(group)
      if percent and percent >= 80 and percent < 95 then
        return tell_use(group)
      end
    end,
  },
  {
    id = "cgroup-oom-kills",
    severity = "warning",
    check = function(report)
      local group = report.container.cgroup
      local kills = group and group.events and group.events.oom_kill or 0
      if kills > 0 then
        return ("the cgroup %s has lost %d process%s to its own limit"):format(group.path, kills,
          kills == 1 and "" or "es"), { oom_kill = kills }
      end
    end,
  },
  {
    id = "cgroup-throttled",
    severity = "warning",
    check = function(report)
      local group = report.container.cgroup
      if group and group.high and group.current and group.high ~= math.huge
          and group.current >= group.high then
        return ("the cgroup %s is above its memory.high of %s: its processes are slowed down until "
          .. "it shrinks"):format(group.path, format.size(group.high)),
          { current = group.current, high = group.high }
      end
    end,
  },
}
