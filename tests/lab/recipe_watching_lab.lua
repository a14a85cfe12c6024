-- SPDX-License-Identifier: MIT
-- Recipes that watch, on a machine that stalls or leaks: what they say is what was done to it.
local lab = require "lab"

--- The lines of a recipe of one event.
local function run(recipe, event)
  local output, status = lab.recipe(recipe)
  assert.equal(0, status, output)
  local lines = {}
  for line in output:gmatch "[^\n]+" do
    if line:find((": %s: "):format(event), 1, true) then
      lines[#lines + 1] = line
    end
  end
  print("# " .. output:gsub("\n", "\n# "))
  return lines
end


--- What stall-doctor thinks of the machine now.
local function verdict()
  return run("stall-doctor -o window=3s", "verdict")[1]:match "verdict: (%l+):"
end


--- Runs a line of sh for as long as the check does.
local function keep_running(line, cgroup)
  return lab.start({ "sh", "-c", line }, cgroup)
end


local function scratch_disk()
  return lab.read("/proc/mounts"):match("(%S+) " .. lab.scratch.ext4)
end


--- Starts a program in Lua, and waits until it says that it runs.
local function start_lua(code)
  local program = lab.start { "lua5.4", "-e", "print 'running' io.stdout:flush() " .. code }
  assert.equal("running", program:line())
  return program
end


--- A cgroup with so much memory, and so much swap: a guest that is short of memory as a whole could
--- not run what looks at it.
local function tight_cgroup(memory, swap)
  local path = lab.cgroup "/tight"
  lab.write(lab.cgroups .. path .. "/memory.max", memory)
  lab.write(lab.cgroups .. path .. "/memory.swap.max", swap)
  return path
end


return {
  needs = { memory = "256M", swap = { "256M" }, scratch = { ext4 = "300M" }, timeout = 900 },

  { "a machine that does nothing has no stall", function()
    assert.equal("nothing", verdict())
  end },

  { "more memory in use than there may be, is swap", function()
    local path = tight_cgroup(32 << 20, "max")
    for _ = 1, 3 do
      lab.start({ "hog", "-t", "20" }, path)
    end
    lab.sleep(5)
    assert.equal("swap", verdict())
  end },

  { "a cgroup beyond its high limit, without swap, is reclaim", function()
    local path = tight_cgroup("max", 0)
    lab.write(lab.cgroups .. path .. "/memory.high", 16 << 20)
    lab.start({ "hog", "-t", "64" }, path)
    lab.sleep(3)
    assert.equal("reclaim", verdict())
  end },

  { "writing faster than the disk takes it, is writeback", function()
    local path, file = lab.cgroup "/slow", lab.scratch.ext4 .. "/written"
    local device = lab.read(("/sys/class/block/%s/dev"):format(scratch_disk():match "[^/]+$"))
    lab.write(lab.cgroups .. "/cgroup.subtree_control", "+io")
    lab.write(lab.cgroups .. path .. "/io.max", device:match "%S+" .. " wbps=1048576")
    lab.defer(function() os.remove(file) end)
    keep_running(("dd if=/dev/zero of=%s bs=1M count=200"):format(file), path)
    lab.sleep(8)
    assert.equal("writeback", verdict())
  end },

  { "reading from the disk as fast as it goes, is disk", function()
    keep_running(("while :; do dd if=%s of=/dev/null bs=4k iflag=direct count=4000; done"):format(
      scratch_disk()))
    lab.sleep(1)
    assert.equal("disk", verdict())
  end },

  { "waiting for a file system that is frozen, is lock", function()
    assert.equal(0, (lab.run "mkfifo /tmp/go"))
    keep_running(("read -r line </tmp/go; echo x >%s/frozen"):format(lab.scratch.ext4))
    lab.defer(function() lab.run("fsfreeze --unfreeze " .. lab.scratch.ext4) end)
    assert.equal(0, (lab.run("fsfreeze --freeze " .. lab.scratch.ext4)))
    lab.write("/tmp/go", "go\n")
    lab.sleep(1)
    assert.equal("lock", verdict())
  end },

  { "memory that grows by small blocks is on the heap", function()
    local leak = start_lua [[local time, kept = require "posix.time", {}
      while true do
        for _ = 1, 100 do kept[#kept + 1] = ("x"):rep(1000) .. #kept end
        time.nanosleep { tv_sec = 0, tv_nsec = 50000000 }
      end]]
    local lines = run(("leak-where -o pid=%d -o interval=1s"):format(leak.pid), "grown")
    assert.matches("%[heap%]", lines[1])
  end },

  { "memory that grows by mmap is anonymous", function()
    local leak = lab.start { "hog", "-r", "1", "180" }
    local lines = run(("leak-where -o pid=%d -o interval=1s"):format(leak.pid), "grown")
    assert.matches("anonymous memory", lines[1])
    assert.equal(1, #lines)
  end },

  { "rates have what a hog takes", function()
    local leak = lab.start { "hog", "-r", "1", "180" }
    local lines = run("rates -o name=^hog$ --for 3500ms", "process")
    leak:stop()
    assert.matches("%+%d[%d.]* [KM]iB .*hog$", lines[#lines])
  end },
}
