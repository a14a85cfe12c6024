-- SPDX-License-Identifier: MIT
-- Memory accounted by cgroups of version 1, which Debian's 6.12 is built without.
local cgroup = require "pagewarden.cgroup"
local lab = require "lab"
local loops = require "pagewarden.loop"

local MIB = 1 << 20

return {
  needs = { kernels = { "6.1" }, cgroup = 1 },

  { "a cgroup's memory, limits and events are read", function()
    lab.cgroup "/web"
    local hog = lab.hog(16, "/web")
    assert.equal(1, cgroup.version())
    assert.equal("/web", cgroup.own(hog.pid))
    assert.is_true(cgroup.current "/web" >= 16 * MIB)
    lab.write("/sys/fs/cgroup/memory/web/memory.limit_in_bytes", 64 * MIB)
    assert.equal(64 * MIB, cgroup.limits("/web").max)
    assert.is_true(cgroup.stat("/web").rss >= 15 * MIB)
  end },

  { "vm.swappiness does not reach a cgroup that exists, and adaptive-swappiness says so", function()
    lab.cgroup "/web"
    lab.defer(function() lab.write("/proc/sys/vm/swappiness", 60) end)
    lab.write("/proc/sys/vm/swappiness", 10)
    assert.equal(60, lab.number "/sys/fs/cgroup/memory/web/memory.swappiness")
    local output, status = lab.recipe "adaptive-swappiness"
    assert.matches("each of which has a memory.swappiness of its own", output, 1, true)
    assert.equal(1, status)
  end },

  { "vm.swappiness reaches what is in no cgroup, and cgroups made below the root later", function()
    local function swappiness_of(path)
      return lab.number(lab.cgroups .. path .. "/memory.swappiness")
    end
    lab.cgroup "/web"
    lab.write("/proc/sys/vm/swappiness", 90)
    lab.defer(function() lab.write("/proc/sys/vm/swappiness", 60) end)
    lab.cgroup "/later"
    lab.cgroup "/web/inner"
    assert.same({ 90, 60, 90, 60 }, { swappiness_of "", swappiness_of "/web",
      swappiness_of "/later", swappiness_of "/web/inner" })
  end },

  { "a kill within a cgroup is read from the kernel's log", function()
    local loop <close> = assert(loops.new())
    lab.cgroup "/web"
    lab.write("/sys/fs/cgroup/memory/web/memory.limit_in_bytes", 8 * MIB)
    local heard
    assert(loop:on_oom(function(event)
      heard = event
      loop:stop()
    end))
    loop:after(60, function() loop:stop() end)
    local hog = lab.start({ "hog", "32" }, "/web")
    assert(loop:run())
    assert.same({ hog.pid, "CONSTRAINT_MEMCG", "/web" },
      { heard.pid, heard.constraint, heard.oom_cgroup })
  end },
}
