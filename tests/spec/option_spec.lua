local option = require "pagewarden.option"

--- What declaring raises, without the position.
local function refusal(kind, declaration)
  local ok, message = pcall(function() option[kind](declaration) end)
  assert.is_false(ok)
  local place, rest = message:match "^(.-option_spec%.lua:%d+): (.*)$"
  assert.is_truthy(place, "the message names the caller's place: " .. message)
  return rest
end

describe("declaring an option", function()
  it("converts what it says about its values", function()
    local window = option.duration { "window", default = "2s", min = "500ms", max = "10s" }
    assert.same({ 2, 0.5, 10 }, { window.default, window.min, window.max })
    assert.equal(64 << 20, option.size { "hog", default = "64M" }.default)
    assert.equal(25, option.percent { "reserve", default = "25%" }.default)
    assert.equal(120, option.integer { "ceiling", default = 120, max = 200 }.default)
    assert.equal(false, option.boolean { "quiet" }.default)
    assert.equal(100, option.percent { "share" }.max)
  end)

  it("refuses a bare number where a unit matters", function()
    assert.equal("option 'window': default: expected a duration with a unit, "
      .. "such as 500ms, 2s, 5m, 1h or 7d, found 2", refusal("duration", { "window", default = 2 }))
    assert.matches("expected a size with a unit.*found '64'",
      refusal("size", { "hog", default = "64" }))
    assert.matches("expected a percentage with its sign.*found 25",
      refusal("percent", { "reserve", min = 25 }))
  end)

  it("refuses a default outside the limits", function()
    assert.equal("option 'window': default: expected at most 10s, found 20s",
      refusal("duration", { "window", default = "20s", max = "10s" }))
  end)

  it("refuses fields that it does not know and names the nearest", function()
    assert.equal("option 'window': unknown field 'defualt' (did you mean 'default'?)",
      refusal("duration", { "window", defualt = "2s" }))
  end)

  it("refuses a name that is missing or not fit for a command line", function()
    assert.matches("begins with the option's name", refusal("size", { default = "1M" }))
    assert.matches("begins with the option's name", refusal("size", { "two words" }))
  end)

  it("refuses limits and choices where they mean nothing", function()
    assert.matches("boolean has no smallest", refusal("boolean", { "quiet", min = 1 }))
    assert.matches("only a choice has them", refusal("size", { "hog", choices = { "1M" } }))
    assert.matches("choices: expected a list of strings", refusal("choice", { "mode" }))
  end)

  it("refuses a pattern that does not compile, with the reason", function()
    assert.matches("element 1: pattern '%(': Unmatched",
      refusal("list", { "avoid", of = option.pattern, default = { "(" } }))
  end)
end)

describe("an option's value", function()
  it("comes as text from a command line", function()
    assert.equal(12, option.convert(option.integer { "n" }, "12", true))
    assert.equal(0.5, option.convert(option.number { "n" }, "0.5", true))
    assert.equal(false, option.convert(option.boolean { "b", default = true }, "no", true))
    assert.equal(90, option.convert(option.duration { "d" }, "1m30s", true))
    assert.equal(0, option.convert(option.size { "s" }, "0", true))
    assert.same({ 1024, 1 << 20 },
      option.convert(option.list { "l", of = option.size }, "1K,1M", true))
  end)

  it("has its own type in configuration, where text is no number", function()
    local value, problem = option.convert(option.integer { "n" }, "12")
    assert.is_nil(value)
    assert.equal("expected a whole number, found '12'", problem)
    assert.is_nil(option.convert(option.integer { "n" }, 1.5))
    assert.is_nil(option.convert(option.boolean { "b" }, "no"))
  end)

  it("is one of the choices", function()
    local mode = option.choice { "mode", choices = { "fast", "slow" }, default = "slow" }
    assert.equal("fast", option.convert(mode, "fast"))
    local _, problem = option.convert(mode, "fats")
    assert.equal("expected one of fast, slow, found 'fats'", problem)
  end)

  it("is a path from the top", function()
    assert.equal("/var/swap", option.convert(option.path { "file" }, "/var/swap"))
    assert.is_nil(option.convert(option.path { "file" }, "var/swap"))
  end)

  it("is a pattern that matches as grep -E does", function()
    local avoid = option.convert(option.list { "avoid", of = "pattern" }, { "^(init|sshd)$", "^x" })
    assert.is_true(avoid:any "sshd")
    assert.is_true(avoid:any "xorg")
    assert.is_false(avoid:any "bash")
    assert.is_false(option.convert(option.list { "avoid", of = "pattern" }, {}):any "bash")
  end)

  it("is shown as it would be written", function()
    local function shown(spec) return option.show(spec, spec.default) end
    assert.equal("500ms", shown(option.duration { "d", default = "500ms" }))
    assert.equal("90s", shown(option.duration { "d", default = "1m30s" }))
    assert.equal("1.5G", shown(option.size { "s", default = "1536M" }))
    assert.equal("5%", shown(option.percent { "p", default = "5%" }))
    assert.equal("yes", shown(option.boolean { "b", default = true }))
    assert.equal("^a,b$", shown(option.list { "l", of = option.pattern, default = { "^a", "b$" } }))
  end)

  it("does not overflow", function()
    assert.is_nil(option.convert(option.size { "s" }, "99999999P"))
  end)
end)
