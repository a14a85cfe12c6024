-- SPDX-License-Identifier: MIT
-- early-oom on real kernels: it ends what takes all the memory before the kernel does, and nobody
-- else, whatever that is. Who killed is what /proc/vmstat says, not what a daemon says.
local lab = require "lab"
local proc = require "pagewarden.proc"

local TERM, KILL = 15, 9
local MIB = 1 << 20
local PATIENCE_SECONDS = 120


local function kernel_kills()
  return proc.vmstat().oom_kill
end


--- Starts the recipe, and waits until it watches.
local function start(...)
  local _, warden = lab.hear_recipe({ "early-oom", "--yes", "-o", "unit_wait=1s", ... }, "watching")
  return warden
end


--- The line of an event.
local function hear(warden, event)
  return warden:hear("early-oom: " .. event) or error("early-oom did not say " .. event)
end


--- Somebody who has done nothing, and must live.
local function bystander()
  return lab.hog(20)
end


--- Waits until a program ends: by which signal.
local function await_end(program)
  lab.await("somebody ends the hog", PATIENCE_SECONDS, function() return program:poll() end)
  return program.status
end


--- A check that a hog ends by our hand, and nobody else with it. It is asked first, unless the host
--- is so busy that there is no time for that.
local function ends(words, cgroup, ...)
  local kills, other, warden = kernel_kills(), bystander(), start(...)
  local hog = lab.start(words, cgroup)
  local found = await_end(hog)
  if kills ~= kernel_kills() then
    warden:signal "SIGTERM"
    print("# " .. (warden.output:read "a"):gsub("\n", "\n# "))
  end
  assert.equal(kills, kernel_kills())
  assert.is_true(found == TERM or found == KILL)
  assert.is_true(other:lives() and warden:lives())
  return warden, found
end


--- A program of 200 MiB that is stuck in the kernel until this check is over.
local function stick(way)
  local folder = lab.scratch.ext4
  local program = lab.start { "stubborn", way, "200", folder .. "/file" }
  assert.equal("ready", program:line())
  assert.equal(0, (lab.run("fsfreeze --freeze " .. folder)))
  lab.defer(function() lab.run("fsfreeze --unfreeze " .. folder) end)
  lab.await("it is stuck", 10, function() return program.process:stat().state == "D" end)
  return program
end


--- The program by another name.
local function hog_called(name)
  local path = "/root/" .. name
  assert.equal(0, (lab.run(("ln -sf $(command -v hog) %s"):format(path))))
  return path
end


--- How many live, and whether each of them has all that it wants.
local function count_living(hogs, bytes)
  local count, full = 0, true
  for _, hog in ipairs(hogs) do
    local status = not hog:poll() and hog.process:status()
    if status and status.VmRSS then
      count, full = count + 1, full and status.VmRSS >= bytes
    end
  end
  return count, full
end


return {
  needs = { disks = { "256M" }, scratch = { ext4 = "32M" }, timeout = 600 },

  { "a hog is asked to end before the kernel kills", function()
    ends({ "hog", "-r", "64", lab.ALL_MIB })
  end },

  { "one that ignores TERM is killed", function()
    local warden, signal = ends({ "hog", "-i", "-r", "64", lab.ALL_MIB })
    assert.equal(KILL, signal)
    assert.matches("killed and has ended", hear(warden, "ended"))
  end },

  { "one whose memory is shared, in tmpfs, is found", function()
    ends({ "hog", "-s", "-r", "64", lab.ALL_MIB })
  end },

  { "one that is named like a daemon is not spared for that", function()
    lab.cgroup "/user.slice"
    ends({ hog_called "sshd", "-r", "64", lab.ALL_MIB }, "/user.slice")
  end },

  { "a program that goes on starting itself is ended with its group", function()
    local kills, other, warden = kernel_kills(), bystander(), start()
    local bomb = lab.start { "stubborn", "crowd", "6" }
    assert.equal("ready", bomb:line())
    await_end(bomb)
    assert.matches("processes stubborn", hear(warden, "ending"))
    lab.await("nothing of it is left", 20, function()
      for p in proc.processes({ "pid", "comm", "state" }):each() do
        if p.comm == "stubborn" and p.state ~= "Z" then
          return false
        end
      end
      return true
    end)
    assert.equal(kills, kernel_kills())
    assert.is_true(other:lives() and warden:lives())
  end },

  { "two of different owners are ended one after the other", function()
    local kills, other, warden = kernel_kills(), bystander(), start()
    local hogs = { lab.start({ "hog", "-r", "32", lab.ALL_MIB }, nil, 1000),
      lab.start({ "hog", "-r", "24", lab.ALL_MIB }, nil, 1001) }
    await_end(hogs[1])
    await_end(hogs[2])
    assert.equal(kills, kernel_kills())
    assert.is_true(other:lives() and warden:lives())
  end },

  { "of twenty that grow at once as many are ended as must be, and no more", function()
    local kills, other, warden, hogs = kernel_kills(), lab.hog(4), start(), {}
    local memory = proc.meminfo()
    local fit = (memory.MemAvailable - memory.MemTotal * 8 // 100) // (42 * MIB)
    for i = 1, 20 do
      hogs[i] = lab.start { hog_called("hog" .. i), "-r", "1", "40" }
    end
    local living, full
    lab.await("memory is enough for those who are left", PATIENCE_SECONDS, function()
      living, full = count_living(hogs, 40 * MIB)
      return full
    end)
    assert.is_true(living >= fit - 1, ("%d are left, and %d have room"):format(living, fit))
    assert.equal(kills, kernel_kills())
    assert.is_true(other:lives() and warden:lives())
  end },

  { "one that is stuck in the kernel gives its memory back, and the next is ended", function()
    local stuck = stick "stuck"
    local warden = ends({ "hog", "-b", "40", "-r", "8", lab.ALL_MIB })
    assert.matches("stubborn .* was killed and has not ended", hear(warden, "ended"))
    assert.is_true(stuck.process:alive())
  end },

  { "one that is stuck with its memory does not save the next", function()
    local stuck = stick "pinned"
    local warden = ends({ "hog", "-b", "40", "-r", "4", lab.ALL_MIB })
    assert.matches("stubborn", hear(warden, "not-ended"))
    assert.is_true(stuck.process:alive())
  end },

  { "in a cgroup with a limit it ends who is in it", function()
    local path = lab.cgroup "/limited"
    lab.write(lab.cgroups .. path .. "/memory.max", 128 * MIB)
    local neighbour = lab.hog(16, path)
    ends({ "hog", "-r", "16", lab.ALL_MIB }, path, "-o", "cgroup=" .. path)
    assert.is_true(neighbour:lives())
    assert.matches("oom_kill 0", lab.read(lab.cgroups .. path .. "/memory.events"))
  end },

  { "swap that is added while it watches is used up first", function()
    local kills, other = kernel_kills(), bystander()
    local warden = start("-o", "act=available<8% and swap<10%")
    assert.equal(0, (lab.run("mkswap " .. lab.disks[1])))
    local hog = lab.start { "hog", "-r", "32", lab.ALL_MIB }
    lab.await("half of memory is used", 60, function()
      return proc.meminfo().MemAvailable < proc.meminfo().MemTotal / 2
    end)
    assert.equal(0, (lab.run("swapon " .. lab.disks[1])))
    lab.defer(function() lab.run("swapoff " .. lab.disks[1]) end)
    await_end(hog)
    assert.matches("of swap are free, under 10%", hear(warden, "ending"), 1, true)
    assert.is_true(proc.vmstat().pswpout > 100 * MIB / proc.page_size())
    assert.equal(kills, kernel_kills())
    assert.is_true(other:lives())
  end },

  { "a cgroup that systemd marks with omit is left alone, and avoid comes last", function()
    local omitted, avoided = lab.cgroup "/omitted", lab.cgroup "/avoided"
    for name, path in pairs { omit = omitted, avoid = avoided } do
      assert.equal(0, (lab.run(("mark %s%s user.oomd_%s"):format(lab.cgroups, path, name))))
    end
    local kept, later = lab.hog(150, omitted), lab.hog(100, avoided)
    ends({ "hog", "-r", "32", lab.ALL_MIB })
    assert.is_true(kept:lives() and later:lives())
  end },
}
