local format = require "pagewarden.format"

describe("format", function()
  it("shows sizes with three digits and a binary unit", function()
    assert.equal("0 B", format.size(0))
    assert.equal("1.5 KiB", format.size(1536))
    assert.equal("1023 KiB", format.size(1023 << 10))
    assert.equal("1 MiB", format.size((1 << 20) - 1))
    assert.equal("-64 MiB", format.size(-64 << 20))
    assert.equal("8 EiB", format.size(math.maxinteger))
    assert.equal("unlimited", format.size(math.huge))
  end)

  it("shows the larger two units of a duration", function()
    assert.equal("0s", format.duration(0))
    assert.equal("250ms", format.duration(0.25))
    assert.equal("2.5s", format.duration(2.5))
    assert.equal("1m", format.duration(59.97))
    assert.equal("1m 30s", format.duration(90))
    assert.equal("2h", format.duration(7205))
    assert.equal("3d 4h", format.duration(3 * 86400 + 4 * 3600 + 5))
    assert.equal("for ever", format.duration(math.huge))
  end)

  it("shows percentages and counts", function()
    assert.equal("12.5%", format.percent(12.5))
    assert.equal("100%", format.percent(100))
    assert.equal("-3%", format.percent(-3))
    assert.equal("1,234,567", format.count(1234567))
    assert.equal("-123", format.count(-123))
  end)

  it("measures what a terminal shows, not bytes", function()
    assert.equal("é  |", format.pad("é", 3) .. "|")
    assert.equal("日本…", format.fit("日本語テキスト", 6))
    assert.equal("short", format.fit("short", 6))
  end)

  it("breaks text at blanks", function()
    assert.same({ "one two", "three" }, format.wrap("one two three", 8))
    assert.same({ "unbreakable", "x" }, format.wrap("unbreakable x", 4))
  end)

  it("aligns a table and cuts its flexible column to the width", function()
    local columns = {
      { "PID", right = true }, { "COMMAND", flexible = true }, { "RSS", right = true },
    }
    local rows = { { "1", "systemd", "12 MiB" }, { "4242", "a-very-long-command-name", "1 GiB" } }
    assert.same({
      " PID  COMMAND           RSS",
      "   1  systemd        12 MiB",
      "4242  a-very-long-…   1 GiB",
    }, format.table(columns, rows, 27))
  end)

  it("paints cells after aligning them", function()
    local lines = format.table({ { "A" }, { "B" } }, { { "x", "y" } }, 80,
      function(row, _, cell) return row == 0 and "<" .. cell .. ">" or cell end)
    assert.same({ "<A>  <B>", "x  y" }, lines)
  end)
end)
