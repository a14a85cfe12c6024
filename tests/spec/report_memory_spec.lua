-- SPDX-License-Identifier: MIT
local corpus = require "corpus"
local memory = require "pagewarden.report.memory"
local writeback = require "pagewarden.report.writeback"

local function share(info, id, devices, zones)
  for _, entry in ipairs(memory.shares(info, devices, zones, 4096)) do
    if entry.id == id then return entry.bytes end
  end
end

describe("where memory is", function()
  it("counts shared memory once, though Cached contains it", function()
    local info = { MemTotal = 100, Cached = 50, Shmem = 20 }
    assert.equal(20, share(info, "shmem"))
    assert.equal(30, share(info, "file_cache"))
  end)

  it("adds of the swap cache only what is mapped nowhere", function()
    local info = { AnonPages = 40, Cached = 30, Active = 50, Inactive = 25, SwapCached = 20 }
    assert.equal(5, share(info, "swap_cache"))
    info.SwapCached = 3
    assert.equal(3, share(info, "swap_cache"))
    info.Active = 10
    assert.equal(0, share(info, "swap_cache"))
  end)

  it("counts kernel stacks once, though VmallocUsed contains them", function()
    assert.equal(60, share({ VmallocUsed = 76, KernelStack = 16, Percpu = 1 }, "vmalloc"))
  end)

  it("does not take the address space that old kernels tell for memory", function()
    assert.equal(0, share({ VmallocUsed = 290120, KernelStack = 16 }, "vmalloc"))
  end)

  it("counts huge pages of all sizes where the kernel tells them", function()
    local info = { HugePages_Total = 4, Hugepagesize = 2048 }
    assert.equal(8192, share(info, "hugetlb"))
    info.Hugetlb = 1 << 30
    assert.equal(1 << 30, share(info, "hugetlb"))
  end)

  it("counts zram, and what CPUs keep free, which meminfo leaves out", function()
    assert.equal(7, share({}, "zram", { { mem_used_total = 7 }, {} }))
    assert.equal(3 * 4096, share({}, "free_at_cpus", nil, { { pagesets = { { count = 3 } } } }))
  end)

  it("names what is left", function()
    assert.equal(40, share({ MemTotal = 100, MemFree = 60 }, "unaccounted"))
    assert.equal(-20, share({ MemTotal = 100, MemFree = 120 }, "unaccounted"))
  end)
end)

describe("where memory is on captured machines", function()
  if not corpus.present() then
    it("adds up", function() pending("no corpus at " .. corpus.path) end)
    return
  end
  teardown(corpus.remove_roots)

  -- hwloc's captures are of whole machines, of 2 to 256 CPUs, and nobody edited them.
  for fixture in pairs(corpus.kinds()) do
    if fixture:find "^hwloc/.*__proc__meminfo$" then
      it("leaves under a tenth unaccounted, and counts nothing twice: " .. fixture, function()
        local reader <close> = corpus.reader { ["proc/meminfo"] = corpus.text(fixture) }
        local info = assert(reader:meminfo())
        local unaccounted = share(info, "unaccounted") / info.MemTotal
        assert.is_true(unaccounted >= 0 and unaccounted < 0.1, unaccounted)
      end)
    end
  end
end)

describe("available memory of kernels before 3.14", function()
  it("is what the kernel's formula gives", function()
    local info = {
      MemFree = 1000 * 4096, ["Active(file)"] = 600 * 4096, ["Inactive(file)"] = 400 * 4096,
      SReclaimable = 50 * 4096,
    }
    local zones = { { low = 100, high = 120, protection = { 0, 30 }, present = 10000 } }
    -- free 1000 - (120 + 30) + file 1000 - 100 + slab 50 - 25
    assert.equal(1775 * 4096, memory.estimate_available(info, zones, 4096))
  end)

  it("is never negative", function()
    local zones = { { low = 100, high = 120, present = 10000 } }
    assert.equal(0, memory.estimate_available({ MemFree = 4096 }, zones, 4096))
  end)
end)

describe("thresholds of dirty pages", function()
  local info = { MemFree = 400, ["Active(file)"] = 300, ["Inactive(file)"] = 300 }

  local function thresholds(vmstat, settings)
    local told = writeback.of(info, vmstat, nil, settings, 4096)
    return { told.background_threshold, told.threshold, told.estimated }
  end

  it("are the kernel's own where it tells them", function()
    local vmstat = { nr_dirty_threshold = 2, nr_dirty_background_threshold = 1 }
    assert.same({ 4096, 8192, false }, thresholds(vmstat, {}))
  end)

  it("are shares of what can become dirty, or the bytes that are set", function()
    local settings = { ["vm.dirty_ratio"] = 20, ["vm.dirty_background_ratio"] = 10 }
    assert.same({ 100, 200, true }, thresholds({}, settings))
    settings["vm.dirty_bytes"] = 150
    assert.same({ 100, 150, true }, thresholds({}, settings))
  end)

  it("start in the background at half, when that is not below", function()
    local settings = { ["vm.dirty_ratio"] = 20, ["vm.dirty_background_ratio"] = 50 }
    assert.same({ 100, 200, true }, thresholds({}, settings))
  end)
end)
