-- SPDX-License-Identifier: MIT
-- The recipes of swap on real kernels.
local lab = require "lab"
local mm = require "pagewarden.mm"
local swap = require "pagewarden.swap"

local MIB = 1 << 20


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


return {
  needs = { memory = "256M", timeout = 300, disks = { "64M" },
    scratch = { ext4 = "96M", xfs = "320M" } },

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

  { "a zram device that has something else is left alone", function()
    load_zram()
    lab.write("/sys/block/zram0/disksize", 32 * MIB)
    local message = "it is set up already, and not as swap"
    refused(message, swap.make("/dev/zram0", { size = 64 * MIB }))
    refused(message, swap.remove "/dev/zram0")
    assert.equal(32 * MIB, zram0().disksize)
  end },
}
