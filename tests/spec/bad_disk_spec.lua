-- SPDX-License-Identifier: MIT
-- File systems that take nothing, mounted in a namespace of the command's own.
local folders = require "folder"
local json = require "dkjson"
local program = require "program"

local ACTS = [[
return { api = 1, name = "acts", summary = "A test", needs = { sysctl = { "vm.swappiness" } },
  start = function(pw)
    local kept, message = pw.sysctl.set("vm.swappiness", 10)
    if not kept then return nil, message end
  end }
]]

local KEEPS = [[
return { api = 1, name = "keeps", summary = "A test", needs = { state = "64K" },
  start = function(pw)
    assert(pw.state:put("much", ("x"):rep(32 << 10)))
    pw:every(0.05, function() pw.log "ticks" end)
  end }
]]

describe("on a file system that takes nothing", function()
  local folder

  before_each(function()
    folder = folders.new()
    for _, path in ipairs { "proc", "proc/sys", "proc/sys/vm", "conf.d", "scripts", "run", "var",
      "var/lib", "var/lib/pagewarden" } do
      folder:mkdir(path)
    end
    folder:write("proc/sys/vm/swappiness", "60\n")
    folder:write("conf.d/a.lua", ('policy %q { grant = { sysctl = { "vm.swappiness" } } }'):format(
      folder:write("scripts/acts.lua", ACTS)))
    folder:write("scripts/keeps.lua", KEEPS)
  end)
  after_each(function() folder:remove() end)

  --- Runs a command that sees an empty file system of this kind at a folder of the root.
  local function run(options, at, line)
    local mount = ("mount -t tmpfs -o %s none %s/%s"):format(options, folder.path, at)
    if not os.execute(("unshare -rm %s 2>/dev/null"):format(mount)) then
      return nil
    end
    return program.run(("%s --root %s --config %s"):format(line, folder.path, folder.path),
      ("unshare -rm sh -c '%s && exec \"$@\"' sh"):format(mount))
  end

  local function swappiness()
    local file <close> = assert(io.open(folder.path .. "/proc/sys/vm/swappiness"))
    return file:read "n"
  end

  it("the daemon does not start, and says where it may not write", function()
    local status, output, errors = run("ro", "run", "daemon")
    if not status then return pending "no namespaces" end
    assert.same({ 1, "", ("pagewarden: %s/run/pagewarden: Read-only file system\n"):format(
      folder.path) }, { status, output, errors })
  end)

  it("nothing is changed that could not be undone", function()
    local status, _, errors = run("ro", "run", ("run %s/scripts/acts.lua"):format(folder.path))
    if not status then return pending "no namespaces" end
    assert.same({ 1, "pagewarden: acts: sysctl vm.swappiness: it cannot be owned: "
      .. "/run/pagewarden/owners: Read-only file system\n" }, { status, errors })
    assert.equal(60, swappiness())
  end)

  it("a policy goes on with what it keeps, and says once that the disk is full", function()
    local status, output = run("size=16k", "var/lib/pagewarden",
      ("--json run %s/scripts/keeps.lua --for 200ms"):format(folder.path))
    if not status then return pending "no namespaces" end
    local ticks, failures = 0, {}
    for line in output:gmatch "[^\n]+" do
      local event = json.decode(line)
      ticks = ticks + (event.event == "ticks" and 1 or 0)
      failures[#failures + 1] = event.event == "state-failed" and event.message or nil
    end
    assert.equal(0, status)
    assert.is_true(ticks > 0)
    assert.same({ "state of keeps: No space left on device" }, failures)
  end)
end)
