-- SPDX-License-Identifier: MIT
-- Rules that the kernel's files keep among themselves, on this machine and in every capture: the
-- eight of the corpus's README, by number.
local corpus = require "corpus"
local proc = require "pagewarden.proc"

local KIB = 1024

--- Every process of this machine that can be read.
local function processes()
  local snapshot = assert(proc.processes { "pid" })
  local list = {}
  for row in snapshot:each() do list[#list + 1] = proc.process(row.pid) end
  return list
end

--- For how many processes `holds` is false, of how many it is not nil for.
local function exceptions(holds)
  local count, checked = 0, 0
  for _, process in ipairs(processes()) do
    local answer = holds(process)
    if answer ~= nil then
      checked = checked + 1
      count = count + (answer and 0 or 1)
    end
  end
  return count, checked
end

describe("on this machine", function()
  -- Files of one process are not read at one moment, so a few may differ by what happened between.
  local function nearly_always(holds)
    local wrong, checked = exceptions(holds)
    assert.is_true(checked > 0)
    assert.is_true(wrong <= 1 + checked // 10, ("%d of %d"):format(wrong, checked))
  end

  it("1: stat, statm and status agree about a process", function()
    nearly_always(function(process)
      local stat, statm, status = process:stat(), process:statm(), process:status()
      if not (stat and statm and status and status.VmSize) then return nil end
      return status.VmSize == stat.vsize and stat.vsize == statm.size * proc.page_size()
        and status.VmRSS == statm.resident * proc.page_size()
    end)
  end)

  it("2: a kernel thread has no memory", function()
    for _, process in ipairs(processes()) do
      local stat, statm, status = process:stat(), process:statm(), process:status()
      if stat and stat.flags & 0x00200000 ~= 0 and statm and status then -- PF_KTHREAD
        assert.same({ 0, 0, 0, 0 }, { stat.vsize, stat.rss, statm.size, statm.resident })
        for key in pairs(status) do assert.is_nil(key:match("^Vm")) end
      end
    end
  end)

  it("7: rss is the sum of its parts", function()
    nearly_always(function(process)
      local status = process:status()
      if not (status and status.RssAnon) then return nil end
      return status.VmRSS == status.RssAnon + status.RssFile + status.RssShmem
    end)
  end)
end)

if not corpus.present() then
  describe("in every capture", function()
    it("the rules hold", function() pending("no corpus at " .. corpus.path) end)
  end)
  return
end

local readers = require "corpus_readers"

--- Calls `check` with the value and the name of every capture of a kind; returns how many.
local function each(kind, check)
  local count = 0
  for fixture, its_kind in pairs(corpus.kinds()) do
    if its_kind == kind then
      local value = readers.read[kind](corpus.text(fixture), fixture)
      if value then check(value, fixture) end
      count = count + 1
    end
  end
  return count
end

describe("in every capture", function()
  teardown(corpus.remove_roots)

  it("2: a kernel thread has no memory", function()
    local threads = 0
    each("pid_stat", function(stat, name)
      if stat.flags & 0x00200000 ~= 0 and stat.ppid == 2 then
        assert.same({ 0, 0 }, { stat.vsize, stat.rss }, name)
        threads = threads + 1
      end
    end)
    assert.is_true(threads >= 3)
  end)

  it("3: stat has 39 fields or more, and what is missing is at the end", function()
    local counts = {}
    each("pid_stat", function(stat, name)
      local count = 0
      for _ in pairs(stat) do count = count + 1 end
      counts[count] = name
      assert.is_number(stat.processor, name)
    end)
    assert.is_string(counts[39])
    assert.is_string(counts[52])
  end)

  it("4: status has the keys that its kernel prints, and keeps every one", function()
    each("pid_status", function(status, name)
      local text, lines, keys = corpus.text(name), 0, 0
      if text:find("%d", 1, true) then return end -- a template
      for _ in text:gmatch("[^\n]+:[^\n]*") do lines = lines + 1 end
      for _ in pairs(status) do keys = keys + 1 end
      assert.equal(lines, keys, name)
    end)
  end)

  it("5: totals of meminfo are the sums of their parts", function()
    local wrong = {}
    local function sums(memory, name)
      local active = memory["Active(anon)"] and memory["Active(file)"]
        and memory["Active(anon)"] + memory["Active(file)"]
      local slab = memory.SReclaimable and memory.SUnreclaim
        and memory.SReclaimable + memory.SUnreclaim
      if (active and memory.Active and memory.Active ~= active) or
        (slab and memory.Slab and memory.Slab ~= slab) then
        wrong[#wrong + 1] = name:match("^[^/]+")
      end
    end
    assert.equal(47, each("meminfo", sums))
    table.sort(wrong)
    assert.same({ "ohai", "psutil", "psutil", "psutil" }, wrong) -- edited by hand
  end)

  it("6: smaps adds up to its rollup, but for fractions of Pss", function()
    local name = "prometheus_procfs/proc__26231__smaps"
    local rollup = readers.read.smaps_rollup(corpus.text(name .. "_rollup"))
    local mappings = readers.read.smaps(corpus.text(name))
    local summed = readers.read.smaps_rollup(corpus.text(name))
    assert.equal(rollup.Rss, summed.Rss)
    assert.equal(rollup.Swap, summed.Swap)
    assert.is_true(summed.Pss <= rollup.Pss)
    assert.is_true(rollup.Pss - summed.Pss <= #mappings * KIB)
  end)

  it("7: rss is the sum of its parts", function()
    local checked = 0
    each("pid_status", function(status, name)
      if status.RssAnon and status.VmRSS and not name:find("^below") then -- edited by hand
        assert.equal(status.VmRSS, status.RssAnon + status.RssFile + status.RssShmem, name)
        checked = checked + 1
      end
    end)
    assert.is_true(checked >= 4)
  end)

  it("8: zones span what is present, of which some is managed", function()
    each("zoneinfo", function(zones, name)
      for _, zone in ipairs(zones) do
        assert.is_true(zone.spanned >= zone.present and zone.present >= zone.managed, name)
      end
    end)
  end)
end)
