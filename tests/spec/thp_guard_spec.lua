-- SPDX-License-Identifier: MIT
-- The recipe thp-guard: which trouble with huge pages it acts on, how far, and when it goes back.
local testing = require "pagewarden.testing"

local THP = "sys/kernel/mm/transparent_hugepage/"
local PSI = "some avg10=%.2f avg60=0.00 avg300=0.00 total=0\n"
  .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
local DEFRAG = "always defer defer+madvise madvise never\n"


--- What the kernel does a second, and has; a test changes it as it goes.
local function new(given, options)
  local world = testing.new { script = "thp-guard", options = options }
  local kernel = { stalls = 0, fallbacks = 0, waited = 0, khugepaged = 0, available = 3402112,
    huge = 0 }
  for name, value in pairs(given or {}) do
    kernel[name] = value
  end
  world:write(THP .. "enabled", "[always] madvise never\n")
  world:write(THP .. "defrag", (DEFRAG:gsub("always", "[always]")))
  world:write(THP .. "khugepaged/max_ptes_none", "511\n")
  world:write(THP .. "khugepaged/scan_sleep_millisecs", "10000\n")
  local stalls, fallbacks, ticks = 0, 0, 0
  local function settle()
    stalls, fallbacks = stalls + kernel.stalls, fallbacks + kernel.fallbacks
    ticks = ticks + kernel.khugepaged
    world:write("proc/vmstat", ("compact_stall %d\ncompact_fail %d\nthp_fault_alloc 0\n"
      .. "thp_fault_fallback %d\nthp_collapse_alloc 0\nallocstall_dma 0\nallocstall_normal %d\n")
      :format(stalls, stalls // 2, fallbacks, stalls))
    world:write("proc/pressure/memory", PSI:format(kernel.waited))
    world:write("proc/meminfo", ("MemTotal: 4028440 kB\nMemFree: 100000 kB\nMemAvailable: %d kB\n"
      .. "AnonPages: 1000000 kB\nAnonHugePages: %d kB\n"):format(kernel.available, kernel.huge))
    world:write("proc/37/stat", ("37 (khugepaged) S 2 0 0 0 -1 %d 0 0 0 0 0 %d 0 0 39 19 1 0 20 0 "
      .. "0\n"):format(kernel.program and 0 or 0x200040, ticks))
  end
  settle()
  world:every(1, settle)
  return world, kernel
end


local function chosen(world, name)
  local file <close> = assert(io.open(world.path .. "/" .. THP .. name))
  local line = file:read "l"
  return line:match "%[(.-)%]" or line
end


local function finish(world)
  world:stop()
  assert.no_trace(world)
end


local STALLING = { stalls = 40, fallbacks = 20, waited = 5 }


describe("thp-guard", function()
  it("leaves all as it is while there is no trouble", function()
    local world <close> = new()
    world:advance "1h"
    assert.same({}, world.acts)
    assert.event(world, "begin", { message = "transparent huge pages: always; defrag: always" })
    finish(world)
  end)

  it("has huge pages made in the background when programs stall for them", function()
    local world <close> = new(STALLING)
    world:advance "30s"
    assert.equal("defer+madvise", chosen(world, "defrag"))
    assert.event(world, "stalls", { was = "always", value = "defer+madvise",
      message = "programs compacted memory themselves 40 times a second (50 % in vain), reclaimed "
        .. "40 times, and got small pages for 20 huge ones; somebody waited for memory 5 % of the "
        .. "time; transparent_hugepage/defrag goes from always to defer+madvise" })
    finish(world)
  end)

  it("goes one step at a time, and says once that nothing is left to do", function()
    local world <close> = new(STALLING)
    world:advance "50s"
    assert.equal("defer", chosen(world, "defrag"))
    world:advance "1h"
    assert.same({ "defer", 3 }, { chosen(world, "defrag"), world:count("stalls") })
    assert.event(world, "stalls", { was = "defer", message = function(message)
      return message:find "defrag is defer, which leaves nothing to do here$"
    end })
    finish(world)
  end)

  it("goes back when it has been calm, and waits twice as long the next time", function()
    local world <close>, kernel = new(STALLING, { calm = "5m" })
    local function trouble(yes)
      kernel.stalls, kernel.fallbacks = yes and 40 or 0, yes and 20 or 0
    end
    world:advance "30s"
    trouble(false)
    world:advance "4m"
    assert.equal("defer+madvise", chosen(world, "defrag"))
    world:advance "2m"
    assert.equal("always", chosen(world, "defrag"))
    assert.event(world, "calm", { value = "always", seconds = 300 })
    trouble(true)
    world:advance "30s"
    trouble(false)
    world:advance "6m"
    assert.equal("defer+madvise", chosen(world, "defrag"))
    world:advance "5m"
    assert.equal("always", chosen(world, "defrag"))
    finish(world)
  end)

  it("puts back at its end what somebody chose after it had gone back", function()
    local world <close>, kernel = new(STALLING, { calm = "1m" })
    world:advance "30s"
    kernel.stalls, kernel.fallbacks = 0, 0
    world:advance "2m"
    assert.equal("always", chosen(world, "defrag"))
    world:write(THP .. "defrag", (DEFRAG:gsub("madvise never", "[madvise] never")))
    kernel.stalls, kernel.fallbacks = 40, 20
    world:advance "30s"
    assert.equal("defer", chosen(world, "defrag"))
    assert.no_event(world, "foreign_write")
    world:stop()
    assert.event(world, "undone", { value = "madvise" })
    assert.no_trace(world)
  end)

  it("does not say that it has gone back when it could not", function()
    local world <close>, kernel = new(STALLING, { calm = "1m" })
    world:advance "30s"
    kernel.stalls, kernel.fallbacks = 0, 0
    world:advance "30s"
    world:write(THP .. "defrag", "defer [defer+madvise] madvise never\n")
    world:advance "1h"
    assert.no_event(world, "calm")
    assert.event(world, "left-alone", { knob = "transparent_hugepage/defrag" })
    assert.equal(1, world:count("refused"))
    world:stop()
  end)

  for name, given in pairs {
    ["one look's worth of stalls"] = {},
    ["stalls that nobody feels"] = { stalls = 40, fallbacks = 20, waited = 0.2 },
    ["compaction for other allocations"] = { stalls = 40, waited = 20 },
  } do
    it("does not act on " .. name, function()
      local world <close>, kernel = new(given)
      if not next(given) then
        kernel.waited = 5
        world:after(12, function() kernel.stalls, kernel.fallbacks = 40, 20 end)
        world:after(19, function() kernel.stalls, kernel.fallbacks = 0, 0 end)
      end
      world:advance "10m"
      assert.same({}, world.acts)
      finish(world)
    end)
  end

  it("takes what an old kernel has to choose from", function()
    local world <close> = new(STALLING)
    world:write(THP .. "defrag", "[always] madvise never\n")
    world:advance "30s"
    assert.equal("madvise", chosen(world, "defrag"))
    world:advance "20s"
    assert.equal("never", chosen(world, "defrag"))
    finish(world)
  end)

  it("slows a khugepaged down that takes a processor", function()
    local world <close> = new { khugepaged = 90 }
    world:advance "30s"
    assert.equal("40000", chosen(world, "khugepaged/scan_sleep_millisecs"))
    assert.event(world, "busy", { was = 10000, value = 40000 })
    world:advance "1h"
    assert.equal("600000", chosen(world, "khugepaged/scan_sleep_millisecs"))
    finish(world)
  end)

  it("does not take a program for khugepaged that is only called so", function()
    local world <close> = new { khugepaged = 90, program = true }
    world:advance "10m"
    assert.same({}, world.acts)
    assert.event(world, "begin", { message = function(message)
      return message:find "khugepaged is not seen$"
    end })
    finish(world)
  end)

  it("lets huge pages be filled up less when memory is short and much of it is huge", function()
    local world <close>, kernel = new { available = 200000, huge = 500000 }
    world:advance "30s"
    assert.equal("64", chosen(world, "khugepaged/max_ptes_none"))
    assert.event(world, "bloat", { message = "195 MiB are available, and 488 MiB of the 977 MiB "
      .. "that programs have are huge pages; transparent_hugepage/khugepaged/max_ptes_none goes "
      .. "from 511 to 64" })
    kernel.available = 3000000
    world:advance "15m"
    assert.equal("511", chosen(world, "khugepaged/max_ptes_none"))
    finish(world)
  end)

  it("does not blame huge pages that are few, or when memory is plenty", function()
    for _, given in ipairs { { available = 200000, huge = 50000 }, { huge = 900000 } } do
      local world <close> = new(given)
      world:advance "10m"
      assert.same({}, world.acts)
      finish(world)
    end
  end)

  it("leaves a knob alone that somebody else sets", function()
    local world <close> = new(STALLING)
    world:advance "30s"
    world:write(THP .. "defrag", (DEFRAG:gsub("madvise never", "[madvise] never")))
    world:advance "1h"
    assert.equal("madvise", chosen(world, "defrag"))
    assert.event(world, "left-alone", { message = "transparent_hugepage/defrag is left alone from "
      .. "now on: somebody else has set it to madvise" })
    world:stop()
  end)

  it("goes by compactions alone where the kernel does not measure pressure", function()
    local world <close> = new { stalls = 40, fallbacks = 20 }
    world:every(0.25, function() os.remove(world.path .. "/proc/pressure/memory") end)
    world:advance "40s"
    assert.event(world, "stalls", { value = "defer+madvise" })
    world:stop()
  end)

  it("refuses where there are no huge pages", function()
    local world <close> = testing.new { script = "thp-guard" }
    assert.error_matches(function() world:advance "1s" end,
      "there are no transparent huge pages: .*No such file")
    finish(world)
  end)
end)
