local stages = require "stage"

describe("a running policy", function()
  local stage

  before_each(function() stage = stages.new() end)
  after_each(function() stage:close() end)

  it("makes no garbage of its own for a tick", function()
    local _, policy = stage:start("ticker", [[
      local ticks = 0
      pw:every(1, function()
        ticks = ticks + 1
        if ticks == 10010 then pw.log "done" end
      end)]])
    stage.loop:advance(10)
    collectgarbage()
    collectgarbage "stop"
    local before, policy_before = collectgarbage "count", policy:memory()
    stage.loop:advance(9999)
    local grown = collectgarbage "count" - before
    collectgarbage "restart"
    assert.is_true(grown < 0.5, ("%.1f KiB for 10000 ticks"):format(grown))
    assert.equal(policy_before, policy:memory())
    stage.loop:advance(1)
    assert.equal(1, stage:count("ticker", "done"))
  end)

  it("gives back the modules that only its start wanted", function()
    local function at_rest(name, start)
      local _, policy = stage:start(name, start .. ' pw:every(60, function() end)')
      policy:collect()
      policy:collect()
      return policy:memory()
    end
    local without = at_rest("without", "")
    local with = at_rest("with", 'require("pagewarden.recipe.mappings")')
    assert.is_true(with - without < 512, ("%d bytes more"):format(with - without))
  end)

  it("hears which of its own arguments is wrong, however it calls a module", function()
    for _, call in ipairs { 'pw.proc.process("x")', 'pw.proc:process("x")' } do
      local instance = stage:start("errs", call)
      assert.matches("errs.lua:3: bad argument #1 to 'process' %(number expected, got string%)",
        instance.failure)
    end
  end)

  it("that fails is tried again after longer and longer, and stopped at the third time", function()
    local good = stage:start("good", 'pw:every(1, function() pw.log "tick" end)')
    local bad = stage:start("bad", 'pw:every(1, function() error "broken" end)')
    stage.loop:advance(6.9)
    assert.equal(2, stage:count("bad", "error"))
    assert.is_false(bad.stopped)
    stage.loop:advance(0.1)
    assert.is_true(bad.stopped)
    assert.matches("bad.lua:3: broken", bad.failure)
    assert.is_nil(good.failure)
    assert.same({ 7, 1 }, { stage:count("good", "tick"), stage:count("bad", "failed") })
  end)

  it("that works again is what it was", function()
    local instance = stage:start("moody", [[
      local calls = 0
      pw:every(10, function()
        calls = calls + 1
        if calls % 3 ~= 0 then error("call " .. calls) end
        pw.log("fine", { at = pw:now() })
      end)]])
    stage.loop:advance(160)
    local at = {}
    for _, event in ipairs(stage.events) do at[#at + 1] = event.at end
    assert.same({ 70.0, 140.0 }, at) -- failed at 10 and 30, and 80 and 100
    assert.is_nil(instance.failure)
    local first = stage.events[1]
    assert.equal("error", first.event)
    assert.equal(1, first.failures)
    assert.matches("moody.lua:6: call 1$", first.message)
    assert.matches("stack traceback", first.traceback)
  end)

  it("may cancel a timer whose failure it has noticed", function()
    local instance = stage:start("quitter", [[
      local timer
      timer = pw:every(1, function() timer:cancel() error "once" end)
      pw:every(100, function() pw.log "on" end)]])
    stage.loop:advance(100)
    assert.is_false(instance.stopped)
    assert.same({ 1, 1 }, { stage:count("quitter", "error"), stage:count("quitter", "on") })
  end)

  it("is stopped after three single calls in a row that failed", function()
    local instance = stage:start("clumsy", [[
      for i = 1, 5 do pw:after(i, function() error("call " .. i) end) end]])
    stage.loop:advance(5)
    assert.is_true(instance.stopped)
    assert.matches("call 1$", instance.failure)
    assert.same({ 2, 1 }, { stage:count("clumsy", "error"), stage:count("clumsy", "failed") })
  end)

  it("survives errors that are not strings, and failing deferred functions", function()
    local odd = stage:start("odd", [[
      pw:defer(function() error "in defer" end)
      pw:defer(function() pw.log "deferred" end)
      error(setmetatable({}, { __tostring = function() return "an object" end }))]])
    assert.equal("an object", odd.failure)
    local events = stage.events
    assert.same({ "failed", "deferred", "failed" },
      { events[1].event, events[2].event, events[3].event })
  end)

  it("is stopped once it has nothing left to wait for, while others run", function()
    stage:start("long", "pw:every(1, function() end)")
    local short = stage:start("short", "pw:after(5, function() end)")
    stage.loop:advance(4)
    assert.is_false(short.stopped)
    stage.loop:advance(1)
    assert.is_true(short.stopped)
  end)

  it("cannot start anything once it is stopped", function()
    local instance = stage:start("late", [[
      pw:defer(function() pw:after(1, function() end) end)
      pw:every(1, function() end)]])
    instance:stop()
    assert.matches("late.lua:3: the policy has been stopped", instance.failure)
  end)

  it("keeps nothing of a timer that has fired", function()
    local instance = stage:start("hundred", [[
      local weak = setmetatable({}, { __mode = "v" })
      for i = 1, 100 do
        local payload = {}
        weak[i] = payload
        pw:after(1, function() return payload end)
      end
      pw:every(5, function()
        for i = 1, 1e5 do local garbage = { i } end
        assert(next(weak) == nil)
        pw.log "collected"
      end)]])
    stage.loop:advance(5)
    assert.is_nil(instance.failure)
    assert.equal(1, stage:count("hundred", "collected"))
  end)
end)

describe("what a policy is told", function()
  local stage

  before_each(function() stage = stages.new() end)
  after_each(function() stage:close() end)

  it("is what the loop hears of, and keeps the policy running", function()
    local instance = stage:start("listener", [[
      assert(pw:on_pressure({ resource = "memory", stall = 0.1 }, function(event)
        pw.log("pressed", { avg10 = event.avg10, resource = event.resource })
      end))
      assert(pw:on_oom(function(event) pw.log("killed", { pid = event.pid }) end))]])
    stage.loop:inject("pressure", { resource = "memory", avg10 = 1.5 })
    stage.loop:inject("oom", { pid = 9 })
    stage.loop:advance(1)
    assert.is_false(instance.stopped)
    local first, second = table.unpack(stage.events)
    assert.same({ "pressed", 1.5, "memory" }, { first.event, first.avg10, first.resource })
    assert.same({ "killed", 9 }, { second.event, second.pid })
    instance:stop()
    assert.equal(0, stage.loop:inject("oom", { pid = 9 }))
  end)

  it("of an exit comes once, and may be all that it waited for", function()
    local instance = stage:start("watcher", [[
      local process = assert(pw.proc:process(1))
      assert(pw:on_exit(process, function(event) pw.log("exited", { pid = event.pid }) end))]])
    local init = assert(stage.reader:process(1))
    stage.loop:inject("exit", { pid = 1, start_time = init.start_time })
    assert.equal(1, stage:count("watcher", "exited"))
    assert.is_true(instance.stopped)
    assert.is_nil(instance.failure)
  end)

  it("may not be there to wait for", function()
    local instance = stage:start("hopeful", [[
      local handle, message, _, kind = pw:on_exit(4000000, function() end)
      pw.log("none", { handle = handle == nil, message = message, kind = kind })]])
    assert.is_nil(instance.failure)
    assert.same({ true, "gone" }, { stage.events[1].handle, stage.events[1].kind })
  end)

  it("is refused at its line when it asks for nonsense", function()
    local function failure_of(body)
      return stage:start("wrong", body).failure
    end
    assert.matches("wrong.lua:3: .*pw:on_pressure: .*did you mean 'stall'",
      failure_of 'pw:on_pressure({ resource = "io", stal = 1 }, function() end)')
    assert.matches("wrong.lua:3: .*pw:on_pressure: field 'resource': unknown resource 'disk'",
      failure_of 'pw:on_pressure({ resource = "disk", stall = 1 }, function() end)')
    assert.matches("wrong.lua:3: pw:on_oom: expected a function", failure_of "pw:on_oom(1)")
    assert.matches("wrong.lua:3: pw:on_exit: expected a process or a pid",
      failure_of 'pw:on_exit("1", function() end)')
  end)

  it("may fail it, three times in a row", function()
    local instance = stage:start("brittle", [[
      pw:on_oom(function(event) if event.pid > 1 then error("no " .. event.pid) end end)]])
    for _, pid in ipairs { 2, 3, 1, 4, 5 } do stage.loop:inject("oom", { pid = pid }) end
    assert.is_false(instance.stopped)
    stage.loop:inject("oom", { pid = 6 })
    assert.is_true(instance.stopped)
    assert.matches("no 6$", instance.failure)
  end)
end)

describe("a task", function()
  local stage

  before_each(function() stage = stages.new() end)
  after_each(function() stage:close() end)

  it("sleeps while others run", function()
    local instance = stage:start("sleeper", [[
      for name, pause in pairs { slow = 3, fast = 1 } do
        pw:task(function()
          for _ = 1, 2 do pw:sleep(pause); pw.log(name) end
        end)
      end]])
    stage.loop:advance(10)
    local order = {}
    for i, event in ipairs(stage.events) do order[i] = event.event end
    assert.same({ "fast", "fast", "slow", "slow" }, order)
    assert.is_true(instance.stopped)
    assert.is_nil(instance.failure)
  end)

  it("that is cancelled closes what it holds, asleep or by itself", function()
    local instance = stage:start("canceller", [[
      local function holding(name)
        return setmetatable({}, { __close = function() pw.log("closed", { name = name }) end })
      end
      local asleep = pw:task(function()
        local held <close> = holding "asleep"
        pw:sleep(100)
      end)
      local own
      own = pw:task(function()
        local held <close> = holding "own"
        own:cancel()
        pw.log "still_here"
        pw:sleep(100)
        pw.log "never"
      end)
      pw:after(1, function() asleep:cancel(); asleep:cancel() end)]])
    stage.loop:advance(10)
    assert.is_nil(instance.failure)
    assert.is_true(instance.stopped)
    assert.same({ 2, 1, 0 }, { stage:count("canceller", "closed"),
      stage:count("canceller", "still_here"), stage:count("canceller", "never") })
  end)

  it("that fails is a failure of the policy, and closes what it holds", function()
    local instance = stage:start("failing", [[
      pw:task(function()
        local held <close> = setmetatable({}, { __close = function() pw.log "closed" end })
        pw:sleep(1)
        error "in a task"
      end)]])
    stage.loop:advance(2)
    assert.matches("failing.lua:6: in a task$", instance.failure)
    assert.is_true(instance.stopped)
    assert.equal(1, stage:count("failing", "closed"))
  end)
end)
