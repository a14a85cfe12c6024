-- SPDX-License-Identifier: MIT
local folders = require "folder"
local testing = require "pagewarden.testing"

--- Adds a swap file once memory is short, and takes it away again.
local GROW = [[
return { api = 1, name = "grow", summary = "A test", needs = { swap = { "/var/swap" } },
  start = function(pw)
    local path = "/var/swap/1"
    local function step()
      local short = pw.proc.meminfo().MemAvailable < 1 << 30
      local on = #pw.swap.areas() > 0
      if short and not on then
        assert(pw.swap.make(path, { size = 1 << 20 }))
        assert(pw.swap.on(path, { priority = 5 }))
      elseif on and not short then
        assert(pw.swap.remove(path))
      end
    end
    pw:every(10, function() pw:task(step) end)
  end }
]]

describe("a test world of a policy that makes swap", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function new(given)
    given = given or {}
    given.script = folder:write("grow.lua", given.text or GROW)
    given.text = nil
    local world = testing.new(given)
    world:write("var/swap/.keep", "")
    world:write("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
    world:write("proc/meminfo", "MemTotal: 4028440 kB\nMemAvailable: 524288 kB\n")
    return world
  end

  local function text_of(world, path)
    local file <close> = assert(io.open(world.path .. path))
    return file:read "a"
  end

  it("shows it the file and the area", function()
    local world <close> = new()
    world:advance "15s"
    assert.act(world, { key = "swap /var/swap/1", was = "absent" })
    assert.act(world, { key = "swap /var/swap/1", value = "on priority=5" })
    assert.matches("/var/swap/1 file\t1020\t0\t5\n", text_of(world, "/proc/swaps"), 1, true)
    assert.equal(1 << 20, #text_of(world, "/var/swap/1"))
  end)

  it("leaves nothing to undo of a file that came and went", function()
    local world <close> = new()
    world:advance "15s"
    world:write("proc/meminfo", "MemTotal: 4028440 kB\nMemAvailable: 2097152 kB\n")
    world:advance "10s"
    assert.act(world, { key = "swap /var/swap/1", value = "absent" })
    assert.is_nil(io.open(world.path .. "/var/swap/1"))
    world:stop()
    assert.no_trace(world)
  end)

  it("makes nothing in dry run", function()
    local world <close> = new { dry_run = true }
    world:advance "15s"
    assert.act(world, { event = "would", key = "swap /var/swap/1", value = "on priority=5" })
    assert.no_act(world, { event = "act" })
    assert.is_nil(io.open(world.path .. "/var/swap/1"))
  end)

  it("refuses what was not granted", function()
    local world <close> = new { text = GROW:gsub('"/var/swap/1"', '"/var/other"') }
    assert.error_matches(function() world:advance "15s" end,
      "swap /var/other: not granted to policy grow")
  end)

  it("lets only a task make it", function()
    local world <close> = new { text = GROW:gsub("pw:task%(step%)", "step()") }
    assert.error_matches(function() world:advance "15s" end, "only a task may wait")
    assert.is_nil(io.open(world.path .. "/var/swap/1"))
  end)

  --- Has as much swap as memory is short of half a GiB.
  local RESIZE = [[
    return { api = 1, name = "resize", summary = "A test", needs = { swap = { "/var/swap" } },
      start = function(pw)
        pw:every(10, function()
          pw:task(function()
            local total = (512 << 20) - pw.proc.meminfo().MemAvailable
            local has = assert(pw.swap.resize("/var/swap", { total = math.max(total, 0),
              file = 2 << 20, priority = 5 }))
            pw.log("has", { total = has })
          end)
        end)
      end }
  ]]

  local function has_available(world, kib)
    world:write("proc/meminfo", ("MemTotal: 4028440 kB\nMemAvailable: %d kB\n"):format(kib))
    world:advance "10s"
  end

  it("grows and shrinks by whole files", function()
    local world <close> = new { text = RESIZE }
    has_available(world, (512 - 5) << 10)
    assert.event(world, "has", { total = 5 << 20 })
    for i, size in ipairs { 2 << 20, 2 << 20, 1 << 20 } do
      assert.equal(size, #text_of(world, "/var/swap/pagewarden-" .. i))
    end
    assert.equal(3, select(2, text_of(world, "/proc/swaps"):gsub("file\t%d+\t0\t5\n", "")))
    has_available(world, (512 - 2) << 10)
    assert.event(world, "has", { total = 2 << 20 })
    has_available(world, 512 << 10)
    assert.event(world, "has", { total = 0 })
    assert.is_nil(io.open(world.path .. "/var/swap/pagewarden-1"))
  end)

  it("would grow in dry run", function()
    local world <close> = new { text = RESIZE, dry_run = true }
    has_available(world, (512 - 5) << 10)
    assert.event(world, "has", { total = 5 << 20 })
    assert.no_act(world, { event = "act" })
    assert.is_nil(io.open(world.path .. "/var/swap/pagewarden-1"))
  end)

  it("needs no room for files that nobody swaps to", function()
    local world <close> = new { text = GROW:gsub("size = 1 << 20", "size = 1 << 28, reserve = 0") }
    world:advance "15s"
    assert.matches("/var/swap/1 file\t262140\t0\t5\n", text_of(world, "/proc/swaps"), 1, true)
    local used <close> = assert(io.popen(("du -k '%s/var/swap/1'"):format(world.path)))
    assert.is_true(used:read "n" < 1024)
  end)

  --- Sets a zram device up when memory is short.
  local COMPRESS = GROW:gsub('{ "/var/swap" }', '{ "/dev" }')
    :gsub("/var/swap/1", "/dev/zram0")
    :gsub("size = 1 << 20", 'size = 1 << 20, algorithm = "zstd", limit = 1 << 19, label = "z"')

  local function with_zram(world, files)
    for name, contents in pairs { disksize = "0", initstate = "0", reset = "", mem_limit = "0",
      comp_algorithm = "[lzo] zstd" } do
      world:write("sys/block/zram0/" .. name, (files and files[name] or contents) .. "\n")
    end
    world:write("dev/zram0", "")
    return world
  end

  it("sets a zram device up, and resets it", function()
    local world <close> = with_zram(new { text = COMPRESS })
    world:advance "15s"
    assert.matches("/dev/zram0 partition\t1020\t0\t5\n", text_of(world, "/proc/swaps"), 1, true)
    assert.equal("lzo [zstd]\n", text_of(world, "/sys/block/zram0/comp_algorithm"))
    assert.equal("524288\n", text_of(world, "/sys/block/zram0/mem_limit"))
    assert.equal("1048576\n", text_of(world, "/sys/block/zram0/disksize"))
    world:write("proc/meminfo", "MemTotal: 4028440 kB\nMemAvailable: 2097152 kB\n")
    world:advance "10s"
    assert.act(world, { key = "swap /dev/zram0", value = "absent" })
    assert.equal("0\n", text_of(world, "/sys/block/zram0/disksize"))
  end)

  for message, files in pairs {
    ["'zstd' is none of the algorithms there are: %[lzo%]"] = { comp_algorithm = "[lzo]" },
    ["it is set up already, and not as swap"] = { initstate = "1", disksize = "4096" },
  } do
    it("refuses a zram device when " .. message:gsub("%%", ""), function()
      local world <close> = with_zram(new { text = COMPRESS }, files)
      assert.error_matches(function() world:advance "15s" end,
        "swap /dev/zram0: " .. message)
    end)
  end

  it("knows that there is no zram device", function()
    local world <close> = new { text = COMPRESS }
    world:write("dev/null", "")
    assert.error_matches(function() world:advance "15s" end, "there is no such device")
  end)

  it("puts a group on, all or none", function()
    local world <close> = new { text = [[
      return { api = 1, name = "group", summary = "A test", needs = { swap = { "/var/swap" } },
        start = function(pw)
          pw:task(function()
            for i = 1, 2 do
              assert(pw.swap.make("/var/swap/" .. i, { size = 1 << 20 }))
            end
            assert(not pw.swap.group({ "/var/swap/1", "/var/swap/3" }, { priority = 5 }))
            pw.log("failed_group", { areas = #pw.swap.areas() })
            assert(pw.swap.group({ "/var/swap/1", "/var/swap/2" }, { priority = 5 }))
            pw.log("whole_group", { areas = #pw.swap.areas() })
          end)
          pw:every(60, function() end)
        end }
    ]] }
    world:advance "1s"
    assert.event(world, "failed_group", { areas = 0 })
    assert.event(world, "whole_group", { areas = 2 })
  end)
end)
