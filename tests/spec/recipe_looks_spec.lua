-- SPDX-License-Identifier: MIT
local looks = require "pagewarden.recipe.looks"


--- A policy's timers: each with its period, what it calls, and whether it was cancelled.
local function new()
  local pw = { timers = {} }
  function pw:every(period, call)
    local timer = { period = period, call = call, cancelled = false }
    function timer.cancel() timer.cancelled = true end
    self.timers[#self.timers + 1] = timer
    return timer
  end
  return pw
end


describe("looking again and again", function()
  it("begins at once, and keeps its timer as long as the period stays", function()
    local pw, count = new(), 0
    looks.keep(pw, function()
      count = count + 1
      return 2
    end)
    assert.same({ 1, 1, 2 }, { count, #pw.timers, pw.timers[1].period })
    pw.timers[1].call()
    assert.same({ 2, 1 }, { count, #pw.timers })
  end)

  it("takes another period as the last look says, and ends when it says none", function()
    local pw, wanted = new(), 2
    local again = looks.keep(pw, function() return wanted end)
    wanted = 1
    again()
    assert.is_true(pw.timers[1].cancelled)
    assert.equal(1, pw.timers[2].period)
    wanted = nil
    again()
    assert.is_true(pw.timers[2].cancelled)
    assert.equal(2, #pw.timers)
  end)

  it("may wait for the first look, and goes on when that fails", function()
    local pw = new()
    looks.keep(pw, function() error "not yet" end, 5)
    assert.same({ 1, 5 }, { #pw.timers, pw.timers[1].period })
    assert.is_false((pcall(pw.timers[1].call)))
    assert.is_false(pw.timers[1].cancelled)
  end)
end)
