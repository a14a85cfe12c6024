-- SPDX-License-Identifier: MIT
local folders = require "folder"
local testing = require "pagewarden.testing"

--- Lowers swappiness while memory is short.
local CALM = [[
return { api = 1, name = "calm", summary = "A test",
  needs = { sysctl = { "vm.swappiness" }, oom = true },
  start = function(pw)
    pw:every(10, function()
      local short = pw.proc.meminfo().MemAvailable < 1 << 30
      pw.sysctl.set("vm.swappiness", short and 10 or 60)
      for p in pw.proc.processes({ "pid", where = { comm = "daemon" } }):each() do
        pw.oom.set_adj(p:process(), 500)
      end
    end)
  end }
]]

describe("a test world of a policy that acts", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function new(given)
    given = given or {}
    given.script = folder:write("calm.lua", CALM)
    local world = testing.new(given)
    world:write("proc/sys/vm/swappiness", "60\n")
    return world
  end

  local function shorten(world)
    world:write("proc/meminfo", "MemTotal: 4028440 kB\nMemAvailable: 524288 kB\n")
  end

  local function swappiness(world)
    local file <close> = assert(io.open(world.path .. "/proc/sys/vm/swappiness"))
    return file:read "n"
  end

  it("lets it act on the files, and tells what it did", function()
    local world <close> = new()
    shorten(world)
    world:advance "10s"
    assert.act(world, { key = "sysctl vm.swappiness", value = "10", was = "60" })
    assert.equal(10, swappiness(world))
    world:stop()
    assert.no_trace(world)
  end)

  it("shows the policy the score that it set, and restores it", function()
    local world <close> = new()
    world:spawn { comm = "daemon", oom_score_adj = 0 }
    world:advance "10s"
    assert.act(world, { value = "500", was = "0" })
    world:stop()
    assert.no_trace(world)
  end)

  it("cools down in the world's time", function()
    local world <close> = testing.new { script = folder:write("hasty.lua", [[
      return { api = 1, name = "hasty", summary = "A test",
        needs = { sysctl = { "vm.swappiness" } },
        start = function(pw)
          local value = 60
          pw:every(10, function()
            value = value - 1
            pw.sysctl.set("vm.swappiness", value, { cooldown = 25 })
          end)
        end }]]) }
    world:write("proc/sys/vm/swappiness", "60\n")
    world:advance "40s"
    assert.equal(2, #world.acts)
    assert.act(world, { value = "59" })
    assert.act(world, { value = "56" })
  end)

  it("writes nothing in dry run, and tells what would have been done", function()
    local world <close> = new { dry_run = true }
    shorten(world)
    world:advance "30s"
    assert.act(world, { event = "would", key = "sysctl vm.swappiness", value = "10" })
    assert.no_act(world, { event = "act" })
    assert.equal(60, swappiness(world))
  end)

  describe("on the memory manager", function()
    local THP = "sys/kernel/mm/transparent_hugepage/enabled"

    --- Turns huge pages off, and notes what it reads then.
    local SPARE = [[
return { api = 1, name = "spare", summary = "A test",
  needs = { mm = { "transparent_hugepage/enabled" },
    sysctl = { "vm.swappiness", "vm.page-cluster" } },
  start = function(pw)
    pw:every(10, function()
      pw.mm.set("transparent_hugepage/enabled", "never")
      local value, choices = pw.mm.get "transparent_hugepage/enabled"
      local _, message = pw.mm.set("ksm/run", 1)
      pw.log("seen", { value = value, choices = #choices, message = message })
      pw.sysctl.set { ["vm.swappiness"] = 10, ["vm.page-cluster"] = 0 }
      pw.sysctl.set { ["vm.swappiness"] = 20, ["vm.page-cluster"] = -1 }
    end)
  end }
]]

    local function new_world(dry_run)
      local world = testing.new { script = folder:write("spare.lua", SPARE), dry_run = dry_run }
      world:write(THP, "[always] madvise never\n")
      world:write("sys/kernel/mm/ksm/run", "0\n")
      world:write("proc/sys/vm/swappiness", "60\n")
      world:write("proc/sys/vm/page-cluster", "3\n")
      return world
    end

    it("lets it choose, and leaves no trace", function()
      local world <close> = new_world(false)
      world:advance "10s"
      assert.act(world, { key = "mm transparent_hugepage/enabled", was = "always" })
      assert.event(world, "seen", { value = "never", choices = 3,
        message = "mm ksm/run: not granted to policy spare" })
      assert.equal(10, swappiness(world))
      world:stop()
      assert.no_trace(world)
    end)

    it("shows it in dry run what it would have chosen", function()
      local world <close> = new_world(true)
      world:advance "10s"
      assert.act(world, { event = "would", key = "mm transparent_hugepage/enabled" })
      assert.event(world, "seen", { value = "never", choices = 3 })
      world:stop()
      assert.no_trace(world)
    end)
  end)
end)
