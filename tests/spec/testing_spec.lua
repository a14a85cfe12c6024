local folders = require "folder"
local testing = require "pagewarden.testing"

local HEAD = [[
local opt = require "pagewarden.option"
return { api = 1, name = "demo", summary = "Shows how", needs = { process = "read" },
]]

describe("a test world", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function new(fields, given)
    given = given or {}
    given.script = folder:write("demo.lua", HEAD .. fields .. "}")
    local world = testing.new(given) -- no tail call: errors name this line
    return world
  end

  --- luassert's own would take the place off the message.
  local function assert_raises(pattern, fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    assert.matches(pattern, message)
  end

  --- Logs the memory of each process called "leaky" every ten seconds.
  local WATCH = [[start = function(pw)
    pw:every(10, function()
      local snap <close> = pw.proc.processes { "pid", "comm", "rss", "rss_anon", "swap", "vsize",
        "start_time", "pss", where = { comm = "leaky" } }
      for p in snap:each() do
        pw.log("seen", { pid = p.pid, rss = p.rss, rss_anon = p.rss_anon, swap = p.swap,
          vsize = p.vsize, start_time = p.start_time, pss = p.pss })
      end
    end)
  end]]

  it("shows the policy processes as they are when it looks", function()
    local world <close> = new(WATCH)
    local p = world:spawn { comm = "leaky", rss = "100M", rss_file = "20M", swap = "1M",
      vsize = "1G" }
    world:every("10s", function() p.rss_anon = p.rss_anon + (1 << 20) end)
    world:advance "20s"
    assert.equal(2, #world.events)
    assert.event(world, "seen", { pid = p.pid, rss = 101 << 20, rss_anon = 81 << 20,
      swap = 1 << 20, vsize = 1 << 30, start_time = p.start_time, pss = 101 << 20 })
    assert.event(world, "seen", { rss = 102 << 20, time = world:now() })
    assert.no_event(world, "seen", { rss = 100 << 20 })
    assert.equal(102 << 20, p.rss)
  end)

  it("shows each file of a process as a kernel does", function()
    local world <close> = new("start = function() end")
    local p = world:spawn { comm = "we)ird\n", rss = "8M", uid = 7, oom_score_adj = -500,
      cgroup = "/system.slice/x.service", cmdline = { "/bin/x", "-v" }, threads = 3 }
    world:run()
    local proc = require "pagewarden.proc"
    local reader <close> = assert(proc.open(world.path))
    local seen = assert(reader:process(p.pid))
    local stat, status = seen:stat(), seen:status()
    assert.same({ "we)ird\n", 3, 2048 }, { stat.comm, stat.num_threads, stat.rss })
    assert.same({ 8 << 20, { 7, 7, 7, 7 } }, { status.VmRSS, status.Uid })
    assert.equal(2048, seen:statm().resident)
    assert.equal(8 << 20, seen:rollup().Pss)
    assert.equal(-500, seen:oom().oom_score_adj)
    assert.equal("/system.slice/x.service", seen:cgroup()[1].path)
    assert.same({ "/bin/x", "-v" }, seen:cmdline())
    for _, reading in ipairs { "stat", "statm", "status", "rollup" } do
      local _, flaws = seen[reading](seen)
      assert.equal(0, flaws.skipped)
    end
  end)

  it("lets processes come and go", function()
    local world <close> = new(WATCH)
    local p = world:spawn { comm = "leaky" }
    world:after("15s", function() world:exit(p) end)
    world:after("25s", function() world:spawn { comm = "leaky", rss = "2M" } end)
    world:advance "30s"
    assert.equal(2, #world.events)
    assert.equal(p.pid + 1, world.events[2].pid)
    assert.is_true(world.events[2].start_time > p.start_time)
  end)

  it("starts from a copy of a captured machine", function()
    local root = "tests/fixtures/idle-4g"
    local world <close> = new([[start = function(pw)
      local memory, flaws = pw.proc.meminfo()
      pw.log("memory", { total = memory.MemTotal, skipped = flaws.skipped,
        pid1 = pw.proc.process(1):stat().comm })
    end]], { root = root })
    world:run()
    assert.event(world, "memory", { total = 4028440 << 10, skipped = 0, pid1 = "systemd" })
    local original <close> = assert(io.open(root .. "/proc/uptime"))
    assert.equal(original:read "n", world:now())
  end)

  it("keeps its clock in /proc/uptime", function()
    local world <close> = new([[start = function(pw)
      pw:every(60, function() pw.log("up", { behind = pw:now() - pw.proc.uptime() }) end)
    end]])
    world:advance "10m"
    assert.equal(10, #world.events)
    assert.event(world, "up", { behind = function(seconds) return math.abs(seconds) < 0.01 end })
  end)

  it("finds the events of a name, and counts them", function()
    local world <close> = new([[start = function(pw)
      pw:every(60, function() pw.log "tick" end)
    end]])
    world:advance "3m"
    assert.same({ 3, 0 }, { world:count "tick", world:count "tock" })
    assert.equal(world:now() - 60, world:logged("tick")[2].time)
  end)

  it("has a time of day, which the test sets and no timer goes by", function()
    local world <close> = new([[start = function(pw)
      pw:every(60, function()
        local time = pw:local_time()
        pw.log("time", { hour = time.hour, min = time.min, at = pw:now() })
      end)
    end]])
    local started = world:now()
    world:set_time_of_day "23:58"
    world:advance "2m"
    assert.event(world, "time", { hour = 23, min = 59, at = started + 60 })
    assert.event(world, "time", { hour = 0, min = 0, at = started + 120 })
    world:set_time_of_day "02:00"
    world:advance "1m"
    assert.event(world, "time", { hour = 2, min = 1, at = started + 180 })
    assert.error_matches(function() world:set_time_of_day "24:00" end, "expected a time such as")
  end)

  it("hands the policy its options, written as in configuration", function()
    local fields = [[options = { opt.duration { "window", default = "2s" } },
      start = function(pw, o) pw.log("got", { window = o.window }) end]]
    local world <close> = new(fields, { options = { window = "5m" } })
    world:run()
    assert.event(world, "got", { window = 300 })
    assert_raises("testing_spec.lua:%d+: demo: options: unknown option 'windw' .*'window'",
      function() new(fields, { options = { windw = "5m" } }) end)
    assert_raises("expected a duration with a unit",
      function() new(fields, { options = { window = 300 } }) end)
  end)

  it("fails the test when the policy fails", function()
    local world = new [[start = function(pw) pw:after(1, function() error "broken" end) end]]
    assert_raises("testing_spec.lua:%d+: demo failed: .*demo.lua:%d+: broken",
      function() world:advance "10s" end)
    assert.event(world, "failed")
    world:stop()
  end)

  it("is gone without a trace when stopped", function()
    local world = new(WATCH)
    world:spawn { comm = "leaky" }
    world:advance "1m"
    local path = world.path
    world:stop()
    assert.no_trace(world)
    assert.is_nil(io.open(path .. "/proc/meminfo"))
  end)

  it("tells when something was left open or changed", function()
    local world = new "start = function() end"
    world:run()
    local left = assert(io.open(world.path .. "/proc/meminfo", "a"))
    left:write "Changed: 1 kB\n"
    left:flush()
    world:stop()
    assert.equal("changed: proc/meminfo", world.traces[1])
    assert.matches("^open: %d+ %-> /.*/pagewarden%-world", world.traces[2])
    assert_raises("the policy left:\n +changed",
      function() assert.no_trace(world) end)
    left:close()
  end)

  it("names a wrong field, and where", function()
    local world <close> = new "start = function() end"
    local p = world:spawn { comm = "a" }
    assert_raises("testing_spec.lua:%d+: a process has no field 'rss_annon' .*'rss_anon'",
      function() p.rss_annon = 1 end)
    assert_raises("testing_spec.lua:%d+: .*did you mean 'comm'",
      function() world:spawn { com = "a" } end)
    assert_raises("testing_spec.lua:%d+: field 'rss': expected bytes, or a size .* found 100",
      function() world:spawn { rss = "100" } end)
    assert_raises("testing_spec.lua:%d+: expected seconds, or a duration such as '10s', found 10",
      function() world:advance "10" end)
    assert_raises("testing_spec.lua:%d+: testing.new: unknown field 'scrpt' .*'script'",
      function() testing.new { scrpt = "x", script = "y" } end)
    assert_raises("testing_spec.lua:%d+: no policy 'no%-such%-policy'",
      function() testing.new { script = "no-such-policy" } end)
    assert_raises("testing_spec.lua:%d+: testing.new: root /nonexistent: No such file",
      function() new("start = function() end", { root = "/nonexistent" }) end)
  end)

  describe("runs on pw:", function()
    it("timers, cancelled by hand or with their scope", function()
      local world <close> = new [[start = function(pw)
        local count = 0
        local ticking
        ticking = pw:every(1, function()
          count = count + 1
          pw.log("tick", { count = count })
          if count == 3 then ticking:cancel() end
        end)
        do local scoped <close> = pw:after(2, function() pw.log "never" end) end
      end]]
      world:run()
      assert.equal(3, #world.events)
      assert.no_event(world, "never")
    end)

    it("deferred functions, last first, when nothing is left to wait for", function()
      local world <close> = new [[start = function(pw)
        pw:defer(function() pw.log "first-deferred" end)
        pw:defer(function() pw.log "last-deferred" end)
        pw:after(1, function() pw.log "done" end)
      end]]
      world:run()
      local names = {}
      for i, event in ipairs(world.events) do names[i] = event.event end
      assert.same({ "done", "last-deferred", "first-deferred" }, names)
    end)

    it("tasks that sleep", function()
      local world <close> = new [[start = function(pw)
        pw:task(function()
          for i = 1, 3 do
            pw:sleep(10)
            pw.log("woke", { i = i })
          end
        end)
      end]]
      world:run()
      assert.event(world, "woke", { i = 3, time = world:now() })
    end)

    it("tasks that are closed when the policy stops", function()
      local world = new [[start = function(pw)
        pw:task(function()
          local closing <close> = setmetatable({}, { __close = function() pw.log "closed" end })
          pw:sleep(3600)
        end)
      end]]
      world:advance "1s"
      world:stop()
      assert.event(world, "closed")
    end)

    it("errors that name the policy's own line", function()
      for call, expected in pairs {
        ["pw:every(0, print)"] = "global 'print'",
        ["pw:every(0, pw.log)"] = "demo.lua:3: pw:every: expected a number of seconds",
        ["pw:after(1)"] = "demo.lua:3: pw:after: expected a function, found a nil",
        ["pw:sleep(1)"] = "demo.lua:3: pw:sleep: only a task may sleep",
        ["pw.log(1)"] = "demo.lua:3: log: an event's name is a lower%-case word",
        ["pw.log('a', { b = {} })"] = "demo.lua:3: log: field 'b': expected a string",
        ["pw.log('a', { time = 1 })"] = "demo.lua:3: log: field 'time' is the log's own",
        ["pw.proc.meminfo(1, 2, 3)"] = "demo.lua:3: 2 arguments too many",
      } do
        local world <close> = new(("start = function(pw) %s end"):format(call))
        assert_raises(expected, function() world:run() end)
      end
    end)
  end)
end)
