-- SPDX-License-Identifier: MIT
-- A daemon that a policy holds up, in a call that no deadline ends: changes get their numbers under
-- a lock, and somebody keeps that.
local folders = require "folder"
local service = require "service"

local HOLDS_UP = [[
return { api = 1, name = "holds-up", summary = "Changes a second setting when told",
  needs = { sysctl = { "vm.swappiness", "vm.vfs_cache_pressure" } },
  start = function(pw)
    assert(pw.sysctl.set("vm.swappiness", 10))
    assert(pw:on_memory_events("/web", function() pw.sysctl.set("vm.vfs_cache_pressure", 50) end))
  end }
]]

local OTHER = [[
return { api = 1, name = "other", summary = "Changes another setting",
  needs = { sysctl = { "vm.page-cluster" } },
  start = function(pw)
    assert(pw.sysctl.set("vm.page-cluster", 0))
    pw:every(60, function() end)
  end }
]]

local SETTINGS = { swappiness = 60, vfs_cache_pressure = 100, ["page-cluster"] = 3 }

describe("a policy that holds the daemon up", function()
  local folder

  before_each(function()
    folder = folders.new()
    for _, path in ipairs { "proc", "proc/sys", "proc/sys/vm", "sys", "sys/fs", "sys/fs/cgroup",
      "sys/fs/cgroup/web", "conf.d", "scripts" } do
      folder:mkdir(path)
    end
    for name, value in pairs(SETTINGS) do
      folder:write("proc/sys/vm/" .. name, value .. "\n")
    end
    folder:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
    folder:write("sys/fs/cgroup/web/memory.events", "high 0\n")
    folder:write("scripts/holds-up.lua", HOLDS_UP)
    folder:write("scripts/other.lua", OTHER)
    folder:write("conf.d/a.lua", [[
policy "holds-up" { grant = { sysctl = { "vm.swappiness", "vm.vfs_cache_pressure" } } }
policy "other" { grant = { sysctl = { "vm.page-cluster" } } }
]])
  end)
  after_each(function() folder:remove() end)

  local function start()
    os.remove(folder.path .. "/notify")
    return service.start(folder.path,
      { "--config", folder.path, "-S", folder.path .. "/scripts" })
  end

  local function setting(name)
    local file <close> = assert(io.open(folder.path .. "/proc/sys/vm/" .. name))
    return file:read "n"
  end

  --- Holds the lock until what it returns is closed.
  local function hold_numbers()
    local told = folder.path .. "/told"
    assert(os.execute("mkfifo " .. told))
    local holder = assert(io.popen(("flock %s/run/pagewarden/number sh -c 'echo held >%s; cat'")
      :format(folder.path, told), "w"))
    local file <close> = assert(io.open(told))
    assert.equal("held", file:read())
    return holder
  end

  it("costs its own place: the daemon ends, and is started again without it", function()
    do
      local daemon <close> = start()
      daemon:await "STATUS=policies: 2 running"
      assert.same({ 10, 0 }, { setting "swappiness", setting "page-cluster" })
      local _ <close> = hold_numbers()
      folder:write("sys/fs/cgroup/web/memory.events", "high 1\n")
      local status, _, errors = daemon:finish()
      assert.equal(70, status)
      assert.equal("pagewarden: watchdog: the policy holds-up held the host for 2000 ms\n", errors)
    end
    local daemon <close> = start()
    daemon:await "STATUS=policies: 1 running"
    assert.same({ 60, 100, 0 }, { setting "swappiness", setting "vfs_cache_pressure",
      setting "page-cluster" })
    local status, output = daemon:finish "SIGTERM"
    assert.equal(0, status)
    assert.truthy(output:find("holds-up held the daemon up when it last ran", 1, true))
    assert.equal(3, setting "page-cluster")
  end)
end)
