-- SPDX-License-Identifier: MIT
-- Processes that are hard to kill, on a real kernel, and those that must not be hit instead.
local cgroup = require "pagewarden.cgroup"
local kill = require "pagewarden.kill"
local lab = require "lab"
local proc = require "pagewarden.proc"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local MIB = 1 << 20

--- What runs the checks is protected, and so is what it forks.
local OURS = { protected = true }


local function start(words, path)
  local program = lab.start(words, path)
  assert(program:line() == "ready")
  return program
end


local function state_of(program)
  return program.process:stat().state
end


--- Starts processes that end at once until one gets a pid that `is_wanted`, which lives.
local function fork_until(is_wanted)
  for _ = 1, 2000 do
    local child = assert(unistd.fork())
    if child == 0 then
      if is_wanted(unistd.getpid()) then
        unistd.sleep(600)
      end
      unistd._exit(0)
    elseif is_wanted(child) then
      local process = assert(proc.process(child))
      lab.defer(function()
        kill.signal(process, "KILL", OURS)
        wait.wait(child)
      end)
      return process
    end
    wait.wait(child)
  end
  error "no process got the pid"
end


--- Makes the kernel use pids again soon: when all were used, it goes on with 300
--- (kernel/pid.c, RESERVED_PIDS).
local function shrink_pids()
  local before = lab.number "/proc/sys/kernel/pid_max"
  lab.defer(function() lab.write("/proc/sys/kernel/pid_max", before) end)
  lab.write("/proc/sys/kernel/pid_max", 500)
end


local function count_group(group)
  local count = 0
  for p in proc.processes { "pid" }:each() do
    local stat = proc.process(p.pid) and proc.process(p.pid):stat()
    count = count + (stat and stat.pgrp == group and stat.state ~= "Z" and 1 or 0)
  end
  return count
end


return {
  needs = { scratch = { ext4 = "32M" } },

  { "a process that has the pid by now is not hit", function()
    shrink_pids()
    local process = fork_until(function(pid) return pid >= 300 end)
    assert.is_true(assert(kill.terminate(process, OURS)).ended)
    wait.wait(process.pid)
    local new = fork_until(function(pid) return pid == process.pid end)
    assert.are_not.equal(process.start_time, new.start_time)
    assert.equal("gone", select(4, kill.signal(process, "KILL", OURS)))
    assert.same({ ended = true, seconds = 0 }, kill.terminate(process, OURS))
    assert.is_true(new:alive())
  end },

  { "what ignores TERM is killed when its grace is over", function()
    local program = start { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done" }
    local done = assert(kill.terminate(program.process, { grace = 0.5 }))
    assert.same({ true, "KILL" }, { done.ended, done.signal })
    assert.is_true(done.seconds >= 0.5)
    assert.same({ "killed", 9 }, { program:wait() })
  end },

  { "one whose first thread has ended is ended like any other", function()
    local program = start { "stubborn", "leaderless" }
    lab.await("its first thread has ended", 10, function() return state_of(program) == "Z" end)
    local done = assert(kill.terminate(program.process))
    assert.same({ true, "TERM" }, { done.ended, done.signal })
    assert.same({ ended = true, seconds = 0 }, kill.terminate(program.process))
  end },

  { "what is stuck in the kernel gives its memory back before it ends", function()
    local folder = lab.scratch.ext4
    local program = start { "stubborn", "stuck", "64", folder .. "/file" }
    assert.equal(0, (lab.run("fsfreeze --freeze " .. folder)))
    local frozen = true
    local function thaw()
      if frozen then
        frozen = false
        assert.equal(0, (lab.run("fsfreeze --unfreeze " .. folder)))
      end
    end
    lab.defer(thaw)
    lab.await("it is stuck", 10, function() return state_of(program) == "D" end)
    local before = proc.meminfo().MemAvailable
    local done = assert(kill.terminate(program.process, { grace = 0.1 }))
    assert.same({ false, "KILL", "D", true },
      { done.ended, done.signal, done.state, done.reaped })
    assert.is_true(done.freed >= 60 * MIB)
    assert.is_true(proc.meminfo().MemAvailable - before > 48 * MIB)
    assert.is_true(program.process:alive())
    thaw()
    assert.equal("killed", (program:wait()))
  end },

  { "a group is killed, however fast it grows", function()
    local program = start { "stubborn", "crowd" }
    lab.await("it grows", 10, function() return count_group(program.pid) > 8 end)
    local done = assert(kill.terminate(program.process, { whole = "group", signal = "KILL" }))
    assert.is_true(done.ended)
    assert.equal(0, count_group(program.pid))
  end },

  { "a cgroup is killed whole, with those that are never the same", function()
    lab.cgroup "/web"
    lab.cgroup "/web/a"
    local program = start({ "stubborn", "chain" }, "/web/a")
    local neighbour = lab.start { "sleep", "600" }
    local done = assert(kill.terminate("/web", { signal = "KILL" }))
    assert.is_true(done.ended)
    assert.same({}, cgroup.procs "/web/a")
    assert.same({ "killed", 9 }, { program:wait() })
    assert.is_true(neighbour.process:alive())
  end },

  { "a cgroup that was removed meanwhile is gone", function()
    lab.cgroup "/web"
    local program = lab.hog(1, "/web")
    assert.equal("gone", select(4, kill.signal("/web/a", "KILL")))
    assert.is_true(assert(kill.terminate(program.process, { whole = "cgroup" })).ended)
    assert.equal("kill cgroup /web: there is no process in it any more",
      select(2, kill.signal("/web", "KILL")))
  end },

  { "what is protected is spared", function()
    local program = lab.start { "sleep", "600" }
    lab.write(("/proc/%d/oom_score_adj"):format(program.pid), -1000)
    assert.equal("denied", select(4, kill.terminate(program.process)))
    assert.is_true(program.process:alive())
    assert.is_true(assert(kill.terminate(program.process, { protected = true })).ended)
  end },

  { "kernel threads and init are never touched", function()
    assert.matches("a kernel thread is never killed", select(2, kill.signal(2, "KILL")))
    assert.matches("init is never killed", select(2, kill.signal(1, "KILL")))
  end },

  { "nothing is killed by the pids of another namespace", function()
    local program = lab.start { "sleep", "600" }
    local _, output = lab.run(([[unshare -p -f lua5.4 -e '
      print(select(2, require("pagewarden.kill").signal(%d, "KILL")))']]):format(program.pid))
    assert.matches("/proc is of another pid namespace than pagewarden", output, 1, true)
    lab.cgroup "/web"
    local hidden = lab.hog(1, "/web")
    lab.write("/tmp/kill.lua",
      "print(select(2, require('pagewarden.kill').signal('/web', 'KILL')))")
    _, output = lab.run "unshare -m -p -f sh -c 'mount -t proc proc /proc; lua5.4 /tmp/kill.lua'"
    assert.matches("cannot be seen from this pid namespace", output, 1, true)
    assert.is_true(program.process:alive() and hidden.process:alive())
  end },

  { "a policy ends a process while it goes on", function()
    local program = start { "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done" }
    local policy = lab.run_policy("hunter", "{ kill = true }", ([[
      pw:task(function()
        local done = assert(pw.kill.terminate(assert(pw.proc.process(%d)), { grace = 2 }))
        pw.log("done", { signal = done.signal, ended = done.ended })
        local _, message = pw.kill.signal(1000000, "KILL")
        pw.log("again", { message = message })
      end)
      pw:after(1, function() pw.log "meanwhile" end)]]):format(program.pid))
    local said = {}
    for line in policy.output:lines() do
      said[#said + 1] = line:match "hunter: (%a+)"
      if said[#said] == "again" then
        break
      end
    end
    assert.equal("act meanwhile act done", table.concat(said, " ", 1, 4))
    assert.same({ "killed", 9 }, { program:wait() })
  end },
}
