-- SPDX-License-Identifier: MIT
-- The recipes of swap on real kernels.
local lab = require "lab"
local mm = require "pagewarden.mm"
local swap = require "pagewarden.swap"

local MIB = 1 << 20

--- What is left of the guest's memory is less than a fifth.
local HOG_MIB = 150

--- More than the guest has, by less than its zram takes.
local SWAPPING_MIB = 230

--- Of files of this size swap-grow makes one, however little of the guest's memory it finds free.
local FILE = "file=96M"

--- A policy that overruns its deadline since the host took time from the guest is started again.
local TRIES = 20


local function area_of(path)
  for _, area in ipairs(assert(swap.areas())) do
    if area.path == path then
      return area
    end
  end
end


local function zram0()
  for _, device in ipairs(mm.zram() or {}) do
    if device.name == "zram0" then
      return device
    end
  end
end


local function refused(pattern, ok, message)
  assert.is_nil(ok)
  assert.matches(pattern, message)
end


--- An unused zram device, reset again when the check is over.
local function load_zram()
  assert.equal(0, (lab.run "modprobe zram"))
  lab.defer(function()
    lab.run "swapoff /dev/zram0"
    lab.await("the device is reset", 10, function()
      return (lab.run "echo 1 >/sys/block/zram0/reset") == 0
    end)
  end)
end


--- Runs a recipe that is to succeed, and gives what it printed.
local function run(words)
  local output, status = lab.recipe(words)
  assert.equal(0, status, output)
  return output
end


--- Has a recipe run, started again should it end, until something is true.
local function keep_running(words, what, is_true, hear)
  local program
  lab.await(what, 400, function()
    if not (program and program:lives()) then
      program = select(2, (hear or lab.hear_recipe)(words, "watching"))
    end
    return is_true()
  end)
  return program
end


--- Starts swap-grow as lab.hear_recipe does, in a namespace of its own where its folder is a mount,
--- as a service that may write there has it. Both are gone when it ends.
local function hear_confined(words, part)
  local folder = words[3]:match "=(.*)"
  local line = ("mount --bind %s %s && exec pagewarden run %s"):format(folder, folder,
    table.concat(words, " "))
  for _ = 1, TRIES do
    local program = lab.start { "unshare", "-m", "sh", "-c", line }
    local heard = program:hear(part)
    if heard then
      return heard, program
    end
  end
  error(("swap-grow did not say '%s'; the console says why"):format(part), 2)
end


local function exists(path)
  local file <close> = io.open(path)
  return file ~= nil
end


local ADD <const> = "swap-add -o folders=%s,%s -o size=32M -o reserve=4M "


return {
  needs = { memory = "256M", timeout = 900, scratch = { ext4 = "96M", xfs = "320M" } },

  { "a zram device is set up, swapped to and reset", function()
    load_zram()
    refused("none of the algorithms there are: .*lz",
      swap.make("/dev/zram0", { size = 64 * MIB, algorithm = "best" }))
    assert(swap.make("/dev/zram0", { size = 64 * MIB, algorithm = "lz4", limit = 32 * MIB }))
    assert.same({ "lz4", 64 * MIB, 32 * MIB },
      { zram0().comp_algorithm, zram0().disksize, zram0().mem_limit })
    refused("it is already swap", swap.make("/dev/zram0", { size = 32 * MIB }))
    assert(swap.on("/dev/zram0", { priority = 100 }))
    assert.equal(64 * MIB - 4096, area_of("/dev/zram0").size)
    assert(swap.remove "/dev/zram0")
    assert.is_nil(area_of "/dev/zram0")
    assert.equal(0, zram0().disksize)
  end },

  { "swap-add puts files on two disks on with one priority, and takes them off again", function()
    local words = ADD:format(lab.scratch.ext4, lab.scratch.xfs)
    run(words)
    local first = lab.scratch.ext4 .. "/pagewarden.swap"
    local second = lab.scratch.xfs .. "/pagewarden.swap"
    assert.same({ 1, 1 }, { area_of(first).priority, area_of(second).priority })
    assert.is_true(area_of(first).size > 15 * MIB)
    run(words .. "-o remove=yes")
    assert.is_nil(area_of(first))
    assert.is_nil(area_of(second))
    assert.is_false(exists(first) or exists(second))
  end },

  { "swap-add is undone by the numbers of its files", function()
    run(ADD:format(lab.scratch.ext4, lab.scratch.xfs))
    local status, output = lab.run "pagewarden undo"
    assert.equal(0, status, output)
    local undone, listed = 0, output
    for id in listed:gmatch "\n(%d+) +swap /mnt/%S+ +absent +on priority=1 16 MiB" do
      status, output = lab.run("pagewarden undo " .. id)
      assert.equal(0, status, output)
      undone = undone + 1
    end
    assert.is_true(undone >= 2, listed)
    assert.same({}, swap.areas())
    assert.is_false(exists(lab.scratch.ext4 .. "/pagewarden.swap"))
  end },

  { "swap-add leaves the disk its reserve, and says what there is room for", function()
    local output, status = lab.recipe(("swap-add -o folders=%s -o size=90M"):format(
      lab.scratch.ext4))
    assert.equal(1, status)
    assert.matches("has room for %S+ MiB only", output)
    assert.same({}, swap.areas())
  end },

  { "swap-grow makes files while memory fills, has them again after it was killed, and takes them "
    .. "away when memory is free", function()
    local folder = lab.scratch.xfs
    local words = { "swap-grow", "-o", "folder=" .. folder, "-o", FILE,
      "-o", "reserve=4M", "-o", "interval=1s", "-o", "calm=10s" }
    local path = folder .. "/pagewarden-1"
    lab.hog(HOG_MIB)
    local grower = keep_running(words, "there is a file", function() return area_of(path) end)
    grower:signal "SIGKILL"
    grower:wait()
    assert.is_table(area_of(path))
    local _, second = lab.hear_recipe(words, "adopted")
    second:stop()
    lab.clean_up()
    local last = keep_running(words, "there is no file", function() return not exists(path) end)
    repeat
      local line = last:line()
    until not line or line:find("shrunk", 1, true)
    last:stop()
    assert.same({}, swap.areas())
  end },

  { "swap-grow has its files again in a service that was started again, and they are undone",
    function()
      local folder = lab.scratch.xfs
      local words = { "swap-grow", "-o", "folder=" .. folder, "-o", FILE,
        "-o", "reserve=4M", "-o", "interval=1s", "-o", "calm=10s" }
      local path, lost = folder .. "/pagewarden-1", "/pagewarden-1"
      for _, way in ipairs { "shrunk", "undone" } do
        lab.hog(HOG_MIB)
        local first = keep_running(words, "there is a file",
          function() return area_of(path) end, hear_confined)
        first:stop()
        lab.await("its mounts are gone", 10, function() return area_of(lost) end)
        local line, second = hear_confined(words, "adopted")
        assert.matches("files of 96 MiB are on from before", line, 1, true)
        second:stop()
        lab.clean_up()
        if way == "shrunk" then
          keep_running(words, "there is no file", function() return not exists(path) end,
            hear_confined):stop()
        else
          local _, output = lab.run "pagewarden undo"
          local id = output:match "\n(%d+) +swap /mnt/xfs/pagewarden%-1 +absent"
          local status, said = lab.run("pagewarden undo " .. assert(id, output))
          assert.equal(0, status, said)
        end
        assert.is_nil(area_of(lost))
        assert.is_false(exists(path))
      end
    end },

  { "zram sets a device up before the disks, says how it compresses, resizes it and takes it away",
    function()
      load_zram()
      local file = lab.scratch.xfs .. "/low"
      assert(swap.make(file, { size = 64 * MIB, reserve = 0 }))
      assert(swap.on(file, { priority = 300 }))
      lab.defer(function() swap.remove(file, { force = true }) end)
      run "zram -o size=200M -o algorithm=lz4"
      assert.same({ 301, "lz4" }, { area_of("/dev/zram0").priority, zram0().comp_algorithm })
      local hog = lab.hog(SWAPPING_MIB)
      assert.is_true(area_of("/dev/zram0").used > 8 * MIB)
      assert.equal(0, area_of(file).used)
      local output, status = lab.recipe "zram -o size=100M"
      assert.equal(1, status)
      assert.matches("memory has no room for the %d+ MiB in it", output)
      print("# " .. output:match "use: ([^\n]+)")
      hog:stop()
      run "zram -o size=100M"
      assert.equal(100 * MIB, zram0().disksize)
      status, output = lab.run "pagewarden undo"
      assert.equal(0, status, output)
      local id = output:match "\n(%d+) +swap /dev/zram0 +absent"
      status, output = lab.run("pagewarden undo " .. assert(id, output))
      assert.equal(0, status, output)
      assert.equal(0, zram0().disksize)
      run "zram -o size=50M"
      run "zram -o remove=yes"
      assert.equal(0, zram0().disksize)
    end },

  { "a zram device that has something else is left alone", function()
    load_zram()
    lab.write("/sys/block/zram0/disksize", 32 * MIB)
    local message = "it is set up already, and not as swap"
    refused(message, swap.make("/dev/zram0", { size = 64 * MIB }))
    refused(message, swap.remove "/dev/zram0")
    assert.equal(32 * MIB, zram0().disksize)
  end },
}
