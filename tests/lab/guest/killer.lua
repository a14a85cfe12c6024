-- SPDX-License-Identifier: MIT
--- The kernel's OOM killer at work, and daemons (guest/daemon.c) for it to find.
local kmsg = require "pagewarden.kmsg"
local lab = require "lab"

local killer = {}

--- What a guest of 512 MiB has left, and half as much again.
killer.TOO_MUCH = "700"

local PATIENCE_SECONDS = 120


--- The oom_score_adj of a process.
function killer.adj(pid)
  return lab.number(("/proc/%d/oom_score_adj"):format(pid))
end


function killer.await_adj(pid, value)
  lab.await(("adj %d of process %d, which has %d"):format(value, pid, killer.adj(pid)), 20,
    function() return killer.adj(pid) == value end)
end


function killer.start_daemon(...)
  local daemon = lab.start { "daemon", ... }
  assert.equal("ready", daemon:line())
  return daemon
end


--- The number in a line such as "child 812".
function killer.pid_in(line)
  return math.tointeger(tonumber(line:match "^child (%d+)$"))
end


--- Takes memory that there is not, by somebody whom the kernel does not kill for it, and returns
--- whom it killed first.
function killer.run_out(cgroup)
  local before = #assert(kmsg.reports())
  local greedy = lab.start({ "sh", "-c", "echo -999 >/proc/self/oom_score_adj; exec daemon hold "
    .. killer.TOO_MUCH }, cgroup)
  local pid = lab.await("an OOM kill", PATIENCE_SECONDS, function()
    local report = assert(kmsg.reports())[before + 1]
    return report and report.pid -- whose end may not be written yet
  end)
  greedy:stop()
  return pid
end


return killer
