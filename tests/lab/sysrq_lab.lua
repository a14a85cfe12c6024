-- SPDX-License-Identifier: MIT
-- SysRq on a real kernel: what is said to be done was done.
local lab = require "lab"
local oom = require "pagewarden.oom"
local sysrq = require "pagewarden.sysrq"

--- The kernel's log from now on.
local marks = 0
local function new_log()
  marks = marks + 1
  local mark = ("mark %d of the lab"):format(marks)
  lab.write("/dev/kmsg", mark)
  return function()
    local _, log = lab.run "dmesg"
    return log:match(mark .. "(.*)") or log
  end
end


local function oom_kills()
  return tonumber(lab.read("/proc/vmstat"):match "\noom_kill (%d+)")
end


return {
  { "the mask is that of the kernel, which the trigger does not ask", function()
    lab.write("/proc/sys/kernel/sysrq", 0)
    assert.same({ value = 0, groups = {} }, sysrq.mask())
    assert.is_true(sysrq.available())
    local log = new_log()
    assert.is_true(assert(sysrq.trigger "m").confirmed)
    assert.matches("sysrq: Show Memory.*Mem%-Info:", log())
  end },

  { "s waits until the kernel says that it is complete", function()
    local log = new_log()
    local done = assert(sysrq.trigger "s")
    assert.is_true(done.confirmed)
    assert.matches("Emergency Sync complete", log())
  end },

  { "f kills whom it said, however much memory is free, and says whom it killed", function()
    local hog = lab.hog(60)
    local before = oom_kills()
    assert.equal(hog.pid, oom.victims { top = 1 }[1].pid)
    local done = assert(sysrq.trigger "f")
    assert.equal(hog.pid, done.expected.pid)
    assert.equal(hog.pid, done.killed.pid)
    assert.equal("hog", done.killed.comm)
    assert.is_true(done.killed.anon_rss >= 60 << 20)
    assert.equal(before + 1, oom_kills())
    assert.same({ "killed", 9 }, { hog:wait() })
  end },

  { "a policy's task waits until it is known who died", function()
    local hog = lab.hog(60)
    local line = lab.hear_policy("last", '{ sysrq = { "f", "s" } }', [[
      pw:task(function()
        local synced = assert(pw.sysrq.trigger "s")
        local done = assert(pw.sysrq.trigger "f")
        pw.log("over", { synced = synced.confirmed, killed = done.killed.pid })
      end)]], "over")
    assert.matches(("killed=%d"):format(hog.pid), line)
    assert.matches("synced=true", line)
  end },

  { "f says that there is nobody it may kill", function()
    local done, message, errno = sysrq.trigger "f"
    assert.is_nil(done)
    assert.equal("sysrq f: there is no process that the kernel may kill", message)
    assert.equal(3, errno)
  end },

  { "the other letters that are offered are taken, and the guest goes on", function()
    for letter in ("hlpqtw"):gmatch "." do
      local log = new_log()
      assert.is_true(assert(sysrq.trigger(letter)).confirmed)
      assert.matches("sysrq: ", log())
    end
  end },

  { "who is not root is told so", function()
    local status, output = lab.run [[lua5.4 -e '
      require("posix.unistd").setpid("u", 65534)
      print(require("pagewarden.sysrq").trigger "s")']]
    assert.equal(0, status, output)
    assert.matches("sysrq s: permission denied; needs root%s+13%s+denied", output)
  end },
}
