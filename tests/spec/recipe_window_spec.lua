-- SPDX-License-Identifier: MIT
local window = require "pagewarden.recipe.window"


describe("a window of the day", function()
  it("is open from its first minute to before its last", function()
    local night = window.parse "02:00-04:00"
    for _, case in ipairs { { 1, 59, false }, { 2, 0, true }, { 3, 59, true }, { 4, 0, false } } do
      assert.equal(case[3], window.is_open(night, { hour = case[1], min = case[2] }))
    end
  end)

  it("may go past midnight, or end there", function()
    local late = window.parse "22:30-1:00"
    assert.is_true(window.is_open(late, { hour = 23, min = 0 }))
    assert.is_true(window.is_open(late, { hour = 0, min = 59 }))
    assert.is_false(window.is_open(late, { hour = 1, min = 0 }))
    assert.is_true(window.is_open(window.parse "20:00-24:00", { hour = 23, min = 59 }))
  end)

  it("is nothing else", function()
    for _, text in ipairs { "", "2-4", "02:00", "02:60-03:00", "24:00-01:00", "02:00-25:00",
      "02:00-24:01", "02:00-02:00", "02:00-04:00x", "x02:00-04:00", "-1:00-02:00" } do
      assert.is_nil(window.parse(text), text)
    end
  end)
end)
