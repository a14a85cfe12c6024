-- SPDX-License-Identifier: MIT
local folders = require "folder"
local kill = require "pagewarden.kill"
local proc = require "pagewarden.proc"
local signals = require "posix.signal"
local testing = require "pagewarden.testing"
local tree = require "tree"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local EPERM, ESRCH, EAGAIN, EXDEV = 1, 3, 11, 18

local function stat_of(pid, more)
  more = more or {}
  return ("%d (cat) %s %d %d 1 0 -1 %d 0 0 0 0 0 0 0 0 20 0 %d 0 %d 0 0\n"):format(pid,
    more.state or "S", more.ppid or 1, more.pgrp or pid, more.flags or 0, more.threads or 1,
    more.start or 45678)
end

describe("kill, of another root,", function()
  local root, view

  before_each(function()
    root = tree.new {
      ["proc/1/stat"] = stat_of(1), ["proc/2/stat"] = stat_of(2, { flags = 0x00200000 }),
      ["proc/812/stat"] = stat_of(812), ["proc/812/oom_score_adj"] = "0\n",
      ["proc/813/stat"] = stat_of(813, { ppid = 812, pgrp = 812 }),
      ["proc/813/oom_score_adj"] = "-900\n",
      ["proc/814/stat"] = stat_of(814, { state = "Z" }),
      ["proc/815/stat"] = stat_of(815, { state = "Z", threads = 2 }),
      ["proc/816/stat"] = stat_of(816, { ppid = 1, pgrp = 816 }),
      ["proc/817/stat"] = stat_of(817, { ppid = 818, pgrp = 816 }),
      ["proc/818/stat"] = stat_of(818, { ppid = 816, pgrp = 818 }),
      ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      ["sys/fs/cgroup/web/cgroup.procs"] = "816\n",
      ["sys/fs/cgroup/web/worker/cgroup.procs"] = "817\n818\n",
      ["sys/fs/cgroup/guests/cgroup.procs"] = "816\n0\n",
    }
    for pid, path in pairs { [816] = "/web", [817] = "/web/worker", [818] = "/web/worker" } do
      tree.write(root, ("proc/%d/cgroup"):format(pid), "0::" .. path .. "\n")
    end
    view = assert(kill.open(root))
  end)

  after_each(tree.remove_all)

  local function refusal(...)
    local result, message, errno, kind = ...
    assert.is_nil(result)
    return message, errno, kind
  end

  it("refuses what is only done to this machine", function()
    local message, errno, kind = refusal(view:signal(812, "TERM"))
    assert.equal("kill 812:45678: it is done to this machine only, not to another root", message)
    assert.same({ EXDEV, "denied" }, { errno, kind })
  end)

  it("never touches init and kernel threads", function()
    assert.equal("kill 1:45678: init is never killed", refusal(view:signal(1, "KILL")))
    assert.equal("kill 2:45678: a kernel thread is never killed", refusal(view:signal(2, "KILL")))
  end)

  it("spares what is protected, unless asked", function()
    local message, errno = refusal(view:signal(813, "KILL"))
    assert.equal("kill 813:45678: it is protected by its oom_score_adj of -900, and "
      .. "protected = true was not given", message)
    assert.equal(EPERM, errno)
    assert.equal(EXDEV, select(2, refusal(view:signal(813, "KILL", { protected = true }))))
  end)

  it("tells a process that has ended from one whose first thread has", function()
    local message, errno, kind = refusal(view:signal(814, "KILL"))
    assert.equal("kill 814:45678: the process has ended", message)
    assert.same({ ESRCH, "gone" }, { errno, kind })
    assert.equal(EXDEV, select(2, refusal(view:signal(815, "KILL"))))
  end)

  it("does not take another process for one that has ended", function()
    local reader <close> = assert(proc.open(root))
    local process = assert(reader:process(812))
    tree.write(root, "proc/812/stat", stat_of(812, { start = 99999 }))
    assert.equal("kill 812: the process has ended", refusal(view:signal(process, "TERM")))
    assert.same({ ended = true, seconds = 0 }, view:terminate(process))
    assert.same({ ended = true, seconds = 0 }, view:terminate(899))
  end)

  it("finds none of a whole killable when one of it is not", function()
    for _, whole in ipairs { "tree", "group" } do
      assert.matches("^kill 812:45678 " .. whole .. ": process 813 of it: it is protected",
        (refusal(view:signal(812, "TERM", { whole = whole }))))
      assert.equal(EXDEV,
        select(2, refusal(view:signal(812, "TERM", { whole = whole, protected = true }))))
    end
    assert.matches("process 2 of it: a kernel thread",
      (refusal(view:signal(2, "TERM", { whole = "tree" }))))
  end)

  it("finds who belongs to a cgroup, by its path or a process of it", function()
    assert.equal("kill cgroup /web: it is done to this machine only, not to another root",
      refusal(view:signal("/web/", "TERM")))
    assert.matches("^kill cgroup /web/worker: it is done",
      (refusal(view:signal(817, "TERM", { whole = "cgroup" }))))
    tree.write(root, "proc/818/oom_score_adj", "-1000\n")
    assert.matches("^kill cgroup /web: process 818 of it: it is protected",
      (refusal(view:signal("/web", "TERM"))))
    tree.write(root, "sys/fs/cgroup/web/cgroup.procs", "1\n")
    tree.write(root, "proc/1/cgroup", "0::/web\n")
    assert.matches("process 1 of it: init is never killed", (refusal(view:signal("/web", "TERM"))))
  end)

  it("takes no process that a cgroup lists for one of it when it says otherwise", function()
    tree.write(root, "proc/816/cgroup", "0::/website\n")
    tree.write(root, "sys/fs/cgroup/web/worker/cgroup.procs", "")
    assert.equal("kill cgroup /web: there is no process in it any more",
      refusal(view:signal("/web", "TERM")))
  end)

  it("says what is wrong with a cgroup", function()
    local message, errno, kind = refusal(view:signal("/db", "TERM"))
    assert.equal("kill /db: there is no such cgroup", message)
    assert.same({ ESRCH, "gone" }, { errno, kind })
    assert.same({ ended = true, seconds = 0 }, view:terminate "/db")
    assert.equal("kill /: the root cgroup is the whole machine", refusal(view:signal("/", "TERM")))
    assert.equal("kill cgroup /guests: processes in it cannot be seen from this pid namespace",
      refusal(view:signal("/guests", "TERM")))
    assert.error_matches(function() view:signal("/web/../..", "TERM") end, "not the path of a cg")
  end)

  it("names the argument that is wrong", function()
    assert.error_matches(function() view:signal("web", "TERM") end, "not the path of a cgroup")
    assert.error_matches(function() view:signal(0, "TERM") end, "a process, a pid or the path")
    assert.error_matches(function() view:signal(-1, "TERM") end, "a process, a pid or the path")
    assert.error_matches(function() view:signal(812, 9) end, "signal: a name expected")
    assert.error_matches(function() view:signal(812, "SIGTREM") end,
      "unknown signal 'SIGTREM' %(did you mean 'SIGTERM'%?%)")
    assert.error_matches(function() view:signal(812, "TERM", { hole = "tree" }) end,
      "unknown option 'hole' %(did you mean 'whole'%?%)")
    assert.error_matches(function() view:signal(812, "TERM", { whole = "session" }) end,
      "whole: 'process', 'tree', 'group' or 'cgroup' expected")
    assert.error_matches(function() view:terminate(812, { grace = -1 }) end, "grace: seconds exp")
    assert.error_matches(function() view:terminate(812, { interval = 0 }) end, "interval: seconds")
    assert.error_matches(function() view:terminate(812, { reap = 1 }) end, "reap: a boolean")
    assert.error_matches(function() view:terminate(812, { cooldown = 1 }) end, "unknown option")
    assert.error_matches(function() view:signal(812, "TERM", { cooldown = 1 }) end, "only pagew")
  end)
end)

describe("kill, of this machine,", function()
  local children

  before_each(function() children = {} end)

  after_each(function()
    for _, pid in ipairs(children) do
      signals.kill(pid, signals.SIGKILL)
      wait.wait(pid)
    end
  end)

  --- Starts a shell, and waits until it has said that it runs.
  local function start(script)
    local out, into = unistd.pipe()
    local pid = unistd.fork()
    if pid == 0 then
      unistd.dup2(into, 1)
      unistd.close(2)
      unistd.execp("sh", { [0] = "sh", "-c", script })
      os.exit(127)
    end
    unistd.close(into)
    children[#children + 1] = pid
    local said = unistd.read(out, 100)
    unistd.close(out)
    return assert(proc.process(pid)), math.tointeger(said:match "%d+")
  end

  it("asks a process to end, and says how it went", function()
    local outcome = assert(kill.terminate(start "echo up; exec sleep 100"))
    assert.is_true(outcome.ended)
    assert.equal("TERM", outcome.signal)
    assert.equal(1, outcome.processes)
    assert.equal("integer", math.type(outcome.freed))
    assert.is_true(outcome.seconds < 10)
  end)

  it("kills what does not end when it is asked to", function()
    local outcome = assert(kill.terminate(start "trap '' TERM; echo up; while :; do sleep 1; done",
      { grace = 0.05, reap = false }))
    assert.same({ true, "KILL" }, { outcome.ended, outcome.signal })
  end)

  it("counts one that has not been waited for as ended", function()
    local process = start "echo up; exec sleep 100"
    assert(kill.terminate(process))
    assert.same({ ended = true, seconds = 0 }, kill.terminate(process))
    assert.equal("gone", select(4, kill.signal(process, "TERM")))
  end)

  it("sends a signal and does not wait", function()
    local process = start "trap 'exit 7' USR1; echo up; while :; do sleep 0.01; done"
    assert.is_true(kill.signal(process, "SIGUSR1"))
    assert.same({ "exited", 7 }, { select(2, wait.wait(process.pid)) })
    children = {}
  end)

  it("ends all that a process started", function()
    local process, grandchild = start [[sh -c 'sleep 100 & echo $!; wait' & wait]]
    local outcome = assert(kill.terminate(process, { whole = "tree" }))
    assert.same({ true, 3 }, { outcome.ended, outcome.processes })
    assert.is_false(proc.process(grandchild) ~= nil and proc.process(grandchild):alive())
  end)

  it("ends a process group, also one whose leader has ended", function()
    local leader, member = start "exec setsid sh -c 'sleep 100 & sleep 100 & echo $!; exit'"
    wait.wait(leader.pid)
    children = {}
    local outcome = assert(kill.terminate(member, { whole = "group", signal = "KILL" }))
    assert.same({ true, 2 }, { outcome.ended, outcome.processes })
  end)

  it("never touches pagewarden itself and its parent, alone or in a whole", function()
    local self = unistd.getpid()
    assert.matches("this is pagewarden itself$", select(2, kill.signal(self, "CONT")))
    assert.matches("this is pagewarden's own parent$",
      select(2, kill.signal(unistd.getppid(), "CONT")))
    assert.matches("process %d+ of it: this is pagewarden",
      select(2, kill.signal(self, "CONT", { whole = "tree" })))
    assert.matches("process %d+ of it: this is pagewarden",
      select(2, kill.signal(start "echo up; exec sleep 100", "CONT", { whole = "group" })))
  end)
end)

--- Ends what is larger than 64 MiB, a second apart.
local HUNTER = [[
return { api = 1, name = "hunter", summary = "A test", needs = { kill = true },
  start = function(pw)
    pw:every(10, function()
      pw:task(function()
        local large = { rss = { min = 64 << 20 } }
        for p in pw.proc.processes({ "pid", where = large }):each() do
          local done, message, errno = pw.kill.terminate(p:process(), GIVEN)
          if done then
            pw.log("ended", { pid = p.pid, ended = done.ended, signal = done.signal,
              state = done.state, took = math.floor(done.seconds + 0.5) })
          else
            pw.log("spared", { message = message, errno = errno })
          end
        end
      end)
    end)
  end }
]]

describe("a policy that kills", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function new(options, given)
    given = given or {}
    given.script = folder:write("hunter.lua", (HUNTER:gsub("GIVEN", options or "{}")))
    return testing.new(given)
  end

  it("ends a process, which the world lets exit", function()
    local world <close> = new()
    local p = world:spawn { comm = "hog", rss = "100M" }
    world:spawn { comm = "mouse", rss = "1M" }
    world:advance "30s"
    assert.act(world, { key = ("kill %d:%d"):format(p.pid, p.start_time), value = "SIGTERM" })
    assert.event(world, "ended", { pid = p.pid, ended = true, signal = "TERM", took = 0 })
    assert.equal(1, #world.acts)
    world:stop()
    assert.no_trace(world)
  end)

  it("kills what ignores TERM when its grace is over, in the world's time", function()
    local world <close> = new "{ grace = 3 }"
    world:spawn { comm = "hog", rss = "100M", ignores_term = true }
    world:advance "12s"
    assert.act(world, { value = "SIGTERM" })
    assert.no_act(world, { value = "SIGKILL" })
    world:advance "2s"
    assert.act(world, { value = "SIGKILL" })
    assert.event(world, "ended", { signal = "KILL", took = 3 })
  end)

  it("gives up what is stuck in the kernel, and says so", function()
    local world <close> = new "{ grace = 1 }"
    local p = world:spawn { comm = "hog", rss = "100M", state = "D" }
    world:advance "17s"
    assert.event(world, "ended", { ended = false, signal = "KILL", state = "D" })
    p.state = "S"
    world:advance "10s"
    assert.equal(2, #world.acts)
  end)

  it("kills one at a time, whoever asks", function()
    local world <close> = new "{ grace = 5 }"
    world:spawn { comm = "hog", rss = "100M", ignores_term = true }
    world:spawn { comm = "hog", rss = "100M" }
    world:advance "9s"
    world:advance "20s"
    local spared = 0
    for _, event in ipairs(world.events) do
      if event.event == "spared" then
        spared = spared + 1
        assert.equal(EAGAIN, event.errno)
        assert.matches("the kill before it needs up to another 1.0 s", event.message)
      end
    end
    assert.equal(1, spared)
    assert.event(world, "ended", { signal = "KILL" })
    assert.event(world, "ended", { signal = "TERM" })
  end)

  it("decides in dry run, with the same pauses", function()
    local world <close> = new("{}", { dry_run = true })
    world:spawn { comm = "hog", rss = "100M" }
    world:spawn { comm = "hog", rss = "100M" }
    world:advance "10s"
    assert.act(world, { event = "would", value = "SIGTERM" })
    assert.event(world, "ended", { ended = true, signal = "TERM" })
    assert.event(world, "spared", { errno = EAGAIN })
    assert.equal(1, #world.acts)
  end)

  it("ends wholes, by group, tree and cgroup", function()
    for _, whole in ipairs { "group", "tree", "cgroup" } do
      local world <close> = new(("{ whole = %q }"):format(whole))
      local p = world:spawn { comm = "hog", rss = "100M", cgroup = "/web" }
      local more = world:spawn { comm = "child", ppid = p.pid, pgrp = p.pid, cgroup = "/web/a" }
      world:spawn { comm = "other", ppid = 1, cgroup = "/website" }
      world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
      world:write("sys/fs/cgroup/web/cgroup.procs", p.pid .. "\n")
      world:write("sys/fs/cgroup/web/a/cgroup.procs", more.pid .. "\n")
      local exits = {}
      world:every(1, function()
        exits.p, exits.more = world.processes[p.pid] == nil, world.processes[more.pid] == nil
      end)
      world:advance "30s"
      assert.same({ p = true, more = true }, exits)
      assert.event(world, "ended", { ended = true, signal = "TERM" })
    end
  end)

  it("may wait in a task only", function()
    local world <close> = testing.new { script = folder:write("hasty.lua", [[
      return { api = 1, name = "hasty", summary = "A test", needs = { kill = true },
        start = function(pw)
          pw.log("tried", { message = select(2, pcall(pw.kill.terminate, 1000)) })
        end }]]) }
    world:advance(0)
    assert.matches("only a task may wait %(see pw:task%)", world.events[1].message)
  end)

  it("lets go of what it was killing when it is stopped", function()
    local world = new "{ grace = 3600 }"
    world:spawn { comm = "hog", rss = "100M", ignores_term = true }
    world:advance "15s"
    world:stop()
    assert.no_trace(world)
    assert.no_act(world, { value = "SIGKILL" })
  end)

  it("may take a second of CPU time for each call, since it is wanted when memory is short",
    function()
      local world = testing.new { script = folder:write("slow.lua", [[
        return { api = 1, name = "slow", summary = "A test", needs = { kill = true },
          start = function(pw) pw:after(1, function() while true do end end) end }]]) }
      assert.error_matches(function() world:advance "2s" end, "it ran for more than 1 s", 1, true)
      pcall(world.stop, world)
    end)


  describe("that fails", function()
    --- A policy that leaves word of a process and then only fails.
    local function new_failing(options, body)
      local world = testing.new { script = folder:write("failing.lua", ([[
        return { api = 1, name = "failing", summary = "A test", needs = { kill = true },
          start = function(pw)
            pw:after(1, function()
              assert(pw.kill.fallback({ assert(pw.proc.process(1000)) }, %s))
              pw:every(1, function() %s end)
            end)
          end }]]):format(options, body)) }
      local p = world:spawn { comm = "hog", rss = "100M" }
      return world, p
    end

    local function fails_as(world, p, expected)
      pcall(world.advance, world, "1m")
      local killed = false
      for _, act in ipairs(world.acts) do
        killed = killed or act.key == ("kill %d:%d"):format(p.pid, p.start_time)
          and act.value == "SIGKILL"
      end
      assert.equal(expected, killed)
      pcall(world.stop, world)
    end

    it("is stood in for when memory is as short as it said", function()
      local world, p = new_failing("{ available = 4 << 30, swap = 2 << 30 }", 'error "broken"')
      fails_as(world, p, true)
      assert.event(world, "fallback")
    end)

    it("is not when there is more memory", function()
      local world, p = new_failing("{ available = 1 << 30 }", 'error "broken"')
      fails_as(world, p, false)
    end)

    it("is not once it has taken its word back", function()
      local world, p = new_failing("{ available = 4 << 30 }",
        "pw.kill.fallback({}, {}) error 'broken'")
      fails_as(world, p, false)
    end)

    it("is not when it was stopped in an orderly way", function()
      local world, p = new_failing("{ available = 4 << 30, swap = 2 << 30 }", "")
      world:advance "10s"
      world:stop()
      assert.no_act(world, { key = ("kill %d:%d"):format(p.pid, p.start_time) })
    end)
  end)
end)
