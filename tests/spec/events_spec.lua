-- SPDX-License-Identifier: MIT
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"
local tree = require "tree"

local STAT = "%d (cat) S 1 %d 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 450 0 0\n"

--- A virtual loop over a root with these files.
local function on(files)
  local reader = assert(proc.open(tree.new(files)))
  return assert(loops.new { virtual = true, reader = reader }), reader
end

describe("the end of a process", function()
  teardown(tree.remove_all)

  local function with_process()
    return on { ["proc/200/stat"] = STAT:format(200, 200) }
  end

  it("calls the function once, with who it was", function()
    local loop, reader = with_process()
    local seen = {}
    assert(loop:on_exit(reader:process(200), function(event) seen[#seen + 1] = event end))
    assert.equal(0, loop:inject("exit", { pid = 200, start_time = 451 }))
    assert.equal(1, loop:inject("exit", { pid = 200, start_time = 450 }))
    assert.equal(0, loop:inject("exit", { pid = 200, start_time = 450 }))
    assert.same({ { pid = 200, start_time = 450 } }, seen)
    loop:close()
  end)

  it("is that of whoever has the pid when a pid is given", function()
    local loop = with_process()
    local seen
    assert(loop:on_exit(200, function(event) seen = event.start_time end))
    loop:inject("exit", { pid = 200, start_time = 450 })
    assert.equal(450, seen)
  end)

  it("is not waited for any more after cancel, nor after a scope", function()
    local loop = with_process()
    local handle = assert(loop:on_exit(200, error))
    handle:cancel()
    handle:cancel()
    do
      local scoped <close> = assert(loop:on_exit(200, error))
      assert.is_not_nil(scoped)
    end
    assert.equal(0, loop:inject("exit", { pid = 200, start_time = 450 }))
  end)

  it("says when the process is gone already", function()
    local loop = with_process()
    local handle, message, _, kind = loop:on_exit(999, print)
    assert.is_nil(handle)
    assert.equal("process 999: No such process", message)
    assert.equal("gone", kind)
  end)

  it("cannot be waited for in a captured tree by a loop on real time", function()
    local _, reader = with_process()
    local loop <close> = assert(loops.new { reader = reader })
    local handle, _, _, kind = loop:on_exit(200, print)
    assert.is_nil(handle)
    assert.equal("unsupported", kind)
  end)

  it("raises out of inject what the function raised", function()
    local loop = with_process()
    loop:on_exit(200, function() error "broken on purpose" end)
    assert.error_matches(function() loop:inject("exit", { pid = 200, start_time = 450 }) end,
      "broken on purpose.*stack traceback")
    assert.is_true(loop:advance(1))
  end)

  it("raises out of the loop that a timer injected it in", function()
    local loop = with_process()
    loop:on_exit(200, function() error "broken on purpose" end)
    loop:after(1, coroutine.wrap(function()
      loop:inject("exit", { pid = 200, start_time = 450 })
    end))
    assert.error_matches(function() loop:advance(2) end, "broken on purpose")
  end)
end)

describe("pressure", function()
  teardown(tree.remove_all)

  local CGROUP = {
    ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
    ["sys/fs/cgroup/web/memory.pressure"] = "",
  }

  it("is told with what it is of", function()
    local loop <close> = loops.new { virtual = true }
    local seen = {}
    assert(loop:on_pressure({ resource = "memory", stall = 0.15 }, function(event)
      seen[#seen + 1] = event
    end))
    assert.equal(0, loop:inject("pressure", { resource = "memory", kind = "full" }))
    assert.equal(0, loop:inject("pressure", { resource = "io" }))
    assert.equal(1, loop:inject("pressure", { resource = "memory", total = 160000, avg10 = 2.5 }))
    assert.same({ {
      resource = "memory", kind = "some", total = 160000, avg10 = 2.5, synthetic = false,
      gone = false,
    } }, seen)
  end)

  it("of a cgroup is told apart, and ends with it", function()
    local loop = on(CGROUP)
    local seen = {}
    local function note(event) seen[#seen + 1] = event end
    local request = { resource = "memory", kind = "full", stall = 0.5, cgroup = "/web" }
    assert(loop:on_pressure(request, note))
    local event = { resource = "memory", kind = "full" }
    assert.equal(0, loop:inject("pressure", event))
    event.cgroup = "/web"
    assert.equal(1, loop:inject("pressure", event))
    event.gone = true
    assert.equal(1, loop:inject("pressure", event))
    assert.equal(0, loop:inject("pressure", event))
    assert.same({ "/web", "/web" }, { seen[1].cgroup, seen[2].cgroup })
    assert.is_true(seen[2].gone)
  end)

  it("says where there is none", function()
    local _, reader = on {}
    local loop <close> = assert(loops.new { reader = reader })
    local handle, message, _, kind = loop:on_pressure({ resource = "io", stall = 1 }, print)
    assert.is_nil(handle)
    assert.equal("proc/pressure/io: No such file or directory", message)
    assert.equal("unsupported", kind)
    handle, _, _, kind = loop:on_pressure({ resource = "io", stall = 1, cgroup = "/a" }, print)
    assert.is_nil(handle)
    assert.equal("unsupported", kind)
  end)

  it("names a wrong request", function()
    local loop <close> = loops.new { virtual = true }
    local function refused(request, message)
      assert.error_matches(function() loop:on_pressure(request, print) end, message)
    end
    refused({ resource = "memory", stal = 1 }, "did you mean 'stall'")
    refused({ resource = "disk", stall = 1 }, "unknown resource 'disk'")
    refused({ resource = "io", stall = 1, kind = "all" }, "unknown kind 'all'")
    refused({ resource = "io" }, "'stall' must be")
    refused({ resource = "io", stall = 3 }, "'stall' must be 1e%-06 to 2.0 seconds")
    refused({ resource = "io", stall = 0.1, window = 0.4 }, "'window' must be 0.5 to 10.0 seconds")
    refused({ resource = "io", stall = 0.1, window = "2s" }, "'window' must be")
    refused({ resource = "io", stall = 0.1, cgroup = "web" }, "'cgroup' must be a path")
    refused({ resource = "io", stall = 0.1, cgroup = "/../x" }, "'cgroup' must be a path")
  end)

  it("leaves no memory behind, event after event", function()
    local loop <close> = loops.new { virtual = true }
    local count = 0
    assert(loop:on_pressure({ resource = "cpu", stall = 1 }, function() count = count + 1 end))
    local event = { resource = "cpu" }
    local function inject(n)
      for _ = 1, n do loop:inject("pressure", event) end
      collectgarbage()
      return collectgarbage "count"
    end
    local before = inject(100)
    assert.is_true(inject(5000) - before < 0.5)
    assert.equal(5100, count)
  end)
end)

describe("a kill for memory", function()
  it("is told with what the kernel said of it, and no more", function()
    local loop <close> = loops.new { virtual = true }
    local seen = {}
    assert(loop:on_oom(function(event) seen[#seen + 1] = event end))
    assert.equal(1, loop:inject("oom", {
      pid = 7, comm = "hog", anon_rss = 1 << 30, constraint = "CONSTRAINT_NONE",
    }))
    loop:inject("oom", { kills = 2, synthetic = true })
    assert.same({
      {
        pid = 7, comm = "hog", anon_rss = 1 << 30, constraint = "CONSTRAINT_NONE",
        kills = 1, lost = 0, synthetic = false,
      },
      { kills = 2, lost = 0, synthetic = true },
    }, seen)
  end)

  it("that makes no sense cannot be injected", function()
    local loop <close> = loops.new { virtual = true }
    assert.error_matches(function() loop:inject("oom", { com = "x" }) end, "did you mean 'comm'")
    assert.error_matches(function() loop:inject("oom", { comm = 7 }) end,
      "field 'comm' must be a string")
  end)

  it("cannot be waited for where nothing tells of it", function()
    local _, reader = on { ["proc/vmstat"] = "pgfault 1\n" }
    local loop <close> = assert(loops.new { reader = reader })
    local handle, message, _, kind = loop:on_oom(print)
    assert.is_nil(handle)
    assert.matches("^OOM kills: ", message)
    assert.equal("unsupported", kind)
  end)
end)

describe("a change of a file", function()
  teardown(tree.remove_all)

  --- A function that notes events, and the list it notes them in.
  local function note()
    local seen = {}
    return seen, function(event) seen[#seen + 1] = event end
  end

  it("is told by what happened, and its end last", function()
    local loop, reader = on { ["etc/a.conf"] = "" }
    local seen, add = note()
    assert(loop:on_change("etc/a.conf", add))
    tree.write(reader:root(), "etc/a.conf", "x")
    loop:advance(0)
    tree.delete(reader:root(), "etc/a.conf")
    loop:advance(0)
    assert.same({ path = "etc/a.conf", change = "modify" }, seen[1])
    assert.equal("close_write", seen[#seen - 1].change)
    assert.equal("gone", seen[#seen].change)
    loop:close()
  end)

  it("in a folder names the entry", function()
    local loop, reader = on { ["etc/conf.d/"] = "" }
    local seen, add = note()
    assert(loop:on_change("etc/conf.d", add))
    tree.write(reader:root(), "etc/conf.d/b.lua", "")
    loop:advance(0)
    assert.same({ path = "etc/conf.d", change = "create", name = "b.lua" }, seen[1])
    tree.delete(reader:root(), "etc/conf.d/b.lua")
    loop:advance(0)
    assert.same({ path = "etc/conf.d", change = "delete", name = "b.lua" }, seen[#seen])
  end)

  it("is told to everyone who waits for that file, until they cancel", function()
    local loop, reader = on { ["etc/a"] = "" }
    local first, add_first = note()
    local second, add_second = note()
    local handle = assert(loop:on_change("etc/a", add_first))
    assert(loop:on_change("etc/a", add_second))
    tree.write(reader:root(), "etc/a", "x")
    loop:advance(0)
    assert.same(first, second)
    local before = #first
    handle:cancel()
    tree.write(reader:root(), "etc/a", "y")
    loop:advance(0)
    assert.equal(before, #first)
    assert.is_true(#second > before)
  end)

  it("of a file that is not there cannot be waited for", function()
    local loop = on { ["etc/a"] = "" }
    local handle, message, _, kind = loop:on_change("etc/b", print)
    assert.is_nil(handle)
    assert.equal("etc/b: No such file or directory", message)
    assert.equal("gone", kind)
  end)
end)

describe("memory.events", function()
  teardown(tree.remove_all)

  local PATH = "sys/fs/cgroup/web/php/memory.events"

  local function with_cgroup()
    return on {
      ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      [PATH] = "low 0\nhigh 4\noom_kill 0\n",
    }
  end

  it("tell what has grown, by how much, and what all are", function()
    local loop, reader = with_cgroup()
    local seen = {}
    assert(loop:on_memory_events("/web/php/", function(event) seen[#seen + 1] = event end))
    tree.write(reader:root(), PATH, "low 0\nhigh 9\noom_kill 1\n")
    loop:advance(0)
    assert.equal(1, #seen)
    assert.same({
      cgroup = "/web/php", gone = false, changed = { high = 5, oom_kill = 1 },
      counters = { low = 0, high = 9, oom_kill = 1 },
    }, seen[1])
    tree.write(reader:root(), PATH, "low 0\nhigh 9\noom_kill 1\n")
    loop:advance(0)
    assert.equal(1, #seen)
    loop:close()
  end)

  it("end with the cgroup, once", function()
    local loop, reader = with_cgroup()
    local seen = {}
    local handle = assert(loop:on_memory_events("/web/php", function(event)
      seen[#seen + 1] = event
    end))
    os.execute("rm -r " .. reader:root() .. "/sys/fs/cgroup/web/php")
    loop:advance(0)
    assert.same({ { cgroup = "/web/php", gone = true } }, seen)
    handle:cancel()
    loop:close()
  end)

  it("are gone or unsupported where there are none", function()
    local loop = with_cgroup()
    assert.equal("gone", select(4, loop:on_memory_events("/mail", print)))
    loop = on {}
    assert.equal("unsupported", select(4, loop:on_memory_events("/mail", print)))
    assert.error_matches(function() loop:on_memory_events("mail", print) end, "from '/' expected")
    assert.error_matches(function() loop:on_memory_events("/../x", print) end, "holds '%.%.'")
  end)
end)

describe("inject", function()
  it("names what is wrong", function()
    local loop <close> = loops.new { virtual = true }
    assert.error_matches(function() loop:inject("exits", {}) end, "unknown event 'exits'")
    assert.error_matches(function() loop:inject("exit", { pod = 1 }) end, "did you mean 'pid'")
    assert.error_matches(function() loop:inject("exit", { pid = 1 }) end,
      "field 'start_time' must be an integer")
    local real <close> = assert(loops.new())
    assert.error_matches(function() real:inject("exit", {}) end, "not virtual")
  end)
end)
