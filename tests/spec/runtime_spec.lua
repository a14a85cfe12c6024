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

  it("fails alone: the others go on", function()
    local good = stage:start("good", 'pw:every(1, function() pw.log "tick" end)')
    local bad = stage:start("bad", 'pw:every(1, function() error "broken" end)')
    stage.loop:advance(3)
    assert.matches("bad.lua:3: broken", bad.failure)
    assert.is_true(bad.stopped)
    assert.is_nil(good.failure)
    assert.same({ 3, 1 }, { stage:count("good", "tick"), stage:count("bad", "failed") })
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
