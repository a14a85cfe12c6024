-- SPDX-License-Identifier: MIT
local configuration = require "pagewarden.configuration"
local folders = require "folder"
local program = require "program"

local DEMO = [[
local opt = require "pagewarden.option"
return { api = 1, name = "NAME", summary = "Shows how", NEEDS
  options = { opt.duration { "window", default = "2s", max = "10s" },
    opt.integer { "most", default = 3 } },
  check = function(o) return o.most ~= 13, "13 brings bad luck" end,
  start = function() end }
]]

local ACTS = [[
  needs = { process = "read", sysctl = { "vm.swappiness", "vm.dirty_ratio" }, oom = true },]]

describe("the configuration", function()
  local folder, source

  before_each(function()
    folder = folders.new()
    folder:mkdir "scripts"
    folder:mkdir "conf.d"
    folder:write("scripts/demo.lua", (DEMO:gsub("NEEDS", ""):gsub("NAME", "demo")))
    folder:write("scripts/acts.lua", (DEMO:gsub("NEEDS", ACTS):gsub("NAME", "acts")))
    source = { config = folder.path, root = folder.path,
      search = { first = { folder.path .. "/scripts" } } }
  end)
  after_each(function() folder:remove() end)

  --- Reads one file with this text. Problems come without the file's name: "3: …".
  local function load(text)
    local path = folder:write("conf.d/a.lua", text)
    local names, problems, configured = {}, {}, {}
    local found = configuration.load(source, function(one)
      one.policy:close()
      configured[#configured + 1], names[#names + 1] = one, one.as
    end)
    for i, problem in ipairs(found.problems) do
      problems[i] = problem.message:gsub("^" .. path:gsub("%p", "%%%0") .. ":%s?", "")
    end
    return names, problems, configured
  end

  it("names the policies to run, more than once each when they have names of their own", function()
    local names, problems, configured = load [[
      policy "demo" { window = "5s" }
      policy "demo" { as = "slow", window = "10s" }
    ]]
    assert.same({}, problems)
    assert.same({ "demo", "slow" }, names)
    assert.equal(folder.path .. "/conf.d/a.lua:2", configured[2].origin)
  end)

  it("says everything that is wrong, where, and what may have been meant", function()
    local names, problems = load [[
      policy "demmo" {}
      policy "demo" { windw = "5s", most = "three",
        window = 5 }
      policy "demo" { as = "Big" }
      policy "demo" { as = "lucky", most = 13 }
      policy "demo" { as = "good" }
    ]]
    assert.same({ "good" }, names)
    assert.same({
      "1: no policy 'demmo' (did you mean 'demo'?)",
      "2: demo: option 'most': expected a whole number, found 'three'",
      "2: demo: option 'window': expected a duration with a unit, such as 500ms, 2s, 5m, 1h or 7d, "
        .. "found 5",
      "2: demo: unknown option 'windw' (did you mean 'window'?)",
      "4: as: expected a name of lower-case letters, digits and hyphens, found 'Big'",
      "5: demo: 13 brings bad luck",
    }, problems)
  end)

  it("refuses the second of one name", function()
    local names, problems = load 'policy "demo" {}\npolicy "acts" { as = "demo" }'
    assert.same({ "demo" }, names)
    assert.matches("^2: demo is configured twice; the other is at .*a.lua:1", problems[1])
  end)

  it("grants what is needed, and nothing else", function()
    local names, problems = load [[
      policy "acts" { grant = { sysctl = { "vm.swappiness", "vm.dirty_ratio" }, oom = true } }
      policy "acts" { as = "less", grant = { sysctl = { "vm.swappiness" } } }
      policy "acts" { as = "more", grant = { kill = true, sysctl = { "vm.overcommit_memory" } } }
      policy "acts" { as = "typo", grant = { sysctls = {}, oom = 1 } }
      policy "acts" { as = "what", grant = "all" }
    ]]
    assert.same({ "acts" }, names)
    assert.same({
      '2: acts: needs what it is not granted; add '
        .. 'grant = { oom = true, sysctl = { "vm.dirty_ratio" } }',
      "3: acts: grants 'kill', which the policy does not need",
      "3: acts: grants sysctl 'vm.overcommit_memory', which the policy does not need",
      "4: acts: grant: oom: expected true, found 1",
      "4: acts: grant: unknown need 'sysctls' (did you mean 'sysctl'?)",
      "5: acts: grant: expected a table such as { oom = true }, found a string",
    }, problems)
  end)

  it("holds only 'policy', and refuses other words with their line", function()
    for text, expected in pairs {
      ['\nprint "x"'] = "2: 'print' is not available in a configuration: it has only 'policy'",
      ['x = 1'] = "1: global 'x' is assigned: say local",
      ['policy "demo" {'] = "1: unexpected symbol near <eof>",
      ['policy "demo"'] = '1: demo: its options are missing; write policy "demo" {}',
      ['policy "demo" "slow"'] = "1: demo: expected a table of options, found 'slow'; "
        .. 'write policy "NAME" { option = value, … }',
      ['policy { "demo" }'] = "1: policy: expected a name, found a table; "
        .. 'write policy "NAME" { option = value, … }',
      ['policy "demo" { most = policy }'] = "1: demo: options are texts, numbers, booleans "
        .. "and lists, found a function",
      ['policy "scripts/demo.lua" {}'] = "1: policy 'scripts/demo.lua': a path begins with /",
      ["\27Lua"] = "attempt to load a binary chunk (mode is 't')",
    } do
      local names, problems = load(text)
      assert.same({ names = {}, problems = { expected } }, { names = names, problems = problems },
        text)
    end
  end)

  it("comes to an end whatever a file does, and reads the others", function()
    folder:write("conf.d/b.lua", 'policy "demo" {}')
    for text, expected in pairs {
      ["while true do end"] = "it ran for more than 0.25 s",
      ['local s = "x" while true do s = s .. s end'] = "memory",
    } do
      local names, problems = load(text)
      assert.matches(expected, problems[1])
      assert.same({ "demo" }, names)
    end
  end)

  it("takes a file of the same name from a later folder, and all in the order of names", function()
    local layers = { "usr/lib/pagewarden/conf.d", "etc/pagewarden/conf.d", "run/pagewarden/conf.d" }
    for _, layer in ipairs(layers) do
      os.execute(("mkdir -p %s/%s"):format(folder.path, layer))
    end
    folder:write(layers[1] .. "/20-base.lua", 'policy "demo" { as = "base" }')
    folder:write(layers[1] .. "/10-first.lua", 'policy "demo" { as = "vendor" }')
    folder:write(layers[2] .. "/10-first.lua", 'policy "demo" { as = "admin" }')
    folder:write(layers[3] .. "/15-now.lua", 'policy "demo" { as = "now" }')
    folder:write(layers[3] .. "/notes.txt", "not Lua")
    source.config = nil
    local names = {}
    local found = configuration.load(source, function(configured)
      configured.policy:close()
      names[#names + 1] = configured.as
    end)
    assert.same({ "admin", "now", "base" }, names)
    assert.same({}, found.problems)
  end)

  it("tells a policy that changed from one that did not", function()
    local function fingerprint(text)
      local _, _, configured = load(text)
      return configured[1].fingerprint
    end
    local before = fingerprint 'policy "demo" { most = 1 }'
    assert.equal(before, fingerprint '\n\npolicy "demo" { most = 0x1 }')
    assert.not_equal(before, fingerprint 'policy "demo" { most = 2 }')
    folder:write("scripts/demo.lua", (DEMO:gsub("NEEDS", ""):gsub("NAME", "demo")) .. "\n")
    assert.not_equal(before, fingerprint 'policy "demo" { most = 1 }')
  end)

  describe("is checked by 'check --config'", function()
    local function check(text, options)
      folder:write("conf.d/a.lua", text)
      return program.run(("check --config %s -S %s/scripts %s"):format(folder.path, folder.path,
        options or ""))
    end

    it("which says what would run, and says ok", function()
      local status, output, errors = check 'policy "demo" { as = "fast", window = "1s" }'
      assert.same({ 0, "" }, { status, errors })
      assert.matches("conf.d/a.lua:1: fast: ok\n", output, 1, true)
    end)

    it("which has a line on standard error for each mistake, and status 2", function()
      local status, output, errors = check 'policy "demo" { windw = 1, mst = 2 }\npolicy "d" {}'
      assert.same({ 2, "" }, { status, output })
      assert.equal(3, select(2, errors:gsub("\n", "")), errors)
    end)

    it("which answers what is not granted with status 3 and the line to add", function()
      local status, _, errors = check 'policy "acts" {}'
      assert.equal(3, status)
      assert.matches('add grant = { oom = true, sysctl = { "vm.swappiness", "vm.dirty_ratio" } }',
        errors, 1, true)
    end)

    it("which names a folder that is not there", function()
      local status, _, errors = program.run "check --config /nonexistent"
      assert.equal(2, status)
      assert.equal("pagewarden: /nonexistent: No such file or directory\n", errors)
    end)

    it("which says that nothing is configured", function()
      os.remove(folder.path .. "/conf.d/a.lua")
      local status, output = program.run("check --config " .. folder.path)
      assert.equal(0, status)
      assert.matches("the daemon would only observe", output)
    end)

    it("which as root refuses a file or folder that others may write, and names it", function()
      if require("posix.unistd").geteuid() ~= 0 then
        pending "needs root"
        return
      end
      local path = folder:write("conf.d/a.lua", 'policy "demo" {}')
      os.execute("chmod 666 " .. path)
      local status, _, errors = program.run("check --config " .. folder.path)
      assert.equal(3, status)
      assert.matches(path .. " may be written by others (mode 666)", errors, 1, true)
      os.execute(("chmod 644 %s; chmod 777 %s/conf.d"):format(path, folder.path))
      status, _, errors = program.run("check --config " .. folder.path)
      assert.equal(3, status)
      assert.matches("/conf.d may be written by others (mode 777)", errors, 1, true)
    end)
  end)
end)
