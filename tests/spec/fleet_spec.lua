-- SPDX-License-Identifier: MIT
local configuration = require "pagewarden.configuration"
local fleets = require "pagewarden.fleet"
local folders = require "folder"
local host = require "pagewarden.host"
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"

describe("a fleet of policies", function()
  local folder, loop, gate, fleet, events

  before_each(function()
    folder = folders.new()
    folder:mkdir "scripts"
    folder:mkdir "proc"
    loop = assert(loops.new { virtual = true })
    events = {}
    gate = assert(host.gate(folder.path))
    fleet = fleets.new {
      loop = loop, reader = assert(proc.open(folder.path)), gate = gate,
      now = function() return loop:now() end,
      sink = function(event) events[#events + 1] = event end,
    }
  end)
  after_each(function()
    fleet:stop_all "the test is over"
    gate:close()
    loop:close()
    folder:remove()
  end)

  --- A policy that has this text for the body of its `start`.
  local function write(name, body)
    folder:write("scripts/" .. name .. ".lua", ([[
local opt = require "pagewarden.option"
return { api = 1, name = "%s", summary = "A test", options = { opt.integer { "n", default = 1 } },
  start = function(pw, o) %s end }]]):format(name, body))
  end

  local TICKS = 'pw:every(1, function() pw.log("tick", { n = o.n }) end)'

  local function apply(text)
    folder:write("conf.lua", text)
    return fleet:apply(function(take)
      return configuration.load({ config = folder.path, root = folder.path,
        search = { first = { folder.path .. "/scripts" } } }, take)
    end)
  end

  --- What happened, without the lists that are empty.
  local function outcome(result)
    for name, list in pairs(result) do
      result[name] = #list > 0 and list or nil
    end
    return result
  end

  local function count(name, event)
    local total = 0
    for _, logged in ipairs(events) do
      total = total + (logged.policy == name and logged.event == event and 1 or 0)
    end
    return total
  end

  local function state(name)
    return fleet:explain(name).state
  end

  it("goes on when one errs in start, one in a timer, one loops and one grows without end",
    function()
      local lines = {}
      for i = 1, 8 do
        lines[i] = ('policy "good" { as = "good-%d" }'):format(i)
      end
      write("good", TICKS)
      write("errs", 'error "no"')
      write("errs-later", 'pw:every(2, function() error "no" end) ' .. TICKS)
      write("loops", "pw:every(2, function() while true do end end) " .. TICKS)
      write("grows", 'pw:every(2, function() local t = {} while true do t[#t + 1] = {} end end) '
        .. TICKS)
      apply(table.concat(lines, "\n")
        .. '\npolicy "errs" {} policy "errs-later" {} policy "loops" {} policy "grows" {}')
      loop:advance(100)
      for i = 1, 8 do
        assert.equal(100, count("good-" .. i, "tick"))
        assert.equal("running", state("good-" .. i))
      end
      for name, reason in pairs {
        errs = "no", ["errs-later"] = "no", loops = "it ran for more than", grows = "memory",
      } do
        assert.equal("failed", state(name))
        assert.matches(reason, fleet:explain(name).failure)
        assert.is_nil(fleet:explain(name).memory)
      end
      assert.equal("policies: 8 running, 4 failed", fleet:summary())
    end)

  it("leaves alone what has not changed, and swaps what has", function()
    write("good", TICKS)
    assert.same({ started = { "a", "b" } },
      outcome(apply 'policy "good" { as = "a" }\npolicy "good" { as = "b" }'))
    loop:advance(0.5)
    assert.same({ unchanged = { "a" }, replaced = { "b" } },
      outcome(apply 'policy "good" { as = "a" }\npolicy "good" { as = "b", n = 2 }'))
    loop:advance(0.5) -- the timer of "a" keeps its phase, that of "b" is new
    assert.same({ 1, 0 }, { count("a", "tick"), count("b", "tick") })
    loop:advance(0.5)
    assert.same({ 1, 1 }, { count("a", "tick"), count("b", "tick") })
    assert.same({ unchanged = { "a" }, stopped = { "b" } },
      outcome(apply 'policy "good" { as = "a" }'))
    assert.is_nil(fleet:explain "b")
  end)

  it("keeps a policy whose new configuration or code is wrong", function()
    write("good", TICKS)
    apply 'policy "good" {}'
    for _, wrong in ipairs { 'policy "good" { m = 1 }', 'policy "goood" {}', 'policy "good" {' } do
      local result = apply(wrong)
      assert.equal(1, #result.problems, wrong)
      assert.equal("running", state "good")
    end
    write("good", "syntax error")
    assert.equal(1, #apply('policy "good" {}').problems)
    write("good", 'error "not today"')
    assert.same({ kept = { "good" } }, outcome(apply 'policy "good" {}'))
    loop:advance(3)
    assert.equal(3, count("good", "tick"))
    local recent = fleet:explain("good").recent
    assert.equal("tick", recent[#recent].event)
    assert.equal(1, count("good", "kept"))
  end)

  it("keeps a policy whose script has vanished", function()
    write("good", TICKS)
    apply 'policy "good" {}'
    os.remove(folder.path .. "/scripts/good.lua")
    local result = apply 'policy "good" {}'
    assert.matches("conf.lua:1: no policy 'good'", result.problems[1])
    loop:advance(2)
    assert.equal(2, count("good", "tick"))
  end)

  it("starts again what was stopped or failed, and not what came to its end", function()
    write("good", TICKS)
    write("once", 'pw.log "once"')
    write("fails", 'error "no"')
    local text = 'policy "good" {} policy "once" {} policy "fails" {}'
    assert.same({ started = { "good", "once" }, failed = { "fails" } }, outcome(apply(text)))
    assert.equal("done", state "once")
    assert.is_true(fleet:stop "good")
    assert.is_false(fleet:stop "good")
    assert.equal("stopped", state "good")
    assert.same({ replaced = { "good" }, unchanged = { "once" }, failed = { "fails" } },
      outcome(apply(text)))
    assert.equal(1, count("once", "once"))
  end)

  it("lets each do what it deferred when it is stopped", function()
    write("good", 'pw:defer(function() pw.log "farewell" end) ' .. TICKS)
    apply 'policy "good" {}'
    fleet:stop "good"
    assert.equal(1, count("good", "farewell"))
  end)

  it("remembers the last events of each, however many there were", function()
    write("good", TICKS)
    apply 'policy "good" {}'
    loop:advance(1000)
    local explanation = fleet:explain "good"
    assert.equal(32, #explanation.recent)
    assert.equal(1001, explanation.events)
    assert.equal(1000, explanation.recent[32].time)
  end)

  it("says of a policy that could not be started what is wrong with its configuration", function()
    write("good", TICKS)
    apply 'policy "good" { as = "a", m = 1 }'
    local explanation = fleet:explain "a"
    assert.equal("refused", explanation.state)
    assert.matches("unknown option 'm'", explanation.problems[1])
    assert.same({ nil, "no policy runs as 'b'" }, { fleet:explain "b" })
  end)

  it("has no more memory, descriptors or timers after many reloads", function()
    write("good", TICKS)
    local function memory()
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    local function descriptors()
      return #require("posix.dirent").dir "/proc/self/fd"
    end
    local before, open
    for i = 1, 300 do
      apply(('policy "good" { n = %d }'):format(i))
      events = {}
      if i == 100 then
        before, open = memory(), descriptors()
      end
    end
    assert.is_true(memory() - before < 16, ("%g KiB more"):format(memory() - before))
    assert.equal(open, descriptors())
    loop:advance(1)
    assert.equal(1, count("good", "tick"))
  end)

  describe("that change something", function()
    before_each(function()
      os.execute("mkdir -p " .. folder.path .. "/proc/sys/vm")
      folder:write("proc/sys/vm/swappiness", "60\n")
      for name, rest in pairs { sets = "", ["sets-too"] = "", ["sets-and-fails"] = 'error "no"' } do
        folder:write("scripts/" .. name .. ".lua", ([[
local opt = require "pagewarden.option"
return { api = 1, name = "%s", summary = "A test", needs = { sysctl = { "vm.swappiness" } },
  options = { opt.integer { "to", default = 40 } },
  start = function(pw, o)
    local now, message = pw.sysctl.set("vm.swappiness", o.to)
    pw.log("tried", { now = now or message })
    pw:every(60, function() end) %s end }]]):format(name, rest))
      end
    end)

    local GRANT = 'grant = { sysctl = { "vm.swappiness" } }'

    local function swappiness()
      local file <close> = assert(io.open(folder.path .. "/proc/sys/vm/swappiness"))
      return file:read "n"
    end

    local function tried(name)
      local now
      for _, logged in ipairs(events) do
        now = logged.policy == name and logged.event == "tried" and logged.now or now
      end
      return now
    end

    it("do so through the gate, which undoes it when they stop", function()
      apply(('policy "sets" { %s }'):format(GRANT))
      assert.same({ 40, 40 }, { swappiness(), tried "sets" })
      local recent = fleet:explain("sets").recent
      local said = recent[2]
      assert.same({ "act", "sysctl vm.swappiness", "60", "40" },
        { said.event, said.key, said.was, said.kept })
      fleet:stop "sets"
      assert.equal(60, swappiness())
    end)

    it("hand on what they changed when they are replaced, and the first value comes back",
      function()
        apply(('policy "sets" { %s }'):format(GRANT))
        assert.same({ replaced = { "sets" } },
          outcome(apply(('policy "sets" { to = 30, %s }'):format(GRANT))))
        assert.equal(30, swappiness())
        fleet:stop "sets"
        assert.equal(60, swappiness())
      end)

    it("keep what they changed when the one to replace them fails", function()
      apply(('policy "sets" { as = "it", %s }'):format(GRANT))
      assert.same({ kept = { "it" } },
        outcome(apply(('policy "sets-and-fails" { as = "it", %s }'):format(GRANT))))
      assert.equal(40, swappiness())
      fleet:stop "it"
      assert.equal(60, swappiness())
    end)

    it("leave nothing behind when they fail", function()
      assert.same({ failed = { "sets-and-fails" } },
        outcome(apply(('policy "sets-and-fails" { %s }'):format(GRANT))))
      assert.equal(60, swappiness())
    end)

    it("own what they change, and a second is refused by the owner's name", function()
      apply(('policy "sets" { as = "first", %s }\npolicy "sets-too" { to = 5, %s }'):format(GRANT,
        GRANT))
      assert.equal(40, swappiness())
      assert.matches("first", tried "sets-too")
      fleet:stop "first"
      assert.equal(60, swappiness())
    end)
  end)
end)
