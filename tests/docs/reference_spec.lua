-- SPDX-License-Identifier: MIT
-- The reference pages can be made, and miss nothing that users may call.
local folders = require "folder"
local public = require "public"

local has_ldoc = os.execute "command -v ldoc >/dev/null"


local function names_on(path, module)
  local file <close> = assert(io.open(path))
  local names = {}
  for name in file:read("a"):gmatch '<a name = "([^"]+)">' do
    names[name:find ":" and name or module .. "." .. name] = true
  end
  return names
end


describe("the reference", function()
  if not has_ldoc then
    pending "LDoc is not installed"
    return
  end

  it("has every function of every module and object", function()
    local folder <close> = folders.new()
    assert.is_true(os.execute("lua5.4 docs/reference.lua " .. folder.path), "LDoc warned")
    local documented = {}
    local pages <close> = assert(io.popen(("ls %s/*/*.html"):format(folder.path)))
    for path in pages:lines() do
      for name in pairs(names_on(path, path:match "([%w_.]+)%.html$")) do
        documented[name] = true
      end
    end
    local missing = {}
    for _, name in ipairs(public.functions()) do
      missing[#missing + 1] = not documented[name] and name or nil
    end
    assert.are.same({}, missing)
  end)
end)
