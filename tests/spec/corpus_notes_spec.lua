-- SPDX-License-Identifier: MIT
-- What the corpus's README says of single captures, beyond its table.
local corpus = require "corpus"

if not corpus.present() then
  describe("the corpus's notes", function()
    it("hold", function() pending("no corpus at " .. corpus.path) end)
  end)
  return
end

local readers = require "corpus_readers"
local kinds = corpus.kinds()

--- Reads the one fixture whose name has this in it.
local function read(part)
  local found
  for fixture in pairs(kinds) do
    if fixture:find(part, 1, true) then
      assert.is_nil(found, part)
      found = fixture
    end
  end
  local fixture = assert(found, part)
  return readers.read[kinds[fixture]](corpus.text(fixture), fixture)
end

describe("the corpus's notes", function()
  teardown(corpus.remove_roots)

  it("psutil's processes have what its tests made up", function()
    local stat, status = read "test_stat_file_parsing", read "test_status_file_parsing"
    assert.same({ "cat", "Z", 1, 6, 2, 3, 4, 5, 7, 6 }, {
      stat.comm, stat.state, stat.ppid, stat.starttime, stat.utime, stat.stime, stat.cutime,
      stat.cstime, stat.delayacct_blkio_ticks, stat.processor,
    })
    assert.same({ 1000, 1001, 1002, 1003 }, status.Uid)
    assert.same({ 1004, 1005, 1006, 1007 }, status.Gid)
    assert.same({ 66, 12, 13 },
      { status.Threads, status.voluntary_ctxt_switches, status.nonvoluntary_ctxt_switches })
  end)

  it("gosigar's busy machine has 0 available, its oldest does not say", function()
    local busy, old = read "sigar_linux_test.go@meminfoContents_3",
      read "sigar_linux_test.go@meminfoContents_0"
    assert.equal(0, busy.MemAvailable)
    assert.equal(0, busy.SwapFree)
    assert.is_nil(old.MemAvailable)
    assert.equal(374256 << 10, old.MemTotal)
    assert.is_nil(read("sigar_linux_test.go@meminfoContents_2").MemTotal)
  end)

  it("telegraf's broken meminfo loses one field", function()
    local memory, flaws = read "hugepages__testdata__invalid"
    assert.is_nil(memory.HugePages_Free)
    assert.is_true(flaws.skipped >= 1)
  end)

  it("lx_brandz has no time spent waiting for block devices", function()
    assert.is_nil(read("lx_brandz").delayacct_blkio_ticks)
  end)

  it("insights-core's slab caches are 103, whatever is wrong with others", function()
    local rows = read "@PROC_SLABINFO"
    assert.equal(103, #rows)
    for _, row in ipairs(rows) do
      if row.name == "kcopyd_job" then assert.equal(3312, row.objsize) end
    end
    assert.is_true(#read "SLABINFO_DETAILS_LEN_MISS_MATCH" > 0)
  end)

  it("cadvisor's smaps have 416 kB referenced between them", function()
    local sum = 0
    for _, name in ipairs { "smaps4", "smaps6", "smaps8" } do
      sum = sum + readers.find("smaps", read("cadvisor/lib__container__libcontainer__testdata__"
        .. name), "sum:Referenced")
    end
    assert.equal(416 << 10, sum)
  end)

  it("elastic's last line has no newline and counts", function()
    local text = corpus.text "elastic/metric__memory__testdata__oldkern__proc__meminfo"
    local key = text:match("([%w()_]+):[^\n]*$")
    assert.not_equal("\n", text:sub(-1))
    assert.is_number((read "oldkern__proc__meminfo")[key])
  end)
end)
