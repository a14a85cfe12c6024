-- SPDX-License-Identifier: MIT
-- The pages in docs/ and the README name files that are there.
local unistd = require "posix.unistd"

--- Where a page that is in the middle of a subject may leave the reader to be.
local FOLDERS = { "", "docs/", "core/", "core/read/", "core/act/", "core/bind/", "core/host/",
  "lua/pagewarden/" }


local function contents(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


local function exists(path)
  for _, folder in ipairs(FOLDERS) do
    if unistd.access(folder .. path) then
      return true
    end
  end
  return false
end


--- Words in backticks that look like a file of the sources: a path, or a C or Lua file's name.
local function files_in(page)
  local files = {}
  for word in page:gsub("```.-```", ""):gmatch "`([%w_./-]+)`" do
    local is_path = word:find "^%l[%w_.-]*/[%w_./-]*%.%l+$" or word:find "%.[chl][ua]*$"
    local is_built = word:find "^build/"
    if is_path and not is_built and not word:find "NAME" and not word:find "foo" then
      files[#files + 1] = word
    end
  end
  return files
end


describe("the pages", function()
  local list <close> = assert(io.popen "ls docs/*.md docs/cookbook/*.md README.md")
  for path in list:lines() do
    local page = contents(path)

    it(path .. " links to pages that are there", function()
      local folder = path:match "^.*/" or ""
      for target in page:gmatch "%]%(([%w/_.-]+)%)" do
        assert.is_truthy(unistd.access(folder .. target), target)
      end
    end)

    it(path .. " names files that are there", function()
      for _, name in ipairs(files_in(page)) do
        assert.is_true(exists(name), name)
      end
    end)
  end

  it("have one in the cookbook for every policy, which its index names", function()
    local index = contents "docs/cookbook/README.md"
    local scripts <close> = assert(io.popen "ls scripts")
    for line in scripts:lines() do
      local name = line:match "^(.*)%.lua$"
      assert.is_true(not name or index:find(("](%s.md)"):format(name), 1, true) ~= nil, line)
    end
  end)
end)
