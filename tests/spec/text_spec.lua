-- SPDX-License-Identifier: MIT
local text = require "pagewarden.text"

describe("text.nearest", function()
  it("finds the name that was meant", function()
    assert.equal("window", text.nearest("windw", { "reserve", "window", "ceiling" }))
  end)

  it("says nothing when no name is near", function()
    assert.is_nil(text.nearest("colour", { "reserve", "window" }))
    assert.is_nil(text.nearest("window", {}))
    assert.is_nil(text.nearest(("x"):rep(1000), { ("x"):rep(999) }))
  end)

  it("wants a list of strings", function()
    assert.error_matches(function() text.nearest("a", { 1 }) end, "list of strings")
  end)
end)

describe("text.escape", function()
  it("keeps a hostile name from the terminal", function()
    assert.equal("\\x1B]0;owned\\x07", text.escape("\27]0;owned\7"))
    assert.equal("two\\nlines", text.escape("two\nlines"))
  end)

  it("makes valid UTF-8 of any bytes", function()
    local bytes = {}
    for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
    assert.is_truthy(utf8.len(text.escape(table.concat(bytes))))
  end)

  it("takes text longer than a buffer", function()
    assert.equal(("\\xFF"):rep(100000), text.escape(("\xFF"):rep(100000)))
  end)
end)

describe("text.width", function()
  it("counts columns", function()
    assert.equal(6, text.width("café漢"))
  end)
end)
