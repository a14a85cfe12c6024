-- SPDX-License-Identifier: MIT
-- The tutorial is true: its files are written, its commands run one after another, and what they
-- print is what the page shows. Numbers, sizes and the names of processes may differ.
local folders = require "folder"
local program = require "program"

local BUILD = os.getenv "PW_BUILD_DIR"


local function contents(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


--- What differs from one machine, and one moment, to the next.
local function normalize(output)
  output = output:gsub("[%d.]+ [KMGT]?i?B", "SIZE")
  output = output:gsub("[^%s\"]+ %(pid %d+%)", "NAME (pid N)")
  output = output:gsub('(comm"?%s?[=:]%s?)"[^"]*"', '%1"NAME"')
  return (output:gsub("%d+%.?%d*", "N"))
end


--- The commands of a console block and what each prints: { { "command", "output\n" }, … }.
local function commands_in(block)
  local commands = {}
  for line in block:gmatch "([^\n]*\n)" do
    local command = line:match "^%$ (.*)\n"
    if command then
      commands[#commands + 1] = { command, "" }
    else
      commands[#commands][2] = commands[#commands][2] .. line
    end
  end
  return commands
end


local function run(folder, command)
  local script = ("cd %s && export PATH=%s/bin:$PATH LUA_PATH='%s' LUA_CPATH='%s' && { %s; } 2>&1")
    :format(folder.path, BUILD, package.path, package.cpath, command)
  local pipe <close> = assert(io.popen("bash -c " .. program.quote(script)))
  return pipe:read "a"
end


describe("the tutorial", function()
  local page = contents "docs/tutorial.md"

  it("prints what it says it prints", function()
    local folder <close> = folders.new()
    local commands = 0
    for language, block in page:gmatch "\n```(%l+)\n(.-)```" do
      local file = language == "lua" and block:match "^%-%- (%S+%.lua)\n"
      if file then
        folder:write(file, block)
      end
      for _, pair in ipairs(language == "console" and commands_in(block) or {}) do
        commands = commands + 1
        assert.are.same({ pair[1], normalize(pair[2]) },
          { pair[1], normalize(run(folder, pair[1])) })
      end
    end
    assert.is_true(commands > 10)
  end)

  it("has only files and lines that fit the house's style", function()
    for block in page:gmatch "\n```lua\n(.-)```" do
      assert(load(block))
      for line in block:gmatch "[^\n]+" do
        assert.is_true(#line <= 100, line)
      end
    end
  end)
end)
