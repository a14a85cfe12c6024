-- SPDX-License-Identifier: MIT
local proc = require "pagewarden.proc"
local tree = require "tree"

--- stat of a process that began at `start`, with as many fields as old kernels had.
local function stat(pid, start, comm, state)
  return ("%d (%s) %s 1 2 3 0 -1 64 5 0 6 0 7 8 0 0 20 0 1 0 %d 8192 3 18446744073709551615"
    ):format(pid, comm or "cat", state or "S", start)
end

local function process(files, pid)
  pid = pid or 42
  local below = { [("proc/%d/stat"):format(pid)] = stat(pid, 7) }
  for name, text in pairs(files) do below[("proc/%d/%s"):format(pid, name)] = text end
  return assert(proc.open(tree.new(below))):process(pid)
end

describe("a process of this machine", function()
  local me = assert(proc.process(tonumber(proc.read("proc/self/stat"):match("^%d+"))))

  it("answers every question about itself", function()
    assert.equal(me.pid, me:stat().pid)
    assert.equal(me.start_time, me:stat().starttime)
    assert.equal(me.pid, me:status().Pid)
    assert.is_true(me:statm().resident > 0)
    assert.is_true(me:rollup().Pss > 0)
    assert.is_true(me:io().rchar > 0)
    assert.is_true(me:oom().oom_score_adj <= 1000)
    assert.matches("lua", table.concat(me:cmdline(), " "))
    assert.matches("^/", me:cgroup()[1].path)
    assert.matches("/lua", me:exe(), 1, true)
    assert.same({ me.pid }, me:threads())
    assert.is_true(me:alive())
  end)

  it("leaves no line unread", function()
    for _, name in ipairs { "status", "rollup", "smaps", "maps", "io", "cgroup" } do
      local _, flaws = assert(me[name](me))
      assert.same({ skipped = 0, clamped = 0 }, flaws, name)
    end
  end)

  it("sums its mappings to about its rollup", function()
    local rss, rollup = 0, me:rollup().Rss
    for _, mapping in ipairs(me:smaps()) do rss = rss + mapping.Rss end
    assert.is_true(math.abs(rss - rollup) < 1 << 20)
  end)

  it("makes no garbage that stays when tables are filled again", function()
    local into, flaws = {}, nil
    local function read() into, flaws = me:statm(into) end
    for _ = 1, 10 do read() end
    collectgarbage()
    local before = collectgarbage("count")
    for _ = 1, 1000 do read() end
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 1)
    assert.same({ skipped = 0, clamped = 0 }, flaws)
  end)

  it("has no memory when it is a kernel thread", function()
    local kthreadd = proc.process(2)
    if not kthreadd or kthreadd:stat().comm ~= "kthreadd" then
      return pending("no kernel threads to be seen here")
    end
    assert.equal(0, kthreadd:statm().resident)
    assert.is_nil(kthreadd:status().VmRSS)
    assert.same({}, (kthreadd:cmdline()))
    local none, _, _, kind = kthreadd:rollup()
    assert.is_nil(none)
    assert.equal("unsupported", kind)
    assert.is_true(kthreadd:alive())
  end)
end)

describe("a zombie", function()
  it("has no memory, is not alive, and is gone once its parent has waited", function()
    local child = io.popen("echo $$")
    local zombie = assert(proc.process(tonumber(child:read("l"))))
    while zombie:alive() do end
    assert.equal("Z", zombie:stat().state)
    assert.is_nil(zombie:status().VmRSS)
    assert.equal(0, zombie:statm().size)
    assert.same({}, (zombie:cmdline()))
    assert.same({}, (zombie:maps()))
    assert.equal("unsupported", (select(4, zombie:rollup())))
    child:close()
    assert.equal("gone", (select(4, zombie:stat())))
  end)
end)

describe("another user's process", function()
  it("shows its sizes, but not its mappings", function()
    if proc.process(1):io() == nil or not os.execute("command -v setpriv >/dev/null") then
      return pending("only root can become somebody else")
    end
    local code = "local found, proc = pcall(require, 'pagewarden.proc') "
      .. "if not found then return print 'unreadable' end "
      .. "local p = proc.process(1) print(p:stat().pid, p:status().Pid, "
      .. "select(4, p:rollup()), select(4, p:smaps()), select(4, p:io()))"
    local other = io.popen(("LUA_CPATH='%s/lib/lua/5.4/?.so' setpriv --reuid 65534 --clear-groups "
      .. "lua5.4 -e %q"):format(os.getenv("PW_BUILD_DIR"), code))
    local answer = other:read("a")
    other:close()
    if answer == "unreadable\n" then return pending("others may not read this build") end
    assert.equal("1\t1\tdenied\tdenied\tdenied\n", answer)
  end)
end)

describe("a process", function()
  after_each(tree.remove_all)

  it("that is not there is gone", function()
    local none, message, errno, kind = proc.process(999999999)
    assert.is_nil(none)
    assert.equal("process 999999999: No such process", message)
    assert.equal(3, errno)
    assert.equal("gone", kind)
  end)

  it("is asked for by a pid", function()
    assert.error_matches(function() proc.process(0) end, "not a pid")
    assert.error_matches(function() proc.process("init") end, "number expected")
  end)

  it("is gone when another one has its pid", function()
    local root = tree.new { ["proc/42/stat"] = stat(42, 7), ["proc/42/statm"] = "1 2 3 4 5 6 7" }
    local old = proc.open(root):process(42)
    assert.is_true(old:alive())
    local file = assert(io.open(root .. "/proc/42/stat", "w"))
    file:write(stat(42, 8))
    file:close()
    assert.is_false(old:alive())
    assert.equal("gone", (select(4, old:statm())))
    assert.not_equal(old, proc.open(root):process(42))
  end)

  it("equals itself however it was found, and says who it is", function()
    local root = tree.new { ["proc/42/stat"] = stat(42, 7) }
    local a, b = proc.open(root):process(42), proc.open(root):process(42)
    assert.is_true(a == b)
    assert.equal("process 42 (started 7)", tostring(a))
  end)

  it("that is a zombie is not alive", function()
    local zombie = proc.open(tree.new { ["proc/42/stat"] = stat(42, 7, "cat", "Z") }):process(42)
    assert.is_false(zombie:alive())
  end)

  it("cannot be asked through a reader that is closed", function()
    local reader = proc.open(tree.new { ["proc/42/stat"] = stat(42, 7) })
    local p = reader:process(42)
    reader:close()
    assert.error_matches(function() p:stat() end, "the process's reader is closed")
  end)

  it("may have any name, and lacks what its kernel does not print", function()
    local root = tree.new { ["proc/42/stat"] = stat(42, 7, "a) R\n(\xff ", "D") }
    local values, flaws = proc.open(root):process(42):stat()
    assert.equal("a) R\n(\xff ", values.comm)
    assert.equal("D", values.state)
    assert.equal(8192, values.vsize)
    assert.equal(math.maxinteger, values.rsslim)
    assert.is_nil(values.exit_code)
    assert.same({ skipped = 0, clamped = 1 }, flaws)
  end)

  it("has a status with numbers, lists and text", function()
    local values, flaws = process({ status = "Name:\tkworker/0:1\\n\nUmask:\t0022\n\n"
      .. "Uid:\t1\t2\t3\t4\nGroups:\t \nVmRSS:\t 12 kB\nSigQ:\t1/2\nThreads:\t3\nbroken\n"
      .. "Cpus_allowed:\tff\nNewCount:\t5\nNewText:\thello\n" }):status()
    assert.same({
      Name = "kworker/0:1\n", Umask = "0022", Uid = { 1, 2, 3, 4 }, Groups = {}, VmRSS = 12288,
      SigQ = "1/2", Threads = 3, Cpus_allowed = "ff", NewCount = 5, NewText = "hello",
    }, values)
    assert.equal(2, flaws.skipped)
  end)

  it("says which file this kernel lacks", function()
    local none, message, _, kind = process({}):io()
    assert.is_nil(none)
    assert.equal("process 42: io: No such file or directory", message)
    assert.equal("unsupported", kind)
  end)

  it("has scores of the old or the new scale", function()
    assert.same({ oom_score = 5, oom_adj = -17 },
      (process({ oom_score = "5\n", oom_adj = "-17\n" }):oom()))
    local values, flaws = process({ oom_score = "x" }):oom()
    assert.same({}, values)
    assert.equal(1, flaws.skipped)
  end)

  it("is in cgroups, whose paths are any bytes", function()
    assert.same({
      { id = 4, controllers = { "cpu", "cpuacct" }, path = "/a" },
      { id = 0, controllers = {}, path = "/x\\x2d:y" },
    }, (process({ cgroup = "4:cpu,cpuacct:/a\n0::/x\\x2d:y\n" }):cgroup()))
  end)

  it("has arguments, empty ones too", function()
    assert.same({ "sh", "-c", "", "a b" }, (process({ cmdline = "sh\0-c\0\0a b\0" }):cmdline()))
  end)

  it("has only the mappings and fields that are asked for", function()
    local p = process { smaps = "1000-2000 r--p 0 0:1 7 /a\nSize: 4 kB\nRss: 4 kB\nSwap: 0 kB\n"
      .. "2000-9000 rw-p 0 0:0 0\nSize: 28 kB\nRss: 4 kB\nSwap: 8 kB\nVmFlags: rd wr\n" }
    assert.equal(2, #p:smaps {})
    local large = p:smaps { "Rss", "VmFlags", least = 12 << 10 }
    assert.equal(1, #large)
    assert.same({ 0x2000, 4096, "rd wr" }, { large[1].start, large[1].Rss, large[1].VmFlags })
    assert.is_nil(large[1].Size)
    assert.has_error(function() p:smaps { lest = 1 } end,
      "unknown option 'lest' (did you mean 'least'?)")
    assert.has_error(function() p:smaps { 1 } end)
  end)

  it("may have no program", function()
    assert.equal("unsupported", select(4, process({}):exe()))
  end)

  it("has threads, each in a state of its own", function()
    local p = process { ["task/42/stat"] = stat(42, 7), ["task/43/stat"] = stat(43, 9, "a)b", "D"),
      ["task/44/stat"] = "nonsense" }
    local all = p:threads()
    table.sort(all)
    assert.same({ 42, 43, 44 }, all)
    assert.same({ 43 }, p:threads "D")
    assert.same({}, p:threads "ZX")
    assert.equal("gone", select(4, process({ stat = stat(42, 8) }):threads()))
  end)

  it("waits in the kernel, as far as one may know", function()
    local waiting = process { wchan = "io_schedule", stack = "[<0>] io_schedule+0x46/0x70\n"
      .. "[<0>] folio_wait_bit_common+0x13d/0x350\n[<0>] 0x12\n" }
    assert.equal("io_schedule", waiting:wchan())
    local stack, flaws = waiting:stack()
    assert.same({ "io_schedule", "folio_wait_bit_common" }, stack)
    assert.equal(1, flaws.skipped)
    assert.equal("", process({ wchan = "0" }):wchan())
    assert.equal("unsupported", select(4, process({}):stack()))
  end)

  it("has mappings with paths", function()
    local maps = process({ maps = "1000-3000 r--p 00001000 fd:01 7   /a\\012b (deleted)\n"
      .. "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0\n" }):maps()
    assert.same({
      start = 0x1000, end_ = 0x3000, perms = "r--p", offset = 4096, major = 0xfd, minor = 1,
      inode = 7, path = "/a\nb (deleted)", raw_path = "/a\\012b (deleted)", deleted = true,
    }, maps[1])
    assert.equal(4096, maps[2].end_ - maps[2].start)
    assert.is_nil(maps[2].path)
  end)

  it("falls back to smaps where there is no rollup, and remembers", function()
    local smaps = "1000-2000 r--p 0 0:1 7 /a\nSize: 4 kB\nRss: 4 kB\nPss: 2 kB\nVmFlags: rd\n"
      .. "2000-3000 r--p 0 0:1 7 Pss: 99 kB\nSize: 4 kB\nRss: 3 kB\nPss: 1 kB\nSwapPss: 5 kB\n"
    local p = process({ smaps = smaps })
    local expected = { Rss = 7 << 10, Pss = 3 << 10, SwapPss = 5 << 10 }
    assert.same(expected, (p:rollup()))
    assert.same(expected, (p:rollup()))
    local mappings = p:smaps()
    assert.equal("rd", mappings[1].VmFlags)
    assert.equal(4096, mappings[2].Size)
  end)

  it("takes either file where a root has both kinds", function()
    local reader = assert(proc.open(tree.new {
      ["proc/1/stat"] = stat(1, 7), ["proc/1/smaps"] = "1000-2000 r--p 0 0:1 7\nRss: 4 kB\n",
      ["proc/2/stat"] = stat(2, 7), ["proc/2/smaps_rollup"] = "1000-2000 ---p 0 0:1 7\nRss: 8 kB\n",
    }))
    assert.equal(4096, reader:process(1):rollup().Rss)
    assert.equal(8192, reader:process(2):rollup().Rss)
    assert.equal(4096, reader:process(1):rollup().Rss)
  end)
end)
