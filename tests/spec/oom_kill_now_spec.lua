-- SPDX-License-Identifier: MIT
-- The recipe `oom-kill-now`: whom it shows, when it does not, and what it says came of it. That the
-- kernel does it only a kernel can show: tests/lab/recipe_caches_lab.lua.
local testing = require "pagewarden.testing"

local KILLED = { event = "act", key = "sysrq f" }


--- A machine with a large process, a small one, and one that may not be killed.
local function new(given, furnish)
  given = given or {}
  given.script = "oom-kill-now"
  local world = testing.new(given)
  world.large = world:spawn { comm = "large", rss = "900M", oom_score = 800 }
  world.small = world:spawn { comm = "small", rss = "10M", oom_score = 670 }
  world:spawn { comm = "sshd", rss = "950M", oom_score = 0, oom_score_adj = -1000 }
  if furnish then
    furnish(world)
  end
  return world
end


local function refusal(given, furnish)
  local world <close> = new(given, furnish)
  local ok, message = pcall(world.run, world)
  assert.is_false(ok)
  assert.no_act(world, KILLED)
  return message, world
end


describe("oom-kill-now", function()
  it("shows who is next, kills that one, and says that the kernel did", function()
    local world <close> = new()
    world:run()
    assert.event(world, "candidate", { place = 1, comm = "large", rss = 900 << 20 })
    assert.event(world, "candidate", { place = 2, comm = "small" })
    assert.no_event(world, "candidate", { comm = "sshd" })
    assert.act(world, { key = "sysrq f", value = "kill large (1000)" })
    assert.event(world, "killed", { pid = world.large.pid, expected = world.large.pid,
      kills_before = 0, kills = 1, message = function(message)
        return message:find("the kernel killed large (pid 1000), as expected; oom_kill in vmstat "
          .. "went from 0 to 1;", 1, true)
      end })
    assert.no_event(world, "killed", { state = function() return true end })
  end)

  it("leaves time to stop it", function()
    local world <close> = new { options = { delay = "10s" } }
    world:advance "9s"
    assert.event(world, "about", { pid = world.large.pid, seconds = 10 })
    assert.no_act(world, KILLED)
    world:advance "2s"
    assert.act(world, KILLED)
  end)

  it("kills nobody when another has become the worst meanwhile", function()
    local message = refusal({}, function(world)
      world:after(1, function()
        world:spawn { comm = "larger", rss = "1000M", oom_score = 850 }
      end)
    end)
    assert.matches("would kill larger (pid 1003) instead of large (pid 1000): nobody was killed",
      message, 1, true)
  end)

  it("kills nobody when the victim ended by itself, and its pid is another's", function()
    local message = refusal({}, function(world)
      world:after(1, function()
        world:exit(world.large)
        world:spawn { pid = 1000, comm = "another", rss = "900M", oom_score = 800 }
      end)
    end)
    assert.matches("would kill another %(pid 1000%) instead of large %(pid 1000%)", message)
  end)

  it("kills only whom it is told it may", function()
    assert.matches("would kill large %(pid 1000%), which is none of those that only names",
      refusal { options = { only = { "^small$", "^larg$" } } })
    assert.matches("would kill large %(pid 1000%), which avoid spares",
      refusal { options = { avoid = { "^large$" } } })
    local world <close> = new { options = { only = { "^large$" }, avoid = { "^small$" } } }
    world:run()
    assert.act(world, KILLED)
  end)

  it("knows that an older kernel kills a child for what it chose", function()
    local function furnish(world)
      world:write("proc/sys/kernel/osrelease", "4.19.0\n")
      world:spawn { comm = "worker", ppid = world.large.pid, rss = "5M", oom_score = 3 }
    end
    local message = refusal({ options = { only = { "^large$" } } }, furnish)
    assert.matches("would kill worker (pid 1003), which is none of those that only names", message,
      1, true)
    local world <close> = new({ options = { only = { "^worker$" } } }, furnish)
    world:run()
    assert.event(world, "candidate", { place = 1, comm = "large", instead = 1003 })
    assert.event(world, "killed", { pid = 1003, comm = "worker", expected = 1003 })
  end)

  it("takes any bytes for a name", function()
    local world <close> = new({}, function(world)
      world:spawn { comm = "evil) R 1\n\27[2J", rss = "990M", oom_score = 900 }
    end)
    world:run()
    assert.event(world, "killed", { comm = "evil) R 1\n\27[2J" })
  end)

  it("says that who was to die is still there, and in which state", function()
    local world <close> = new { dry_run = true }
    world:run()
    assert.event(world, "killed", { state = "S", kills = 0, message = function(message)
      return message:find("which has not ended yet (state S)", 1, true)
    end })
  end)

  it("says that there is nobody to kill", function()
    local world <close> = testing.new { script = "oom-kill-now" }
    assert.error_matches(function() world:run() end, "there is no process that the kernel may kill")
  end)

  it("does without a count of kills, as before Linux 4.13", function()
    local world <close> = new({}, function(world)
      world:write("proc/vmstat", "nr_free_pages 1\n")
    end)
    world:run()
    assert.event(world, "killed", { message = function(message)
      return message:find "this kernel does not count kills"
    end })
  end)

  it("refuses where the kernel would panic", function()
    assert.matches("before Linux 4.3 it panics where vm.panic_on_oom is not 0",
      refusal({}, function(world)
        world:write("proc/sys/kernel/osrelease", "3.10.0-327.el7.x86_64\n")
        world:write("proc/sys/vm/panic_on_oom", "1\n")
      end))
  end)

  it("does not kill a process of the machine that a container is on", function()
    assert.matches("this is a container .* not its own$", refusal({}, function(world)
      assert(os.execute(("mkdir -p '%s/proc/self/ns' && ln -s 'pid:[4026532301]' "
        .. "'%s/proc/self/ns/pid'"):format(world.path, world.path)))
    end))
  end)

  it("kills nobody in dry run", function()
    local world <close> = new { dry_run = true }
    world:run()
    assert.act(world, { event = "would", key = "sysrq f", value = "kill large (1000)" })
    assert.no_act(world, KILLED)
  end)
end)
