-- SPDX-License-Identifier: MIT
-- The recipe `oom-protect`: whom it protects, for how long, and whom never.
local configuration = require "pagewarden.configuration"
local fleets = require "pagewarden.fleet"
local folders = require "folder"
local host = require "pagewarden.host"
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20
local SSH <const> = "/system.slice/ssh.service"
local SUPER <const> = "/system.slice/super.service"
local SESSION <const> = "/user.slice/user-1000.slice/session-3.scope"


--- A machine with systemd and a daemon that has a login session.
local function new_world(options, given)
  local world = testing.new { script = "oom-protect", options = options,
    dry_run = given and given.dry_run }
  world:write("proc/1/comm", given and given.init or "systemd\n")
  return world, {
    sshd = world:spawn { pid = 812, comm = "sshd", uid = 0, rss = "8M", cgroup = SSH },
    session = world:spawn { pid = 900, ppid = 812, comm = "sshd", uid = 0, rss = "6M",
      cgroup = SESSION },
    shell = world:spawn { pid = 901, ppid = 900, comm = "bash", rss = "4M", cgroup = SESSION },
  }
end


local function adj(world, p)
  local file <close> = assert(io.open(("%s/proc/%d/oom_score_adj"):format(world.path, p.pid)))
  return file:read "n"
end


--- The adj that a process inherits.
local function inherit(world, p, from)
  p.oom_score_adj = adj(world, from)
end


local function stop(world)
  world:stop()
  assert.no_trace(world)
end


--- Runs the recipe for a daemon that may be reloaded, in a world whose own policy only ticks: each
--- time, what was assigned to processes reaches their files.
local function with_daemon(act)
  local folder <close> = folders.new()
  local world <close> = testing.new { script = folder:write("idle.lua", [[
    return { api = 1, name = "idle", summary = "A test",
      start = function(pw) pw:every(1, function() end) end }]]) }
  local gate <close> = assert(host.gate(world.path))
  local fleet = fleets.new { loop = world.loop, reader = world.reader, gate = gate,
    now = function() return world:now() end, sink = function(event) world:take(event) end }
  world:advance "0s"
  act(world, function(options)
    folder:write("conf.lua",
      ('policy "oom-protect" { grant = { oom = true }, %s }'):format(options))
    local result = fleet:apply(function(take)
      return configuration.load({ config = folder.path, root = world.path,
        search = { first = { "scripts" } } }, take)
    end)
    assert.same({}, result.problems)
  end)
  fleet:stop_all "the test is over"
end


describe("oom-protect", function()
  it("protects sshd by itself, and puts back what it had", function()
    local world <close>, p = new_world()
    world:advance "1m"
    assert.event(world, "protected", { tree = "unit ssh", pid = 812, comm = "sshd", adj = -900,
      mains = 1, children = 2, bytes = 8 * MIB })
    assert.equal(1, world:count("protected"))
    assert.same({ -900, 0, 0 }, { adj(world, p.sshd), adj(world, p.session), adj(world, p.shell) })
    stop(world)
  end)

  it("resets what has inherited the protection, and leaves what was not protected", function()
    local world <close>, p = new_world()
    p.shell.oom_score_adj = 300
    world:advance "1s"
    inherit(world, p.session, p.sshd)
    world:advance "10s"
    assert.same({ -900, 0, 300 }, { adj(world, p.sshd), adj(world, p.session),
      adj(world, p.shell) })
  end)

  it("finds a daemon that was restarted, and one that comes later", function()
    local world <close>, p = new_world { unit = { "ssh", "cron" } }
    world:advance "5s"
    assert.event(world, "missing", { tree = "unit cron",
      message = "unit cron: no process is in this unit" })
    world:exit(p.sshd)
    local again = world:spawn { comm = "sshd", uid = 0, cgroup = SSH }
    local cron = world:spawn { comm = "cron", uid = 0, cgroup = "/system.slice/cron.service" }
    world:advance "10s"
    assert.same({ -900, -900 }, { adj(world, again), adj(world, cron) })
    assert.event(world, "protected", { tree = "unit ssh", pid = again.pid })
    assert.event(world, "protected", { tree = "unit cron", pid = cron.pid })
    stop(world)
  end)

  it("finds daemons by name, cgroup, pid file and port", function()
    for _, options in ipairs { { trees = { "sshd" } }, { cgroup = { "/system.slice" } },
      { pid_file = { "/run/sshd.pid" } }, { port = { 22 } } } do
      local world <close>, p = new_world(options)
      world:write("run/sshd.pid", "812\n")
      world:write("proc/net/tcp", "   0: 00000000:0016 00000000:0000 0A 0:0 00:0 0 0 0 904 1\n")
      world:write("proc/812/fd/.none", "")
      assert(os.execute(("ln -s 'socket:[904]' %s/proc/812/fd/3"):format(world.path)))
      world:advance "1s"
      assert.same({ -900, 0 }, { adj(world, p.sshd), adj(world, p.session) })
      assert.equal(1, world:count("protected"))
    end
  end)

  it("keeps the children's protection when it is to, but never a session's", function()
    local world <close>, p = new_world { unit = { "ssh" }, children = "keep" }
    local worker = world:spawn { ppid = 812, comm = "worker", uid = 0, cgroup = SSH }
    world:advance "1s"
    inherit(world, p.session, p.sshd)
    inherit(world, worker, p.sshd)
    world:advance "10s"
    assert.same({ -900, 0, -900 }, { adj(world, p.sshd), adj(world, p.session),
      adj(world, worker) })
  end)

  it("protects the children too when it is to, but never a session", function()
    local world <close>, p = new_world { unit = { "ssh" }, children = "protect" }
    local worker = world:spawn { ppid = 812, comm = "worker", uid = 0, cgroup = SSH }
    local job = world:spawn { ppid = 812, comm = "job", uid = 0, cgroup = SSH,
      oom_score_adj = -950 }
    world:write(("proc/%d/sessionid"):format(worker.pid), "4294967295")
    world:write(("proc/%d/sessionid"):format(job.pid), "7")
    world:advance "1s"
    assert.same({ -900, 0, -900, 0 }, { adj(world, p.sshd), adj(world, p.session),
      adj(world, worker), adj(world, job) })
    stop(world)
  end)

  it("leaves a daemon alone that is better off already", function()
    local world <close>, p = new_world()
    p.sshd.oom_score_adj = -1000
    world:advance "1m"
    assert.equal(-1000, adj(world, p.sshd))
    assert.equal(0, #world.acts)
    stop(world)
  end)

  it("does not fall for a name that a user's process has taken", function()
    local world <close>, p = new_world({ trees = { "sshd" } }, { init = "init\n" })
    p.sshd.comm = "other"
    p.session.comm = "other"
    local fake = world:spawn { comm = "sshd", uid = 1000, cgroup = SESSION }
    world:advance "1m"
    assert.equal(0, adj(world, fake))
    assert.event(world, "missing", {
      message = "name sshd: anybody could have started who is there" })
  end)

  it("believes a name of a daemon that runs as another user, but does not guess it", function()
    local named <close> = new_world { trees = { "postgres" } }
    local postgres = named:spawn { comm = "postgres", uid = 105 }
    named:advance "1s"
    assert.equal(-900, adj(named, postgres))
    local guessing <close>, p = new_world({}, { init = "init\n" })
    p.sshd.uid = 105
    guessing:advance "1s"
    assert.equal(0, adj(guessing, p.sshd))
  end)

  it("says when none of the daemons is there that it knows", function()
    local world <close> = testing.new { script = "oom-protect" }
    world:advance "1h"
    assert.equal(1, world:count("missing"))
    assert.event(world, "missing", {
      message = "none of the daemons that are protected by default runs here" })
  end)

  describe("protects no more than a part of all memory:", function()
    local function new_database(options)
      local world, p = new_world(options)
      return world, world:spawn { comm = "postgres", uid = 105, rss = "1500M" }, p
    end

    it("not what is too large", function()
      local world <close>, database, p = new_database { trees = { "sshd", "postgres" } }
      world:advance "1m"
      assert.same({ -900, 0 }, { adj(world, p.sshd), adj(world, database) })
      assert.event(world, "over", { tree = "name postgres", bytes = 1500 * MIB })
      assert.equal(1, world:count("over"))
    end)

    it("nor what has become it, until it is a good deal smaller", function()
      local world <close>, database = new_database { trees = { "postgres" } }
      local child = world:spawn { ppid = database.pid, comm = "postgres", uid = 105 }
      database.rss, database.oom_score_adj = "500M", -100
      world:advance "1s"
      assert.equal(-900, adj(world, database))
      inherit(world, database, database)
      database.rss = "1200M"
      world:advance "10s"
      assert.equal(-100, adj(world, database))
      inherit(world, database, database)
      database.rss = "950M" -- the limit is 983 MiB
      world:advance "10s"
      assert.equal(-100, adj(world, database))
      database.rss = "800M"
      world:advance "10s"
      assert.equal(-900, adj(world, database))
      assert.equal(0, adj(world, child))
    end)

    it("and puts children back with their parent, for good", function()
      local world <close>, database = new_database { trees = { "postgres" }, children = "keep" }
      database.rss, database.oom_score_adj = "500M", -100
      world:advance "1s"
      local child = world:spawn { ppid = database.pid, comm = "postgres", uid = 105 }
      inherit(world, child, database)
      inherit(world, database, database)
      database.rss = "1200M"
      world:advance "10s"
      assert.same({ -100, -100 }, { adj(world, database), adj(world, child) })
      world.instance:stop()
      assert.same({ -100, -100 }, { adj(world, database), adj(world, child) })
    end)

    it("nor what has become it after a reload", function()
      with_daemon(function(world, reload)
        local database = world:spawn { comm = "postgres", uid = 105, rss = "500M",
          oom_score_adj = -100 }
        world:advance "1s"
        reload 'trees = { "postgres" }'
        world:advance "10s"
        assert.equal(-900, adj(world, database))
        inherit(world, database, database)
        reload 'trees = { "postgres" }, hog = "20%"'
        world:advance "10s"
        assert.equal(-900, adj(world, database))
        database.rss = "1200M"
        world:advance "10s"
        assert.equal(-100, adj(world, database))
      end)
    end)

    it("nor what has become it in dry run, where nothing is written", function()
      local world <close> = new_world({ trees = { "postgres" } }, { dry_run = true })
      local database = world:spawn { comm = "postgres", uid = 105, rss = "500M",
        oom_score_adj = -100 }
      world:advance "1s"
      database.rss = "1200M"
      world:advance "1m"
      assert.same({ "-900", "-100" }, { world.acts[1].value, world.acts[2].value })
      assert.equal(2, #world.acts)
      stop(world)
    end)

    it("of a container's limit, when it sees the machine's memory", function()
      local world <close>, p = new_world()
      world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
      world:write("sys/fs/cgroup/box/memory.max", ("%d\n"):format(20 * MIB))
      world:write("proc/self/cgroup", "0::/box\n")
      world:advance "1s"
      assert.event(world, "over", { tree = "unit ssh", room = 5 * MIB })
      assert.equal(0, adj(world, p.sshd))
    end)
  end)

  describe("leaves to another tree what that starts with:", function()
    --- A daemon that has started another one, both protected, with a child of each.
    local function new_pair(options)
      local world = new_world(options)
      local upper = world:spawn { comm = "super", uid = 0, cgroup = SUPER, rss = "10M" }
      local lower = world:spawn { ppid = upper.pid, comm = "web", uid = 0, cgroup = SUPER,
        rss = "20M" }
      local helper = world:spawn { ppid = upper.pid, comm = "log", uid = 0, cgroup = SUPER,
        rss = "5M" }
      local worker = world:spawn { ppid = lower.pid, comm = "web", uid = 33, cgroup = SUPER,
        rss = "40M" }
      return world, { upper = upper, lower = lower, helper = helper, worker = worker }
    end

    local function adjs(world, p)
      return { adj(world, p.upper), adj(world, p.lower), adj(world, p.helper),
        adj(world, p.worker) }
    end

    it("its main processes, whatever the order, and however they are found", function()
      for _, options in ipairs { { trees = { "super", "web" } }, { trees = { "web", "super" } },
        { unit = { "super" }, trees = { "web" } } } do
        local world <close>, p = new_pair(options)
        world:advance "1s"
        inherit(world, p.helper, p.upper)
        inherit(world, p.worker, p.lower)
        world:advance "1m"
        assert.same({ -900, -900, 0, 0 }, adjs(world, p))
        assert.equal(4, #world.acts)
        world.instance:stop()
        assert.same({ 0, 0, 0, 0 }, adjs(world, p))
      end
    end)

    it("all that is below them, which counts once", function()
      local world <close>, p = new_pair { trees = { "super", "web" }, children = "protect" }
      world:advance "1m"
      assert.same({ -900, -900, -900, -900 }, adjs(world, p))
      assert.event(world, "protected", { tree = "name super", bytes = 15 * MIB })
      assert.event(world, "protected", { tree = "name web", bytes = 60 * MIB })
    end)

    it("not what only has its name, and belongs to a login", function()
      local world <close>, p = new_pair { trees = { "super", "web" } }
      world:advance "1s"
      local fake = world:spawn { ppid = p.upper.pid, comm = "web", uid = 1000, cgroup = SESSION,
        oom_score_adj = -900 }
      world:advance "1m"
      assert.equal(0, adj(world, fake))
    end)

    it("also what has inherited its protection, which is undone after its parent has ended",
      function()
        local world <close>, p = new_pair { cgroup = { "/web" }, trees = { "super" } }
        world:advance "1s"
        inherit(world, p.lower, p.upper)
        p.lower.cgroup = "/web"
        world:advance "10s"
        assert.equal(-900, adj(world, p.lower))
        p.lower.oom_score_adj, p.lower.ppid = -900, 1
        world:exit(p.upper)
        world:advance "10s"
        world.instance:stop()
        assert.equal(0, adj(world, p.lower))
      end)

    it("and who has inherited it is given back what there was when it is too large", function()
      local world <close>, p = new_pair { cgroup = { "/web" }, trees = { "super" } }
      p.upper.oom_score_adj = -100
      world:advance "1s"
      inherit(world, p.lower, p.upper)
      inherit(world, p.worker, p.upper)
      p.lower.cgroup, p.lower.rss = "/web", "1500M"
      world:advance "10s"
      assert.event(world, "over", { tree = "cgroup /web" })
      assert.same({ -900, -100, 0, -100 }, adjs(world, p))
    end)

    it("and is not touched at a reload", function()
      with_daemon(function(world, reload)
        local upper = world:spawn { comm = "super", uid = 0 }
        local lower = world:spawn { ppid = upper.pid, comm = "web", uid = 0 }
        world:advance "1s"
        reload 'trees = { "super", "web" }'
        world:advance "10s"
        reload 'trees = { "super", "web" }, hog = "20%"'
        world:advance "10s"
        assert.same({ -900, -900 }, { adj(world, upper), adj(world, lower) })
        assert.equal(2, #world.acts)
      end)
    end)
  end)

  it("names what is protected and the hog itself, once", function()
    local world <close> = new_world { trees = { "evil) R 1\n\27[2J" } }
    world:spawn { comm = "evil) R 1\n\27[2J", uid = 0, rss = "600M" }
    world:advance "1m"
    assert.event(world, "hog", { bytes = 600 * MIB })
    assert.equal(1, world:count("hog"))
  end)

  it("decides the same in dry run, and writes nothing", function()
    local world <close>, p = new_world({}, { dry_run = true })
    world:advance "1m"
    assert.event(world, "would", { key = "oom 812:8640000", value = "-900" })
    assert.equal(1, #world.acts)
    assert.equal(0, adj(world, p.sshd))
    stop(world)
  end)

  it("sets the nearest oom_adj where a kernel has no other", function()
    local world <close>, p = new_world { trees = { "sshd" } }
    world:after(0, function()
      os.remove(world.path .. "/proc/812/oom_score_adj")
      os.remove(world.path .. "/proc/900/oom_score_adj")
      os.remove(world.path .. "/proc/901/oom_score_adj")
    end)
    world:write("proc/812/oom_adj", "0\n")
    world:advance "1m"
    local file <close> = assert(io.open(world.path .. "/proc/812/oom_adj"))
    assert.equal(-15, file:read "n")
    assert.equal(812, p.sshd.pid)
  end)
end)
