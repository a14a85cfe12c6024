-- SPDX-License-Identifier: MIT
-- The recipe `rates`: what is different since the last look.
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20


--- meminfo with so many MiB free, buffers and cached, and of used swap out of 1024.
local function write_memory(world, free, buffers, cached, swapped)
  local function line(name, mib)
    return ("%s: %d kB\n"):format(name, mib << 10)
  end
  world:write("proc/meminfo", line("MemTotal", 4096) .. line("MemFree", free)
    .. line("Buffers", buffers) .. line("Cached", cached)
    .. line("SwapTotal", swapped and 1024 or 0) .. line("SwapFree", 1024 - (swapped or 1024)))
end


local function stop(world)
  world:stop()
  assert.no_trace(world)
end


describe("rates of the machine", function()
  it("have what it gained and lost each second, whatever the interval", function()
    local world = testing.new { script = "rates", options = { interval = "2s" } }
    write_memory(world, 1000, 10, 500, 0)
    world:after("1s", function()
      write_memory(world, 900, 12, 560, 8)
      world:write("proc/vmstat", "pswpin 0\npswpout 2048\n")
    end)
    world:advance "3s"
    assert.event(world, "machine", {
      free_per_second = -50 * MIB, buffers_per_second = MIB, cached_per_second = 30 * MIB,
      swap_used_per_second = 4 * MIB, swapped_in_per_second = 0, swapped_out_per_second = 4 * MIB,
    })
    assert.equal("    -50 MiB      +1 MiB     +30 MiB      +4 MiB          0 B         4 MiB",
      world:logged("machine")[1].message)
    stop(world)
  end)

  it("stand under headings that come again", function()
    local world = testing.new { script = "rates" }
    world:advance "25s"
    local headings = world:logged("columns")
    assert.same({ 2, "machine" }, { #headings, headings[1].of })
    assert.equal(#world:logged("machine")[1].message, #headings[1].message)
    stop(world)
  end)

  it("say nothing of swap where there is none", function()
    local world = testing.new { script = "rates" }
    write_memory(world, 1000, 10, 500)
    world:advance "1s"
    assert.event(world, "machine", { free_per_second = 0 })
    assert.no_event(world, "machine", { swap_used_per_second = function() return true end })
    stop(world)
  end)

  it("are known as far as they can be where vmstat cannot be read", function()
    local world = testing.new { script = "rates" }
    os.remove(world.path .. "/proc/vmstat")
    world:advance "1s"
    assert.event(world, "machine", { cached_per_second = 0 })
    assert.no_event(world, "machine", { swapped_in_per_second = function() return true end })
    world:stop()
  end)
end)


describe("rates of processes", function()
  it("have what each grew by since the last look, the largest first", function()
    local world = testing.new { script = "rates", options = { name = { "^work" } } }
    local small = world:spawn { comm = "worker", rss_anon = 2 * MIB, vsize = 8 * MIB }
    local large = world:spawn { comm = "worker", rss_anon = 5 * MIB }
    world:spawn { comm = "other", rss_anon = 9 * MIB }
    world:after("500ms", function()
      small.rss_anon, small.vsize = 3 * MIB, 6 * MIB
    end)
    world:advance "1s"
    local said = world:logged("process")
    assert.equal(4, #said)
    assert.is_nil(said[1].rss_change)
    assert.same({ large.pid, 0 }, { said[3].pid, said[3].rss_change })
    assert.same({ small.pid, 3 * MIB, MIB, 6 * MIB, -2 * MIB },
      { said[4].pid, said[4].rss, said[4].rss_change, said[4].vsize, said[4].vsize_change })
    assert.equal("   1000     3 MiB     +1 MiB     6 MiB     -2 MiB worker", said[4].message)
    assert.event(world, "sum", { processes = 2, rss = 8 * MIB })
    stop(world)
  end)

  it("have their share of what they have in common, when asked", function()
    local world = testing.new { script = "rates", options = { name = { "." }, pss = true } }
    local p = world:spawn { comm = "a", rss_anon = MIB, rss_shmem = 4 * MIB, pss = 3 * MIB }
    world:spawn { comm = "b", rss_anon = MIB, rss_shmem = 4 * MIB, pss = 3 * MIB }
    world:after("500ms", function() p.pss = 4 * MIB end)
    world:advance "1s"
    assert.event(world, "process", { pid = p.pid, pss = 4 * MIB, pss_change = MIB })
    assert.event(world, "sum", { rss = 10 * MIB, pss = 7 * MIB, unread = 0 })
    stop(world)
  end)

  it("have no such share of who may not be asked, and say so", function()
    local world = testing.new { script = "rates", options = { name = { "." }, pss = true } }
    for _, name in ipairs { "a", "b" } do
      world:spawn { comm = name }
    end
    world:after(0, function() os.remove(world.path .. "/proc/1000/smaps_rollup") end)
    world:advance "1s"
    assert.event(world, "sum", { unread = 1 })
    world:stop()
  end)

  it("tell of one that ended, and do not take who has its pid next for it", function()
    local world = testing.new { script = "rates", options = { name = { "." } } }
    local first = world:spawn { comm = "first", rss_anon = MIB }
    world:after("1500ms", function()
      world:exit(first)
      world:spawn { pid = first.pid, comm = "second", rss_anon = 9 * MIB }
    end)
    world:advance "2s"
    assert.event(world, "ended", { comm = "first", start_time = first.start_time, rss = MIB })
    assert.no_event(world, "process", { comm = "second", rss_change = function() return true end })
    stop(world)
  end)

  it("wait for a process that is not there, and say so once", function()
    local world = testing.new { script = "rates", options = { name = { "^late$" } } }
    world:after("2500ms", function() world:spawn { comm = "late" } end)
    world:advance "4s"
    assert.equal(1, #world:logged("absent"))
    assert.event(world, "process", { comm = "late" })
    stop(world)
  end)

  it("show the largest only, and any name", function()
    local world = testing.new { script = "rates", options = { name = { "." }, top = 1 } }
    local hostile = "evil) R 1\n\27[2J"
    world:spawn { comm = hostile, rss_anon = 2 * MIB }
    world:spawn { comm = "small", rss_anon = MIB }
    world:advance "1s"
    local said = world:logged("process")
    assert.same({ 2, hostile }, { #said, said[1].comm })
    assert.is_nil(said[1].message:find "%c")
    assert.event(world, "sum", { processes = 2, rss = 3 * MIB })
    stop(world)
  end)
end)
