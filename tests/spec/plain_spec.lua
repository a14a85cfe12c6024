local plain = require "pagewarden.plain"

describe("plain values", function()
  local function pass(value)
    local bytes = assert(plain.encode(value, "value"))
    local result, after = plain.decode(bytes)
    assert.equal(#bytes + 1, after)
    return result
  end

  it("come back as they were, numbers to the last bit and in their kind", function()
    for _, value in ipairs { true, false, 0, -1, math.maxinteger, math.mininteger, 0.1, -0.0, 1e300,
      5e-324, math.huge, -math.huge, 2^53, "", "a;b}{:\0\n\255", ("x"):rep(100000) } do
      local result = pass(value)
      assert.equal(value, result)
      assert.equal(math.type(value), math.type(result))
    end
  end)

  it("come back nested, as copies", function()
    local value = { 1, 2.5, { true, name = "x", [false] = {} }, ["a b"] = { [7] = -1 } }
    local result = pass(value)
    assert.same(value, result)
    assert.not_equal(value[3], result[3])
  end)

  it("are told from others by the path of what is not plain", function()
    local deep = {}
    deep.again = deep
    for path, value in pairs {
      ["value: expected a string, number, boolean or table, found a function"] = print,
      ["value.a[2][\"b c\"]: expected a string, number, boolean or table, found a thread"] =
        { a = { 1, { ["b c"] = coroutine.create(print) } } },
      ["value.x: not a number"] = { x = 0 / 0 },
      ["value.x: a table with a metatable is not plain"] = { x = setmetatable({}, {}) },
      ["value: expected keys that are strings, numbers or booleans, found a table"] = { [{}] = 1 },
      ["value" .. (".again"):rep(16) .. ": tables are nested too deep"] = deep,
    } do
      local bytes, problem = plain.encode(value, "value")
      assert.is_nil(bytes)
      assert.equal(path, problem)
    end
  end)

  it("are not read out of bytes that hold none", function()
    for _, bytes in ipairs { "", "x", "i1", "i;", "i1.5;", "i99999999999999999999;", "d;", "dx;",
      "s", "s3", "s3:ab", "s-1:", "{", "{i1;", "{i1;}", "{}i" } do
      local _, after = plain.decode(bytes)
      assert.is_true(after == nil or bytes == "{}i" and after == 3, bytes)
    end
  end)

  it("do not run what is stored", function()
    assert.is_nil((plain.decode "return os.exit(1)"))
  end)
end)
