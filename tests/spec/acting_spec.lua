-- SPDX-License-Identifier: MIT
local folders = require "folder"
local program = require "program"
local service = require "service"

--- Lowers swappiness, and waits.
local CALM = [[
return { api = 1, name = "calm", summary = "A test", needs = { sysctl = { "vm.swappiness" } },
  start = function(pw)
    local kept, message = pw.sysctl.set("vm.swappiness", 10)
    pw.log("set", { kept = kept, reads = pw.sysctl.get "vm.swappiness", message = message })
    pw:every(60, function() end)
  end }
]]

--- Reaches for what it did not say it needs.
local GREEDY = [[
return { api = 1, name = "greedy", summary = "A test", needs = { sysctl = { "vm.swappiness" } },
  start = function(pw)
    local kept, message = pw.sysctl.set("vm.dirty_ratio", 1)
    pw.log("tried", { kept = kept, message = message })
    pw.log("has", { oom = pcall(function() return pw.oom end) })
  end }
]]

--- Lowers it, and is done.
local ONCE = CALM:gsub('"calm"', '"once"'):gsub("pw:every%(60, function%(%) end%)", "")

local SPOILT = CALM:gsub('"calm"', '"spoilt"'):gsub("pw:every%(60, function%(%) end%)",
  'error "broken after it acted"')

--- A root with two settings, and folders for policies and configuration.
local function new_root()
  local folder = folders.new()
  for _, name in ipairs { "proc", "proc/sys", "proc/sys/vm", "conf.d", "scripts" } do
    folder:mkdir(name)
  end
  folder:write("proc/sys/vm/swappiness", "60\n")
  folder:write("proc/sys/vm/dirty_ratio", "20\n")
  return folder
end

local function swappiness_of(folder)
  local file <close> = assert(io.open(folder.path .. "/proc/sys/vm/swappiness"))
  return file:read "n"
end

describe("a policy that acts", function()
  local folder

  before_each(function() folder = new_root() end)
  after_each(function() folder:remove() end)

  local function run(name, code, more)
    local path = folder:write(("scripts/%s.lua"):format(name), code)
    return program.run(("run %s --root %s --config %s --for 100ms %s"):format(path, folder.path,
      folder.path, more or ""))
  end

  local function grant(name, words)
    folder:write("conf.d/test.lua",
      ("policy %q { grant = %s }\n"):format(folder.path .. "/scripts/" .. name .. ".lua", words))
  end

  it("is refused without a grant, and told the line to add", function()
    local status, _, errors = run("calm", CALM)
    assert.equal(3, status)
    assert.equal(60, swappiness_of(folder))
    assert.truthy(errors:find("calm needs sysctl vm.swappiness; to grant it, add to", 1, true))
    assert.truthy(errors:find('{ grant = { sysctl = { "vm.swappiness" } } }', 1, true), errors)
  end)

  it("is told what is wrong with the configuration that was to grant it", function()
    folder:write("conf.d/test.lua", ("policy %q { grant = { sysctl = true } }\n"):format(
      folder.path .. "/scripts/calm.lua"))
    local status, _, errors = run("calm", CALM)
    assert.equal(3, status)
    assert.truthy(errors:find("conf.d/test.lua:1: calm: grant: sysctl: expected a list", 1, true),
      errors)
  end)

  it("does what it was granted, and its lease is undone when it stops", function()
    grant("calm", '{ sysctl = { "vm.swappiness" } }')
    local status, output, errors = run("calm", CALM)
    assert.same({ 0, "" }, { status, errors })
    assert.truthy(output:find("calm: act: ", 1, true), output)
    assert.truthy(output:find("kept=10 reads=10", 1, true), output)
    assert.equal(60, swappiness_of(folder))
  end)

  it("keeps what it did when it is done once it has started, to be undone by its number", function()
    grant("once", '{ sysctl = { "vm.swappiness" } }')
    local status, output = run("once", ONCE)
    assert.equal(0, status)
    assert.truthy(output:find("once: kept: id=1 ", 1, true), output)
    assert.equal(10, swappiness_of(folder))
    assert.equal(0, (program.run(("undo 1 --root %s"):format(folder.path))))
    assert.equal(60, swappiness_of(folder))
  end)

  it("keeps nothing that it asked for as a lease", function()
    grant("once", '{ sysctl = { "vm.swappiness" } }')
    assert.equal(0, (run("once", (ONCE:gsub(', 10%)', ', 10, { lifetime = "lease" })')))))
    assert.equal(60, swappiness_of(folder))
  end)

  it("is undone when it fails after it acted", function()
    grant("spoilt", '{ sysctl = { "vm.swappiness" } }')
    local status, output, errors = run("spoilt", SPOILT)
    assert.equal(1, status)
    assert.truthy(errors:find("broken after it acted", 1, true))
    assert.truthy(output:find("spoilt: undone: ", 1, true), output)
    assert.equal(60, swappiness_of(folder))
  end)

  it("writes nothing in dry run, where later reads agree with what it did", function()
    local status, output = run("calm", CALM, "--dry-run")
    assert.equal(0, status)
    assert.truthy(output:find("calm: would: ", 1, true), output)
    assert.truthy(output:find("kept=10 reads=10", 1, true), output)
    assert.equal(60, swappiness_of(folder))
    assert.is_nil(io.open(folder.path .. "/run"))
  end)

  it("gets neither keys nor modules that it did not declare", function()
    grant("greedy", '{ sysctl = { "vm.swappiness" } }')
    local status, output = run("greedy", GREEDY)
    assert.equal(0, status)
    assert.truthy(output:find("refused", 1, true), output)
    assert.truthy(output:find("sysctl vm.dirty_ratio: ", 1, true), output)
    assert.truthy(output:find("oom=false", 1, true), output)
  end)

  it("runs a program that it was granted, in a task that waits while it goes on", function()
    local path = folder:write("scripts/caller.lua", [[
      return { api = 1, name = "caller", summary = "A test", needs = { exec = { "/bin/echo" } },
        start = function(pw)
          pw:task(function()
            local ended = assert(pw.exec.run { "/bin/echo", "a", "$HOME" })
            pw.log("ended", { said = ended.said, status = ended.status })
            pw.log("other", { message = select(2, pw.exec.run { "/bin/true" }) })
          end)
          pw.log("begun", { message = select(2, pcall(pw.exec.run, { "/bin/echo" })) })
        end }
    ]])
    grant("caller", '{ exec = { "/bin/echo" } }')
    local status, output, errors = program.run(("run %s --config %s"):format(path, folder.path))
    assert.same({ 0, "" }, { status, errors })
    assert.truthy(output:find("caller: begun: only a task may wait", 1, true), output)
    assert.truthy(output:find("caller: act: key=exec /bin/echo value=/bin/echo a $HOME", 1, true))
    assert.truthy(output:find("caller: ended: said=a $HOME status=0", 1, true), output)
    assert.truthy(output:find("exec /bin/true: not granted to policy caller", 1, true), output)
  end)

  it("may read with the modules that it names, and change nothing", function()
    local code = GREEDY:gsub('needs = { sysctl = { "vm.swappiness" } }',
      'needs = { sysctl = "read" }')
    local status, output = run("greedy", code)
    assert.equal(0, status)
    assert.truthy(output:find("sysctl vm.dirty_ratio: nothing was granted", 1, true), output)
  end)

  it("loads modules from outside the sandbox that it was granted, but in no dry run", function()
    local path = folder:write("scripts/outsider.lua", [[
      return { api = 1, name = "outsider", summary = "A test", needs = { modules = { "posix.*" } },
        start = function(pw)
          pw.log("got", { pid = require "posix.unistd".getpid() })
          pw.log("not", { message = select(2, pcall(require, "cjson")) })
        end }
    ]])
    local command = ("run %s --config %s "):format(path, folder.path)
    assert.equal(3, (program.run(command)))
    grant("outsider", '{ modules = { "posix.*" } }')
    local status, output, errors = program.run(command)
    assert.same({ 0, "" }, { status, errors })
    assert.truthy(output:find("outsider: got: pid=%d+"), output)
    assert.truthy(output:find("module 'cjson' is neither pure nor", 1, true), output)
    local _
    status, _, errors = program.run(command .. "--dry-run")
    assert.equal(3, status)
    assert.truthy(errors:find("could get round a dry run: posix.*", 1, true), errors)
  end)
end)

describe("a daemon's policy that acts", function()
  local folder

  before_each(function()
    folder = new_root()
    folder:write("scripts/calm.lua", CALM)
    folder:write("conf.d/a.lua", 'policy "calm" { grant = { sysctl = { "vm.swappiness" } } }')
  end)
  after_each(function() folder:remove() end)

  local function start()
    os.remove(folder.path .. "/notify")
    local daemon = service.start(folder.path,
      { "--config", folder.path, "-S", folder.path .. "/scripts" })
    daemon:await "READY=1"
    return daemon
  end

  it("holds its lease as long as it runs", function()
    local daemon <close> = start()
    assert.equal(10, swappiness_of(folder))
    assert.equal(0, (daemon:finish "SIGTERM"))
    assert.equal(60, swappiness_of(folder))
  end)

  it("keeps the first original over a kill and a new start", function()
    local killed = start()
    killed:close()
    assert.equal(10, swappiness_of(folder))
    local daemon <close> = start()
    assert.equal(10, swappiness_of(folder))
    daemon:finish "SIGTERM"
    assert.equal(60, swappiness_of(folder))
  end)

  it("is undone at the next start when it is no longer configured", function()
    start():close()
    folder:write("conf.d/a.lua", "")
    local _ <close> = start()
    assert.equal(60, swappiness_of(folder))
  end)

  it("acts beside a journal of another version, which is said and not touched", function()
    local line = "pagewarden-journal 2 some-boot\n"
    os.execute(("mkdir -p %s/run/pagewarden/journal"):format(folder.path))
    local path = folder:write("run/pagewarden/journal/812-45678", line)
    local daemon <close> = start()
    assert.equal(10, swappiness_of(folder))
    local status, output = daemon:finish "SIGTERM"
    assert.equal(0, status)
    assert.truthy(output:find("journal=812-45678 reason=it is of another version of pagewarden", 1,
      true), output)
    local file <close> = assert(io.open(path))
    assert.equal(line, file:read "a")
  end)

  it("goes on with its lease when its new version fails", function()
    local daemon <close> = start()
    folder:write("scripts/calm.lua", SPOILT:gsub('"spoilt"', '"calm"'):gsub("10%)", "90)"))
    assert.equal(1, (daemon:run "reload"))
    assert.equal(10, swappiness_of(folder))
    daemon:finish "SIGTERM"
    assert.equal(60, swappiness_of(folder))
  end)

  it("hands its lease on to its new version", function()
    local daemon <close> = start()
    folder:write("scripts/calm.lua", CALM .. "-- as before\n")
    assert.equal(0, (daemon:run "reload"))
    assert.equal(10, swappiness_of(folder))
    daemon:finish "SIGTERM"
    assert.equal(60, swappiness_of(folder))
  end)
end)

describe("a bundled recipe", function()
  local unprivileged = require("posix.unistd").geteuid() ~= 0
  local folder

  --- An installation of its own, with one recipe.
  before_each(function()
    folder = new_root()
    for _, name in ipairs { "bin", "share", "share/pagewarden", "share/pagewarden/scripts" } do
      folder:mkdir(name)
    end
    local build = os.getenv "PW_BUILD_DIR"
    assert(os.execute(("cp %s %s/bin/ && ln -s %s/share/lua %s/share/lua && ln -s %s/lib %s/lib")
      :format(program.path, folder.path, build, folder.path, build, folder.path)))
  end)
  after_each(function() folder:remove() end)

  local function run(code, more)
    folder:write("share/pagewarden/scripts/calm.lua", code)
    local pipe = assert(io.popen(("%s/bin/pagewarden run calm --root %s --for 100ms %s 2>&1")
      :format(folder.path, folder.path, more or "")))
    local output = pipe:read "a"
    local _, _, status = pipe:close()
    return status or 0, output
  end

  it("is granted what it declares when root runs it, who is told", function()
    local _, output = run(CALM)
    if unprivileged then
      assert.truthy(output:find("to grant it, add to", 1, true), output)
    else
      assert.truthy(output:find("calm may change: sysctl vm.swappiness", 1, true), output)
      assert.truthy(output:find("kept=10", 1, true), output)
    end
  end)

  it("wants --yes for what cannot be undone, and none to show it", function()
    if unprivileged then
      pending "only root is granted anything"
      return
    end
    for needs, what in pairs {
      ["sysrq = { 's', 'f' }"] = "sysrq f",
      ["reclaim = { 'sync', 'drop_caches' }"] = "reclaim drop_caches",
      ["sysctl = { 'vm.swappiness', 'vm.compact_memory' }"] = "sysctl vm.compact_memory",
    } do
      local code = ([[
        return { api = 1, name = "calm", summary = "A test", needs = { %s },
          start = function(pw) pw:every(60, function() end) end }
      ]]):format(needs)
      local status, output = run(code)
      assert.equal(3, status)
      assert.truthy(output:find(("may do what cannot be undone: %s; --yes"):format(what), 1, true),
        output)
      assert.equal(0, (run(code, "--yes")))
      assert.equal(0, (run(code, "--dry-run")))
    end
  end)

  it("takes options for --yes that the recipe says agree to it", function()
    if unprivileged then
      pending "only root is granted anything"
      return
    end
    local code = [[
      local opt = require "pagewarden.option"
      return { api = 1, name = "calm", summary = "A test", needs = { sysrq = { "f" } },
        options = { opt.string { "window" } },
        agreed = function(o) return #o.window > 0 end,
        start = function(pw) pw:every(60, function() end) end }]]
    assert.equal(3, (run(code)))
    assert.equal(3, (run(code, "-o window=")))
    assert.equal(0, (run(code, "-o window=night")))
  end)
end)
