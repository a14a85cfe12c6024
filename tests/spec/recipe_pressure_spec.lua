-- SPDX-License-Identifier: MIT
local pressure = require "pagewarden.recipe.pressure"
local proc = require "pagewarden.proc"
local tree = require "tree"

local STALL = "some avg10=%.2f avg60=0.00 avg300=0.00 total=0\n"
  .. "full avg10=%.2f avg60=0.00 avg300=0.00 total=0\n"


describe("the gauge of pressure", function()
  after_each(tree.remove_all)

  --- A gauge of a machine with these files, and its root.
  local function new(files, limits)
    local root = tree.new(files)
    local reader = assert(proc.open(root))
    local bound = setmetatable({}, { __index = function(_, name)
      return function(...) return reader[name](reader, ...) end
    end })
    return pressure.new(bound, limits), root
  end

  local function pressed(memory_some, memory_full, io_some, io_full)
    return {
      ["proc/pressure/memory"] = STALL:format(memory_some, memory_full),
      ["proc/pressure/io"] = STALL:format(io_some, io_full),
    }
  end

  it("finds nobody waiting where the kernel measured none", function()
    local verdict = new(pressed(0, 0, 9.9, 0)):look(1)
    assert.equal("none", verdict.level)
    assert.equal("psi", verdict.source)
    assert.is_nil(verdict.resource)
    assert.equal(9.9, verdict.io.some.avg10)
  end)

  it("says what is waited for most", function()
    local verdict = new(pressed(12, 1, 40, 2)):look(1)
    assert.same({ "some", "io", 40 }, { verdict.level, verdict.resource, verdict.percent })
    assert.equal("programs waited for disks in 40.0% of the last 10 s", verdict.reason)
  end)

  it("heeds that all wait before that many do", function()
    local verdict = new(pressed(12, 8, 40, 2)):look(1)
    assert.same({ "full", "memory", 8 }, { verdict.level, verdict.resource, verdict.percent })
    assert.equal("all programs waited for memory in 8.0% of the last 10 s", verdict.reason)
  end)

  it("keeps to the limits that it is given", function()
    assert.equal("none", new(pressed(12, 8, 40, 8), { some = 50, full = 10 }):look(1).level)
  end)

  it("goes by one of the two where only that is measured", function()
    local verdict = new({ ["proc/pressure/io"] = STALL:format(20, 0) }):look(1)
    assert.same({ "some", "io" }, { verdict.level, verdict.resource })
    assert.is_nil(verdict.memory)
  end)

  for kernel, name in pairs { ["2.6.32"] = "allocstall", ["5.10"] = "allocstall_normal",
    ["3.10"] = "pgscan_direct_normal", ["6.1"] = "pgscan_direct" } do
    it("goes by what programs had to reclaim where pressure is not measured, as in " .. kernel,
      function()
        local gauge, root = new { ["proc/vmstat"] = name .. " 7\npgscan_direct_throttle 9\n" }
        assert.equal("unknown", gauge:look(10).level)
        assert.equal("none", gauge:look(12).level)
        tree.write(root, "proc/vmstat", name .. " 8\npgscan_direct_throttle 9\n")
        local verdict = gauge:look(14.5)
        assert.same({ "some", "memory", "vmstat" },
          { verdict.level, verdict.resource, verdict.source })
        assert.equal("programs had to reclaim memory themselves in the last 2.5 s", verdict.reason)
      end)
  end

  it("sees that writers are slowed down, at the first look", function()
    local vmstat = "nr_dirty %d\nnr_writeback 10\nnr_dirty_threshold 200\n"
      .. "nr_dirty_background_threshold 100\nallocstall_normal 1\n"
    local gauge, root = new { ["proc/vmstat"] = vmstat:format(140) }
    assert.equal("unknown", gauge:look(1).level)
    tree.write(root, "proc/vmstat", vmstat:format(141))
    assert.same({ "some", "io" }, { gauge:look(2).level, gauge:look(3).resource })
  end)

  it("says that nothing is known where the kernel tells nothing", function()
    assert.same({ "unknown", "none" }, { new({}):look(1).level, new({}):look(1).source })
    local gauge = new { ["proc/vmstat"] = "nr_dirty 4\n" }
    gauge:look(1)
    assert.equal("unknown", gauge:look(2).level)
  end)

  it("knows nothing of the time between two looks at one moment", function()
    local gauge = new { ["proc/vmstat"] = "allocstall_normal 7\n" }
    gauge:look(1)
    assert.equal("unknown", gauge:look(1).level)
  end)

  it("looks a second time in a task where once tells nothing", function()
    local clock, slept = 100, 0
    local reader = assert(proc.open(tree.new { ["proc/vmstat"] = "allocstall_normal 7\n" }))
    local pw = {
      proc = { vmstat = function(into) return reader:vmstat(into) end, pressure = function() end },
      now = function() return clock end,
      sleep = function(_, seconds) slept, clock = slept + seconds, clock + seconds end,
    }
    assert.equal("none", pressure.now(pw).level)
    assert.equal(1, slept)
  end)
end)
