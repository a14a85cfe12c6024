-- SPDX-License-Identifier: MIT
-- What the kernel tells of memory that runs short: pressure, memory.events, its log.
local cgroup = require "pagewarden.cgroup"
local lab = require "lab"
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"
local psi = require "pagewarden.psi"

local MIB = 1 << 20
local PATIENCE = 60


--- Runs a loop until something is heard, or for too long; what was heard.
local function hear(loop, listen)
  local heard
  local handle, message = listen(function(event)
    heard = event
    loop:stop()
  end)
  assert(handle, message)
  loop:after(PATIENCE, function() loop:stop() end)
  assert(loop:run())
  return assert(heard, "nothing was heard")
end


--- A cgroup in which a program goes through twice the memory that it may have.
local function thrash(path)
  lab.cgroup(path)
  assert(cgroup.set(path, "memory.high", 24 * MIB))
  return lab.start({ "hog", "-t", "48" }, path)
end


return {
  needs = { swap = { "128M" } },

  { "a trigger on the machine's memory pressure fires", function()
    local loop <close> = assert(loops.new())
    thrash "/thrashing"
    local event = hear(loop, function(fn)
      return loop:on_pressure({ resource = "memory", stall = 0.05, window = 1 }, fn)
    end)
    assert.is_false(event.synthetic)
    assert.is_true(event.total > 50000)
  end },

  { "one on the pressure of a cgroup fires, and tells the cgroup's end", function()
    local loop <close> = assert(loops.new())
    local hog = thrash "/thrashing"
    local request = { resource = "memory", stall = 0.05, window = 1, cgroup = "/thrashing" }
    local event = hear(loop, function(fn) return loop:on_pressure(request, fn) end)
    assert.is_false(event.synthetic)
    assert.equal("/thrashing", event.cgroup)
    assert.is_true(cgroup.pressure("/thrashing", "memory").some.total >= event.total)
    hog:stop()
  end },

  { "a loop that is polled from outside hears as often as one that waits by itself", function()
    thrash "/thrashing"
    local status, output = lab.run "nested"
    assert.equal(0, status, output)
  end },

  { "a program without a loop hears of pressure, and of a cgroup's end", function()
    thrash "/thrashing"
    local machine <close> = assert(psi.trigger { resource = "memory", stall = 0.05, window = 1 })
    local group <close> = assert(psi.trigger { resource = "memory", stall = 0.05, window = 1,
      cgroup = "/thrashing" })
    assert.is_true(machine:wait(PATIENCE))
    assert.is_true(group:wait(PATIENCE))
    assert.is_true(psi.read("memory", "/thrashing").some.total > 50000)
    assert.equal(0, (lab.run "mkdir /sys/fs/cgroup/brief"))
    local brief <close> = assert(psi.trigger { resource = "memory", stall = 1, cgroup = "/brief" })
    assert.is_false(brief:wait(0))
    assert.equal(0, (lab.run "rmdir /sys/fs/cgroup/brief"))
    assert.equal("gone", select(4, brief:wait(PATIENCE)))
  end },

  { "memory.events tells that a limit was met", function()
    local loop <close> = assert(loops.new())
    lab.cgroup "/limited"
    assert(cgroup.set("/limited", "memory.high", 8 * MIB))
    local event = hear(loop, function(fn)
      local handle, message = loop:on_memory_events("/limited", fn)
      lab.start({ "hog", "16" }, "/limited")
      return handle, message
    end)
    assert.is_true(event.changed.high > 0)
    assert.is_false(event.gone)
  end },

  { "a kill within a cgroup is read from the kernel's log", function()
    local loop <close> = assert(loops.new())
    local kills, hog = proc.vmstat().oom_kill, nil
    lab.cgroup "/limited"
    assert(cgroup.set("/limited", "memory.max", 8 * MIB))
    lab.write("/sys/fs/cgroup/limited/memory.swap.max", 0)
    local event = hear(loop, function(fn)
      local handle, message = loop:on_oom(fn)
      hog = lab.start({ "hog", "32" }, "/limited")
      return handle, message
    end)
    assert.same({ hog.pid, "hog", "CONSTRAINT_MEMCG", "/limited", "/limited" },
      { event.pid, event.comm, event.constraint, event.cgroup, event.oom_cgroup })
    assert.is_false(event.synthetic)
    assert.is_true(event.anon_rss > 4 * MIB)
    assert.same({ "killed", 9 }, { hog:wait() })
    assert.equal(kills + 1, proc.vmstat().oom_kill)
    assert.equal(1, cgroup.events("/limited").oom_kill)
  end },

  { "so is one for want of memory on the whole machine", function()
    local loop <close> = assert(loops.new())
    local hog
    lab.write("/proc/sys/vm/swappiness", 0)
    lab.defer(function() lab.write("/proc/sys/vm/swappiness", 60) end)
    local event = hear(loop, function(fn)
      local handle, message = loop:on_oom(fn)
      hog = lab.start { "hog", "2048" }
      return handle, message
    end)
    assert.same({ hog.pid, "hog", "CONSTRAINT_NONE" }, { event.pid, event.comm, event.constraint })
    assert.is_true(event.anon_rss > 256 * MIB)
    assert.is_true(event.total_vm > 2048 * MIB)
    assert.same({ "killed", 9 }, { hog:wait() })
  end },

  { "a policy hears of pressure and of a kill, in its own events", function()
    local policy = lab.run_policy("witness", '{ kmsg = true, pressure = { "memory" } }', [[
      pw:on_oom(function(event) pw.log("kill", { pid = event.pid, comm = event.comm }) end)
      pw:on_pressure({ resource = "memory", stall = 0.05, window = 1 }, function(event)
        pw.log("pressure", { synthetic = event.synthetic })
      end)]])
    thrash "/thrashing"
    assert.matches("synthetic=false", policy:hear "witness: pressure", 1, true)
    lab.cgroup "/limited"
    assert(cgroup.set("/limited", "memory.max", 8 * MIB))
    lab.write("/sys/fs/cgroup/limited/memory.swap.max", 0)
    local hog = lab.start({ "hog", "32" }, "/limited")
    local line = assert(policy:hear "witness: kill")
    assert.matches("comm=hog", line, 1, true)
    assert.matches("pid=" .. hog.pid, line, 1, true)
  end },
}
