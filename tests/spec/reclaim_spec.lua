-- SPDX-License-Identifier: MIT
local folders = require "folder"
local reclaim = require "pagewarden.reclaim"
local testing = require "pagewarden.testing"
local tree = require "tree"

local STAT = "812 (cat) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 45678 0 0\n"

describe("reclaim", function()
  local view

  before_each(function()
    view = assert(reclaim.open(tree.new {
      ["proc/meminfo"] = "MemFree: 1000 kB\nCached: 500 kB\nSwapFree: 0 kB\nDirty: 8 kB\n",
      ["proc/812/stat"] = STAT,
      ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      ["sys/fs/cgroup/web/memory.current"] = "4096\n",
      ["sys/fs/cgroup/web/memory.reclaim"] = "",
      ["sys/fs/cgroup/old/memory.current"] = "4096\n",
    }))
  end)

  after_each(tree.remove_all)

  it("does nothing to another root", function()
    for name, arguments in pairs { sync = {}, syncfs = { "/tmp" }, drop_caches = { 3 },
      compact = {}, cold = { 812 }, cgroup = { "/web", 4096 } } do
      local done, message, _, kind = view[name](view, table.unpack(arguments))
      assert.is_nil(done)
      assert.matches("^reclaim " .. name .. ".*: it is done to this machine only", message)
      assert.equal("denied", kind)
    end
  end)

  it("writes what is dirty to disk, and says how much there was", function()
    local done = assert(reclaim.sync())
    assert.is_true(done.seconds >= 0)
    assert.equal("integer", math.type(done.before.Dirty))
    assert.equal("integer", math.type(done.after.Writeback))
    assert.truthy(reclaim.syncfs "/")
  end)

  it("says which folder is none", function()
    assert.same({ nil, "reclaim syncfs /dev/null: Not a directory", 20, "broken", n = 4 },
      table.pack(reclaim.syncfs "/dev/null"))
    assert.equal("gone", select(4, reclaim.syncfs "/no/such/folder"))
  end)

  it("never drops caches in a way after which the kernel is silent", function()
    for _, mode in ipairs { 0, 4, 5, 7, -1 } do
      assert.error_matches(function() view:drop_caches(mode) end, "1, 2 or 3 expected")
    end
  end)

  it("does not page out to swap that is not there", function()
    assert.equal("reclaim pageout 812:45678: there is no swap left to page out to",
      select(2, view:pageout(812)))
  end)

  it("does not take another process for one that has ended", function()
    assert.same({ nil, "reclaim pageout 813: the process has ended", 3, "gone", n = 4 },
      table.pack(view:pageout(813)))
  end)

  it("says that a cgroup is gone, and which version can do it", function()
    assert.same({ nil, "reclaim cgroup /db: no such cgroup", 2, "gone", n = 4 },
      table.pack(view:cgroup("/db", 4096)))
    local old = table.pack(view:cgroup("/old", 4096))
    assert.same({ nil, "reclaim cgroup /old: this kernel has no memory.reclaim, which came with "
      .. "Linux 5.19", 95, "unsupported", n = 4 }, old)
    local v1 = assert(reclaim.open(tree.new {
      ["sys/fs/cgroup/memory/memory.usage_in_bytes"] = "4096\n",
      ["sys/fs/cgroup/memory/memory.stat"] = "cache 0\n",
    }))
    assert.equal("unsupported", select(4, v1:cgroup("/", 4096)))
  end)

  it("does not add to the pressure, unless forced", function()
    local root = tree.new {
      ["proc/pressure/memory"] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
      ["proc/pressure/io"] = "some avg10=12.50 avg60=0.00 avg300=0.00 total=0\n",
    }
    local pressed = assert(reclaim.open(root))
    local done, message, errno, kind = pressed:drop_caches(1)
    assert.is_nil(done)
    assert.matches("12.5 %% of the last 10 s were lost to waiting for io", message)
    assert.equal(11, errno)
    assert.equal("denied", kind)
    assert.matches("this machine only", select(2, pressed:drop_caches(1, { threshold = 20 })))
    assert.matches("this machine only", select(2, pressed:drop_caches(1, { force = true })))
  end)

  it("is not done in a container, where it would be done to the whole machine", function()
    local root = tree.new { ["proc/self/ns/"] = "" }
    assert(os.execute(("ln -s 'pid:[4026532301]' %s/proc/self/ns/pid"):format(root)))
    local inside = assert(reclaim.open(root))
    for _, name in ipairs { "compact", "drop_caches" } do
      assert.matches("this is a container %(a pid namespace of its own%)",
        select(2, inside[name](inside, name == "drop_caches" and 1 or nil)))
    end
  end)

  it("names the argument that is wrong", function()
    assert.error_matches(function() view:drop_caches(1, { synk = false }) end,
      "unknown option 'synk' %(did you mean 'sync'%?%)")
    assert.error_matches(function() view:drop_caches(1, { threshold = "5" }) end,
      "threshold: a percentage expected")
    assert.error_matches(function() view:compact { cooldown = 5 } end, "only pagewarden's host")
    assert.error_matches(function() view:syncfs "tmp" end, "the whole path of a folder expected")
    assert.error_matches(function() view:cgroup("web", 1) end, "not the path of a cgroup")
    assert.error_matches(function() view:cgroup("/web/../..", 1) end, "not the path of a cgroup")
    assert.error_matches(function() view:cgroup("/web", 0) end, "a number of bytes expected")
    assert.error_matches(function() view:cgroup("/web", 1, { swappiness = 201 }) end,
      "swappiness: 0 to 200 expected")
    assert.error_matches(function() view:pageout "cat" end, "a process or a pid expected")
  end)
end)

describe("a policy that reclaims", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function new(code, given)
    given = given or {}
    given.script = folder:write("tidy.lua", [[
return { api = 1, name = "tidy", summary = "A test", needs = { reclaim = { "drop_caches" } },
  start = function(pw)
    ]] .. code .. " end }")
    return testing.new(given)
  end

  local DROP = [[pw:task(function()
    local done, message = pw.reclaim.drop_caches(3, { cooldown = 60 })
    pw.log("dropped", { message = message, free = pw.proc.meminfo().MemFree })
  end)]]

  it("sees what comes of it in a test's world", function()
    local world <close> = new(DROP)
    world:advance "1s"
    assert.act(world, { key = "reclaim drop_caches",
      value = "drop the page cache, dentries and inodes" })
    world:advance "1s"
    assert.equal(2911024 + 41288 + 612740 * 3 // 4 + 52144 * 3 // 4,
      world.reader:meminfo().MemFree >> 10)
    world:stop()
    assert.no_trace(world)
  end)

  it("changes nothing in dry run", function()
    local world <close> = new(DROP, { dry_run = true })
    world:advance "1s"
    assert.act(world, { event = "would", key = "reclaim drop_caches" })
    assert.equal(2911024, world.reader:meminfo().MemFree >> 10)
  end)

  it("cools down, and is refused what it was not granted", function()
    local world <close> = new(DROP .. DROP .. [[
      pw:task(function() pw.log("synced", { message = select(2, pw.reclaim.sync()) }) end)]])
    world:advance "1s"
    assert.event(world, "refused", { key = "reclaim drop_caches", errno = "11" })
    assert.event(world, "synced", { message = "reclaim sync: not granted to policy tidy" })
  end)

  it("may not hold up the loop", function()
    local world <close> = new "pw.log('x', { message = select(2, pcall(pw.reclaim.sync)) })"
    world:advance "1s"
    assert.event(world, "x", { message = "only a task may wait (see pw:task)" })
  end)
end)
