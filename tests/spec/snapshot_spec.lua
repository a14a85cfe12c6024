local proc = require "pagewarden.proc"
local tree = require "tree"

local PAGE = proc.page_size()

--- /proc/PID/stat as the kernel writes it, with the fields that a snapshot reads.
local function stat(p)
  return ("%d (%s) %s %d 1 1 0 -1 4194560 %d 0 %d 0 7 5 0 0 20 0 %d 0 %d %d %d "
    .. "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"):format(
    p.pid, p.comm, p.state or "S", p.ppid, p.minflt or 0, p.majflt or 0, p.threads or 1,
    p.start_time or p.pid * 100, p.vsize or 8192, p.rss_pages or 2)
end

local function status(p)
  return ("Name:\t%s\nUid:\t%d\t%d\t%d\t%d\nVmRSS:\t8 kB\nRssAnon:\t%d kB\nRssFile:\t4 kB\n"
    .. "RssShmem:\t0 kB\nVmSwap:\t%d kB\n"):format(p.comm, p.uid or 0, p.uid or 0, p.uid or 0,
    p.uid or 0, p.anon_kib or 4, p.swap_kib or 0)
end

--- A machine with these processes.
local function machine(processes)
  local files = { ["proc/uptime"] = "1000.00 2000.00\n" }
  for _, p in ipairs(processes) do
    local folder = ("proc/%d/"):format(p.pid)
    files[folder .. "stat"] = stat(p)
    files[folder .. "status"] = status(p)
    files[folder .. "oom_score"] = (p.oom_score or 666) .. "\n"
    files[folder .. "cmdline"] = p.cmdline
    files[folder .. "smaps_rollup"] = p.pss_kib
      and ("Pss: %d kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: %d kB\nSwapPss: 9 kB\n"):format(
        p.pss_kib, p.pss_kib // 2)
  end
  local root = tree.new(files)
  return assert(proc.open(root)), root
end

local function pids(snapshot)
  local list = snapshot:column "pid"
  list.n = nil
  return list
end

describe("a snapshot", function()
  local reader, root

  before_each(function()
    reader, root = machine {
      { pid = 1, ppid = 0, comm = "init", rss_pages = 10, pss_kib = 30 },
      { pid = 20, ppid = 1, comm = "sshd", rss_pages = 30, uid = 5, swap_kib = 64, pss_kib = 10,
        cmdline = "sshd\0-D\0with blank\0" },
      { pid = 30, ppid = 20, comm = "ba) S 1 (sh", rss_pages = 20, state = "D", pss_kib = 20 },
      { pid = 31, ppid = 20, comm = "two\nlines", rss_pages = 30 },
      { pid = 2, ppid = 0, comm = "kthreadd", rss_pages = 0, vsize = 0 },
    }
  end)

  after_each(function()
    reader:close()
    tree.remove_all()
  end)

  it("holds what was asked, memory in bytes", function()
    local snapshot = reader:processes { "pid", "comm", "rss", "swap", "uid", "state" }
    local sshd = snapshot:get(20)
    assert.equal("sshd", sshd.comm)
    assert.equal(30 * PAGE, sshd.rss)
    assert.equal(64 * 1024, sshd.swap)
    assert.equal(5, sshd.uid)
    assert.equal("D", snapshot:get(30).state)
    assert.is_nil(snapshot:get(99))
    assert.equal(5, #snapshot)
  end)

  it("tells oom scores, whose files end with a newline", function()
    local snapshot <close> = reader:processes { "pid", "oom_score" }
    assert.equal(666, snapshot:get(20).oom_score)
    assert.equal(0, snapshot:flaws().broken)
  end)

  it("takes names whatever they hold", function()
    local snapshot = reader:processes { "pid", "comm" }
    assert.equal("ba) S 1 (sh", snapshot:get(30).comm)
    assert.equal("two\nlines", snapshot:get(31).comm)
  end)

  it("shows a command line with blanks between its arguments", function()
    local snapshot = reader:processes { "pid", "cmdline" }
    assert.equal("sshd -D with blank", snapshot:get(20).cmdline)
    assert.is_nil(snapshot:get(1).cmdline)
    assert.equal(4, snapshot:flaws().gone)
  end)

  it("keeps what meets every condition of where", function()
    local function found(where)
      local list = pids(reader:processes { "pid", where = where })
      table.sort(list)
      return list
    end
    assert.same({ 20, 30, 31 }, found { rss = { min = 20 * PAGE } })
    assert.same({ 30 }, found { rss = { min = 20 * PAGE, max = 29 * PAGE } })
    assert.same({ 20 }, found { comm = "sshd" })
    assert.same({ 1, 20 }, found { comm = { "init", "sshd", "nothing" } })
    assert.same({ 20 }, found { uid = 5, comm = "sshd" })
    assert.same({ 20 }, found { swap = { min = 1, max = math.huge } })
    assert.same({ 30 }, found { state = "D" })
    assert.same({}, found { comm = {} })
  end)

  it("orders by a field, largest first, and takes the top", function()
    assert.same({ 20, 31, 30 }, pids(reader:processes { "pid", "rss", by = "rss", top = 3 }))
    assert.same({ 20, 31, 30, 1, 2 }, pids(reader:processes { "pid", "rss", by = "rss" }))
  end)

  it("reads what only the result needs after where and top", function()
    tree.write(root, "proc/1/smaps_rollup", "Pss: broken\n")
    local snapshot = reader:processes { "pid", "rss", "pss", "uss", by = "rss", top = 1 }
    assert.equal(10 * 1024, snapshot:get(20).pss)
    assert.equal(5 * 1024, snapshot:get(20).uss)
    assert.equal(0, snapshot:flaws().skipped)
  end)

  it("adds expensive fields to the rows within a budget", function()
    local snapshot = reader:processes { "pid", "rss", by = "rss", top = 4 }
    assert.same({ 0, 4 }, { snapshot:enrich({ "pss" }, { budget = 0 }) })
    assert.is_nil(snapshot:get(20).pss)
    assert.same({ 4, 0 }, { snapshot:enrich({ "pss", "uss" }, { budget = 3600 }) })
    assert.same({ 1, 30, 20, 31 }, pids(snapshot:sort "pss"))
    assert.same({ 1, 30 }, pids(snapshot:sort("pss", 2)))
  end)

  it("never reads the memory of kernel threads, which have none", function()
    local snapshot = reader:processes { "pid", "pss", where = { comm = "kthreadd" } }
    assert.is_nil(snapshot:get(2).pss)
    assert.equal(0, snapshot:flaws().gone)
  end)

  it("sums a field and says over how many processes", function()
    local snapshot = reader:processes { "pid", "swap", "rss" }
    assert.same({ 64 * 1024, 5 }, { snapshot:sum "swap" })
    assert.equal(90 * PAGE, (snapshot:sum "rss"))
  end)

  it("walks a tree, parents before their children", function()
    local rows = reader:processes({ "pid", "ppid", "comm" }):tree(1)
    local seen = {}
    for i, row in ipairs(rows) do seen[i] = row.pid .. ":" .. row.depth end
    assert.same({ "1:0", "20:1", "30:2", "31:2" }, seen)
    assert.same({}, reader:tree(12345))
    assert.equal("sshd", reader:tree(20)[1].comm)
  end)

  it("does not walk in circles", function()
    tree.write(root, "proc/1/stat", stat { pid = 1, ppid = 31, comm = "init" })
    assert.equal(4, #reader:tree(1))
  end)

  it("reads again into the same memory", function()
    local snapshot = reader:processes { "pid", "comm", "rss" }
    local row = snapshot:get(20)
    tree.write(root, "proc/20/stat", stat { pid = 20, ppid = 1, comm = "renamed", rss_pages = 77 })
    assert.equal(snapshot, snapshot:refresh())
    assert.equal("renamed", snapshot:get(20).comm)
    assert.has_error(function() return row.comm end,
      "this row is of an earlier state of its snapshot")
  end)

  it("tells what changed since an earlier one, by identity", function()
    local fields = { "pid", "comm", "rss", "minflt" }
    local earlier = reader:processes(fields)
    tree.write(root, "proc/uptime", "1030.50 2000.00\n")
    tree.write(root, "proc/20/stat",
      stat { pid = 20, ppid = 1, comm = "sshd", rss_pages = 25, minflt = 9 })
    tree.write(root, "proc/30/stat",
      stat { pid = 30, ppid = 1, comm = "another", start_time = 99999 })
    local difference = reader:processes(fields):since(earlier)
    assert.equal(-5 * PAGE, difference:get(20).rss)
    assert.equal(9, difference:get(20).minflt)
    assert.equal(0, difference:get(1).rss)
    assert.is_nil(difference:get(30).rss)
    assert.equal(30.5, difference:elapsed())
    assert.has_error(function() difference:refresh() end)
  end)

  it("gives a row's process as an identity to keep", function()
    local snapshot = reader:processes { "pid" }
    local process = snapshot:get(20):process()
    snapshot:close()
    assert.same({ 20, 2000, true }, { process.pid, process.start_time, process:alive() })
    tree.write(root, "proc/20/stat", stat { pid = 20, ppid = 1, comm = "other", start_time = 9 })
    assert.is_false(process:alive())
  end)

  it("visits rows with one object", function()
    local first
    for row in reader:processes({ "pid" }):each() do
      first = first or row
      assert.equal(first, row)
    end
  end)

  it("makes plain tables when asked", function()
    local list = reader:processes({ "pid", "comm", "pss", where = { comm = "init" } }):table()
    assert.same({ { pid = 1, comm = "init", pss = 30 * 1024 } }, list)
  end)

  it("counts processes that vanish, and goes on", function()
    tree.delete(root, "proc/30/stat")
    local snapshot = reader:processes { "pid" }
    assert.equal(4, #snapshot)
    assert.equal(1, snapshot:flaws().gone)
  end)

  it("leaves out a process whose stat is not one", function()
    tree.write(root, "proc/30/stat", "30 (bash S 4\n")
    local snapshot = reader:processes { "pid" }
    assert.equal(4, #snapshot)
    assert.equal(1, snapshot:flaws().broken)
  end)

  it("frees what it holds when it is closed", function()
    local snapshot <close> = reader:processes { "pid" }
    snapshot:close()
    snapshot:close()
    assert.has_error(function() return #snapshot end)
  end)

  it("is memory that the collector sees", function()
    local function used() collectgarbage() collectgarbage() return collectgarbage "count" end
    reader:processes { "pid", "rss" }
    local before = used()
    for _ = 1, 300 do reader:processes { "pid", "rss" } end
    assert.is_true(used() - before < 64)
  end)

  it("makes no garbage when it is refreshed and visited", function()
    local snapshot = reader:processes { "pid", "rss", "swap" }
    local function visit()
      local sum = 0
      snapshot:refresh()
      for row in snapshot:each() do sum = sum + row.rss + row.swap end
      return sum
    end
    visit()
    collectgarbage() collectgarbage "stop"
    local before = collectgarbage "count"
    for _ = 1, 100 do visit() end
    local grown = collectgarbage "count" - before
    collectgarbage "restart"
    assert.is_true(grown < 100 * 0.3, ("%.1f KiB in 100 visits"):format(grown))
  end)
end)

describe("asking for a snapshot", function()
  local refused = {
    ["unknown field 'rs' (did you mean 'rss'?)"] = { "pid", "rs" },
    ["unknown option 'wher' (did you mean 'where'?)"] = { "pid", wher = {} },
    ["no field is asked for"] = {},
    ["field 'rss' is not in this snapshot"] = { "pid", by = "rss" },
    ["field 'comm' is not a number"] = { "comm", by = "comm" },
    ["top needs by"] = { "pid", top = 3 },
    ["top: a positive integer expected"] = { "pid", by = "pid", top = 0 },
    ["where cannot use 'pss', which is too expensive"] = { "pid", where = { pss = { min = 1 } } },
    ["where.rss.min: integer expected, got string"] = { "pid", where = { rss = { min = "1M" } } },
    ["unknown bound of a range 'mim' (did you mean 'min'?)"] =
      { "pid", where = { rss = { mim = 1 } } },
    ["where.state: one letter expected"] = { "pid", where = { state = "Dead" } },
  }
  for message, options in pairs(refused) do
    it("says: " .. message, function()
      local ok, raised = pcall(function() proc.processes(options) end)
      assert.is_false(ok)
      assert.truthy(raised:find(message, 1, true), raised)
      assert.truthy(raised:find("snapshot_spec.lua:", 1, true), "not at the caller's level")
    end)
  end

  it("says what root has no /proc", function()
    local root = tree.new { ["etc/hostname"] = "x" }
    local reader <close> = assert(proc.open(root))
    local snapshot, message, errno, kind = reader:processes { "pid" }
    tree.remove_all()
    assert.is_nil(snapshot)
    assert.same({ "proc: No such file or directory", 2, "unsupported" }, { message, errno, kind })
  end)
end)

describe("a watch", function()
  local reader, root

  before_each(function()
    reader, root = machine {
      { pid = 1, ppid = 0, comm = "init", rss_pages = 10 },
      { pid = 20, ppid = 1, comm = "sshd", rss_pages = 30, pss_kib = 8 },
      { pid = 30, ppid = 20, comm = "bash", rss_pages = 20 },
    }
  end)

  after_each(function()
    reader:close()
    tree.remove_all()
  end)

  it("follows chosen processes and no others", function()
    local watch = reader:watch { "pid", "rss", "swap", pids = { 30, 20, 999 } }
    assert.same({ 30, 20 }, pids(watch))
    assert.same({ 2, 4 }, { watch:held() })
    assert.is_true(watch:add(1))
    assert.is_true(watch:remove(30))
    assert.is_false(watch:remove(30))
    assert.same({ 20, 1 }, pids(watch:refresh()))
    assert.same({ 2, 4 }, { watch:held() })
  end)

  it("reads through what it holds", function()
    local watch <close> = reader:watch { "pid", "rss", pids = { 20 } }
    tree.write(root, "proc/20/stat", stat { pid = 20, ppid = 1, comm = "sshd", rss_pages = 31 })
    assert.equal(31 * PAGE, watch:refresh():get(20).rss)
  end)

  it("reads the same without descriptors", function()
    local watch <close> = reader:watch { "pid", "rss", "pss", pids = { 20 }, descriptors = 0 }
    assert.same({ 1, 0 }, { watch:held() })
    assert.equal(8 * 1024, watch:get(20).pss)
  end)

  it("opens what hangs on a process's memory each time", function()
    local watch <close> = reader:watch { "pid", "pss", pids = { 20 } }
    tree.write(root, "proc/20/smaps_rollup", "Pss: 9 kB\n")
    assert.equal(9 * 1024, watch:refresh():get(20).pss)
  end)

  it("loses a process whose pid is somebody else's", function()
    local watch <close> = reader:watch { "pid", pids = { 20 }, descriptors = 0 }
    tree.write(root, "proc/20/stat", stat { pid = 20, ppid = 1, comm = "sshd", start_time = 9 })
    assert.equal(0, #watch:refresh())
    assert.equal(1, watch:flaws().gone)
    assert.equal(0, #watch:refresh())
    assert.equal(0, watch:flaws().gone)
  end)

  it("follows a process only as long as it is that one", function()
    local watch <close> = reader:watch { "pid" }
    local process = reader:process(20)
    assert.is_true(watch:add(process))
    watch:remove(20)
    tree.write(root, "proc/20/stat", stat { pid = 20, ppid = 1, comm = "sshd", start_time = 9 })
    assert.same({ nil, "gone" }, { watch:add(process), select(4, watch:add(process)) })
  end)

  it("says that a process is gone", function()
    local watch <close> = reader:watch { "pid" }
    local added, _, errno, kind = watch:add(999)
    assert.same({ nil, 2, "gone" }, { added, errno, kind })
  end)

  it("is refused to plain snapshots", function()
    assert.has_error(function() reader:processes({ "pid" }):add(1) end)
  end)
end)

describe("a live watch", function()
  it("holds at most half of RLIMIT_NOFILE, and this process among others", function()
    local watch <close> = proc.watch { "pid", "comm", "vsize", "start_time", pids = { 1 } }
    assert.equal(1, #watch)
    assert.equal(1, select(2, watch:held()))
    assert.is_true(watch:get(1).start_time >= 0)
  end)
end)
