-- SPDX-License-Identifier: MIT
-- `pagewarden.recipe.disks`: what the disks did between two looks, each request once.
local disks = require "pagewarden.recipe.disks"
local proc = require "pagewarden.proc"

--- A row of /proc/diskstats that did nothing but what is given.
local function row(name, given)
  local made = { name = name, major = 8, minor = 0, reads_completed = 0, reads_merged = 0,
    sectors_read = 0, read_ms = 0, writes_completed = 0, writes_merged = 0, sectors_written = 0,
    write_ms = 0, in_flight = 0, io_ms = 0, weighted_io_ms = 0 }
  for key, value in pairs(given or {}) do
    made[key] = value
  end
  return made
end


local function rows(...)
  local made = {}
  for i, name in ipairs { ... } do
    made[i] = row(name)
  end
  return made
end


local function names(real)
  local sorted = {}
  for name in pairs(real) do
    sorted[#sorted + 1] = name
  end
  table.sort(sorted)
  return sorted
end


describe("of the devices", function()
  it("whole disks count, and neither their partitions nor what is made of them", function()
    assert.same({ "mmcblk0", "nvme0n1", "sda", "vdb" }, names(disks.real(rows(
      "ram0", "loop0", "zram0", "sda", "sda1", "sda15", "nvme0n1", "nvme0n1p1", "vdb", "mmcblk0",
      "mmcblk0p2", "dm-0", "md0", "md127p1", "md_d0", "bcache0", "drbd1", "zd16", "zd16p1"))))
  end)

  it("one that is called like a partition counts when it is of no disk", function()
    assert.same({ "xvda1", "xvda2" }, names(disks.real(rows("xvda1", "xvda2"))))
  end)

  it("one with a digit at its end is no partition of one with fewer", function()
    assert.same({ "sr0", "sr01" }, names(disks.real(rows("sr0", "sr01"))))
  end)

  it("of a disk that is reached by paths the paths count", function()
    assert.same({ "nvme1n1", "nvme3c33n1", "nvme3c34n1" }, names(disks.real(rows("nvme1n1",
      "nvme3c33n1", "nvme3c34n1", "nvme3n1", "nvme3n1p1"))))
  end)
end)


describe("between two looks", function()
  it("a disk has bytes, requests, a queue, a share of time and a wait", function()
    local before = { row("sda", { reads_completed = 100, sectors_read = 1000, read_ms = 50,
      io_ms = 400, weighted_io_ms = 900 }) }
    local after = { row("sda", { reads_completed = 110, sectors_read = 3000, read_ms = 150,
      writes_completed = 40, sectors_written = 80, write_ms = 400, io_ms = 1400,
      weighted_io_ms = 4900, in_flight = 3 }) }
    assert.same({ {
      name = "sda", bytes_read = 2000 * 512, bytes_written = 80 * 512, requests = 50,
      answers = 50, in_flight = 3, queue = 2.0, busy = 50.0, wait = 0.01,
    } }, disks.between(before, after, 2))
  end)

  it("a disk answers by discards and flushes, too, where the kernel counts them", function()
    local before = { row("sda", { discards_completed = 7, flushes_completed = 5 }) }
    local after = { row("sda", { discards_completed = 9, flushes_completed = 6 }) }
    local use = disks.between(before, after, 1)[1]
    assert.same({ 0, 3 }, { use.requests, use.answers })
    after[1].flushes_completed = nil
    assert.equal(2, disks.between(before, after, 1)[1].answers)
    after[1].discards_completed = 3
    assert.equal(0, disks.between(before, after, 1)[1].answers)
  end)

  it("a disk that did nothing has no wait", function()
    local use = disks.between(rows "sda", rows "sda", 1)[1]
    assert.same({ 0, 0, 0 }, { use.requests, use.queue, use.busy })
    assert.is_nil(use.wait)
  end)

  it("times that began again at 32 bits go on", function()
    local before = { row("sda", { io_ms = (1 << 32) - 300, weighted_io_ms = (1 << 32) - 100 }) }
    local after = { row("sda", { io_ms = 200, weighted_io_ms = 900 }) }
    local use = disks.between(before, after, 1)[1]
    assert.same({ 50.0, 1.0 }, { use.busy, use.queue })
  end)

  it("a disk that was made anew, or came, says nothing yet", function()
    local before = { row("sda", { reads_completed = 1000, sectors_read = 9000 }) }
    local after = { row("sda", { reads_completed = 3, sectors_read = 24 }), row "sdb" }
    assert.same({}, disks.between(before, after, 1))
    assert.equal(2, #disks.between(after, after, 1))
  end)

  it("a row with a number that makes no sense is left out", function()
    local after = { row "sda" }
    after[1].io_ms = nil
    assert.same({}, disks.between(rows "sda", after, 1))
  end)

  it("without time nothing is said", function()
    assert.same({}, disks.between(rows "sda", rows "sda", 0))
  end)

  it("no disk is busier than the time that passed", function()
    local after = { row("sda", { io_ms = 1012 }) }
    assert.equal(100, disks.between(rows "sda", after, 1)[1].busy)
  end)

  it("rows of a real machine are understood", function()
    local reader = assert(proc.open "tests/fixtures/one-of-each")
    local now = assert(reader:diskstats())
    reader:close()
    local uses = disks.between(now, now, 1)
    assert.is_true(#uses > 0)
    assert.equal(0, uses[1].bytes_read)
  end)
end)
