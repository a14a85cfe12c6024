-- SPDX-License-Identifier: MIT
-- Whom the kernel kills is who was said before, and a daemon's tree is protected through all that
-- daemons do.
local killer = require "killer"
local lab = require "lab"
local oom = require "pagewarden.oom"

local MIB = 1 << 20

--- Starts a process that has so much memory.
local function hold(mib, score_adj, cgroup)
  local started = lab.start({ "daemon", "hold", tostring(mib) }, cgroup)
  assert.equal("ready", started:line())
  lab.write(("/proc/%d/oom_score_adj"):format(started.pid), score_adj)
  return started
end


local function start_guard(children)
  return lab.run_policy("guard", "{ oom = true }", ([[
    pw:every(0.3, function() pw.oom.protect({ name = "daemon" }, { children = %q }) end)]]):format(
    children))
end


return {
  { "each process has the score that the kernel gives it", function()
    hold(40, 0)
    hold(30, 300)
    hold(20, -300)
    hold(10, -999)
    local victims = assert(oom.victims { top = 1000 })
    for _, victim in ipairs(victims) do
      assert.is_near(assert(oom.score(victim.pid)), victim.oom_score, 1, victim.comm)
    end
    assert.is_true(#victims >= 4)
  end },

  { "the machine's victim is who was said", function()
    hold(120, 0)
    hold(100, 0)
    hold(30, -100)
    local hit = hold(50, 400)
    assert.equal(hit.pid, assert(oom.victims { top = 1 })[1].pid)
    assert.equal(hit.pid, killer.run_out())
    assert.same({ "killed", 9 }, { hit:wait() })
  end },

  { "without an adj it is the largest", function()
    hold(90, 0)
    local hit = hold(150, 0)
    assert.equal(hit.pid, assert(oom.victims { top = 1 })[1].pid)
    assert.equal(hit.pid, killer.run_out())
  end },

  { "a cgroup's victim is who was said", function()
    lab.cgroup "/web"
    lab.write("/sys/fs/cgroup/web/memory.max", 100 * MIB)
    hold(150, 0)
    hold(40, 0, "/web")
    local hit = hold(20, 300, "/web") -- 300 thousandths of the limit, not of the machine
    hold(10, -300, "/web")
    local victims = assert(oom.victims { top = 2, cgroup = "/web" })
    assert.equal(100 * MIB, victims.total)
    assert.equal(hit.pid, victims[1].pid)
    assert.equal(hit.pid, killer.run_out "/web")
  end },

  { "a process whose first thread has ended has its memory", function()
    local headless = killer.start_daemon("threads", "60")
    lab.await("the first thread's end", 10, function()
      return headless.process:stat().state == "Z"
    end)
    local victim = assert(oom.victims { top = 1 })[1]
    assert.equal(headless.pid, victim.pid)
    assert.is_near(60 * MIB, victim.rss, 4 * MIB)
    assert.is_near(assert(oom.score(headless.pid)), victim.oom_score, 1)
  end },

  { "who shares his parent's memory is spared, and so are init and kernel threads", function()
    local parent = lab.start { "daemon", "vfork" }
    local child = killer.pid_in(parent:line())
    lab.defer(function() lab.run("kill -9 " .. child) end)
    local reasons = {}
    for _, spared in ipairs((select(2, assert(oom.victims { spared = true })))) do
      reasons[spared.pid] = spared.reason
    end
    assert.same({ "init", "kernel thread", "kernel" }, { reasons[1], reasons[2], reasons[child] })
  end },

  { "a daemon stays protected when it executes itself, and its later children are not", function()
    local daemon = killer.start_daemon()
    local guard = start_guard "reset"
    killer.await_adj(daemon.pid, -900)
    daemon:signal "SIGUSR1"
    local child = killer.pid_in(daemon:line())
    killer.await_adj(child, 0)
    daemon:signal "SIGUSR2"
    assert.equal("ready", daemon:line())
    daemon:signal "SIGUSR1"
    local later = killer.pid_in(daemon:line())
    killer.await_adj(later, 0)
    assert.equal(-900, killer.adj(daemon.pid))
    guard:signal "SIGTERM"
    guard:wait()
    assert.same({ 0, 0, 0 }, { killer.adj(daemon.pid), killer.adj(child), killer.adj(later) })
    lab.run(("kill -9 %d %d"):format(child, later))
  end },

  { "a daemon that is started anew is protected anew, until the policy stops", function()
    local daemon = killer.start_daemon()
    local guard = start_guard "keep"
    killer.await_adj(daemon.pid, -900)
    daemon:stop()
    local again = killer.start_daemon()
    killer.await_adj(again.pid, -900)
    again:signal "SIGUSR1"
    local heir = killer.pid_in(again:line())
    assert.equal(-900, killer.adj(heir))
    guard:signal "SIGTERM"
    guard:wait()
    assert.same({ 0, 0 }, { killer.adj(again.pid), killer.adj(heir) })
    lab.run("kill -9 " .. heir)
  end },

  { "what a killed policy protected is undone by pagewarden undo", function()
    local daemon = killer.start_daemon()
    local guard = start_guard "reset"
    killer.await_adj(daemon.pid, -900)
    guard:signal "SIGKILL"
    guard:wait()
    assert.equal(-900, killer.adj(daemon.pid))
    local status, output = lab.run "pagewarden undo"
    assert.equal(0, status, output)
    assert.matches("^oom %d+:%d+ is 0 again %(policy guard%); by itself the process", output)
    assert.equal(0, killer.adj(daemon.pid))
  end },

  { "without CAP_SYS_RESOURCE the message says what is missing", function()
    local victim = hold(1, 0)
    local code = ('print(select(2, require("pagewarden.oom").protect { %d }))'):format(victim.pid)
    local _, output = lab.run(("daemon unable lua5.4 -e '%s'"):format(code))
    assert.matches("^oom %d+:%d+: permission denied; lowering a score needs CAP_SYS_RESOURCE",
      output)
    assert.equal(0, killer.adj(victim.pid))
  end },
}
