-- SPDX-License-Identifier: MIT
-- Everything that other projects captured is read, and read as they read it. What is expected of
-- each file is in the corpus's own README and tables.
local corpus = require "corpus"

if not corpus.present() then
  describe("the corpus", function()
    it("is read whole", function() pending("no corpus at " .. corpus.path) end)
  end)
  return
end

local metrics = require "corpus_metrics"
local readers = require "corpus_readers"
local kinds = corpus.kinds()

--- What is read of a fixture: a value and flaws, or nil and why not.
local function read(fixture)
  return readers.read[kinds[fixture]](corpus.text(fixture), fixture)
end

--- The value read of a fixture, once for all that is asked about it.
local values = setmetatable({}, { __index = function(values, fixture)
  local value = assert(read(fixture))
  rawset(values, fixture, value)
  return value
end })

--- A number of EXPECTED.tsv in our unit, by our rules for what a Lua integer cannot hold.
local function expected_value(text, unit)
  if unit == "kB" then return math.tointeger(tonumber(text)) * 1024 end
  if text == "max" then return math.huge end
  local number = tonumber(text)
  if math.type(number) == "float" and number >= 2.0 ^ 63 then return math.maxinteger end
  return number or text
end

describe("the corpus", function()
  teardown(corpus.remove_roots)

  it("is read whole, and every failure says why", function()
    local count = 0
    for fixture in pairs(kinds) do
      local value, second, _, kind = read(fixture)
      if value == nil then
        assert.is_string(second, fixture)
        assert.equal("broken", kind, fixture)
      else
        assert.is_table(value, fixture)
      end
      count = count + 1
    end
    assert.equal(511, count)
  end)

  it("holds the values that other projects expect", function()
    local checked = 0
    for _, row in ipairs(corpus.rows("EXPECTED.tsv")) do
      local fixture, key, text, unit = table.unpack(row)
      if fixture ~= "fixture" and key ~= "ERROR" then
        local found = readers.find(kinds[fixture], values[fixture], key)
        assert.equal(expected_value(text, unit), found, fixture .. " " .. key)
        checked = checked + 1
      end
    end
    assert.equal(587, checked)
  end)

  it("has errors that invent no number and fail no more than their line", function()
    local checked = 0
    for _, row in ipairs(corpus.rows("EXPECTED.tsv")) do
      local fixture, key = table.unpack(row)
      if key == "ERROR" then
        local value, flaws = read(fixture)
        if value and fixture:find("memory.stat_7", 1, true) then
          assert.same({ slab = 1234 }, value)
          assert.equal(1, flaws.skipped)
        else
          assert.same({}, value or {}, fixture)
        end
        checked = checked + 1
      end
    end
    assert.equal(7, checked)
  end)

  it("holds the metrics that node_exporter expects", function()
    local machine, checked = metrics.machine(), 0
    for _, row in ipairs(corpus.rows("node_exporter/EXPECTED_metrics.tsv")) do
      local value = metrics.value(machine, row[1])
      assert.is_number(value, row[1])
      assert.near(tonumber(row[2]), value, math.abs(value) * 1e-9, row[1])
      checked = checked + 1
    end
    assert.equal(310, checked)
  end)
end)
