-- SPDX-License-Identifier: MIT
-- What editors are told of is what there is. Modules in Lua are annotated themselves.
local public = require "public"
local stubs = require "stubs"

local ANNOTATED = { "^pagewarden%.format%.", "^pagewarden%.testing%.", "^world:" }


local function is_annotated(name)
  for _, pattern in ipairs(ANNOTATED) do
    if name:find(pattern) then
      return true
    end
  end
  return false
end


describe("the stubs for editors", function()
  local declared = stubs.declared()

  it("have every function of every module and object that is not Lua", function()
    local missing = {}
    for _, name in ipairs(public.functions()) do
      missing[#missing + 1] = not (declared[name] or is_annotated(name)) and name or nil
    end
    assert.are.same({}, missing)
  end)

  it("have no function that does not exist", function()
    for _, name in ipairs(public.functions()) do
      declared[name] = nil
    end
    assert.are.same({}, declared)
  end)

  it("name only types that are declared", function()
    local sources <close> = assert(io.popen "find lua -name '*.lua' -exec cat {} +")
    local types = {}
    for name in sources:read "a":gmatch "%-%-%-@%l+ (pagewarden[%w_.]*)" do
      types[name] = true
    end
    local unknown = {}
    local all <close> = assert(io.popen "cat lua/pagewarden/meta/*.lua")
    for line in all:lines() do
      for name in (line:match "^%-%-%-[@|].*" or ""):gmatch "%f[%w]pagewarden%.[%w_.]*[%w_]" do
        unknown[name] = not types[name] or nil
      end
    end
    assert.are.same({}, unknown)
  end)
end)
