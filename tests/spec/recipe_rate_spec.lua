-- SPDX-License-Identifier: MIT
-- `pagewarden.recipe.rate`: from what the kernel has counted to how fast it counts.
local rate = require "pagewarden.recipe.rate"


describe("rates", function()
  it("are known from the second look on", function()
    local rates = rate.new { counters = { "pswpin" } }
    assert.is_nil(rates:add(10, { pswpin = 100 }))
    local a_second, seconds = rates:add(12, { pswpin = 150 })
    assert.same({ { pswpin = 25 }, 2 }, { a_second, seconds })
  end)

  it("may be of a table that is filled again", function()
    local rates, values = rate.new { counters = { "pgfault" } }, { pgfault = 0 }
    rates:add(0, values)
    values.pgfault = 7
    assert.equal(7, rates:add(1, values).pgfault)
  end)

  it("of levels may be negative, those of counters that fell are not known", function()
    local rates = rate.new { counters = { "pswpin" }, levels = { "MemFree" } }
    rates:add(0, { pswpin = 500, MemFree = 300 })
    assert.same({ MemFree = -200 }, rates:add(1, { pswpin = 20, MemFree = 100 }))
    assert.same({ MemFree = 0, pswpin = 5 }, rates:add(2, { pswpin = 25, MemFree = 100 }))
  end)

  it("are not those of a look before the last, when a look had no such counter", function()
    local rates = rate.new { counters = { "pswpin" } }
    rates:add(0, { pswpin = 1 })
    assert.same({}, rates:add(1, {}))
    assert.same({}, rates:add(2, { pswpin = 100 }))
    assert.same({ pswpin = 1 }, rates:add(3, { pswpin = 101 }))
  end)

  it("are not known over a gap, and again after it", function()
    local rates = rate.new { counters = { "pswpin" }, longest = 10 }
    rates:add(0, { pswpin = 0 })
    assert.is_nil(rates:add(100, { pswpin = 1000 }))
    assert.equal(3, rates:add(101, { pswpin = 1003 }).pswpin)
  end)

  it("are not known when no time passed", function()
    local rates = rate.new { counters = { "pswpin" } }
    rates:add(5, { pswpin = 0 })
    assert.is_nil(rates:add(5, { pswpin = 9 }))
  end)
end)
