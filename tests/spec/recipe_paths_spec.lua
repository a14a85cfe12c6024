-- SPDX-License-Identifier: MIT
local paths = require "pagewarden.recipe.paths"

describe("a path", function()
  it("is within itself, what it is below of, and the root", function()
    for _, top in ipairs { "/user.slice/a.service", "/user.slice", "/user.slice/", "/" } do
      assert.is_true(paths.is_within("/user.slice/a.service", top))
    end
  end)

  it("is not within one that only begins alike", function()
    assert.is_false(paths.is_within("/user.slicer", "/user.slice"))
    assert.is_false(paths.is_within("/", "/user.slice"))
  end)

  it("that is not known is within the root, and nothing else", function()
    assert.is_true(paths.is_within(nil, "/"))
    assert.is_false(paths.is_within(nil, "/user.slice"))
  end)

  it("has all above it up to the root, and the root has none", function()
    assert.equal("/a", paths.above "/a/b")
    assert.equal("/", paths.above "/a")
    assert.is_nil(paths.above "/")
  end)
end)
