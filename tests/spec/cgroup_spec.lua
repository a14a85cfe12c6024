-- SPDX-License-Identifier: MIT
local cgroup = require "pagewarden.cgroup"
local proc = require "pagewarden.proc"
local tree = require "tree"

local GIB = 1 << 30

local function unified(files)
  files["sys/fs/cgroup/cgroup.controllers"] = "cpuset cpu io memory pids\n"
  return assert(cgroup.open(tree.new(files)))
end

local function version_1(files)
  files["sys/fs/cgroup/memory/memory.limit_in_bytes"] = "9223372036854771712\n"
  return assert(cgroup.open(tree.new(files)))
end

describe("cgroup", function()
  after_each(tree.remove_all)

  describe("finds the hierarchy that accounts memory", function()
    it("unified", function()
      assert.equal(2, unified({}):version())
    end)

    it("version 1, where systemd and where RHEL 6 mount it", function()
      local rhel6 = tree.new { ["cgroup/memory/memory.usage_in_bytes"] = "4096\n" }
      assert.equal(1, version_1({}):version())
      assert.equal(4096, cgroup.open(rhel6):current("/"))
    end)

    it("hybrid: version 1 when the memory controller is there", function()
      assert.equal(1, version_1({
        ["sys/fs/cgroup/unified/cgroup.controllers"] = "\n",
      }):version())
    end)

    it("hybrid: version 2 when the memory controller is there", function()
      local root = tree.new {
        ["sys/fs/cgroup/unified/cgroup.controllers"] = "cpuset memory\n",
        ["sys/fs/cgroup/unified/web/memory.current"] = "8192\n",
      }
      assert.equal(8192, cgroup.open(root):current("/web"))
    end)

    it("or says that there is none", function()
      local view = cgroup.open(tree.new {})
      for name, arguments in pairs { version = {}, own = {}, current = { "/web" },
        limits = { "/web" }, effective = { "/web" }, stat = { "/web" }, swap = { "/web" } } do
        local value, message, _, kind = view[name](view, table.unpack(arguments))
        assert.is_nil(value)
        assert.matches("^memory cgroups: ", message)
        assert.equal("unsupported", kind)
      end
    end)
  end)

  describe("own", function()
    it("splits the line at its first two colons", function()
      local view = unified {
        ["proc/7/cgroup"] = "0::/user.slice/user:with:colon.slice\n",
        ["sys/fs/cgroup/user.slice/user:with:colon.slice/"] = "",
      }
      assert.equal("/user.slice/user:with:colon.slice", view:own(7))
    end)

    it("finds memory among controllers that are mounted together", function()
      local view = version_1 {
        ["proc/7/cgroup"] = "5:cpuset:/\n4:memory,hugetlb:/init.scope\n0::/\n",
        ["sys/fs/cgroup/memory/init.scope/"] = "",
      }
      assert.equal("/init.scope", view:own(7))
    end)

    it("takes off what a container without a cgroup namespace cannot see", function()
      local files = { ["proc/7/cgroup"] = "4:memory:/docker/0123abc/worker\n" }
      assert.equal("/", version_1(files):own(7))
      files["sys/fs/cgroup/memory/worker/"] = ""
      assert.equal("/worker", version_1(files):own(7))
    end)

    it("takes a whole number however it is written", function()
      local view = unified { ["proc/7/cgroup"] = "0::/\n" }
      assert.equal("/", view:own(7.0))
    end)

    it("tells a process that is gone from one of another namespace's", function()
      local view = unified { ["proc/7/cgroup"] = "0::/../other\n" }
      assert.equal("gone", select(4, view:own(7)))
      assert.equal("gone", select(4, view:own(8)))
    end)
  end)

  describe("limits", function()
    it("are bytes, or math.huge for max", function()
      local view = unified {
        ["sys/fs/cgroup/web/memory.max"] = "max\n",
        ["sys/fs/cgroup/web/memory.high"] = "1073741824\n",
        ["sys/fs/cgroup/web/memory.swap.max"] = "0\n",
        ["sys/fs/cgroup/web/memory.swap.high"] = "4096\n",
      }
      assert.same({ max = math.huge, high = GIB, swap_max = 0, swap_high = 4096 },
        view:limits("/web"))
    end)

    it("know what version 1 prints for none, on any page size", function()
      for _, none in ipairs { "9223372036854771712", "9223372036854710272", "9223372036854775807",
        "18446744073709551615" } do
        local view = version_1 { ["sys/fs/cgroup/memory/web/memory.limit_in_bytes"] = none }
        assert.equal(math.huge, view:limits("/web").max)
      end
    end)

    it("of a cgroup that is gone say so", function()
      assert.equal("gone", select(4, unified({}):limits("/web")))
      assert.equal("gone", select(4, unified({}):current("/web")))
    end)
  end)

  describe("effective", function()
    it("is the smallest limit up the tree, and who sets it", function()
      local view = unified {
        ["sys/fs/cgroup/a/memory.max"] = "2147483648\n",
        ["sys/fs/cgroup/a/b/memory.max"] = "max\n",
        ["sys/fs/cgroup/a/b/c/memory.max"] = "4294967296\n",
      }
      assert.same({ 2 * GIB, "/a" }, { view:effective("/a/b/c") })
      assert.same({ math.huge }, { view:effective("/") })
    end)

    it("believes version 1 about parents out of sight", function()
      local view = version_1 {
        ["sys/fs/cgroup/memory/memory.stat"] = "cache 0\nhierarchical_memory_limit 536870912\n",
      }
      assert.same({ 512 << 20 }, { view:effective("/") })
    end)
  end)

  it("reads stat and events in the kernel's keys", function()
    local view = unified {
      ["sys/fs/cgroup/web/memory.stat"] = "anon 4096\nslab 14914318128160131214\nbad line\n",
      ["sys/fs/cgroup/web/memory.events"] = "low 0\noom_kill 3\n",
    }
    local stat, flaws = view:stat("/web")
    assert.same({ anon = 4096, slab = math.maxinteger }, stat)
    assert.same({ skipped = 1, clamped = 1 }, flaws)
    assert.equal(3, view:events("/web").oom_kill)
  end)

  it("reads memory by node, with version 1's totals", function()
    local v2 = unified { ["sys/fs/cgroup/web/memory.numa_stat"] = "anon N0=1330585600 N1=4096\n" }
    assert.same({ anon = { [0] = 1330585600, 4096 } }, (v2:numa_stat("/web")))
    local v1 = version_1 { ["sys/fs/cgroup/memory/web/memory.numa_stat"] = "total=7 N0=7\n" }
    assert.same({ total = { [0] = 7, total = 7 } }, (v1:numa_stat("/web")))
  end)

  it("reads pressure, which version 1 has not", function()
    local v2 = unified {
      ["sys/fs/cgroup/web/memory.pressure"] = "some avg10=0.10 avg60=2.00 avg300=3.85 total=15\n",
    }
    local expected = { some = { avg10 = 0.1, avg60 = 2, avg300 = 3.85, total = 15 } }
    assert.same(expected, (v2:pressure("/web", "memory")))
    assert.equal("unsupported", select(4, version_1({}):pressure("/", "memory")))
    assert.error_matches(function() v2:pressure("/web", "memroy") end, "invalid option 'memroy'")
  end)

  it("counts swap apart from memory in either version", function()
    local v2 = unified { ["sys/fs/cgroup/web/memory.swap.current"] = "4096\n" }
    assert.equal(4096, v2:swap("/web"))
    local v1 = version_1 {
      ["sys/fs/cgroup/memory/web/memory.memsw.usage_in_bytes"] = "12288\n",
      ["sys/fs/cgroup/memory/web/memory.usage_in_bytes"] = "8192\n",
    }
    assert.equal(4096, v1:swap("/web"))
  end)

  it("reads the most there was, in either version", function()
    assert.equal(8192, unified({ ["sys/fs/cgroup/web/memory.peak"] = "8192\n" }):peak("/web"))
    assert.equal(4096, version_1({
      ["sys/fs/cgroup/memory/web/memory.max_usage_in_bytes"] = "4096\n",
    }):peak("/web"))
    local older = unified { ["sys/fs/cgroup/web/memory.current"] = "1\n" }
    assert.equal("unsupported", select(4, older:peak("/web")))
  end)

  it("reads events of the cgroup alone, and of swap", function()
    local view = unified {
      ["sys/fs/cgroup/web/memory.events.local"] = "oom_kill 1\n",
      ["sys/fs/cgroup/web/memory.swap.events"] = "high 2\nmax 3\nfail 4\n",
    }
    assert.equal(1, view:events("/web", "local").oom_kill)
    assert.same({ high = 2, max = 3, fail = 4 }, (view:events("/web", "swap")))
    assert.equal("unsupported", select(4, version_1({}):events("/", "local")))
    assert.error_matches(function() view:events("/web", "lokal") end, "invalid option 'lokal'")
  end)

  it("lists processes, with 0 for those of another pid namespace", function()
    local view = unified { ["sys/fs/cgroup/web/cgroup.procs"] = "812\n0\n0\n911\n",
      ["sys/fs/cgroup/idle/cgroup.procs"] = "" }
    assert.same({ 812, 0, 0, 911 }, view:procs("/web"))
    assert.same({}, view:procs("/idle"))
    assert.equal("gone", select(4, view:procs("/db")))
  end)

  it("tells how it is with a cgroup", function()
    local view = unified {
      ["sys/fs/cgroup/web/cgroup.events"] = "populated 1\nfrozen 0\n",
      ["sys/fs/cgroup/web/memory.oom.group"] = "1\n",
    }
    assert.same({ populated = true, frozen = false, oom_group = true }, view:state("/web"))
    assert.equal("unsupported", select(4, view:state("/")))
    local v1 = version_1 { ["sys/fs/cgroup/freezer/web/freezer.state"] = "FROZEN\n" }
    assert.same({ frozen = true }, v1:state("/web"))
  end)

  it("tells a cgroup that was made again under the same path", function()
    local root = tree.new { ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      ["sys/fs/cgroup/web/memory.current"] = "1\n", ["sys/fs/cgroup/db/memory.current"] = "1\n" }
    local view = assert(cgroup.open(root))
    local id = view:id("/web")
    assert.equal(id, view:id("/web"))
    os.rename(root .. "/sys/fs/cgroup/web", root .. "/sys/fs/cgroup/old")
    assert.equal("gone", select(4, view:id("/web")))
    os.rename(root .. "/sys/fs/cgroup/db", root .. "/sys/fs/cgroup/web")
    assert.are_not.equal(id, view:id("/web"))
  end)

  it("knows a container by what its manager left", function()
    assert.equal("run/systemd/container",
      cgroup.open(tree.new { ["run/systemd/container"] = "lxc\n" }):container())
    assert.is_nil(unified({}):container())
  end)

  it("refuses a number that is none", function()
    local view = unified { ["sys/fs/cgroup/web/memory.current"] = "1234.0\n" }
    assert.equal("broken", select(4, view:current("/web")))
  end)

  it("refuses paths that climb", function()
    for _, path in ipairs { "..", "/../x", "a/..", "/a/../b" } do
      assert.error_matches(function() cgroup.current(path) end, "holds '%.%.'")
    end
    assert.equal("gone", select(4, unified({}):current("/a..b")))
  end)

  it("reads through a reader that somebody else opened, and leaves it open", function()
    local reader <close> = proc.open(tree.new { ["sys/fs/cgroup/memory.current"] = "1\n" })
    do
      local view <close> = cgroup.open(reader)
      assert.equal(1, view:current("/"))
    end
    assert.is_truthy(cgroup.open(reader):version())
  end)

  it("says when a closed one is used", function()
    local view = unified {}
    view:close()
    assert.error_matches(function() view:version() end, "reader is closed")
  end)
end)
