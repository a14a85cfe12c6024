-- SPDX-License-Identifier: MIT
-- The recipes about pressure on a real kernel, each as an administrator runs it.
local cgroup = require "pagewarden.cgroup"
local lab = require "lab"
local reclaim = require "pagewarden.reclaim"

local MIB = 1 << 20
local PATIENCE = 300


--- Starts a recipe, and waits until it has said all of this, in whatever order. Tried again, since
--- time that the host takes from the guest passes for CPU time of the policy, which then overruns
--- its deadline.
local function hear(words, ...)
  local parts, heard, program = { ... }, nil, nil
  lab.await("it says " .. table.concat(parts, ", "), PATIENCE, function()
    program, heard = lab.start(words), {}
    local left = #parts
    for line in program.output:lines() do
      for i, part in ipairs(parts) do
        if not heard[i] and line:find(part, 1, true) then
          heard[i], left = line, left - 1
        end
      end
      if left == 0 then
        return true
      end
    end
  end)
  return program, table.unpack(heard)
end


--- A program that touches all of its memory again and again.
local function start_hog(mib, path)
  return lab.start({ "hog", "-t", tostring(mib) }, lab.cgroup(path))
end


--- A cgroup in which a program goes through twice the memory that it may have.
local function thrash(path)
  local hog = start_hog(48, path)
  assert(cgroup.set(path, "memory.high", 24 * MIB))
  return hog
end


local function await_memory(path, mib)
  lab.await("it has its memory", 60, function() return cgroup.current(path) > mib * MIB end)
end


return {
  needs = { swap = { "256M" }, memory = "512M", timeout = 1400 },

  { "pressure-notify hears the kernel, and runs a command with what it has to say", function()
    local hog = thrash "/thrashing"
    local program, line = hear({ "pagewarden", "run", "pressure-notify", "-o",
      "watch=memory some 5%", "-o", "window=1s", "-o",
      'command=/bin/sh,-c,echo "$1: $2" >/run/told,sh' }, "pressure-notify: pressure")
    assert.matches("work waited for memory for over 5% of 1s", line, 1, true)
    assert.matches(("hog (pid %d)"):format(hog.pid), line, 1, true)
    local told = lab.await("the command ran", 20, function()
      local file <close> = io.open "/run/told"
      return file and file:read "l"
    end)
    assert.matches("^Memory is short: work waited for memory", told)
    hog:stop()
    assert(program:hear "pressure-notify: over", "it never said that it was over")
  end },

  { "proactive-reclaim takes what is idle, nothing from who waits, and limits nothing", function()
    lab.hog(64, lab.cgroup "/idle")
    thrash "/thrashing"
    local program, _, line = hear({ "pagewarden", "run", "proactive-reclaim", "-o",
      "cgroup=/idle,/thrashing", "-o", "interval=1s", "-o", "step=20%", "-o", "min_size=20M", "-o",
      "pressure=1%" }, "reclaim cgroup /idle", "proactive-reclaim: pause: /thrashing")
    assert.matches("/thrashing waited", line, 1, true)
    lab.await("it was made small", PATIENCE, function()
      return cgroup.current "/idle" < 40 * MIB
    end)
    lab.sleep(2)
    assert.is_true(cgroup.current "/idle" > 8 * MIB) -- the kernel may take more than it should
    program:signal "SIGKILL"
    program:wait()
    assert.equal(math.huge, cgroup.limits("/idle").high)
  end },

  { "proactive-reclaim leaves alone who gets back what was taken", function()
    lab.start({ "worker", "/run/busy", "touch", "64", "40000" }, lab.cgroup "/busy")
    await_memory("/busy", 60)
    hear({ "pagewarden", "run", "proactive-reclaim", "-o", "cgroup=/busy", "-o", "interval=2s",
      "-o", "step=20%", "-o", "min_size=24M", "-o", "pressure=100%" },
      "proactive-reclaim: pause: /busy got back")
  end },

  { "proactive-reclaim spares swap of which little is left", function()
    lab.hog(16, lab.cgroup "/swapped")
    assert.is_true(reclaim.cgroup("/swapped", 8 * MIB).complete)
    lab.hog(64, lab.cgroup "/idle")
    hear({ "pagewarden", "run", "proactive-reclaim", "-o", "cgroup=/idle", "-o", "interval=1s",
      "-o", "step=20%", "-o", "min_size=24M", "-o", "swap_reserve=100%", "-o", "report=10s" },
      "proactive-reclaim: taken: 0 B were taken")
    assert.is_true(cgroup.current "/idle" > 60 * MIB)
    assert.is_true(cgroup.swap "/idle" < MIB)
  end },

  { "cgroup-balance holds back who has most while another waits, and undo ends that", function()
    thrash "/web"
    lab.hog(200, lab.cgroup "/app")
    local program = lab.await("it holds back the hog", PATIENCE, function()
      local started = lab.start { "pagewarden", "run", "cgroup-balance", "-o", "cgroup=/", "-o",
        "stall=1%", "-o", "calm=1h", "-o", "hold=10m" }
      for _ = 1, 20 do
        -- Who is at a limit waits for sure, but not for others: so /web is at none now and then.
        assert(cgroup.set("/web", "memory.high", 24 * MIB))
        lab.sleep(0.5)
        assert(cgroup.set("/web", "memory.high", math.huge))
        lab.sleep(0.5)
        if cgroup.limits("/app").high < math.huge then
          return started
        end
      end
      started:stop()
    end)
    assert.is_true(cgroup.limits("/app").high <= 190 * MIB)
    assert.equal(math.huge, cgroup.limits("/web").high)
    lab.await("it has given back", 60, function() return cgroup.current "/app" < 195 * MIB end)
    program:signal "SIGKILL"
    program:wait()
    assert.equal(0, (lab.run "pagewarden undo"))
    assert.equal(math.huge, cgroup.limits("/app").high)
  end },
}
