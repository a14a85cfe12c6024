-- SPDX-License-Identifier: MIT
-- Swap on real kernels: files on each file system, areas of equal priority, and swapoff when memory
-- has no room for what is in an area.
local lab = require "lab"
local swap = require "pagewarden.swap"

local MIB = 1 << 20
local FILE_BYTES = 16 * MIB

--- The header's page, and one at each end of an extent that does not begin or end with a page.
local LOST_BYTES = 8 * 4096

--- More than the guest's memory, by about what the areas of a check have.
local HOG_MIB = 300

local EEXIST, EBUSY, EINVAL, ENOMEM, EPERM = 17, 16, 22, 12, 1


local function area_of(path)
  for _, area in ipairs(assert(swap.areas())) do
    if area.path == path then
      return area
    end
  end
end


local function refused(errno, pattern, ok, message, found)
  assert.is_nil(ok)
  assert.matches(pattern, message)
  assert.equal(errno, found)
end


--- Makes a file on a scratch disk, uses it and takes it away.
local function use_file_on(system, options)
  local path = lab.scratch[system] .. "/a b\nc"
  options.size, options.label = FILE_BYTES, "spare"
  local made = assert(swap.make(path, options))
  lab.defer(function() swap.remove(path, { force = true }) end)
  assert(swap.on(path, { priority = 7, discard = "pages" }))
  local area = area_of(path)
  assert.same({ "file", 7 }, { area.type, area.priority })
  assert.is_true(area.size > FILE_BYTES - LOST_BYTES)
  assert.matches("already swap, and on", select(2, swap.make(path, options)))
  assert(swap.off(path))
  assert.is_nil(area_of(path))
  local _, output = lab.run(("blkid -p -o export '%s'"):format(path))
  assert.matches("TYPE=swap", output)
  assert.matches("UUID=" .. made.uuid, output, 1, true)
  assert.matches("LABEL=spare", output, 1, true)
  return path
end


--- Puts these disks on with equal priority, and takes more memory than there is.
local function fill(...)
  for _, disk in ipairs { ... } do
    assert.equal(0, (lab.run("mkswap " .. disk)))
    lab.defer(function() swap.off(disk, { force = true }) end)
  end
  assert(swap.group({ ... }, { priority = 10 }))
  return lab.hog(HOG_MIB)
end


--- Puts a file of the folder on as a service would whose mounts are gone by now.
local function put_on_behind_a_mount(folder, path)
  local status, output = lab.run(("unshare -m sh -c 'mount --bind %s %s && swapon %s'"):format(
    folder, folder, path))
  assert.equal(0, status, output)
end


--- A policy that does this in a task, and says "done".
local function start_task(body)
  return lab.run_policy("swapper", '{ swap = { "/mnt/ext4" } }',
    ("pw:task(function() %s pw.log 'done' end)"):format(body))
end


return {
  needs = { memory = "256M", timeout = 300, disks = { "128M", "128M", "256M" },
    scratch = { ext4 = "64M", xfs = "320M", btrfs = "128M" } },

  { "a file on ext4 is swapped to, its room reserved or written", function()
    assert(swap.remove(use_file_on("ext4", { reserve = 0 })))
    assert(swap.remove(use_file_on("ext4", { reserve = 0, written = true })))
  end },

  { "a file on xfs is swapped to", function()
    use_file_on("xfs", {})
  end },

  { "a file on btrfs is swapped to, and not copied on write", function()
    local path = use_file_on("btrfs", {})
    local _, output = lab.run(("lsattr '%s'"):format(path))
    assert.matches("^%S*C", output)
  end },

  { "no file is made on a tmpfs", function()
    refused(95, "no swap on tmpfs", swap.make("/tmp/swap", { size = MIB }))
    assert.is_nil(io.open "/tmp/swap")
  end },

  { "what mkswap made is read", function()
    assert.equal(0, (lab.run(("mkswap -L other %s"):format(lab.disks[1]))))
    local header = assert(swap.header(lab.disks[1]))
    assert.same({ "other", 128 * MIB }, { header.label, header.size })
    assert.is_nil(header.problem)
  end },

  { "holes, another priority and a second making are refused by name", function()
    local path = lab.scratch.ext4 .. "/holes"
    assert.equal(0, (lab.run(("truncate -s 1M %s && mkswap %s"):format(path, path))))
    lab.defer(function() os.remove(path) end)
    refused(EINVAL, "it has holes", swap.on(path))
    refused(EEXIST, "it is already swap", swap.make(path, { size = MIB }))
    lab.run("mkswap " .. lab.disks[1])
    assert(swap.on(lab.disks[1], { priority = 3 }))
    lab.defer(function() swap.off(lab.disks[1]) end)
    refused(EBUSY, "it is on already, with priority 3", swap.on(lab.disks[1], { priority = 4 }))
    assert(swap.on(lab.disks[1], { priority = 3 }))
    refused(EINVAL, "it is no swap area", swap.on "/dev/null")
  end },

  { "of a group all are put on or none", function()
    lab.run("mkswap " .. lab.disks[1])
    refused(EINVAL, "/dev/null: it is no swap area",
      swap.group({ lab.disks[1], "/dev/null" }, { priority = 5 }))
    assert.is_nil(area_of(lab.disks[1]))
  end },

  { "the kernel has room for so many areas, and says so", function()
    local paths, message, errno = {}, nil, nil
    for i = 1, 32 do
      local path = ("%s/%d"):format(lab.scratch.ext4, i)
      assert(swap.make(path, { size = 40960, reserve = 0 }))
      paths[#paths + 1] = path
      local ok
      ok, message, errno = swap.on(path)
      if not ok then
        break
      end
    end
    local resized = { swap.resize(lab.scratch.xfs, { total = FILE_BYTES }) }
    for _, path in ipairs(paths) do
      assert(swap.remove(path))
    end
    local no_room = "areas are on, and the kernel has no room for more"
    refused(EPERM, no_room, nil, message, errno)
    refused(EPERM, no_room, table.unpack(resized))
    assert.is_nil(io.open(lab.scratch.xfs .. "/pagewarden-1"))
  end },

  { "swap in a folder grows and shrinks by whole files", function()
    local folder, options = lab.scratch.ext4, { file = 2 * MIB, reserve = 0, priority = 1 }
    lab.defer(function() swap.resize(folder, { total = 0 }) end)
    for _, mib in ipairs { 5, 3, 4, 0 } do
      options.total = mib * MIB
      assert.equal(options.total, swap.resize(folder, options))
      local total = 0
      for _, area in ipairs(swap.areas()) do
        total = total + area.size + 4096
      end
      assert.is_true(math.abs(total - options.total) < 10 * LOST_BYTES)
    end
    assert.is_nil(io.open(folder .. "/pagewarden-1"))
  end },

  { "a file that was put on behind a mount that is gone is known again", function()
    for _, folder in ipairs { lab.scratch.ext4, lab.scratch.xfs, lab.scratch.btrfs } do
      local path, options = folder .. "/confined", { size = FILE_BYTES, reserve = 0 }
      assert(swap.make(path, options))
      lab.defer(function() swap.remove(path) end)
      put_on_behind_a_mount(folder, path)
      assert.is_nil(area_of(path))
      assert.is_table(area_of "/confined")
      assert.is_true(swap.on(path))
      assert.equal(path, swap.areas(folder .. "/")[1].path)
      refused(EBUSY, "it is on already, with a priority of the kernel's",
        swap.on(path, { priority = 7 }))
      refused(EEXIST, "it is already swap, and on", swap.make(path, options))
      assert(swap.remove(path))
      assert.same({}, swap.areas())
      assert.is_nil(io.open(path))
    end
  end },

  { "a file of the same name elsewhere is not taken for one whose path is lost", function()
    local lost, other = lab.scratch.ext4 .. "/same", lab.scratch.xfs .. "/same"
    for _, path in ipairs { lost, other } do
      assert(swap.make(path, { size = FILE_BYTES, reserve = 0 }))
      lab.defer(function() swap.remove(path) end)
    end
    put_on_behind_a_mount(lab.scratch.ext4, lost)
    assert.is_table(area_of "/same")
    assert.equal("/same", swap.areas(lab.scratch.xfs)[1].path)
    assert(swap.remove(other))
    assert.is_table(area_of "/same")
    assert(swap.remove(lost))
    assert.same({}, swap.areas())
  end },

  { "areas of equal priority are filled evenly", function()
    fill(lab.disks[1], lab.disks[2])
    local first, second = area_of(lab.disks[1]).used, area_of(lab.disks[2]).used
    print(("# %d and %d KiB of swap are used"):format(first >> 10, second >> 10))
    assert.is_true(first + second > 40 * MIB)
    assert.is_true(math.abs(first - second) < (first + second) // 10)
  end },

  { "an area is taken off only when memory has room for it", function()
    local hog = fill(lab.disks[1], lab.disks[2])
    refused(ENOMEM, "memory has no room for the %d+ MiB in it: %d+ MiB are available",
      swap.off(lab.disks[1]))
    assert.is_table(area_of(lab.disks[1]))
    hog:stop()
    local told = {}
    assert(swap.off(lab.disks[1], { progress = function(bytes) told[#told + 1] = bytes end }))
    assert.is_nil(area_of(lab.disks[1]))
  end },

  { "a swapoff that memory cannot absorb ends, and its caller goes on", function()
    local hog = fill(lab.disks[3])
    local used, told = area_of(lab.disks[3]).used, {}
    local ok, message = swap.off(lab.disks[3],
      { force = true, progress = function(bytes) told[#told + 1] = bytes end })
    print(("# of %d KiB, %d KiB were left when it ended after %d looks: %s; the hog %s"):format(
      used >> 10, (told[#told] or 0) >> 10, #told, message,
      hog.process:alive() and "lives" or "was killed"))
    assert.is_nil(ok)
    assert.is_table(area_of(lab.disks[3]))
  end },

  { "what a killed policy made is undone by its number, and not before", function()
    local policy = start_task [[
      assert(pw.swap.make("/mnt/ext4/made", { size = 1 << 20, reserve = 0 }))
      assert(pw.swap.on("/mnt/ext4/made", { priority = 5 }))]]
    lab.await("the area is on", 20, function() return area_of "/mnt/ext4/made" end)
    policy:signal "SIGKILL"
    policy:wait()
    local status, output = lab.run "pagewarden undo"
    assert.equal(0, status, output)
    assert.is_table(area_of "/mnt/ext4/made")
    local id = output:match "\n(%d+)%s+swap /mnt/ext4/made"
    assert.is_string(id, output)
    status, output = lab.run("pagewarden undo " .. id)
    assert.equal(0, status, output)
    assert.matches("swap /mnt/ext4/made is absent again", output, 1, true)
    assert.is_nil(area_of "/mnt/ext4/made")
    assert.is_nil(io.open "/mnt/ext4/made")
  end },
}
