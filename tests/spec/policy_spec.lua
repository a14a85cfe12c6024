local folders = require "folder"
local policy = require "pagewarden.policy"

describe("loading a policy", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function load(contents)
    return policy.load(folder:write("demo.lua", contents))
  end

  --- What is said about a file, after its path.
  local function refusal(contents)
    local loaded, message = load(contents)
    assert.is_nil(loaded)
    local rest = message:gsub("^" .. folder.path:gsub("%p", "%%%0") .. "/demo%.lua", "", 1)
    assert.not_equal(message, rest, "the message begins with the file: " .. message)
    return rest
  end

  --- A declaration with one part replaced or added.
  local function declaration(part)
    return ([[
      local opt = require "pagewarden.option"
      local declared = { api = 1, name = "demo", summary = "Shows", start = function() end }
      for key, value in pairs { %s } do declared[key] = value end
      return declared]]):format(part)
  end

  it("gives what the file declares, with defaults for what it leaves out", function()
    local loaded = assert(load(declaration 'tags = { "a" }, options = { opt.size { "hog" } }'))
    assert.equal("demo", loaded.name)
    assert.same({ "a" }, loaded.tags)
    assert.equal("hog", loaded.options[1].name)
    assert.same({}, loaded.needs)
  end)

  it("names the line of a syntax error", function()
    assert.matches("^:2: ", refusal "return {\n  api = = 1\n}")
  end)

  it("names the line of an error while loading", function()
    assert.equal(":2: no", refusal '\nerror "no"')
  end)

  it("names a missing field", function()
    assert.equal(": missing field 'summary'",
      refusal 'return { api = 1, name = "demo", start = function() end }')
    assert.matches("missing field 'api'", refusal "return {}")
    assert.equal(": a policy returns a table; this file returns nil", refusal "")
  end)

  local wrong = {
    ['name = "Two Words"'] = "field 'name': expected a name of lower-case letters, digits and "
      .. "hyphens, found 'Two Words'",
    ["summary = 12"] = "field 'summary': expected a line of text, found 12",
    ['start = "now"'] = "field 'start': expected a function of pw and the options, found 'now'",
    ["description = 12"] = "field 'description': expected a text, found 12",
    ["examples = { 12 }"] = "field 'examples': expected a list of command lines, found a table",
    ['tags = "one"'] = "field 'tags': expected a list of words, found 'one'",
    ["options = { 12 }"] =
      "field 'options': element 1: expected an option such as opt.size { \"name\" }, found 12",
    ['options = { opt.size { "a" }, opt.size { "a" } }'] =
      "field 'options': option 'a' is declared twice",
    ['options = { window = opt.size { "a" } }'] =
      "field 'options': expected a list of options and nothing else, found a table",
    ["check = true"] = "field 'check': expected a function of the options, found true",
    ["needs = 1"] = "field 'needs': expected a table, or a function of the options, found 1",
    ['needs = { sysctl = "vm.swappiness" }'] =
      "field 'needs': sysctl: expected a list of keys or \"read\", found 'vm.swappiness'",
    ["needs = { kil = true }"] = "field 'needs': unknown need 'kil' (did you mean 'kill'?)",
    ['needs = { state = "4" }'] =
      "field 'needs': state: expected a size, such as \"4K\", found '4'",
    ['needs = { pressure = { "memroy" } }'] =
      "field 'needs': pressure: expected a list of cpu, memory, io and irq, found 'memroy'",
    ["option = {}"] = "unknown field 'option' (did you mean 'options'?)",
  }
  for part, expected in pairs(wrong) do
    it("refuses " .. part, function()
      assert.equal(": " .. expected, refusal(declaration(part)))
    end)
  end

  it("names both versions when a policy asks for another api", function()
    assert.equal(": field 'api': it asks for 7, this pagewarden has 1",
      refusal(declaration "api = 7"))
  end)

  it("names the place of a wrong option", function()
    local message = refusal(declaration 'options = { opt.duration { "window", default = 2 } }')
    assert.matches("^:%d+: option 'window': default: expected a duration with a unit", message)
  end)

  describe("is safe on any file:", function()
    it("no bytecode", function()
      assert.matches("attempt to load a binary chunk", refusal(string.dump(function() end)))
    end)

    it("no way to files, processes or the host", function()
      for _, name in ipairs { "io", "os", "debug", "package", "load", "loadfile", "dofile", "print",
        "collectgarbage" } do
        assert.equal((":1: global '%s' is not available here"):format(name),
          refusal(("return %s.x"):format(name)))
      end
      assert.matches("module 'posix' is neither pure nor in the policy's folder",
        refusal 'require "posix"')
      assert.matches("module 'pagewarden.recipe.none' is neither pure nor in the policy's folder",
        refusal 'require "pagewarden.recipe.none"')
      assert.matches("a module's name expected", refusal 'require "../demo"')
      assert.is_nil(load('getmetatable("").__index = nil'))
      assert.equal(3, ("abc"):len())
    end)

    it("no globals by accident", function()
      assert.equal(":1: global 'count' is assigned: say local", refusal "count = 1")
    end)

    it("no change to what other policies see", function()
      load 'string.format = nil; require("pagewarden.option").size = nil'
      assert.is_function(string.format)
      assert.is_function(require("pagewarden.option").size)
    end)

    it("no endless loop, though it calls pcall or a coroutine", function()
      for _, body in ipairs {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "local t = setmetatable({}, { __index = function() while true do end end }) return t.x",
      } do
        assert.matches("it ran for more than 0.25 s", refusal(body))
      end
      assert.matches("it ran for more than 0.25 s", refusal [[
        return setmetatable({}, { __index = function() while true do end end })]])
    end)

    it("no unbounded memory", function()
      assert.matches("not enough memory", refusal "return ('x'):rep(1 << 30)")
      assert.matches("not enough memory",
        refusal "local t = {} while true do t[#t + 1] = { #t } end")
    end)

    it("no finalizers", function()
      assert.matches("__gc is not available", refusal "setmetatable({}, { __gc = function() end })")
    end)
  end)

  it("lets a policy require a file beside it", function()
    folder:write("helper.lua", "return { answer = 42 }")
    local loaded = assert(load([[
      local helper = require "helper"
      return { api = 1, name = "demo", summary = "The answer is " .. helper.answer,
        start = function() end }]]))
    assert.equal("The answer is 42", loaded.summary)
  end)

  it("bounds what check and needs do with the options", function()
    local loaded = assert(load(declaration [[
      options = { opt.integer { "n", default = 2 }, opt.boolean { "spin" },
        opt.list { "keys", of = opt.string } },
      check = function(o) while o.spin do end return o.n > 1, "n is too small" end,
      needs = function(o) return { sysctl = o.keys } end]]))
    local function set(values)
      return loaded:set_options { { name = "a test", values = values } }
    end
    assert.is_true(set { keys = { "vm.swappiness" } })
    assert.same({ sysctl = { "vm.swappiness" } }, loaded:needs_now())
    assert.same({ false, "demo: n is too small" }, { set { n = 1 } })
    assert.matches("it ran for more than", select(2, set { spin = true }))
    assert.is_true(set {})
    assert.matches("sysctl: expected a list of keys", select(2, loaded:needs_now()))
  end)

  it("gives each policy a state of its own, and takes it back", function()
    local loaded <close> = assert(load(declaration ""))
    assert.is_true(loaded:memory() > 0)
    loaded:close()
    assert.error_matches(function() loaded:memory() end, "is closed")
  end)
end)
