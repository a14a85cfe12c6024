local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"
local runtime = require "pagewarden.runtime"

describe("a running policy", function()
  local loop, reader, events

  before_each(function()
    loop, reader, events = loops.new { virtual = true }, assert(proc.open "/"), {}
  end)

  after_each(function()
    loop:close()
    reader:close()
  end)

  local function start(name, fn)
    return runtime.start({ name = name, start = fn }, {}, {
      loop = loop, reader = reader, now = function() return loop:now() end,
      sink = function(event) events[#events + 1] = event end,
    })
  end

  it("makes no garbage of its own for a tick", function()
    local ticks = 0
    start("ticker", function(pw)
      pw:every(1, function() ticks = ticks + 1 end)
    end)
    loop:advance(10)
    collectgarbage()
    collectgarbage "stop"
    local before = collectgarbage "count"
    loop:advance(10000)
    local grown = collectgarbage "count" - before
    collectgarbage "restart"
    assert.equal(10010, ticks)
    assert.is_true(grown < 0.5, ("%.1f KiB for 10000 ticks"):format(grown))
  end)

  it("fails alone: the others go on", function()
    local good = start("good", function(pw)
      pw:every(1, function() pw.log "tick" end)
    end)
    local bad = start("bad", function(pw)
      pw:every(1, function() error "broken" end)
    end)
    loop:advance(3)
    assert.matches("runtime_spec.lua:%d+: broken", bad.failure)
    assert.is_true(bad.stopped)
    assert.is_nil(good.failure)
    local ticks, failures = 0, 0
    for _, event in ipairs(events) do
      ticks = ticks + (event.event == "tick" and 1 or 0)
      failures = failures + (event.event == "failed" and 1 or 0)
    end
    assert.same({ 3, 1 }, { ticks, failures })
  end)

  it("survives errors that are not strings, and failing deferred functions", function()
    local odd = start("odd", function(pw)
      pw:defer(function() error "in defer" end)
      pw:defer(function() pw.log "deferred" end)
      error(setmetatable({}, { __tostring = function() return "an object" end }))
    end)
    assert.equal("an object", odd.failure)
    assert.same({ "failed", "deferred", "failed" },
      { events[1].event, events[2].event, events[3].event })
  end)

  it("is stopped once it has nothing left to wait for, while others run", function()
    start("long", function(pw) pw:every(1, function() end) end)
    local short = start("short", function(pw) pw:after(5, function() end) end)
    loop:advance(4)
    assert.is_false(short.stopped)
    loop:advance(1)
    assert.is_true(short.stopped)
  end)

  it("cannot start anything once it is stopped", function()
    local kept
    local instance = start("kept", function(pw)
      kept = pw
      pw:every(1, function() end)
    end)
    instance:stop()
    assert.error_matches(function() kept:after(1, print) end, "the policy has been stopped")
  end)

  it("keeps nothing of a timer that has fired", function()
    local weak = setmetatable({}, { __mode = "v" })
    start("hundred", function(pw)
      pw:every(1, function() end)
      for i = 1, 100 do
        local payload = {}
        weak[i] = payload
        pw:after(1, function() return payload end)
      end
    end)
    loop:advance(2)
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)
end)
