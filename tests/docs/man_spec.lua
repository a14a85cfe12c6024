-- SPDX-License-Identifier: MIT
-- pagewarden(1) tells of every command, option and variable there is.
local program = require "program"

local has_mandoc = os.execute "command -v mandoc >/dev/null"


local function contents(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


--- The commands that the help of the program lists.
local function commands()
  local _, help = program.run "--help"
  local names = {}
  for name in help:match "\nCommands:(.*)":gmatch "\n   (%l+) " do
    names[#names + 1] = name
  end
  return names
end


--- The options in a help text, without their first hyphen: "-json".
local function options_in(help)
  local options = {}
  for option in help:match "\nOptions:(.*)":gmatch "%f[-]%-(%-?%a[%l-]*)" do
    options[#options + 1] = option
  end
  return options
end


--- The options that a page in mdoc has an item for.
local function options_on(page)
  local options = {}
  for item in page:gmatch "\n%.It ([^\n]*)" do
    for option in item:gmatch "Fl (%S+)" do
      options[option] = true
    end
  end
  return options
end


describe("the man page", function()
  local page = contents "docs/pagewarden.1"

  it("tells of every command", function()
    local names = commands()
    assert.is_true(#names >= 7)
    for _, name in ipairs(names) do
      assert.is_truthy(page:find("\n.It Ic " .. name, 1, true), name)
    end
  end)

  it("tells of every option, of all commands and of each", function()
    local lines = commands()
    lines[#lines + 1] = ""
    local explained = options_on(page)
    for _, command in ipairs(lines) do
      local _, help = program.run(command .. " --help")
      local options = options_in(help)
      assert.is_true(#options > 0)
      for _, option in ipairs(options) do
        assert.is_true(explained[option], ("%s: -%s"):format(command, option))
      end
    end
  end)

  it("tells of every variable of the environment that is asked for", function()
    local sources <close> = assert(io.popen("cat core/*/*.c lua/pagewarden/cli/*.lua"
      .. " lua/pagewarden/*.lua"))
    for name in sources:read("a"):gmatch 'getenv[ (]+"([%u_]+)"' do
      assert.is_truthy(page:find(".It Ev " .. name, 1, true), name)
    end
  end)

  it("has no faults that mandoc sees", function()
    if not has_mandoc then
      pending "mandoc is not installed"
      return
    end
    assert.is_true(os.execute "mandoc -T lint -W warning docs/pagewarden.1 >&2")
  end)
end)
