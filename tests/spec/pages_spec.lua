-- SPDX-License-Identifier: MIT
-- The recipe `pages`: what it says of a machine and of processes, by kernels old and new.
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20


--- The only event of a name.
local function said(world, name)
  local found = world:logged(name)
  assert.equal(1, #found)
  return found[1]
end


local function run(options, furnish)
  local world = testing.new { script = "pages", options = options }
  if furnish then
    furnish(world)
  end
  world:run()
  world:stop()
  assert.no_trace(world)
  return world
end


describe("pages", function()
  it("tells clean from dirty, and what each way of getting memory back would cost", function()
    local reclaimable = said(run(), "reclaimable")
    assert.equal((307608 + 340840 - 160) << 10, reclaimable.clean)
    assert.equal(160 << 10, reclaimable.dirty)
    assert.equal(52144 << 10, reclaimable.slab)
    assert.equal((1204 + 271640) << 10, reclaimable.swappable)
  end)

  it("calls nothing swappable where there is no swap", function()
    local world = run(nil, function(world)
      world:write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 1 kB\nActive: 3 kB\nInactive: 2 kB\n"
        .. "Active(anon): 1 kB\nInactive(anon): 1 kB\nActive(file): 1 kB\nInactive(file): 1 kB\n"
        .. "Dirty: 0 kB\nWriteback: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    end)
    assert.equal("there is no swap", said(world, "swapped").message)
    assert.equal(0, said(world, "reclaimable").swappable)
  end)

  it("reads a kernel that does not tell anonymous pages from those of files", function()
    local world = run(nil, function(world)
      world:write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 1 kB\nActive: 3 kB\nInactive: 2 kB\n"
        .. "Dirty: 0 kB\nWriteback: 0 kB\nSwapTotal: 8 kB\nSwapFree: 8 kB\n")
    end)
    assert.matches("active: 3 KiB; inactive: 2 KiB", said(world, "lists").message)
  end)

  it("adds up all processes of a name, whatever bytes it has", function()
    local world = run({ name = { "^evil" } }, function(world)
      world:spawn { comm = "evil) R 1\n\27[2J", rss_anon = 2 * MIB, swap = MIB }
      world:spawn { comm = "evil", rss_anon = MIB }
      world:spawn { comm = "other", rss_anon = MIB }
    end)
    local sum = said(world, "sum")
    assert.same({ 2, 3 * MIB }, { sum.processes, sum.pss })
    assert.event(world, "process", { comm = "evil) R 1\n\27[2J", swapped = MIB })
  end)

  it("follows a process to what it started", function()
    local parent
    local world = testing.new { script = "pages", options = { pid = 1000, tree = true } }
    parent = world:spawn { comm = "parent", rss_anon = MIB }
    world:spawn { comm = "child", ppid = parent.pid, rss_anon = MIB }
    world:spawn { comm = "stranger", rss_anon = MIB }
    world:run()
    assert.equal(2, said(world, "sum").processes)
    world:stop()
  end)

  it("adds up the mappings where the kernel does not", function()
    local world = testing.new { script = "pages", options = { pid = 1000 } }
    world:spawn { comm = "old", rss_anon = MIB }
    world:after(0, function() os.remove(world.path .. "/proc/1000/smaps_rollup") end)
    world:write("proc/1000/smaps",
      "00400000-00401000 rw-p 00000000 08:01 1 /bin/a\nRss: 4 kB\nPss: 3 kB\nPrivate_Dirty: 2 kB\n"
      .. "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \nRss: 4 kB\nPss: 1 kB\n"
      .. "Private_Dirty: 1 kB\n")
    world:run()
    assert.event(world, "process", { pss = 4 << 10, private_dirty = 3 << 10 })
    world:stop()
  end)

  for options, message in pairs {
    [{ name = { "^nobody$" } }] = "no process has such a name",
    [{ pid = 77 }] = "process 77: No such process",
  } do
    it("says that " .. message, function()
      local world <close> = testing.new { script = "pages", options = options }
      assert.error_matches(function() world:run() end, message)
    end)
  end

  it("wants a pid for a tree", function()
    assert.error_matches(function()
      testing.new { script = "pages", options = { tree = true } }
    end, "a tree has a pid at its root")
  end)
end)
