-- SPDX-License-Identifier: MIT
local stages = require "stage"

--- Enough for what a policy should do, and soon over for what it should not.
local LIMITS = { memory = 1 << 20, deadline = 0.02 }

describe("a policy's mistakes", function()
  local stage, witness

  local function start(name, body)
    return stage:start(name, body, LIMITS)
  end

  before_each(function()
    stage = stages.new()
    witness = start("witness", 'pw:every(1, function() pw.log "tick" end)')
  end)

  after_each(function()
    local before = stage:count("witness", "tick")
    stage.loop:advance(2)
    assert.equal(before + 2, stage:count("witness", "tick"), "the other policy goes on")
    assert.is_nil(witness.failure)
    stage:close()
  end)

  --- What a policy fails with, its place left out. It has its mistake in a timer.
  local function failure_of(body)
    local instance = start("faulty", ("pw:after(1, function()\n%s\nend)"):format(body))
    assert.is_nil(instance.failure)
    stage.loop:advance(1)
    assert.is_true(instance.stopped)
    local failure = assert(instance.failure, "it fails")
    return (failure:gsub("^.-faulty%.lua:%d+: ", ""))
  end

  --- That a policy lives through this.
  local function harmless(body)
    local instance = start("harmless", body)
    assert.is_nil(instance.failure)
    instance:stop()
    assert.is_nil(instance.failure)
  end

  local function expires(body)
    assert.equal("it ran for more than 0.02 s", failure_of(body))
  end

  describe("with metatables", function()
    it("do not reach the metatable of strings, nor those of the host's objects", function()
      harmless [[
        assert(not getmetatable "" and not getmetatable(pw) and not getmetatable(pw.proc.meminfo))
        string.rep = function() error "not mine" end
        assert(("x"):rep(3) == "xxx")]]
      assert.equal("xxx", ("x"):rep(3))
    end)

    it("end in metamethods as anywhere else", function()
      expires [[
        local t = setmetatable({}, { __index = function() while true do end end })
        return t.x]]
      expires [[
        local t = setmetatable({}, { __lt = function() while true do end end })
        return t < t]]
      assert.matches("loop", failure_of [[
        local t = {}
        return setmetatable(t, { __index = t }).x]])
    end)
  end)

  describe("with coroutines", function()
    it("end in one, in one inside another, and when one is closed", function()
      expires "coroutine.wrap(function() while true do end end)()"
      expires [[
        local function nest(n)
          while true do
            pcall(coroutine.wrap(function()
              if n > 0 then nest(n - 1) end
              while true do end
            end))
          end
        end
        nest(20)]]
      expires [[
        coroutine.wrap(function()
          local x <close> = setmetatable({}, { __close = function() while true do end end })
          while true do end
        end)()]]
      expires [[
        coroutine.wrap(function()
          local x <close> = setmetatable({}, { __close = function() while true do end end })
          error "no"
        end)()]]
    end)

    it("end in a task that never sleeps", function()
      expires "pw:task(function() while true do end end)"
    end)
  end)

  describe("with pcall and handlers", function()
    it("end though every error is caught", function()
      expires "while true do pcall(function() while true do end end) end"
      expires "xpcall(function() while true do end end, function() while true do end end)"
      expires "xpcall(error, function() while true do end end)"
    end)
  end)

  describe("with finalizers", function()
    it("are refused", function()
      assert.matches("__gc is not available", failure_of
        "setmetatable({}, { __gc = function() while true do end end })")
    end)

    it("do not come to be after the metatable is set", function()
      harmless [[
        local m = {}
        local t = setmetatable({}, m)
        m.__gc = function() while true do end end
        t = nil
        for i = 1, 1000 do t = { i } end]]
    end)
  end)

  it("cannot load code", function()
    assert.equal("global 'load' is not available here", failure_of "load 'return 1'")
    assert.equal("global 'dofile' is not available here", failure_of "dofile '/etc/passwd'")
    assert.equal("attempt to call a nil value (field 'dump')", failure_of "string.dump(pairs)")
  end)

  describe("with error objects", function()
    it("are said in a line, whatever was raised", function()
      assert.equal("an error that is a table value", failure_of "error {}")
      assert.equal("an error that is a nil value", failure_of "error()")
      assert.equal("says itself", failure_of
        "error(setmetatable({}, { __tostring = function() return 'says itself' end }))")
      assert.equal("an error whose __tostring fails", failure_of
        "error(setmetatable({}, { __tostring = function() error 'again' end }))")
      expires "error(setmetatable({}, { __tostring = function() while true do end end }))"
    end)

    it("do not bring their memory along", function()
      assert.is_true(#failure_of "error(('x'):rep(1 << 18))" < 4096)
    end)
  end)

  describe("with memory", function()
    it("end at the limit, in strings and in tables", function()
      local told = "it needs more than 1024 KiB of memory"
      assert.equal(told, failure_of "local s = 'x' while true do s = s .. s end")
      assert.equal(told, failure_of "local t = {} while true do t[#t + 1] = {} end")
      assert.equal(told, failure_of "return ('x'):rep(1 << 30)")
      assert.equal(told, failure_of "return pw.proc.processes { 'pid' }, ('x'):rep(1 << 20)")
    end)

    it("leave room to stop in an orderly way", function()
      local instance = start("greedy", [[
        pw:defer(function() pw.log "undone" end)
        pw:after(1, function() local t = {} while true do t[#t + 1] = {} end end)]])
      stage.loop:advance(1)
      assert.matches("more than 1024 KiB", instance.failure)
      assert.equal("undone", stage.events[#stage.events].event)
    end)
  end)

  it("in recursion end at the memory limit, or sooner where C is called", function()
    assert.matches("more than 1024 KiB", failure_of "local function f() return f() .. '' end f()")
    for _, body in ipairs {
      "local function f() return (('x'):gsub('x', f)) end f()",
      "local t = setmetatable({}, { __index = function(t, k) return t[k] end }) return t.x",
    } do
      assert.matches("stack overflow", failure_of(body))
    end
    harmless "local function f() return coroutine.resume(coroutine.create(f)) end f()"
    harmless "local function f() return pcall(f) end f()"
  end)

  it("in patterns end, however they backtrack", function()
    for _, call in ipairs { "find(bomb)", "match(bomb)", "gmatch(bomb)", "gsub(bomb, '')" } do
      expires(("local bomb = ('a-'):rep(8) .. 'b' return ('a'):rep(40):%s"):format(call))
    end
    harmless [[
      local key, value = ("MemFree:     1024 kB"):match "^(%S+):%s+(%d+)%s*(%S*)$"
      assert(key == "MemFree" and value == "1024")]]
  end)

  it("in counts are refused", function()
    assert.matches("too many elements", failure_of "table.move({}, 1, 1 << 40, 2)")
    assert.matches("too many elements", failure_of "table.unpack({}, 1, 1 << 40)")
    assert.matches("too many elements", failure_of "table.concat({}, '', 1, 1 << 40)")
    assert.matches("too many elements", failure_of [[
      table.insert(setmetatable({}, { __len = function() return 1 << 40 end }), 1, 1)]])
    harmless "assert(string.rep('', 1 << 50) == '')"
  end)

  it("at the end are said, and keep nothing else from being undone", function()
    local instance = start("faulty", [[
      pw:defer(function() pw.log "undone" end)
      pw:defer(function() while true do end end)
      pw:defer(function() error "no" end)
      pw:task(function()
        local x <close> = setmetatable({}, { __close = function() error "at close" end })
        pw:sleep(60)
      end)
      pw:every(60, function() end)]])
    stage.loop:advance(1)
    instance:stop()
    assert.matches("faulty.lua:%d+: at close$", instance.failure)
    assert.equal(3, stage:count("faulty", "failed"))
    local last = stage.events[#stage.events]
    assert.same({ "faulty", "undone" }, { last.policy, last.event })
  end)

  it("do not reach what another policy is told", function()
    local event = { resource = "memory", nested = { total = 1 } }
    local body = [[
      pw:every(60, function(event)
        pw.log("told", { total = event.nested.total, resource = event.resource })
        event.nested.total, event.resource = 2, nil
      end)]]
    local first, one = start("one", body)
    local second, two = start("two", body)
    assert.is_true(one:call("fire", 1, event))
    assert.is_true(two:call("fire", 1, event))
    assert.equal(1, stage.events[#stage.events].total)
    assert.same({ resource = "memory", nested = { total = 1 } }, event)
    first:stop()
    second:stop()
  end)

  it("do not get what is not plain out of a policy", function()
    assert.matches("expected a string, number or boolean", failure_of
      "pw.log('told', { value = function() end })")
  end)

  it("in start end as in a timer", function()
    local instance = start("faulty", "while true do end")
    assert.equal("it ran for more than 0.02 s", instance.failure)
    assert.matches("faulty.lua:3:", instance.trace)
  end)
end)
