-- SPDX-License-Identifier: MIT
-- What policies change is put back on a real kernel, which rounds values and clears partners.
local cgroup = require "pagewarden.cgroup"
local lab = require "lab"
local oom = require "pagewarden.oom"

local MIB = 1 << 20
local HUNDRED_PAGES_BYTES = 100 * 4096


local function vm(name)
  return lab.number("/proc/sys/vm/" .. name)
end


--- A policy that has set a key.
local function start_setter(key, value)
  return lab.run_policy("setter", ('{ sysctl = { "%s" } }'):format(key),
    ('assert(pw.sysctl.set("%s", %d))'):format(key, value))
end


local function start_daemon()
  return lab.start { "pagewarden", "daemon", "--config", "/root" }
end


--- Starts it until its policy has set swappiness: more than once for the reason that
--- `lab.run_policy` gives.
local function start_daemon_that_sets(value)
  for _ = 1, 5 do
    local daemon = start_daemon()
    local function is_set()
      return vm "swappiness" == value
    end
    if pcall(lab.await, "swappiness is set", 15, is_set) then
      return daemon
    end
    daemon:stop()
  end
  error("the daemon's policy did not start; the console says why", 2)
end


--- Ends a program, and returns how it ended.
local function finish(program, name)
  program:signal(name)
  return program:wait()
end


--- Sets a key by a policy, has a look while it runs, and stops it.
local function borrow(key, value, observe)
  local setter = start_setter(key, value)
  observe()
  assert.same({ "exited", 0 }, { finish(setter, "SIGTERM") })
end


return {
  needs = { timeout = 300 },

  { "the kernel clears the partner of a pair, and the lease's end brings it back", function()
    assert.same({ 20, 0 }, { vm "dirty_ratio", vm "dirty_bytes" })
    borrow("vm.dirty_bytes", 64 * MIB, function()
      assert.same({ 0, 64 * MIB }, { vm "dirty_ratio", vm "dirty_bytes" })
    end)
    assert.same({ 20, 0 }, { vm "dirty_ratio", vm "dirty_bytes" })
  end },

  { "a pair is put back by its bytes when these were in force", function()
    lab.write("/proc/sys/vm/dirty_background_bytes", 8 * MIB)
    lab.defer(function() lab.write("/proc/sys/vm/dirty_background_ratio", 10) end)
    borrow("vm.dirty_background_ratio", 5, function()
      assert.equal(0, vm "dirty_background_bytes")
    end)
    assert.same({ 0, 8 * MIB }, { vm "dirty_background_ratio", vm "dirty_background_bytes" })
  end },

  { "what a killed run changed stays, and undo puts it back", function()
    local before = vm "swappiness"
    local setter = start_setter("vm.swappiness", before + 7)
    assert.equal("killed", (finish(setter, "SIGKILL")))
    assert.equal(before + 7, vm "swappiness")
    local status, output = lab.run "pagewarden undo"
    assert.equal(0, status, output)
    assert.matches("sysctl vm.swappiness is %d+ again %(policy setter%)", output)
    assert.equal(before, vm "swappiness")
    assert.same({ 0, "" }, { lab.run "pagewarden undo" })
  end },

  { "a pair that a killed run left is undone too", function()
    assert.equal("killed", (finish(start_setter("vm.dirty_bytes", 32 * MIB), "SIGKILL")))
    assert.same({ 0, 32 * MIB }, { vm "dirty_ratio", vm "dirty_bytes" })
    assert.equal(0, (lab.run "pagewarden undo"))
    assert.same({ 20, 0 }, { vm "dirty_ratio", vm "dirty_bytes" })
  end },

  { "undo leaves what somebody else wrote since, and says so", function()
    local before = vm "swappiness"
    lab.defer(function() lab.write("/proc/sys/vm/swappiness", before) end)
    finish(start_setter("vm.swappiness", before + 7), "SIGKILL")
    lab.write("/proc/sys/vm/swappiness", 33)
    local status, output = lab.run "pagewarden undo"
    assert.equal(1, status)
    assert.matches("sysctl vm.swappiness is left at 33", output, 1, true)
    assert.equal(33, vm "swappiness")
  end },

  { "a daemon that was killed is undone when the next one starts without its policy", function()
    local before = vm "swappiness"
    lab.write_policy("setter", '{ sysctl = { "vm.swappiness" } }',
      ('assert(pw.sysctl.set("vm.swappiness", %d))'):format(before + 7))
    assert.equal("killed", (finish(start_daemon_that_sets(before + 7), "SIGKILL")))
    assert.equal(before + 7, vm "swappiness")
    lab.write("/root/conf.d/all.lua", "")
    start_daemon()
    lab.await("the next one has undone it", 60, function() return vm "swappiness" == before end)
  end },

  { "a process is protected as long as the policy runs", function()
    local hog = lab.hog(1)
    local policy = lab.run_policy("guard", "{ oom = true }",
      ("assert(pw.oom.set_adj(%d, -900))"):format(hog.pid))
    assert.equal(-900, oom.adj(hog.process))
    finish(policy, "SIGTERM")
    assert.equal(0, oom.adj(hog.process))
  end },

  { "a limit is told as the kernel rounded it, to whole pages", function()
    lab.cgroup "/web"
    assert.equal(HUNDRED_PAGES_BYTES, cgroup.set("/web", "memory.high", HUNDRED_PAGES_BYTES + 4095))
    assert.equal(HUNDRED_PAGES_BYTES, cgroup.limits("/web").high)
    assert.equal(math.huge, cgroup.set("/web", "memory.high", math.huge))
  end },

  { "a rounded limit is not taken for somebody else's, and is lifted again", function()
    lab.cgroup "/web"
    local policy = lab.run_policy("limit", '{ cgroup = { "/web" } }',
      ('assert(pw.cgroup.set("/web", "memory.high", %d))'):format(HUNDRED_PAGES_BYTES + 1))
    assert.equal(HUNDRED_PAGES_BYTES, cgroup.limits("/web").high)
    assert.same({ "exited", 0 }, { finish(policy, "SIGTERM") })
    assert.equal("max\n", lab.read "/sys/fs/cgroup/web/memory.high")
  end },
}
