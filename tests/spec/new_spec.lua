local folders = require "folder"
local program = require "program"

--- Runs a command with the modules of this build tree, as bash reads it.
local function run_busted(path)
  local build = os.getenv "PW_BUILD_DIR"
  local output = os.tmpname()
  local line = ("env 'LUA_PATH=%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua;;' "
    .. "'LUA_CPATH=%s/lib/lua/5.4/?.so;;' busted --lua=lua5.4 -o plainTerminal %s >%s 2>&1"):format(
      build, build, build, program.quote(path), output)
  local ok = os.execute(line)
  local file <close> = assert(io.open(output))
  os.remove(output)
  return ok, file:read "a"
end


describe("pagewarden new", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function new(name)
    return program.run(("new %s --dir %s"):format(program.quote(name), folder.path))
  end

  local function contents(name)
    local file <close> = io.open(folder.path .. "/" .. name)
    return file and file:read "a"
  end

  it("writes a policy that checks and runs, and a spec that passes", function()
    local status, output, errors = new "watch-2-things"
    assert.same({ 0, "" }, { status, errors })
    local policy = folder.path .. "/watch-2-things.lua"
    assert.matches("wrote " .. policy, output, 1, true)
    assert.equal(0, (program.run("check " .. policy)))
    assert.equal(0, (program.run(("run %s --for 10ms"):format(policy))))
    local passed, said = run_busted(folder.path .. "/watch-2-things_spec.lua")
    assert.is_true(passed, said)
    assert.matches("3 successes / 0 failures / 0 errors", said, 1, true)
  end)

  it("writes a policy that is listed, and whose spec is not taken for one", function()
    new "mine"
    local _, output = program.run(("-S %s list"):format(folder.path))
    assert.matches("mine +Say when", output)
    assert.is_nil(output:find("mine_spec", 1, true))
  end)

  it("writes a spec that fails when the policy does not do what it says", function()
    new "mine"
    folder:write("mine.lua", (contents "mine.lua":gsub("share < o.least", "share > o.least")))
    assert.is_falsy((run_busted(folder.path .. "/mine_spec.lua")))
  end)

  it("overwrites nothing, and writes both files or none", function()
    folder:write("mine.lua", "precious")
    local status, _, errors = new "mine"
    assert.equal(1, status)
    assert.matches("mine.lua: File exists", errors, 1, true)
    assert.same({ "precious", nil }, { contents "mine.lua", contents "mine_spec.lua" })
    folder:write("other_spec.lua", "precious")
    status, _, errors = new "other"
    assert.equal(1, status)
    assert.matches("other_spec.lua: File exists", errors, 1, true)
    assert.same({ nil, "precious" }, { contents "other.lua", contents "other_spec.lua" })
  end)

  it("refuses what is no name of a policy", function()
    for _, name in ipairs { "../mine", "a/b", "Mine", "2mine", "my_policy", "mine.lua", "", "a\nb",
      "%1" } do
      local status, _, errors = new(name)
      assert.equal(2, status, name)
      assert.matches("lower%-case letters, digits and hyphens", errors)
    end
  end)

  it("names the folder that is not there", function()
    local status, _, errors = program.run "new mine --dir /nonexistent/folder"
    assert.equal(1, status)
    assert.matches("/nonexistent/folder/mine.lua: No such file", errors, 1, true)
  end)
end)
