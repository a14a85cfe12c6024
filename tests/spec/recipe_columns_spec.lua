-- SPDX-License-Identifier: MIT
-- `pagewarden.recipe.columns`: rows that come one by one and stand under each other.
local columns = require "pagewarden.recipe.columns"


describe("columns", function()
  local layout = columns.new { { "pid", 5 }, { "rss", 8 }, { "name" } }

  it("stand under their headings", function()
    assert.equal("  pid      rss name", layout:heading())
    assert.equal("    7    4 KiB init", layout:row { 7, "4 KiB", "init" })
  end)

  it("show what is missing", function()
    assert.equal("    7        - init", layout:row { 7, nil, "init" })
  end)

  it("are shifted in one row by what is too wide, and lose nothing", function()
    assert.equal("1234567    4 KiB a", layout:row { 1234567, "4 KiB", "a" })
  end)

  it("are not broken by a name", function()
    assert.equal("    7        0 a\\n\\x1B[2J", layout:row { 7, 0, "a\n\27[2J" })
  end)
end)
