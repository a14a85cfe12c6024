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
  local HOUR <const>, MIB <const> = 3600, 1 << 20

  --- Looks every five minutes at sizes that are a function of the hours.
  local function watch(history, hours, sizes, from)
    for second = (from or 0) * HOUR, hours * HOUR, 300 do
      history:add(second, 7, 1000, sizes(second / HOUR))
      history:judge()
    end
  end

  local function suspects_of(history)
    local found = {}
    for _, pid, start_time, column, verdict in history:suspects() do
      found[#found + 1] = ("%d %d %d %s"):format(pid, start_time, column, verdict)
    end
    return found
  end

  local function leak(hours)
    return (200 + 10 * hours) * MIB
  end

  it("finds a leak, and says what speaks for it", function()
    local history = trend.history { least = 16 * MIB }
    watch(history, 6, leak)
    assert.same({ "7 1000 1 growing" }, suspects_of(history))
    watch(history, 60, leak, 7)
    assert.same({ "7 1000 1 leak" }, suspects_of(history))
    local finding = history:finding(7, 1000)
    assert.is_true(math.abs(finding.slope / (10 * MIB / HOUR) - 1) < 0.01)
    assert.is_true(finding.low <= finding.slope and finding.slope <= finding.high)
    assert.is_true(finding.p < 0.001 and finding.confidence > 0.7)
    near(1, finding.kept)
    assert.equal(5, finding.rises)
    local times, minima = history:points(7, 1000)
    assert.equal(#times, #minima)
    assert.is_true(minima[1] < minima[#minima])
  end)

  it("keeps the columns of each process apart", function()
    local history = trend.history { columns = 2, least = { 16 * MIB, 1000 * MIB } }
    watch(history, 6, function(hours) return 5, leak(hours) end)
    assert.same({}, suspects_of(history))
    watch(history, 12, function(hours) return leak(hours), 5 end, 7)
    assert.same({ "7 1000 1 growing" }, suspects_of(history))
    assert.is_nil(history:finding(7, 1000, 2))
  end)

  it("takes a reused pid for another process", function()
    local history = trend.history { least = 16 * MIB }
    watch(history, 6, leak)
    assert.is_true(history:add(6 * HOUR, 7, 2000, 500))
    assert.is_nil(history:finding(7, 2000))
    assert.equal(2, #history)
    assert.equal(1, history:expire(6 * HOUR + 1) - 1)
    assert.is_nil(history:finding(7, 1000))
  end)

  it("forgets whom it is told to", function()
    local history = trend.history()
    watch(history, 6, leak)
    assert.is_false(history:forget(7, 2000))
    assert.is_true(history:forget(7, 1000))
    assert.is_nil(history:finding(7, 1000))
    assert.equal(0, #history)
  end)

  it("goes on after hours in which nobody looked", function()
    local history = trend.history { least = 16 * MIB }
    watch(history, 24, leak)
    watch(history, 70, leak, 34) -- the machine slept
    assert.same({ "7 1000 1 leak" }, suspects_of(history))
    local calm = trend.history()
    watch(calm, 24, function() return 200 * MIB end)
    watch(calm, 70, function() return 230 * MIB end, 34)
    assert.same({}, suspects_of(calm))
  end)

  it("grows up to its limits, and then says that there is no room", function()
    local history = trend.history { processes = 40, series = 2 }
    for pid = 1, 40 do assert.is_true(history:add(0, pid, 1, 5)) end
    assert.is_nil(history:add(5, 41, 1, 0))
    assert.is_true(history:add(20, 1, 1, 6))
    assert.is_true(history:add(20, 2, 1, 6))
    assert.is_false(history:add(20, 3, 1, 6))
    assert.equal(40, #history)
  end)

  it("is memory that Lua accounts for, 52 bytes for who never rises and 820 a series", function()
    local function bytes_of(history, sizes)
      collectgarbage()
      local before = collectgarbage "count"
      for _, size in ipairs(sizes) do
        for pid = 1, 4096 do history:add(size, pid, 1, size) end
      end
      collectgarbage()
      return (collectgarbage "count" - before) * 1024 / 4096
    end
    local limits = { processes = 4096, series = 4096 }
    assert.is_true(bytes_of(trend.history(limits), { 1 }) <= 52)
    assert.is_true(bytes_of(trend.history(limits), { 1, 100 }) <= 52 + 820)
  end)

  it("does not grow over a thousand generations of processes", function()
    local history = trend.history { processes = 64, series = 64 }
    local function generation(start_time)
      for pid = 1, 64 do history:add(start_time, pid, start_time, 1) end
      for pid = 1, 64 do history:add(start_time, pid, start_time, 2) end
      history:expire(start_time + 0.5)
    end
    generation(0)
    collectgarbage()
    local before = collectgarbage "count"
    for start_time = 1, 1000 do generation(start_time) end
    collectgarbage()
    assert.is_true(collectgarbage "count" - before < 1)
  end)

  it("goes on where another left off, and takes nothing that is damaged", function()
    local before, after = trend.history { least = 16 * MIB }, trend.history { least = 16 * MIB }
    watch(before, 28, leak)
    local saved = before:save()
    assert.equal(0, after:load(20 * HOUR, saved)) -- of another boot
    assert.equal(0, after:load(28 * HOUR, saved:sub(2)))
    assert.equal(0, after:load(28 * HOUR, ""))
    assert.equal(1, after:load(28 * HOUR, saved))
    assert.equal(0, trend.history({ columns = 2 }):load(28 * HOUR, saved))
    watch(after, 50, leak, 29)
    assert.same({ "7 1000 1 leak" }, suspects_of(after))
    assert.is_true(#before:save(100) < 100)
  end)

  it("names what is wrong", function()
    local history = trend.history { columns = 2 }
    assert.error_matches(function() history:add(0, 0, 1, 1, 1) end, "pid above 0")
    assert.error_matches(function() history:add(0, 1, 1, 1) end, "#5.*number expected")
    assert.error_matches(function() history:add(0, 1, 1, 1, 1, 1) end, "1 argument too many")
    assert.error_matches(function() history:finding(1, 1, 3) end, "no such column")
    assert.error_matches(function() trend.history { columns = 9 } end, "1 to 8")
    assert.error_matches(function() trend.history { process = 9 } end, "'processes'")
    assert.error_matches(function() trend.history { patience = -1 } end, "'patience'")
    assert.error_matches(function() trend.history { columns = 2, least = { 1 } } end, "'least'")
  end)
end)
