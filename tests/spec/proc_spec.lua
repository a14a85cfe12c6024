-- SPDX-License-Identifier: MIT
local proc = require "pagewarden.proc"
local tree = require "tree"

--- A reader of a root with these files below proc/.
local function reader(files)
  local below = {}
  for path, text in pairs(files) do below["proc/" .. path] = text end
  return assert(proc.open(tree.new(below)))
end

describe("proc on this machine", function()
  it("runs under Lua 5.4", function()
    assert.equal("Lua 5.4", _VERSION)
  end)

  it("reads memory in bytes", function()
    local memory, flaws = assert(proc.meminfo())
    assert.is_true(memory.MemTotal > memory.MemFree)
    assert.equal(0, memory.MemTotal % 1024)
    assert.same({ skipped = 0, clamped = 0 }, flaws)
  end)

  it("agrees with itself about free pages", function()
    local pages = 0
    for _, zone in ipairs(assert(proc.zoneinfo())) do
      pages = pages + zone.free
      assert.is_true(zone.spanned >= zone.present and zone.present >= zone.managed)
    end
    local free = proc.vmstat().nr_free_pages
    assert.is_true(math.abs(pages - free) < free // 2 + 10000)
  end)

  it("leaves no line of any file unread", function()
    for _, name in ipairs { "meminfo", "vmstat", "zoneinfo", "buddyinfo", "swaps", "diskstats" } do
      local value, flaws = assert(proc[name]())
      assert.is_table(value)
      assert.equal(0, flaws.skipped, name)
    end
  end)

  it("tells the page size, the clock tick, the root and the uptime", function()
    assert.equal(0, proc.page_size() % 4096)
    assert.equal(100, proc.clock_ticks())
    assert.equal("/", proc.root())
    assert.is_true(proc.uptime() > 0)
  end)
end)

describe("proc.open", function()
  after_each(tree.remove_all)

  it("takes the page size and clock tick of another machine", function()
    local root = tree.new { ["proc/"] = "" }
    local capture <close> = assert(proc.open(root, { page_size = 65536, clock_ticks = 1000 }))
    assert.equal(65536, capture:page_size())
    assert.equal(1000, capture:clock_ticks())
    assert.equal(root, capture:root())
  end)

  it("refuses options it does not know, naming the nearest", function()
    assert.error_matches(function() proc.open("/", { pagesize = 1 }) end,
      "unknown option 'pagesize' %(did you mean 'page_size'%?%)")
    assert.error_matches(function() proc.open("/", { page_size = 0 }) end,
      "page_size: a positive integer expected")
  end)

  it("says why a root cannot be read", function()
    local none, message, errno, kind = proc.open("/does/not/exist")
    assert.is_nil(none)
    assert.equal("/does/not/exist: No such file or directory", message)
    assert.equal(2, errno)
    assert.equal("gone", kind)
  end)

  it("gives a reader that cannot be used once it is closed", function()
    local capture = assert(proc.open("/"))
    capture:close()
    capture:close()
    assert.error_matches(function() capture:meminfo() end, "reader is closed")
  end)

  it("does not follow links out of a captured tree", function()
    local root = tree.new { ["proc/inside"] = "1" }
    os.execute(("ln -s /proc/meminfo %s/proc/meminfo"):format(root))
    assert.is_nil((proc.open(root):meminfo()))
  end)
end)

describe("proc.meminfo", function()
  after_each(tree.remove_all)

  it("keeps counts, absent fields, zeros and broken lines apart", function()
    local memory, flaws = reader {
      meminfo = "        total:    used:\nMem:  100 20\nMemTotal:  12 kB\nMemAvailable: 0 kB\n"
        .. "HugePages_Total:   3\nShadowCallStack:10373888 kB\nHugePages_Free: sixtynine\n"
        .. "SwapFree: 18014398503714728 kB\nDebt: -1 kB\nActive(anon): 1 kB",
    }:meminfo()
    assert.same({
      MemTotal = 12288, MemAvailable = 0, HugePages_Total = 3, ShadowCallStack = 10373888 * 1024,
      SwapFree = math.maxinteger, Debt = -1024, ["Active(anon)"] = 1024,
    }, memory)
    assert.same({ skipped = 3, clamped = 1 }, flaws)
  end)

  it("fills a table again, dropping what is no longer there", function()
    local capture = reader { meminfo = "MemTotal: 1 kB\n" }
    local into = { Stale = 1 }
    assert.equal(into, (capture:meminfo(into)))
    assert.same({ MemTotal = 1024 }, into)
  end)

  it("says that a file is unsupported when the kernel lacks it", function()
    local none, message, _, kind = reader { stat = "" }:meminfo()
    assert.is_nil(none)
    assert.equal("proc/meminfo: No such file or directory", message)
    assert.equal("unsupported", kind)
  end)

  it("reads one node, padded with NULs or not", function()
    local path = "sys/devices/system/node/node1/meminfo"
    local text = "Node 1 MemTotal:  8 kB\nNode 1 HugePages_Free: 2\n" .. ("\0"):rep(100)
    local memory, flaws = proc.open(tree.new { [path] = text }):node_meminfo(1)
    assert.same({ MemTotal = 8192, HugePages_Free = 2 }, memory)
    assert.equal(0, flaws.skipped)
  end)
end)

describe("proc.zoneinfo", function()
  after_each(tree.remove_all)

  it("keeps watermarks, the node's counters and pagesets apart", function()
    local zones, flaws = reader {
      zoneinfo = "Node 0, zone      DMA\n  per-node stats\n      nr_active_anon 5\n"
        .. "  pages free     7\n        high     49\n        protection: (0, 2877)\n"
        .. "      nr_free_pages 7\n  pagesets\n    cpu: 0\n              count: 1\n"
        .. "              high:  122\n  vm stats threshold: 24\n    cpu: 1\n"
        .. "              high:  123\n  start_pfn:           1\nNode 0, zone   Normal\n"
        .. "  pages free     8\n",
    }:zoneinfo()
    assert.same({
      {
        node = 0, zone = "DMA", free = 7, high = 49, protection = { 0, 2877 }, nr_free_pages = 7,
        per_node = { nr_active_anon = 5 }, start_pfn = 1,
        pagesets = {
          { cpu = 0, count = 1, high = 122, ["vm stats threshold"] = 24 }, { cpu = 1, high = 123 },
        },
      },
      { node = 0, zone = "Normal", free = 8 },
    }, zones)
    assert.equal(0, flaws.skipped)
  end)

  it("counts what belongs to no zone", function()
    local zones, flaws = reader { zoneinfo = "pages free 1\nNode 0, zone DMA\n pagesets\n"
      .. "              count: 1\n" }:zoneinfo()
    assert.equal(1, #zones)
    assert.equal(2, flaws.skipped)
  end)
end)

describe("proc's lists", function()
  after_each(tree.remove_all)

  it("count free blocks by order", function()
    assert.same({ { node = 0, zone = "DMA", free = { 1, 0, 3 } } },
      (reader { buddyinfo = "Node 0, zone      DMA      1      0      3\n" }:buddyinfo()))
    local types = reader { pagetypeinfo = "Node    0, zone  DMA, type  Movable >100000 2\n" }
    assert.same({ { node = 0, zone = "DMA", type = "Movable", free = { 100000, 2 },
      capped = true } }, (types:pagetypeinfo()))
  end)

  it("keep slab caches of the same name", function()
    local line = "zspage 1 2 3 4 5 : tunables 6 7 8 : slabdata 9 10 11\n"
    local caches = reader { slabinfo = "slabinfo - version: 2.1\n# name\n" .. line .. line }
    local rows = caches:slabinfo()
    assert.equal(2, #rows)
    assert.same({
      name = "zspage", active_objs = 1, num_objs = 2, objsize = 3, objperslab = 4,
      pagesperslab = 5, limit = 6, batchcount = 7, sharedfactor = 8, active_slabs = 9,
      num_slabs = 10, sharedavail = 11,
    }, rows[2])
  end)

  it("unescape the names of swap areas", function()
    local areas = reader { swaps = "Filename Type Size Used Priority\n"
      .. "/my\\040swap\\040(deleted) file 1024 4 -2\n" }:swaps()
    assert.same({ {
      filename = "/my swap", type = "file", size = 1 << 20, used = 4096, priority = -2,
      deleted = true,
    } }, areas)
  end)

  it("leave out the disk columns that an old kernel lacks", function()
    local disks = reader { diskstats = "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n" }:diskstats()
    assert.equal("sda", disks[1].name)
    assert.equal(11, disks[1].weighted_io_ms)
    assert.is_nil(disks[1].discards_completed)
  end)
end)

describe("proc.pressure", function()
  after_each(tree.remove_all)

  it("gives percentages and microseconds", function()
    local pressure = reader {
      ["pressure/memory"] = "some avg10=0.10 avg60=2.00 avg300=3.85 total=15\n",
    }:pressure("memory")
    assert.same({ some = { avg10 = 0.1, avg60 = 2.0, avg300 = 3.85, total = 15 } }, pressure)
  end)

  it("is unsupported where the kernel does not measure it", function()
    local none, _, _, kind = reader { stat = "" }:pressure("irq")
    assert.is_nil(none)
    assert.equal("unsupported", kind)
  end)

  it("names the resource that was meant", function()
    assert.error_matches(function() proc.pressure("memroy") end,
      "unknown resource 'memroy' %(did you mean 'memory'%?%)")
  end)
end)

describe("proc.read", function()
  after_each(tree.remove_all)

  it("gives the bytes of a file", function()
    local capture = reader { ["sys/vm/swappiness"] = "60\n", empty = "" }
    assert.equal("60\n", capture:read("proc/sys/vm/swappiness"))
    assert.equal("60\n", capture:read("/proc/sys/vm/swappiness"))
    assert.equal("", capture:read("proc/empty"))
  end)

  it("keeps to proc and sys, and does not act", function()
    for path, message in pairs {
      ["etc/passwd"] = "path is not under proc/ or sys/",
      ["proc/../etc/passwd"] = "path holds '..'",
      ["proc/x\0"] = "path holds a NUL",
      ["sys/class/zram-control/hot_add"] = "reading that file changes the system",
    } do
      assert.error_matches(function() proc.read(path) end, message, 1, true)
    end
  end)

  it("tells a process that is gone from a file that is missing", function()
    assert.equal("gone", (select(4, proc.read("proc/999999999/stat"))))
    assert.equal("unsupported", (select(4, proc.read("proc/sys/vm/no_such_knob"))))
  end)
end)

describe("an argument error", function()
  local cgroup = require "pagewarden.cgroup"
  local own = assert(proc.open "/")
  local view = assert(cgroup.open "/")

  --- The message, without where the call stands.
  local function message_of(fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    return assert(message:match "proc_spec.lua:%d+: (.*)$", message)
  end

  it("counts what the caller gave, of a function and of a method", function()
    local expected = "bad argument #1 to 'process' (number expected, got string)"
    assert.equal(expected, message_of(function() proc.process("x") end))
    assert.equal(expected, message_of(function() own:process("x") end))
    expected = "bad argument #1 to 'current' (string expected, got table)"
    assert.equal(expected, message_of(function() cgroup.current({}) end))
    assert.equal(expected, message_of(function() view:current({}) end))
  end)

  it("names the place of the caller, whatever is wrong", function()
    assert.matches("unknown option 'feilds'", message_of(function()
      proc.processes { "pid", feilds = 1 }
    end))
    assert.equal("2 arguments too many", message_of(function() proc.uptime(1, 2) end))
  end)
end)
