-- SPDX-License-Identifier: MIT
-- Whom the kernel kills is who was said before, and a daemon's tree is protected through all that
-- daemons do.
local kmsg = require "pagewarden.kmsg"
local lab = require "lab"
local oom = require "pagewarden.oom"

local MIB = 1 << 20

--- What a guest of 512 MiB has left, and half as much again.
local TOO_MUCH = "700"


local function adj(pid)
  return lab.number(("/proc/%d/oom_score_adj"):format(pid))
end


--- Starts a process that has so much memory.
local function hold(mib, score_adj, cgroup)
  local started = lab.start({ "daemon", "hold", tostring(mib) }, cgroup)
  assert.equal("ready", started:line())
  lab.write(("/proc/%d/oom_score_adj"):format(started.pid), score_adj)
  return started
end


--- Takes memory that there is not, by somebody whom the kernel does not kill for it, and returns
--- whom it killed first.
local function run_out(cgroup)
  local before = #assert(kmsg.reports())
  local greedy = lab.start({ "sh", "-c", "echo -999 >/proc/self/oom_score_adj; exec daemon hold "
    .. TOO_MUCH }, cgroup)
  local pid = lab.await("an OOM kill", 60, function()
    local report = assert(kmsg.reports())[before + 1]
    return report and report.pid -- whose end may not be written yet
  end)
  greedy:stop()
  return pid
end


--- The number in a line such as "child 812".
local function pid_in(line)
  return math.tointeger(tonumber(line:match "^child (%d+)$"))
end


local function start_daemon(...)
  local started = lab.start { "daemon", ... }
  assert.equal("ready", started:line())
  return started
end


local function await_adj(pid, value)
  lab.await(("adj %d of process %d, which has %d"):format(value, pid, adj(pid)), 20, function()
    return adj(pid) == value
  end)
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
    assert.equal(hit.pid, run_out())
    assert.same({ "killed", 9 }, { hit:wait() })
  end },

  { "without an adj it is the largest", function()
    hold(90, 0)
    local hit = hold(150, 0)
    assert.equal(hit.pid, assert(oom.victims { top = 1 })[1].pid)
    assert.equal(hit.pid, run_out())
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
    assert.equal(hit.pid, run_out "/web")
  end },

  { "a process whose first thread has ended has its memory", function()
    local headless = start_daemon("threads", "60")
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
    local child = pid_in(parent:line())
    lab.defer(function() lab.run("kill -9 " .. child) end)
    local reasons = {}
    for _, spared in ipairs((select(2, assert(oom.victims { spared = true })))) do
      reasons[spared.pid] = spared.reason
    end
    assert.same({ "init", "kernel thread", "kernel" }, { reasons[1], reasons[2], reasons[child] })
  end },

  { "a daemon stays protected when it executes itself, and its later children are not", function()
    local daemon = start_daemon()
    local guard = start_guard "reset"
    await_adj(daemon.pid, -900)
    daemon:signal "SIGUSR1"
    local child = pid_in(daemon:line())
    await_adj(child, 0)
    daemon:signal "SIGUSR2"
    assert.equal("ready", daemon:line())
    daemon:signal "SIGUSR1"
    local later = pid_in(daemon:line())
    await_adj(later, 0)
    assert.equal(-900, adj(daemon.pid))
    guard:signal "SIGTERM"
    guard:wait()
    assert.same({ 0, 0, 0 }, { adj(daemon.pid), adj(child), adj(later) })
    lab.run(("kill -9 %d %d"):format(child, later))
  end },

  { "a daemon that is started anew is protected anew, until the policy stops", function()
    local daemon = start_daemon()
    local guard = start_guard "keep"
    await_adj(daemon.pid, -900)
    daemon:stop()
    local again = start_daemon()
    await_adj(again.pid, -900)
    again:signal "SIGUSR1"
    local heir = pid_in(again:line())
    assert.equal(-900, adj(heir))
    guard:signal "SIGTERM"
    guard:wait()
    assert.same({ 0, 0 }, { adj(again.pid), adj(heir) })
    lab.run("kill -9 " .. heir)
  end },

  { "what a killed policy protected is undone by pagewarden undo", function()
    local daemon = start_daemon()
    local guard = start_guard "reset"
    await_adj(daemon.pid, -900)
    guard:signal "SIGKILL"
    guard:wait()
    assert.equal(-900, adj(daemon.pid))
    local status, output = lab.run "pagewarden undo"
    assert.equal(0, status, output)
    assert.matches("^oom %d+:%d+ is 0 again %(policy guard%); by itself the process", output)
    assert.equal(0, adj(daemon.pid))
  end },

  { "without CAP_SYS_RESOURCE the message says what is missing", function()
    local victim = hold(1, 0)
    local code = ('print(select(2, require("pagewarden.oom").protect { %d }))'):format(victim.pid)
    local _, output = lab.run(("daemon unable lua5.4 -e '%s'"):format(code))
    assert.matches("^oom %d+:%d+: permission denied; lowering a score needs CAP_SYS_RESOURCE",
      output)
    assert.equal(0, adj(victim.pid))
  end },
}
