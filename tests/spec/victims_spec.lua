-- SPDX-License-Identifier: MIT
local corpus = require "corpus"
local oom = require "pagewarden.oom"
local tree = require "tree"

local MIB = 1 << 20
local CAP_SYS_ADMIN = "0000000000200000"

--- The fields of stat that count, as a kernel prints them.
local function stat_of(p)
  return ("%d (%s) %s %d 1 1 0 -1 %d 0 0 0 0 %d 0 0 0 20 %d %d 0 %d %d %d\n"):format(p.pid, p.comm,
    p.state, p.ppid, p.flags, p.utime, p.nice, p.threads, p.start_time, p.vsize, p.rss // 4096)
end

local function status_of(p)
  return ("Name:\t%s\nVmRSS:\t%d kB\nVmPTE:\t%d kB\nVmSwap:\t%d kB\nCapEff:\t%s\n"):format(p.comm,
    p.rss // 1024, p.page_tables // 1024, p.swap // 1024, p.capabilities)
end

local DEFAULTS = { comm = "cat", state = "S", ppid = 1, flags = 0, utime = 0, nice = 0, threads = 1,
  start_time = 100, vsize = 200 * MIB, rss = 0, page_tables = 0, swap = 0,
  capabilities = "0000000000000000", adj = 0, cgroup = "/" }

local function add(files, p)
  for name, value in pairs(DEFAULTS) do
    if p[name] == nil then p[name] = value end
  end
  local folder = ("proc/%d/"):format(p.pid)
  files[folder .. "stat"], files[folder .. "status"] = stat_of(p), status_of(p)
  files[folder .. "oom_score_adj"] = p.adj and ("%d\n"):format(p.adj) or nil
  files[folder .. "oom_adj"] = p.oom_adj and ("%d\n"):format(p.oom_adj) or nil
  files[folder .. "oom_score"] = p.score and ("%d\n"):format(p.score) or nil
  files[folder .. "cgroup"] = ("0::%s\n"):format(p.cgroup)
end

--- A machine of 4000 MiB and 96 MiB of swap, which are 1048576 pages.
local function machine(release, processes, files)
  files = files or {}
  files["proc/meminfo"] = "MemTotal: 4096000 kB\nSwapTotal: 98304 kB\n"
  files["proc/uptime"] = "1000.00 0.00\n"
  files["proc/sys/kernel/osrelease"] = release .. "\n"
  for _, p in ipairs(processes) do
    add(files, p)
  end
  return assert(oom.open(tree.new(files)))
end

local function pids(victims)
  local list = {}
  for i, victim in ipairs(victims) do list[i] = victim.pid end
  return list
end

local function reasons(spared)
  local by_pid = {}
  for _, process in ipairs(spared) do by_pid[process.pid] = process.reason end
  return by_pid
end


describe("oom.victims", function()
  after_each(tree.remove_all)

  it("ranks by memory, swap, page tables and adj, and says what of each", function()
    local view = machine("6.1.0", {
      { pid = 10, rss = 100 * MIB },
      { pid = 11, rss = 50 * MIB, swap = 40 * MIB, page_tables = 20 * MIB },
      { pid = 12, rss = 8 * MIB, adj = 100, comm = "web" },
      { pid = 13, rss = 900 * MIB, adj = -900 },
    })
    local victims = view:victims()
    assert.same({ 12, 11, 10, 13 }, pids(victims))
    assert.same({ pid = 12, start_time = 100, comm = "web", rss = 8 * MIB, swap = 0,
      page_tables = 0, oom_score_adj = 100, from_adj = 104800 * 4096, from_root = 0,
      badness = 8 * MIB + 104800 * 4096, oom_score = 734 }, victims[1])
    assert.equal(4096 * MIB, victims.total)
  end)

  it("keeps the first ones", function()
    local view = machine("6.1.0", { { pid = 10, rss = MIB }, { pid = 11, rss = 2 * MIB } })
    assert.same({ 11 }, pids(view:victims { top = 1 }))
  end)

  it("says who is spared, and why", function()
    local view = machine("6.1.0", {
      { pid = 1, rss = 9 * MIB, score = 0 },
      { pid = 2, vsize = 0, flags = 0x00208040, score = 0 },
      { pid = 10, rss = MIB, adj = -1000, score = 0 },
      { pid = 11, state = "Z", vsize = 0 },
      { pid = 12, rss = MIB, score = 0 },
      { pid = 13, rss = MIB, score = 666 },
    })
    local victims, spared = view:victims { spared = true }
    assert.same({ 13 }, pids(victims))
    assert.same({ "init", "kernel thread", [10] = "adj", [11] = "no memory", [12] = "kernel" },
      reasons(spared))
  end)

  it("does not spare the first process of a container", function()
    local view = machine("6.1.0", { { pid = 1, rss = MIB, score = 666 } })
    assert.same({ 1 }, pids(view:victims()))
  end)

  it("finds the memory of a process whose first thread has ended", function()
    local view = machine("6.1.0", { { pid = 10, state = "Z", vsize = 0, threads = 3 } }, {
      ["proc/10/task/10/status"] = "Name:\tcat\n",
      ["proc/10/task/11/status"] = "Name:\tcat\nVmRSS:\t2048 kB\nVmPTE:\t8 kB\nVmSwap:\t4 kB\n",
    })
    local victim = view:victims()[1]
    assert.equal(2 * MIB, victim.rss)
    assert.equal(2 * MIB + 12 * 1024, victim.badness)
  end)

  it("of equals takes the youngest, and before 5.3 the oldest", function()
    local equals = { { pid = 10, rss = MIB, start_time = 5 }, { pid = 9, rss = MIB } }
    assert.same({ 9, 10 }, pids(machine("6.1.0", equals):victims()))
    assert.same({ 10, 9 }, pids(machine("5.2.0", equals):victims()))
  end)

  it("gives root its bonus where the kernel did", function()
    local processes = { { pid = 10, rss = 100 * MIB, capabilities = CAP_SYS_ADMIN } }
    local victim = machine("4.16.1", processes):victims()[1]
    assert.equal(-768 * 4096, victim.from_root)
    assert.equal(0, machine("4.17.0", processes):victims()[1].from_root)
  end)

  it("names the child that an older kernel kills instead", function()
    local processes = { { pid = 10, rss = 9 * MIB }, { pid = 11, ppid = 10, rss = MIB },
      { pid = 12, ppid = 10, rss = 2 * MIB } }
    assert.equal(12, machine("4.19.0", processes):victims()[1].instead)
    assert.is_nil(machine("5.10.0", processes):victims()[1].instead)
  end)

  it("believes the kernel's own scores when its version says otherwise", function()
    local processes = { { pid = 10, rss = MIB, score = 666 }, { pid = 11, rss = MIB, score = 0 } }
    local victims, spared = machine("4.18.0-513.el8", processes):victims { spared = true }
    assert.same({ 10 }, pids(victims))
    assert.equal(666, victims[1].oom_score)
    assert.same({ [11] = "kernel" }, reasons(spared))
  end)

  describe("before 2.6.36", function()
    it("goes by the kernel's own badness", function()
      local victims = machine("2.6.32", {
        { pid = 10, adj = false, oom_adj = 0, score = 4000, rss = MIB },
        { pid = 11, adj = false, oom_adj = -17, score = 0, rss = 900 * MIB },
        { pid = 12, adj = false, oom_adj = 0, score = 9000, rss = MIB },
      }):victims()
      assert.same({ 12, 10 }, pids(victims))
      assert.equal(9000, victims[1].oom_score)
      assert.is_nil(victims[1].from_adj)
    end)

    it("works it out where that cannot be read", function()
      local victims = machine("2.6.32", {
        { pid = 10, adj = false, oom_adj = 2, rss = MIB, vsize = 40 * MIB },
        { pid = 11, adj = false, oom_adj = 0, rss = MIB, vsize = 80 * MIB, ppid = 10 },
      }):victims()
      assert.same({ 10, 11 }, pids(victims))
      assert.equal((40 * 256 + 40 * 256 + 1) << 2, victims[1].oom_score)
      assert.equal(11, victims[1].instead)
    end)

    it("knows the kernels of RHEL 6, which have oom_score_adj", function()
      local victims = machine("2.6.32-754.el6.x86_64", {
        { pid = 10, rss = 100 * MIB }, { pid = 11, rss = MIB, adj = 500 },
      }):victims()
      assert.same({ 11, 10 }, pids(victims))
    end)
  end)

  describe("in a cgroup", function()
    local FILES = { ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      ["sys/fs/cgroup/web/memory.max"] = "104857600\n",
      ["sys/fs/cgroup/web/memory.swap.max"] = "max\n" }
    local PROCESSES = { { pid = 10, rss = 900 * MIB }, { pid = 11, rss = MIB, cgroup = "/web/a" },
      { pid = 12, rss = 2 * MIB, cgroup = "/web" }, { pid = 13, rss = MIB, cgroup = "/website" } }

    it("looks at nobody else, and takes adj of its limit and the swap there is", function()
      local victims = machine("6.1.0", PROCESSES, FILES):victims { cgroup = "/web" }
      assert.same({ 12, 11 }, pids(victims))
      assert.equal(196 * MIB, victims.total)
    end)

    it("without a limit takes adj of all memory", function()
      FILES["sys/fs/cgroup/web/memory.max"] = "max\n"
      assert.equal(4096 * MIB, machine("6.1.0", PROCESSES, FILES):victims { cgroup = "/" }.total)
    end)

    it("says that there is no such cgroup", function()
      local victims, message, _, kind = machine("6.1.0", {}, FILES):victims { cgroup = "/db" }
      assert.is_nil(victims)
      assert.matches("^cgroup /db: ", message)
      assert.equal("gone", kind)
    end)
  end)

  it("rates what other projects captured, of any kernel", function()
    if not corpus.present() then return pending "no corpus beside the project" end
    local files, count = {}, 0
    for fixture, kind in pairs(corpus.kinds()) do
      local text = kind == "pid_stat" and corpus.text(fixture) or ""
      local pid = text:match "^([1-9]%d*) %(.*%) %a "
      if pid and not files[("proc/%s/stat"):format(pid)] then
        files[("proc/%s/stat"):format(pid)], count = text, count + 1
      end
    end
    assert.is_true(count > 5)
    for _, release in ipairs { "2.6.32", "2.6.36", "3.10.0", "4.19.0", "6.12.0" } do
      local victims, spared = machine(release, {}, files):victims { top = 100, spared = true }
      assert.equal(count, #victims + #spared)
      for _, victim in ipairs(victims) do
        assert.is_true(victim.oom_score >= 0 and victim.rss >= 0)
      end
    end
  end)

  it("names the argument that is wrong", function()
    local view = machine("6.1.0", {})
    assert.error_matches(function() view:victims { topp = 1 } end, "did you mean 'top'")
    assert.error_matches(function() view:victims { top = 0 } end, "a positive integer expected")
    assert.error_matches(function() view:victims { cgroup = "web" } end, "a path such as")
  end)
end)
