-- SPDX-License-Identifier: MIT
-- The recipe `sync-now`: what it asks of the kernel, and what it says of it. That data is on disk
-- afterwards only a kernel can show: tests/lab/recipe_caches_lab.lua.
local testing = require "pagewarden.testing"

local MEMINFO = "MemTotal: 1000 kB\nMemFree: 10 kB\nDirty: 300 kB\nWriteback: 20 kB\n"


local function run(options, furnish)
  local world = testing.new { script = "sync-now", options = options }
  world:write("proc/meminfo", MEMINFO)
  if furnish then
    furnish(world)
  end
  world:run()
  world:stop()
  return world
end


--- Makes the world that of a container.
local function confine(world)
  assert(os.execute(("mkdir -p '%s/proc/self/ns' && ln -s 'pid:[4026532301]' '%s/proc/self/ns/pid'")
    :format(world.path, world.path)))
end


describe("sync-now", function()
  it("says what is dirty, syncs, and says what is dirty then", function()
    local world = run()
    assert.event(world, "before", { dirty = 300 << 10, writeback = 20 << 10 })
    assert.act(world, { key = "reclaim sync" })
    assert.event(world, "synced", { before = 320 << 10, after = 320 << 10 })
    assert.no_trace(world)
  end)

  for _, path in ipairs { "/srv", "/srv/two words", "/srv/evil) R 1\n\27[2J" } do
    it(("syncs only the file system of %q"):format(path), function()
      local world = run { path = path }
      assert.act(world, { key = "reclaim syncfs " .. path })
      assert.no_act(world, { key = "reclaim sync" })
      assert.event(world, "before", { path = path })
    end)
  end

  it("waits for SysRq s to be over", function()
    local world = run { sysrq = true }
    assert.act(world, { key = "sysrq s" })
    assert.no_act(world, { key = "reclaim sync" })
    assert.event(world, "sysrq", { confirmed = true })
  end)

  it("syncs by itself where SysRq is not for us", function()
    local world = run({ sysrq = true }, confine)
    assert.event(world, "instead", { message = function(message)
      return message:find "this is a container" and message:find "sync%(2%) instead"
    end })
    assert.act(world, { key = "reclaim sync" })
  end)

  it("counts what was written where the kernel does", function()
    local function written(vmstat)
      for _, event in ipairs(run(nil, function(world) world:write("proc/vmstat", vmstat) end)
        .events) do
        if event.event == "synced" then
          return event.written
        end
      end
    end
    assert.equal(0, written "nr_dirty 80\nnr_written 12\n")
    assert.is_nil(written "nr_dirty 80\n")
  end)

  it("refuses one file system by SysRq, which knows only all", function()
    assert.error_matches(function() run { sysrq = true, path = "/srv" } end,
      "SysRq s is for all file systems")
  end)

  it("says that it cannot see what is dirty", function()
    local world <close> = testing.new { script = "sync-now" }
    os.remove(world.path .. "/proc/meminfo")
    assert.error_matches(function() world:run() end, "meminfo")
    assert.no_act(world, {})
  end)

  it("syncs nothing in dry run", function()
    local world <close> = testing.new { script = "sync-now", dry_run = true }
    world:run()
    assert.act(world, { event = "would", key = "reclaim sync" })
    assert.no_act(world, { event = "act" })
  end)
end)
