-- SPDX-License-Identifier: MIT
local cgroup = require "pagewarden.cgroup"
local oom = require "pagewarden.oom"
local proc = require "pagewarden.proc"
local sysctl = require "pagewarden.sysctl"
local tree = require "tree"

local GIB = 1 << 30

local function contents(root, path)
  local file <close> = assert(io.open(root .. "/" .. path))
  return file:read "a"
end

local function stat_of(pid, flags)
  return ("%d (cat) S 1 1 1 0 -1 %d 0 0 0 0 0 0 0 0 20 0 1 0 45678 0 0\n"):format(pid, flags or 0)
end

describe("sysctl", function()
  local root, view

  before_each(function()
    root = tree.new {
      ["proc/sys/vm/swappiness"] = "60\n",
      ["proc/sys/vm/lowmem_reserve_ratio"] = "256\t256\t32\t0\t0\n",
      ["proc/sys/vm/numa_zonelist_order"] = "Node\n",
      ["proc/sys/net/ipv4/conf/eth0.1/mtu"] = "1500\n",
      ["etc/passwd"] = "root\n",
    }
    view = assert(sysctl.open(root))
  end)

  after_each(tree.remove_all)

  it("gets numbers, lists of numbers and words", function()
    assert.equal(60, view:get "vm.swappiness")
    assert.equal(60, view:get "vm/swappiness")
    assert.equal(1500, view:get "net/ipv4/conf/eth0.1/mtu")
    assert.same({ 256, 256, 32, 0, 0 }, view:get "vm.lowmem_reserve_ratio")
    assert.equal("Node", view:get "vm.numa_zonelist_order")
  end)

  it("lists the keys there are", function()
    local keys = assert(view:list())
    table.sort(keys)
    assert.same({ "vm.lowmem_reserve_ratio", "vm.numa_zonelist_order", "vm.swappiness" }, keys)
    assert.same({}, view:list "net.ipv4")
    assert.equal("unsupported", select(4, view:list "kernel"))
  end)

  it("sets, leaves nothing of a longer value, and says what the kernel has now", function()
    assert.equal(5, view:set("vm.swappiness", 5))
    assert.equal("5\n", contents(root, "proc/sys/vm/swappiness"))
    assert.equal(7, view:set("vm/swappiness", "7"))
    assert.same({ 1, 2 }, view:set("vm.lowmem_reserve_ratio", { 1, 2 }))
  end)

  it("writes nothing else under another root", function()
    view:set("vm.swappiness", 5)
    assert.is_nil(io.open(root .. "/run"))
  end)

  it("says which key this kernel lacks", function()
    local value, message, errno, kind = view:set("vm.swapiness", 5)
    assert.is_nil(value)
    assert.equal("sysctl vm.swapiness: this kernel has no such key", message)
    assert.equal(2, errno)
    assert.equal("unsupported", kind)
    assert.equal("unsupported", select(4, view:get "vm.swapiness"))
  end)

  it("takes no name that leads out of /proc/sys", function()
    for _, name in ipairs { "../../etc/passwd", "..", "vm/../../version", "", "/etc/passwd", "a\0b",
      "..././..././etc/passwd", "vm.//.//.//.etc.passwd" } do
      assert.error_matches(function() view:get(name) end, "not the name of a key")
      assert.error_matches(function() view:set(name, 1) end, "not the name of a key")
    end
  end)

  it("does not follow a link out of its root", function()
    assert(os.execute(("ln -s /etc/hostname %s/proc/sys/vm/link"):format(root)))
    assert.is_nil((view:set("vm.link", 1)))
  end)

  it("names the argument that is wrong", function()
    assert.error_matches(function() view:set("vm.swappiness", 1.5) end, "bad argument #2")
    assert.error_matches(function() view:set("vm.swappiness", {}) end, "bad argument #2")
    assert.error_matches(function() view:set("vm.swappiness", true) end, "bad argument #2")
    assert.error_matches(function() view:set("vm.swappiness", 1, { lifetme = "keep" }) end,
      "unknown option 'lifetme' %(did you mean 'lifetime'%?%)")
    assert.error_matches(function() view:set("vm.swappiness", 1, { lifetime = "lend" }) end,
      "'lease' or 'keep' expected")
    assert.error_matches(function() view:set("vm.swappiness", 1, { lifetime = "lease" }) end,
      "only pagewarden's host")
    assert.equal(60, view:get "vm.swappiness")
  end)

  it("refuses what is not one line", function()
    assert.is_nil((view:set("vm.swappiness", "1\n2")))
    assert.is_nil((view:set("vm.swappiness", "")))
    assert.is_nil((view:set("vm.swappiness", ("1"):rep(200))))
    assert.equal(60, view:get "vm.swappiness")
  end)

  it("reads this machine", function()
    assert.equal("integer", math.type(sysctl.get "vm.overcommit_memory"))
  end)
end)

describe("oom", function()
  local root, view

  before_each(function()
    root = tree.new {
      ["proc/1/stat"] = stat_of(1), ["proc/1/oom_score_adj"] = "0\n",
      ["proc/2/stat"] = stat_of(2, 0x00200000), ["proc/2/oom_score_adj"] = "0\n",
      ["proc/812/stat"] = stat_of(812), ["proc/812/oom_score_adj"] = "0\n",
      ["proc/812/oom_score"] = "666\n",
    }
    view = assert(oom.open(root))
  end)

  after_each(tree.remove_all)

  it("gets and sets by pid", function()
    assert.equal(666, view:score(812))
    assert.equal(0, view:adj(812))
    assert.equal(-500, view:set_adj(812, -500))
    assert.equal(-500, view:adj(812))
    assert.equal("-500\n", contents(root, "proc/812/oom_score_adj"))
  end)

  it("gets and sets of a process, where that was found", function()
    local reader <close> = assert(proc.open(root))
    local process = assert(reader:process(812))
    assert.equal(300, oom.set_adj(process, 300))
    assert.equal(300, oom.adj(process))
  end)

  it("does not take another process for one that has ended", function()
    local reader <close> = assert(proc.open(root))
    local process = assert(reader:process(812))
    tree.write(root, "proc/812/stat", (stat_of(812):gsub("45678", "99999")))
    local value, message, _, kind = oom.set_adj(process, 300)
    assert.is_nil(value)
    assert.equal("oom 812: the process has ended", message)
    assert.equal("gone", kind)
    assert.equal(0, view:adj(812))
  end)

  describe("before Linux 2.6.36", function()
    before_each(function()
      tree.delete(root, "proc/812/oom_score_adj")
      tree.write(root, "proc/812/oom_adj", "5\n")
    end)

    it("gets what later kernels make of an oom_adj", function()
      assert.equal(294, view:adj(812))
    end)

    it("sets the nearest oom_adj, and says so", function()
      assert.same({ -882, "oom_adj -15" }, { view:set_adj(812, -900) })
      assert.equal("-15\n", contents(root, "proc/812/oom_adj"))
      assert.same({ -1000, "oom_adj -17" }, { view:set_adj(812, -1000) })
    end)
  end)

  it("never touches init and kernel threads", function()
    assert.equal("oom 1:45678: init is never touched", select(2, view:set_adj(1, 5)))
    assert.equal("oom 2:45678: a kernel thread is never touched", select(2, view:set_adj(2, 5)))
  end)

  it("touches the caller's own process only when asked", function()
    local self = assert(proc.process(tonumber(io.open("/proc/self/stat"):read "n")))
    local before = assert(oom.adj(self))
    local value, message = oom.set_adj(self, before)
    assert.is_nil(value)
    assert.matches("this is pagewarden itself$", message)
    assert.equal(before, oom.set_adj(self, before, { self = true }))
  end)

  it("names the argument that is wrong", function()
    assert.error_matches(function() view:set_adj(812, 1001) end, "%-1000 to 1000 expected")
    assert.error_matches(function() view:set_adj("cat", 1) end, "a process or a pid expected")
    assert.error_matches(function() view:set_adj(0, 1) end, "a process or a pid expected")
  end)
end)

describe("cgroup.set", function()
  local root, view

  before_each(function()
    root = tree.new {
      ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      ["sys/fs/cgroup/web/memory.high"] = "max\n",
      ["sys/fs/cgroup/memory.high"] = "max\n",
    }
    view = assert(cgroup.open(root))
  end)

  after_each(tree.remove_all)

  it("sets a limit and lifts it", function()
    assert.equal(GIB, view:set("/web", "memory.high", GIB))
    assert.equal(GIB, view:limits("/web").high)
    assert.equal(math.huge, view:set("/web/", "memory.high", math.huge))
    assert.equal("max\n", contents(root, "sys/fs/cgroup/web/memory.high"))
  end)

  it("tells a cgroup that is gone", function()
    local value, message, _, kind = view:set("/db", "memory.high", GIB)
    assert.is_nil(value)
    assert.equal("cgroup /db memory.high: no such cgroup, or it has no such file", message)
    assert.equal("gone", kind)
  end)

  it("takes only settings, below the cgroups' root", function()
    assert.error_matches(function() view:set("/web", "memory.hihg", 1) end,
      "'memory.hihg' cannot be set %(did you mean 'memory.high'%?%)")
    assert.error_matches(function() view:set("/web", "cgroup.kill", 1) end, "cannot be set")
    assert.error_matches(function() view:set("/../..", "memory.high", 1) end, "'%.%.'")
    assert.error_matches(function() view:set("web", "memory.high", 1) end, "not the path")
    assert.error_matches(function() view:set("/web//db", "memory.high", 1) end, "not the path")
  end)
end)

describe("cgroup.freeze", function()
  after_each(tree.remove_all)

  local function unified(files)
    files["sys/fs/cgroup/cgroup.controllers"] = "memory\n"
    local root = tree.new(files)
    return assert(cgroup.open(root)), root
  end

  it("freezes and thaws in either version", function()
    local view, root = unified { ["sys/fs/cgroup/web/cgroup.freeze"] = "0\n" }
    assert.is_true(view:freeze("/web", true))
    assert.equal("1\n", contents(root, "sys/fs/cgroup/web/cgroup.freeze"))
    assert.is_false(view:freeze("/web", false))
    assert.equal("0\n", contents(root, "sys/fs/cgroup/web/cgroup.freeze"))
    root = tree.new { ["sys/fs/cgroup/memory/memory.limit_in_bytes"] = "1\n",
      ["sys/fs/cgroup/freezer/web/freezer.state"] = "THAWED\n" }
    assert.is_true(cgroup.open(root):freeze("/web", true))
    assert.equal("FROZEN\n", contents(root, "sys/fs/cgroup/freezer/web/freezer.state"))
  end)

  it("never stops init", function()
    local view, root = unified {
      ["sys/fs/cgroup/init.scope/cgroup.freeze"] = "0\n",
      ["proc/1/cgroup"] = "0::/init.scope\n",
    }
    local value, message, _, kind = view:freeze("/init.scope", true)
    assert.is_nil(value)
    assert.equal("cgroup /init.scope cgroup.freeze: init is in it", message)
    assert.equal("denied", kind)
    assert.matches("init is in it", select(2, view:freeze("/", true)))
    assert.equal("0\n", contents(root, "sys/fs/cgroup/init.scope/cgroup.freeze"))
  end)

  it("tells a cgroup that is gone, and names the argument that is wrong", function()
    local view = unified {}
    assert.equal("gone", select(4, view:freeze("/web", true)))
    assert.error_matches(function() view:freeze("/web") end, "boolean expected")
    assert.error_matches(function() view:freeze("/web", true, { lifetme = 1 }) end, "lifetime")
  end)
end)

describe("cgroup.kill", function()
  after_each(tree.remove_all)

  local function open()
    return assert(cgroup.open(tree.new {
      ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      ["sys/fs/cgroup/web/cgroup.procs"] = "812\n",
      ["sys/fs/cgroup/web/cgroup.kill"] = "",
      ["proc/812/stat"] = stat_of(812), ["proc/812/oom_score_adj"] = "0\n",
      ["proc/812/cgroup"] = "0::/web\n",
    }))
  end

  it("meets this machine's kernel only", function()
    local done, message, errno = open():kill "/web"
    assert.is_nil(done)
    assert.matches("^kill cgroup /web: it is done to this machine only", message)
    assert.equal(18, errno)
  end)

  it("tells a cgroup that is gone, and refuses the whole machine", function()
    assert.equal("gone", select(4, open():kill "/db"))
    assert.matches("the root cgroup is the whole machine", select(2, open():kill "/"), 1, true)
  end)

  it("names the argument that is wrong", function()
    assert.error_matches(function() open():kill(812) end, "path of a cgroup")
    assert.error_matches(function() open():kill("/web", { cooldwn = 1 }) end, "'cooldown'")
    assert.error_matches(function() open():kill "/web/../db" end, "'%.%.'")
  end)
end)
