-- SPDX-License-Identifier: MIT
-- early-oom deciding as earlyoom and as systemd-oomd do, on real kernels: at the limits that were
-- given, and whom they would take. What systemd's own TEST-55-OOMD.sh does is done here with a hog
-- for its stress-ng.
local lab = require "lab"
local proc = require "pagewarden.proc"

local TERM, KILL = 15, 9
local MIB = 1 << 20
local PATIENCE_SECONDS = 120

--- TEST-55-OOMD.sh has 20%: on an emulated processor a hog waits for less of its time.
local FOR_PRESSURE = "DefaultMemoryPressureDurationSec=2s [/workload.slice] "
  .. "ManagedOOMMemoryPressure=kill ManagedOOMMemoryPressureLimit=5%"


--- Starts early-oom with a preset, and waits until it watches.
local function start(preset, settings)
  local _, warden = lab.hear_recipe({ "early-oom", "--yes", "-o", "preset=" .. preset, "-o",
    "settings=" .. settings }, "watching")
  return { preset = preset, settings = settings, program = warden }
end


--- The line of an event.
local function hear(warden, event)
  return warden.program:hear("early-oom: " .. event) or error("early-oom did not say " .. event)
end


--- Waits until a program ends: by which signal. A policy that was stopped is started again: time
--- that the host takes from the guest passes for its CPU time, and it overruns its deadline.
local function await_end(program, warden)
  lab.await("somebody ends it", PATIENCE_SECONDS, function()
    local how = program:poll()
    if not how and not warden.program:lives() then
      warden.program = start(warden.preset, warden.settings).program
    end
    return how
  end)
  return program.status
end


--- A cgroup whose memory is kept to so much, so that the rest of what is in it lies in swap.
local function held_back(path, mib)
  lab.cgroup(path)
  lab.write(lab.cgroups .. path .. "/memory.high", mib * MIB)
  return path
end


--- A cgroup for others, of which each accounts for its own memory.
local function slice(path)
  lab.cgroup(path)
  lab.write(lab.cgroups .. path .. "/cgroup.subtree_control", "+memory")
  return path
end


return {
  needs = { swap = { "256M" }, timeout = 600 },

  { "as earlyoom it asks the largest to end when what is given is left, and nobody else", function()
    local kills, small = proc.vmstat().oom_kill, lab.hog(20)
    local warden = start("earlyoom", "-m 50,10 -s 100,100")
    local hog = lab.start { "hog", "-r", "32", lab.ALL_MIB }
    assert.equal(TERM, await_end(hog, warden))
    local line = hear(warden, "ending")
    local left = tonumber(line:match "%(([%d.]+)%%%) are available")
    assert.is_true(left <= 50 and left > 30, line)
    assert.is_true(small:lives())
    assert.equal(kills, proc.vmstat().oom_kill)
  end },

  { "as earlyoom it kills who ignores that, once the second limits are reached", function()
    local warden = start("earlyoom", "-m 60,40 -s 100,100")
    local hog = lab.start { "hog", "-i", "-r", "32", lab.ALL_MIB }
    assert.equal(KILL, await_end(hog, warden))
    assert.matches("SIGTERM to hog", hear(warden, "ending"), 1, true)
    assert.matches("SIGKILL to hog", hear(warden, "ending"), 1, true)
  end },

  { "as earlyoom it takes who is preferred, and never who is ignored", function()
    local small, large = lab.hog(20), lab.hog(100)
    assert.equal(0, (lab.run "cp $(command -v hog) /root/chosen"))
    local chosen = lab.start { "/root/chosen", "10" }
    assert.equal("full", chosen:line())
    local warden = start("earlyoom",
      "-m 99,1 -s 100,100 --prefer ^chosen$ --ignore '^(hog|pagewarden)$'")
    assert.equal(TERM, await_end(chosen, warden))
    assert.is_true(small:lives() and large:lives())
  end },

  { "as systemd-oomd it kills the cgroup that has most swap", function()
    local work = slice "/work"
    local large = lab.hog(120, held_back(work .. "/large", 20))
    local small = lab.hog(60, held_back(work .. "/small", 20))
    local other = lab.hog(200, lab.cgroup "/other")
    local warden = start("systemd-oomd", "SwapUsedLimit=40% [/work] ManagedOOMSwap=kill")
    assert.equal(KILL, await_end(large, warden))
    assert.matches("cgroup /work/large, which has", hear(warden, "ending"), 1, true)
    assert.is_true(small:lives() and other:lives())
  end },

  { "as systemd-oomd it kills who keeps reclaim busy in a slice (TEST-55-OOMD)", function()
    local chill = lab.hog(10, lab.cgroup(slice "/workload.slice" .. "/testchill.service"))
    local warden = start("systemd-oomd", FOR_PRESSURE)
    local bloat = lab.start({ "hog", "-t", "80" },
      held_back("/workload.slice/testbloat.service", 20))
    assert.equal(KILL, await_end(bloat, warden))
    local line = hear(warden, "ending")
    assert.matches("SIGKILL to cgroup /workload.slice/testbloat.service", line, 1, true)
    assert.matches("all of /workload.slice waited for memory", line, 1, true)
    assert.is_true(chill:lives())
  end },

  { "as systemd-oomd it takes another before who is to be avoided (TEST-55-OOMD)", function()
    lab.hog(10, lab.cgroup(slice "/workload.slice" .. "/testchill.service"))
    local warden = start("systemd-oomd", FOR_PRESSURE)
    local avoided = held_back("/workload.slice/testbloat.service", 20)
    assert.equal(0, (lab.run(("mark %s%s user.oomd_avoid"):format(lab.cgroups, avoided))))
    local bloat = lab.start({ "hog", "-t", "80" }, avoided)
    local munch = lab.start({ "hog", "-t", "40" },
      held_back("/workload.slice/testmunch.service", 20))
    assert.equal(KILL, await_end(munch, warden))
    assert.is_true(bloat:lives())
  end },
}
