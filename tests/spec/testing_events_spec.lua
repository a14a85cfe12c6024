-- SPDX-License-Identifier: MIT
local folders = require "folder"
local testing = require "pagewarden.testing"

describe("a test world's events", function()
  local folder, world

  before_each(function() folder = folders.new() end)

  after_each(function()
    world:stop()
    assert.no_trace(world)
    folder:remove()
  end)

  --- A world whose policy has this body for its `start`.
  local function new(body)
    world = testing.new { script = folder:write("demo.lua", ([[
return { api = 1, name = "demo", summary = "Shows how", start = function(pw)
%s
end }]]):format(body)) }
    return world
  end

  it("of pressure reach the policy, whose files agree with them", function()
    new [[
      assert(pw:on_pressure({ resource = "memory", stall = 0.1 }, function(event)
        local now = pw.proc.pressure("memory").some
        pw.log("pressed", { avg10 = event.avg10, grown = event.total, read = now.total,
          read_avg10 = now.avg10 })
      end))]]
    assert.equal(1, world:pressure { resource = "memory", avg10 = 12.5 })
    assert.event(world, "pressed", { avg10 = 12.5, grown = 1000000, read = 1000000,
      read_avg10 = 12.5 })
    assert.equal(1, world:pressure { resource = "memory", total = 5000000 })
    assert.event(world, "pressed", { avg10 = 12.5, read = 5000000 })
    assert.equal(0, world:pressure { resource = "memory", kind = "full" })
    assert.equal(0, world:pressure { resource = "io" })
  end)

  it("name a wrong field of pressure", function()
    new "pw:every(1, function() end)"
    assert.error_matches(function() world:pressure { resource = "io", avg1 = 1 } end,
      "unknown field 'avg1' %(did you mean 'avg10'%?%)")
  end)

  it("of a kill come before the process is gone", function()
    new [[
      assert(pw:on_oom(function(event)
        pw.log("killed", { pid = event.pid, comm = event.comm, anon_rss = event.anon_rss,
          constraint = event.constraint, kills = pw.proc.vmstat().oom_kill,
          there = pw.proc:process(event.pid) ~= nil })
      end))]]
    local hog = world:spawn { comm = "hog", rss = "1G" }
    assert.equal(1, world:oom(hog, { constraint = "CONSTRAINT_MEMCG" }))
    assert.event(world, "killed", { pid = hog.pid, comm = "hog", anon_rss = 1 << 30, kills = 1,
      constraint = "CONSTRAINT_MEMCG", there = true })
  end)

  it("of an exit come when the process ends, by itself or killed", function()
    new [[
      for p in pw.proc.processes({ "pid" }):each() do
        assert(pw:on_exit(p:process(), function(event)
          pw.log("exited", { pid = event.pid, there = pw.proc:process(event.pid) ~= nil })
        end))
      end
      pw:every(60, function() end)]]
    local first, second = world:spawn {}, world:spawn {}
    world:advance "1s"
    world:exit(first)
    assert.event(world, "exited", { pid = first.pid, there = false })
    assert.no_event(world, "exited", { pid = second.pid })
    world:after("1s", function() world:oom(second) end)
    world:advance "2s"
    assert.event(world, "exited", { pid = second.pid })
  end)

  it("of a cgroup are what is written to its memory.events", function()
    new [[
      assert(pw:on_memory_events("/web", function(event)
        pw.log("reached", { high = event.changed.high })
      end))]]
    world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
    world:write("sys/fs/cgroup/web/memory.events", "high 1\n")
    world:advance "1s"
    world:write("sys/fs/cgroup/web/memory.events", "high 4\n")
    world:advance "1s"
    assert.event(world, "reached", { high = 3 })
  end)

  it("fail the test at once when the policy fails", function()
    new [[
      pw:on_oom(function() error "broken" end)
      pw:every(60, function() end)]]
    local p = world:spawn {}
    local ok, message = pcall(world.oom, world, p)
    assert.is_false(ok)
    assert.matches("demo failed: .*demo.lua:2: broken", message)
  end)
end)
