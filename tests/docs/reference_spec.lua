-- SPDX-License-Identifier: MIT
-- The reference pages can be made, miss nothing that users may call, and agree with the stubs.
local folders = require "folder"
local public = require "public"
local stubs = require "stubs"

local has_ldoc = os.execute "command -v ldoc >/dev/null"


local function contents(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


--- The functions on a page with their parameters: { ["snapshot:sum"] = "field" }.
local function add_from(path, documented)
  local module = path:match "([%w_.]+)%.html$"
  local functions = '<a name = "([^"]+)"></a>%s*<strong>(.-)</strong>'
  for name, parameters in contents(path):gmatch(functions) do
    name = name:find ":" and name or module .. "." .. name
    documented[name] = parameters:match "%((.*)%)":gsub("[%[%]]", ""):gsub("=[^,]*", "")
  end
end


describe("the reference", function()
  if not has_ldoc then
    pending "LDoc is not installed"
    return
  end

  local documented = {}

  setup(function()
    local folder <close> = folders.new()
    assert(os.execute("lua5.4 docs/reference.lua " .. folder.path), "LDoc warned")
    local pages <close> = assert(io.popen(("ls %s/*/*.html"):format(folder.path)))
    for path in pages:lines() do
      add_from(path, documented)
    end
  end)

  it("has every function of every module and object", function()
    local missing = {}
    for _, name in ipairs(public.functions()) do
      missing[#missing + 1] = not documented[name] and name or nil
    end
    assert.are.same({}, missing)
  end)

  it("gives functions the parameters that editors are told of", function()
    local different = {}
    for name, parameters in pairs(stubs.declared()) do
      different[name] = documented[name] ~= parameters and documented[name] or nil
    end
    assert.are.same({}, different)
  end)
end)
