-- SPDX-License-Identifier: MIT
-- The recipes about caches and what is dirty on a real kernel, each as an administrator runs it.
local lab = require "lab"

local MIB = 1 << 20


--- Writes a file of so many MiB to the scratch disk, without syncing it.
local function write_file(mib)
  local path = lab.scratch.ext4 .. "/file"
  assert.equal(0, lab.run(("dd if=/dev/zero of=%s bs=1M count=%d"):format(path, mib)))
  lab.defer(function() os.remove(path) end)
end


local function meminfo(name)
  return tonumber(lab.read("/proc/meminfo"):match("\n" .. name .. ":%s+(%d+)")) * 1024
end


--- Runs a recipe, and gives what it printed.
local function recipe(words)
  local status, output = lab.run("pagewarden run " .. words)
  return output, status
end


--- The number of a field in an event of such an output, as --json has it.
local function figure(output, event, name)
  for line in output:gmatch "[^\n]+" do
    if line:find(('"event":"%s"'):format(event), 1, true) then
      return tonumber(line:match(('"%s":(-?[%%d.e+]+)'):format(name)))
    end
  end
  error(("nothing is said of '%s' in:\n%s"):format(event, output))
end


return {
  needs = { scratch = { ext4 = "300M" }, memory = "512M" },

  { "sync-now has all on disk, and says how much that was", function()
    lab.run "sync"
    write_file(32)
    local output, status = recipe "sync-now --json"
    assert.equal(0, status, output)
    assert.is_true(figure(output, "synced", "before") >= 16 * MIB, output)
    assert.is_true(figure(output, "synced", "written") >= 16 * MIB, output)
    assert.is_true(figure(output, "synced", "after") < 4 * MIB, output)
    assert.is_true(meminfo "Dirty" < 4 * MIB)
  end },

  { "sync-now does the same for one file system", function()
    write_file(32)
    local output, status = recipe("sync-now -o path=" .. lab.scratch.ext4)
    assert.equal(0, status, output)
    assert.is_true(meminfo "Dirty" < 4 * MIB, output)
  end },

  { "sync-now waits for the kernel's word after SysRq s", function()
    write_file(32)
    local output, status = recipe "sync-now -o sysrq=yes"
    assert.equal(0, status, output)
    assert.matches("the kernel says that its emergency sync is complete", output)
    local _, log = lab.run "dmesg"
    assert.matches("Emergency Sync complete", log)
    assert.is_true(meminfo "Dirty" < 4 * MIB, output)
  end },

  { "sync-now tells of a folder that is not there", function()
    local output, status = recipe "sync-now -o path=/no/such/folder"
    assert.equal(1, status)
    assert.matches("No such file or directory", output)
  end },

  { "sync-now syncs nothing in dry run", function()
    write_file(32)
    local output, status = recipe "sync-now --dry-run"
    assert.equal(0, status, output)
    assert.is_true(meminfo "Dirty" >= 16 * MIB, output)
  end },
}
