-- SPDX-License-Identifier: MIT
-- The recipes about the OOM killer, beside the real one.
local killer = require "killer"
local lab = require "lab"

--- Starts a recipe with options, and waits until it says something.
local function start_recipe(name, options, expected)
  local words = { name }
  for _, option in ipairs(options) do
    table.move({ "-o", option }, 1, 2, #words + 1, words)
  end
  local line, program = lab.hear_recipe(words, expected)
  return program, line
end


local function start_guard(...)
  return start_recipe("oom-protect", { "interval=1s", "most=90%", ... }, "oom-protect: protected")
end


--- A pid file for a program.
local function write_pid_file(program)
  lab.write("/run/lab.pid", program.pid .. "\n")
  return "pid_file=/run/lab.pid"
end


--- Starts a daemon with oom-protect for who is in the pid file. Tried again for the reason that
--- `lab.run_policy` gives.
local function start_guarding_daemon()
  for _ = 1, 40 do
    local daemon = lab.start { "pagewarden", "daemon", "--config", "/root" }
    local line
    repeat
      line = daemon:line() or "error"
    until line:find "oom%-protect: protected" or line:find "ran for more than" or line == "error"
    if line:find "protected" then
      return daemon
    end
    daemon:stop()
  end
  error "the daemon's policy did not start; the console says why"
end


--- Has a kill made while oom-explain follows, and gives what `act` gives and the lines about the
--- kill. `act` is given what starts the recipe and returns its last line. Tried again when the
--- recipe says that it ran for too long.
local function hear_kill(act)
  for _ = 1, 10 do
    local program
    local made = act(function()
      local line
      program, line = start_recipe("oom-explain", { "follow=true" }, "oom-explain: nearest")
      return line
    end)
    local said = {}
    repeat
      said[#said + 1] = program:line() or "error"
    until said[#said]:find "prevention" or said[#said]:find "error"
    program:stop()
    if not said[#said]:find "error" then
      return made, said
    end
  end
  error "oom-explain said nothing of ten kills"
end


--- A daemon that starts a child of each kind and says their pids: a worker, and one that logs in.
local FATHER = [[sleep 600 & echo child $!
sh -c 'echo 1000 >/proc/self/loginuid; echo child $$; exec sleep 600' &
wait]]


return {
  needs = { timeout = 500 },

  { "oom-protect: the kernel kills another than the largest, which is protected", function()
    local daemon = killer.start_daemon("hold", "150")
    local hit = lab.hog(60)
    start_guard(write_pid_file(daemon))
    assert.equal(-900, killer.adj(daemon.pid))
    assert.equal(hit.pid, killer.run_out())
    assert.is_true(daemon.process:alive())
  end },

  { "oom-protect: without it the kernel kills the largest", function()
    local daemon = killer.start_daemon("hold", "150")
    lab.hog(60)
    assert.equal(daemon.pid, killer.run_out())
  end },

  { "oom-protect: a daemon that was restarted is protected anew, and what it starts is not",
    function()
      local daemon = killer.start_daemon()
      local guard = start_guard "trees=daemon"
      assert.equal(-900, killer.adj(daemon.pid))
      daemon:stop()
      local again = killer.start_daemon()
      killer.await_adj(again.pid, -900)
      again:signal "SIGUSR1"
      local child = killer.pid_in(again:line())
      killer.await_adj(child, 0)
      guard:signal "SIGTERM"
      assert.same({ "exited", 0 }, { guard:wait() })
      assert.same({ 0, 0 }, { killer.adj(again.pid), killer.adj(child) })
      lab.run("kill -9 " .. child)
    end },

  { "oom-protect: of children that are kept, those of a login are reset", function()
    local gate = "/tmp/gate"
    lab.run("mkfifo " .. gate)
    local father = lab.start { "sh", "-c", "read line <" .. gate .. "\n" .. FATHER }
    start_guard(write_pid_file(father), "children=keep")
    lab.run("echo go >" .. gate)
    local worker, session = killer.pid_in(father:line()), killer.pid_in(father:line())
    lab.defer(function() lab.run(("kill -9 %d %d"):format(worker, session)) end)
    killer.await_adj(session, 0)
    lab.sleep(1.5)
    assert.same({ -900, -900 }, { killer.adj(father.pid), killer.adj(worker) })
  end },

  { "oom-protect: a child that is named itself stays protected when others are reset", function()
    local daemon = killer.start_daemon()
    local function start_child()
      daemon:signal "SIGUSR1"
      local pid = killer.pid_in(daemon:line())
      lab.defer(function() lab.run("kill -9 " .. pid) end)
      return pid
    end
    local named = start_child()
    local guard = start_guard("trees=daemon", write_pid_file(lab.running(named)))
    killer.await_adj(daemon.pid, -900)
    local other = start_child()
    killer.await_adj(other, 0)
    lab.sleep(2.5)
    assert.same({ -900, -900, 0 }, { killer.adj(daemon.pid), killer.adj(named), killer.adj(other) })
    daemon:stop()
    guard:signal "SIGTERM"
    assert.is_nil(guard:hear(("act: kept=0 key=oom %d:"):format(named))) -- not even for a moment
    guard:wait()
    assert.equal(0, killer.adj(named))
  end },

  { "oom-protect: what it did is undone after it was killed", function()
    local daemon = killer.start_daemon()
    local guard = start_guard "trees=daemon"
    guard:signal "SIGKILL"
    guard:wait()
    assert.equal(-900, killer.adj(daemon.pid))
    local status, output = lab.run "pagewarden undo"
    assert.equal(0, status, output)
    assert.matches("^oom %d+:%d+ is 0 again %(policy oom%-protect%)", output)
    assert.equal(0, killer.adj(daemon.pid))
  end },

  { "oom-protect: who has become too large after a restart of the daemon has what it had before",
    function()
      local gate = "/tmp/growth"
      lab.run("mkfifo " .. gate)
      local grower = lab.start { "sh", "-c", "read line <" .. gate .. "; exec hog 150" }
      lab.write(("/proc/%d/oom_score_adj"):format(grower.pid), -100)
      write_pid_file(grower)
      lab.run "mkdir -p /root/conf.d"
      lab.write("/root/conf.d/all.lua", [[policy "oom-protect" { pid_file = { "/run/lab.pid" },
        most = "20%", interval = "1s", grant = { oom = true } }]])
      local first = start_guarding_daemon()
      first:signal "SIGKILL"
      first:wait()
      local second = start_guarding_daemon()
      assert.equal(-900, killer.adj(grower.pid))
      lab.run("echo go >" .. gate)
      killer.await_adj(grower.pid, -100)
      second:signal "SIGTERM"
      assert.same({ "exited", 0 }, { second:wait() })
      assert.equal(-100, killer.adj(grower.pid))
    end },

  { "oom-protect: without CAP_SYS_RESOURCE it says what it lacks, and changes nothing", function()
    local daemon = killer.start_daemon()
    local output = lab.recipe("oom-protect -o trees=daemon --for 3s", "daemon unable")
    assert.matches("name daemon: oom %d+:%d+: permission denied; lowering a score needs "
      .. "CAP_SYS_RESOURCE", output)
    assert.equal(0, killer.adj(daemon.pid))
  end },

  { "oom-explain: ranks first whom the kernel kills, and explains why it did", function()
    lab.hog(60)
    local hit, said = hear_kill(function(start)
      local hit = lab.hog(120)
      assert.matches(("then hog %%(pid %d%%) is killed"):format(hit.pid), start())
      assert.equal(hit.pid, killer.run_out())
      return hit
    end)
    assert.matches(("kill: hog %%(pid %d%%), which had 12%%d.* MiB and an oom_score_adj of 0, was "
      .. "killed: the machine had run out: .* was free, and there is no swap"):format(hit.pid),
      said[1])
    assert.matches("large: daemon %(pid %d+%) was large too", said[2])
    assert.matches("prevention: swap: there was none", said[#said])
  end },

  { "oom-explain: says how far a cgroup is from its limit, and why a process died there", function()
    lab.cgroup "/web"
    lab.write("/sys/fs/cgroup/web/memory.max", 64 << 20)
    local _, said = hear_kill(function(start)
      local hit = lab.hog(40, "/web")
      local line = start()
      assert.matches("nearest: cgroup /web: 2[0-4].* MiB left, of a limit of 64 MiB", line)
      assert.matches(("then hog %%(pid %d%%) is killed"):format(hit.pid), line)
      local greedy = lab.start({ "hog", "40" }, "/web")
      assert.same({ "killed", 9 }, { hit:wait() })
      greedy:stop()
    end)
    assert.matches("kill: hog .* was killed: cgroup /web was at its limit: .* of 64 MiB", said[1])
  end },

  { "oom-explain: finds a kill in the log afterwards", function()
    local hit = lab.hog(200)
    assert.equal(hit.pid, killer.run_out())
    assert.matches(("kill: hog %%(pid %d%%), which had"):format(hit.pid),
      (lab.recipe "oom-explain -o past=1"))
  end },
}
