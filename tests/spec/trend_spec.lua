-- SPDX-License-Identifier: MIT
local trend = require "pagewarden.trend"

local function near(expected, found)
  assert.is_true(math.abs(expected - found) < 1e-6, ("%s is not %s"):format(found, expected))
end

describe("trend.slope", function()
  it("is the median slope of all pairs, with its interval", function()
    local slope, intercept, low, high = trend.slope({ 0, 1, 2, 3, 4 }, { 1, 3, 5, 7, 900 })
    near(2, slope)
    near(1, intercept)
    assert.is_true(low <= slope and slope <= high)
  end)

  it("names the argument that is wrong", function()
    assert.error_matches(function() trend.slope({ 1 }, { 1 }) end, "#1.*2 to 128")
    assert.error_matches(function() trend.slope({ 1, 2 }, { 1, 2, 3 }) end, "#2.*as many values")
    assert.error_matches(function() trend.slope({ 1, 1 }, { 1, 2 }) end, "two different times")
    assert.error_matches(function() trend.slope({ 1, 2 }, { 1, 0 / 0 }) end, "#2.*finite")
    assert.error_matches(function() trend.slope({ 1, 2 }, { 1, "x" }) end, "#2.*finite")
  end)
end)

describe("trend.mann_kendall", function()
  it("tells a rise from chance", function()
    local p, z, s, variance = trend.mann_kendall { 1, 2, 3, 4, 5 }
    near(10, s)
    near(300 / 18, variance)
    assert.is_true(z > 2 and p < 0.02)
    near(0.5, (trend.mann_kendall { 3, 3, 3, 3 }))
  end)

  it("refuses more values than it has room for", function()
    local values = {}
    for i = 1, 129 do values[i] = i end
    assert.error_matches(function() trend.mann_kendall(values) end, "2 to 128")
  end)
end)

describe("trend.envelope", function()
  it("keeps the least of each bucket", function()
    local envelope = trend.envelope { bucket = 10 }
    for second, value in ipairs { 5, 3, 4, 9, 8, 9, 9, 9, 9, 9, 7, 9 } do
      assert.is_true(envelope:add(second, value))
    end
    local times, values = envelope:points()
    assert.same({ 6 }, times)
    assert.same({ 3 }, values)
  end)

  it("says how the series grows since its floor", function()
    local envelope = trend.envelope { bucket = 1, capacity = 16, window = 60 }
    for second = 0, 40 do envelope:add(second, 100 + 4 * second) end
    local growth = envelope:growth()
    near(4, growth.slope)
    near(1, growth.kept)
    assert.is_true(growth.p < 0.01)
    near(growth.last - growth.first, envelope:rise())
  end)

  it("says nothing of a short series and refuses the past", function()
    local envelope = trend.envelope { bucket = 1 }
    envelope:add(10, 1)
    assert.is_nil(envelope:growth())
    assert.is_false(envelope:add(9, 1))
    assert.is_false(envelope:add(11, math.huge))
  end)

  it("names the field that is wrong", function()
    assert.error_matches(function() trend.envelope { bukcet = 1 } end, "did you mean 'bucket'")
    assert.error_matches(function() trend.envelope {} end, "'bucket'.*above 0")
    assert.error_matches(function() trend.envelope { bucket = "x" } end, "'bucket'.*got string")
    assert.error_matches(function() trend.envelope { bucket = 1, capacity = 129 } end, "'capacity'")
    assert.error_matches(function() trend.envelope { bucket = 1, window = -1 } end, "'window'")
  end)
end)

describe("trend.history", function()
  it("keeps the columns of each process apart", function()
    local history = trend.history { bucket = 1, columns = 2 }
    local real, virtual
    for second = 0, 10 do
      history:add(second, 7, 1000, second, 5)
      real, virtual = history:add(second, 8, 1000, 3 * second, second)
    end
    near(27, real)
    near(9, virtual)
    near(3, history:growth(8, 1000).slope)
    near(1, history:growth(8, 1000, 2).slope)
    assert.is_nil(history:growth(7, 1000, 2))
    assert.equal(2, #history)
  end)

  it("takes a reused pid for another process", function()
    local history = trend.history { bucket = 1 }
    for second = 0, 9 do history:add(second, 7, 1000, second) end
    assert.equal(0, history:add(10, 7, 2000, 500))
    assert.is_nil(history:growth(7, 2000))
    assert.equal(2, #history)
    assert.equal(1, history:expire(10))
    assert.is_nil(history:growth(7, 1000))
  end)

  it("grows up to its limit and then follows nobody new", function()
    local history = trend.history { bucket = 1, processes = 40 }
    for second = 0, 5 do
      for pid = 1, 40 do history:add(second, pid, 1, second * pid) end
    end
    assert.is_nil(history:add(5, 41, 1, 0))
    assert.equal(40, #history)
    near(40, history:growth(40, 1).slope)
  end)

  it("is memory that Lua accounts for, 204 bytes for a process of one column", function()
    local history = trend.history { bucket = 1, processes = 4096 }
    collectgarbage()
    local before = collectgarbage "count"
    for pid = 1, 4096 do history:add(0, pid, 1, 0) end
    collectgarbage()
    local bytes = (collectgarbage "count" - before) * 1024
    assert.is_true(bytes > 4000 * 200 and bytes < 4096 * 220, bytes .. " bytes")
  end)

  it("does not grow over a thousand generations of processes", function()
    local history = trend.history { bucket = 1, processes = 64 }
    local function generation(start_time)
      for pid = 1, 64 do history:add(start_time, pid, start_time, 1) end
      history:expire(start_time + 0.5)
    end
    generation(0)
    collectgarbage()
    local before = collectgarbage "count"
    for start_time = 1, 1000 do generation(start_time) end
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 1)
  end)

  it("names what is wrong", function()
    local history = trend.history { bucket = 1, columns = 2 }
    assert.error_matches(function() history:add(0, 0, 1, 1, 1) end, "pid above 0")
    assert.error_matches(function() history:add(0, 1, 1, 1) end, "#5.*number expected")
    assert.error_matches(function() history:add(0, 1, 1, 1, 1, 1) end, "1 argument too many")
    assert.error_matches(function() history:growth(1, 1, 3) end, "no such column")
    assert.error_matches(function() trend.history { bucket = 1, columns = 9 } end, "1 to 8")
    assert.error_matches(function() trend.history { bucket = 1, process = 9 } end, "'processes'")
  end)
end)
