-- SPDX-License-Identifier: MIT
-- leak-watch in virtual time: what it must name, and what it must leave alone.
local log = require "pagewarden.log"
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20


--- Days pass here: a look a minute, and a leak is what doubles within six hours.
local DAYS = { interval = "1m", patience = "6h" }


--- A world in which one process lives by a function of the seconds since it started.
local function watch(given, live, options, step)
  local world = testing.new { script = "leak-watch", options = options }
  local p = world:spawn(given)
  local start = world:now()
  world:every(step or "5s", function() live(p, math.floor(world:now() - start)) end)
  return world, p
end


--- Its real memory, in MiB, by the second.
local function watch_real(mib, options, step)
  return watch({ comm = "grower", rss_anon = math.floor(mib(0) * MIB) }, function(p, second)
    p.rss_anon = math.floor(mib(second) * MIB)
  end, options, step)
end


--- The same by the hour, and for days.
local function watch_days(mib, options)
  local given = {}
  for name, value in pairs(DAYS) do given[name] = value end
  for name, value in pairs(options or {}) do given[name] = value end
  return watch_real(function(second) return mib(second / 3600) end, given, "1m")
end


--- A test of events: within a part of what is expected.
local function about(expected, part)
  return function(value)
    return math.abs(value / expected - 1) <= (part or 0.05)
  end
end


local function per_hour(mib)
  return mib * MIB / 3600
end


--- The same noise in every run: Lehmer's generator, 0 to 1.
local function noise()
  local state = 1
  return function()
    state = state * 48271 % 2147483647
    return state / 2147483647
  end
end


describe("leak-watch names", function()
  it("a process that grows within two minutes, with the time that memory and swap will last",
    function()
      local world <close>, p = watch_real(function(second) return 100 + second end)
      world:advance "2m"
      assert.event(world, "growing", { pid = p.pid, comm = "grower", start_time = p.start_time,
        kind = "real", slope = about(MIB, 0.15) })
      local event = world:logged("growing")[1]
      assert.matches("^grower %(pid 1000%) grew %d+ MiB to %d+ MiB of real memory in [%d.]+s, "
        .. "%d+ [KM]iB/s, never giving any back; at this rate memory is exhausted in 1h %d+m",
        event.message)
      assert.is_true(about(4346, 0.15)(event.exhaustion)) -- MemAvailable and SwapFree
      assert.is_true(event.exhaustion_soonest <= event.exhaustion)
      assert.no_event(world, "leak")
    end)

  it("a leak when it has doubled within the patience, with its grounds and a plot", function()
    local world <close>, p = watch_days(function(hour) return 200 + 40 * hour end)
    world:advance "4h"
    assert.event(world, "growing", { pid = p.pid })
    assert.no_event(world, "leak")
    world:advance "8h"
    assert.event(world, "leak", {
      pid = p.pid, comm = "grower", start_time = p.start_time, kind = "real",
      slope = about(per_hour(40)), seconds = function(seconds) return seconds >= 5 * 3600 end,
      confidence = function(confidence) return confidence > 0.7 and confidence <= 1 end,
      plot = function(plot) return plot:find "^▁.*█$" ~= nil end,
    })
    assert.matches("in each part of that time, and it is not slowing down %(confidence %d+",
      world:logged("leak")[1].message)
  end)

  it("a faster leak sooner", function()
    local world <close>, p = watch_days(function(hour) return 200 + 400 * hour end)
    world:advance "3h"
    assert.event(world, "leak", { pid = p.pid })
  end)

  it("a leak within seconds, where there is patience for no more", function()
    local world <close>, p = watch_real(function(second) return 10 + second end,
      { interval = "200ms", patience = "10s" }, "200ms")
    world:advance "40s"
    assert.event(world, "leak", { pid = p.pid, slope = about(MIB, 0.1) })
  end)

  it("a slow leak under a garbage collector's saw-tooth", function()
    local world <close>, p = watch_days(function(hour)
      return 100 + hour * 3600 % 1200 / 10 + 20 * hour
    end)
    world:advance "20h"
    assert.event(world, "leak", { pid = p.pid, slope = about(per_hour(20), 0.1) })
  end)

  it("a slow leak under a daily curve", function()
    local world <close>, p = watch_days(function(hour)
      return 500 - 200 * math.cos(hour / 24 * 2 * math.pi) + 4 * hour
    end, { interval = "5m" })
    world:advance "20d"
    assert.event(world, "leak", { pid = p.pid })
  end)

  it("a leak whose resident memory falls because it is swapped out, as hidden by swap", function()
    local world <close>, p = watch({ comm = "hidden", rss = "400M" }, function(it, second)
      it.rss_anon = (400 - second // 300) * MIB
      it.swap = second // 30 * MIB
    end, DAYS, "1m")
    world:advance "10h"
    assert.event(world, "leak", { pid = p.pid, kind = "swap-hidden", slope = about(per_hour(108)) })
  end)

  it("a leak of mappings that are never touched, as virtual", function()
    local world <close>, p = watch({ comm = "mapper", rss = "10M" }, function(it, second)
      it.vsize = (100 + second // 20) * MIB
    end, DAYS, "1m")
    world:advance "8h"
    assert.event(world, "leak", { pid = p.pid, kind = "virtual", slope = about(per_hour(180)) })
    assert.no_event(world, "growing", { kind = "real" })
    assert.is_nil(world:logged("leak")[1].exhaustion)
  end)

  it("a leak of shared memory", function()
    local world <close>, p = watch({ comm = "sharer", rss = "10M" }, function(it, second)
      it.rss_shmem = (50 + second // 60) * MIB
      it.vsize = 1 << 40
    end, DAYS, "1m")
    world:advance "10h"
    assert.event(world, "leak", { pid = p.pid, kind = "shared", slope = about(per_hour(60)) })
  end)

  it("a leak in the kernel, which no process shows", function()
    local world <close> = testing.new { script = "leak-watch", options = DAYS }
    local meminfo = world.tree.files["proc/meminfo"]
    local start = world:now()
    world:every("1m", function()
      local kib = math.floor(100000 + (world:now() - start) * 10)
      world:write("proc/meminfo", (meminfo:gsub("(SUnreclaim:%s+)%d+", "%1" .. kib)))
    end)
    world:advance "12h"
    assert.event(world, "leak", { kind = "kernel" })
    assert.is_nil(world:logged("leak")[1].pid)
    assert.matches("^the kernel's slab grew", world:logged("leak")[1].message)
  end)

  it("all processes of a command when each of them is small or young", function()
    local world <close> = testing.new { script = "leak-watch", options = DAYS }
    local workers = {}
    world:every("5m", function() -- one more every five minutes, and the oldest is replaced
      workers[#workers + 1] = world:spawn { comm = "worker", rss = "20M" }
      if #workers > 3 then
        world:exit(table.remove(workers, 1))
        workers[#workers + 1] = world:spawn { comm = "worker", rss = "20M" }
      end
    end)
    world:advance "4h"
    local event = assert(world:logged("leak")[1])
    assert.equal("command", event.by)
    assert.equal("worker", event.name)
    assert.is_true(event.processes > 10, event.message)
    assert.matches("^all %d+ processes of the command worker grew", event.message)
    for _, leak in ipairs(world:logged("leak")) do
      assert.is_nil(leak.pid)
    end
  end)

  it("a unit, and a daemon with all that descends from it, where that is asked for", function()
    local options = { interval = "1m", patience = "6h", by = { "unit", "tree" } }
    local world <close> = testing.new { script = "leak-watch", options = options }
    local master = world:spawn { comm = "master", cgroup = "/system.slice/web.service" }
    world:every("10m", function()
      world:spawn { comm = "child", rss = "30M", ppid = master.pid,
        cgroup = "/system.slice/web.service" }
    end)
    world:advance "14h"
    assert.event(world, "leak", { by = "unit", name = "web.service" })
    assert.event(world, "leak", { by = "tree", name = tostring(master.pid) })
  end)

  it("a leak that begins after calm days, with its own slope", function()
    local world <close>, p = watch_days(function(hour)
      return 300 + math.max(0, hour - 72) * 60
    end)
    world:advance "3d"
    assert.equal(0, #world.events)
    world:advance "8h"
    assert.event(world, "leak", { pid = p.pid, slope = about(per_hour(60)) })
  end)

  it("a process that renames itself all the time", function()
    local world <close>, p = watch({ comm = "name 0", rss = "50M" }, function(it, second)
      it.rss_anon = 50 * MIB + second * MIB // 30
      it.comm = "name " .. second
    end, { interval = "1m", patience = "6h", again = "30d" }, "1m")
    world:advance "10h"
    assert.event(world, "leak", { pid = p.pid, start_time = p.start_time })
    assert.equal(1, #world:logged("leak"))
  end)

  it("a process whose name is made to deceive, without printing it raw", function()
    local comm = "x) R 1\n\27[2J\255"
    local world <close>, p = watch({ comm = comm, rss = "50M" }, function(it, second)
      it.rss_anon = (50 + second) * MIB
    end)
    world:advance "2m"
    assert.event(world, "growing", { pid = p.pid, comm = comm })
    assert.is_nil(log.to_text(world.events[1]):find "%c")
    assert.is_nil(log.to_json(world.events[1]):find "[%c\255]")
  end)
end)


describe("leak-watch says when memory is exhausted", function()
  --- Limits of cgroups of version 2; what is used is 40 MiB, 5 MiB of it files.
  local function limit(world, limits)
    world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
    for path, given in pairs(limits) do
      local folder = "sys/fs/cgroup" .. path .. "/"
      world:write(folder .. "memory.max", tostring(given.max or "max") .. "\n")
      world:write(folder .. "memory.swap.max", tostring(given.swap_max or "max") .. "\n")
      world:write(folder .. "memory.swap.current", "0\n")
      world:write(folder .. "memory.current", 40 * MIB .. "\n")
      world:write(folder .. "memory.stat", ("inactive_file %d\nactive_file %d\n"):format(
        4 * MIB, MIB))
    end
  end

  --- What is said of a process of a cgroup that takes a MiB a second.
  local function said_of(cgroup, limits)
    local world <close>, p = watch_real(function(second) return 100 + second end)
    p.cgroup = cgroup
    limit(world, limits)
    world:advance "2m"
    return world:logged("growing")[1]
  end

  it("in its cgroup first, where the limit of that leaves less than the machine has", function()
    local event = said_of("/web/a", { ["/web/a"] = {},
      ["/web"] = { max = 340 * MIB, swap_max = 0 } })
    assert.equal("/web", event.cgroup)
    assert.equal(305 * MIB, event.left)
    assert.is_true(about(305, 0.15)(event.exhaustion))
    assert.matches("; at this rate the limit of /web is reached in 5m", event.message)
  end)

  it("by the limit that leaves least, with as much swap as all of them allow", function()
    local event = said_of("/web/a", { ["/web"] = { max = 240 * MIB, swap_max = 50 * MIB },
      ["/web/a"] = { max = 200 * MIB, swap_max = 200 * MIB } })
    assert.same({ "/web/a", 215 * MIB }, { event.cgroup, event.left })
  end)

  it("on the machine first, where the cgroup may have more than that", function()
    local event = said_of("/web", { ["/web"] = { max = 100 << 30 } })
    assert.is_nil(event.cgroup)
    assert.matches("; at this rate memory is exhausted in 1h", event.message)
  end)

  it("without the machine's swap, where the cgroup may not have any", function()
    local free, bound = said_of("/web", {}), said_of("/web", { ["/web"] = { swap_max = 0 } })
    assert.is_nil(bound.cgroup)
    assert.is_true(bound.left < free.left)
  end)

  it("not at all where the machine does not say what it has", function()
    local world <close>, p = watch_real(function(second) return 100 + second end)
    world:write("proc/meminfo", "")
    world:advance "2m"
    assert.event(world, "growing", { pid = p.pid })
    assert.is_nil(world:logged("growing")[1].exhaustion)
  end)

  it("of all processes of a command by the limit that holds all of them", function()
    local world <close> = testing.new { script = "leak-watch", options = DAYS }
    limit(world, { ["/web"] = { max = 500 * MIB, swap_max = 0 }, ["/web/a"] = { max = 60 * MIB },
      ["/web/b"] = {} })
    local number = 0
    world:every("5m", function()
      number = number + 1
      world:spawn { comm = "worker", rss = "20M",
        cgroup = number % 2 == 0 and "/web/a" or "/web/b" }
    end)
    world:advance "2h"
    assert.event(world, "growing", { by = "command", name = "worker", cgroup = "/web" })
  end)
end)


describe("leak-watch leaves alone", function()
  it("a warm-up", function()
    local world <close> = watch_real(function(second) return 10 + math.min(60, 5 * second) end)
    world:advance "1h"
    assert.equal(0, #world.events)
  end)

  it("a cache that fills ever more slowly", function()
    local world <close> = watch_days(function(hour)
      return 100 + 1000 * (1 - math.exp(-hour / 2))
    end)
    world:advance "2d"
    assert.no_event(world, "leak")
  end)

  it("a saw-tooth of 20 minutes that always comes back down", function()
    local world <close> = watch_days(function(hour) return 100 + hour * 3600 % 1200 / 2 end)
    world:advance "2d"
    assert.no_event(world, "leak")
  end)

  it("a floor that rises to tops that do not, as an allocator gives back ever less", function()
    local world <close> = watch_days(function(hour)
      return math.max(100 + hour * 3600 % 1200 / 2, 100 + math.min(550, 20 * hour))
    end)
    world:advance "2d"
    assert.event(world, "growing")
    assert.no_event(world, "leak")
  end)

  it("a daily curve", function()
    local world <close> = watch_days(function(hour)
      return 500 - 200 * math.cos(hour / 24 * 2 * math.pi)
    end, { interval = "5m", patience = "36h" })
    world:advance "14d"
    assert.no_event(world, "leak")
  end)

  it("a staircase that ends", function()
    local world <close> = watch_days(function(hour) return 300 + 60 * math.min(5, hour // 0.5) end)
    world:advance "2d"
    assert.no_event(world, "leak")
  end)

  it("a step to another load", function()
    local world <close> = watch_real(function(second) return second < 1800 and 100 or 700 end)
    world:advance "2h"
    assert.equal(0, #world.events)
  end)

  it("noise", function()
    local random = noise()
    local world <close> = watch_real(function() return 300 + random() * 200 end)
    world:advance "2h"
    assert.no_event(world, "leak")
  end)

  it("growth too small to speak of", function()
    local world <close> = watch_real(function(second) return 100 + second / 600 end)
    world:advance "1h"
    assert.equal(0, #world.events)
  end)

  it("a growth that is little beside what the process had: growing, but no leak", function()
    local world <close> = watch_days(function(hour) return 8000 + 10 * hour end)
    world:advance "12h"
    assert.event(world, "growing")
    assert.no_event(world, "leak")
  end)

  it("processes that come and go", function()
    local world <close> = testing.new { script = "leak-watch" }
    local alive
    world:every("10s", function()
      if alive then
        world:exit(alive)
      end
      alive = world:spawn { comm = "compiler", rss = "20M" }
    end)
    world:every("1s", function()
      if alive then
        alive.rss_anon = alive.rss_anon + 50 * MIB
      end
    end)
    world:advance "20m"
    assert.no_event(world, "leak")
  end)

  it("a new process with the pid of one that grew", function()
    local world <close>, first = watch_days(function(hour) return 200 + 40 * hour end)
    world:advance "5h"
    world:exit(first)
    local second = world:spawn { pid = first.pid, comm = "heir", rss = "2G" }
    world:advance "10h"
    assert.no_event(world, "leak")
    assert.no_event(world, "growing", { start_time = second.start_time })
  end)

  it("whom its options say to", function()
    local function grow(hour) return 200 + 60 * hour end
    local ignoring <close> = watch_days(grow, { ignore = { "^grow" } })
    ignoring:advance "8h"
    assert.equal(0, #ignoring.events)
    local other <close> = watch_days(grow, { match = { "^java$", "^node$" } })
    other:advance "8h"
    assert.equal(0, #other.events)
    local matching <close> = watch_days(grow, { match = { "^java$", "er$" } })
    matching:advance "8h"
    assert.event(matching, "leak")
  end)
end)


describe("leak-watch keeps its judgement", function()
  local function grow(hour) return 200 + 40 * hour end

  it("on a kernel that does not tell anonymous memory from files (before 4.5)", function()
    local world <close>, p = watch_days(grow)
    local path = ("proc/%d/status"):format(p.pid)
    world:every("1m", function()
      world:write(path, (world.tree.files[path]:gsub("Rss%a+:[^\n]*\n", "")))
    end)
    world:advance "12h"
    assert.event(world, "leak", { pid = p.pid, kind = "real" })
  end)

  it("where there is no swap, nor a word of the kernel's slab", function()
    local world <close>, p = watch_days(grow)
    local meminfo = world.tree.files["proc/meminfo"]
    world:write("proc/meminfo", (meminfo:gsub("Swap%a+:[^\n]*\n", ""):gsub("SUn[^\n]*\n", "")))
    world:advance "12h"
    assert.event(world, "leak", { pid = p.pid })
  end)

  it("when swap appears, takes half of a process, and goes again", function()
    local world <close>, p = watch_days(grow)
    local calm = world:spawn { comm = "calm", rss = "900M" }
    local meminfo = world.tree.files["proc/meminfo"]
    local bare = meminfo:gsub("(Swap%a+:%s+)%d+", "%10")
    world:write("proc/meminfo", bare)
    world:after("3h", function() world:write("proc/meminfo", meminfo) end)
    for minute = 1, 60 do -- out in an hour, and in again with swapoff in a few minutes
      world:after(3 * 3600 + 60 * minute, function() calm.rss_anon = (900 - 8 * minute) * MIB end)
      world:after(3 * 3600 + 60 * minute + 1, function() calm.swap = 8 * minute * MIB end)
    end
    world:after("7h", function() calm.swap = 200 * MIB end)
    world:after(7 * 3600 + 61, function() calm.rss_anon = 700 * MIB end)
    world:after(7 * 3600 + 181, function() calm.rss_anon, calm.swap = 900 * MIB, 0 end)
    world:after("8h", function() world:write("proc/meminfo", bare) end)
    world:advance "14h"
    assert.event(world, "leak", { pid = p.pid, kind = "real" })
    for _, event in ipairs(world.events) do
      assert.not_equal(calm.pid, event.pid)
    end
  end)

  it("when the time of day jumps to and fro", function()
    local world <close>, p = watch_days(grow)
    for hour = 1, 12 do
      world:after(3600 * hour, function()
        world:set_time_of_day(hour % 2 == 0 and "23:59" or "00:00")
      end)
    end
    world:advance "12h"
    assert.event(world, "leak", { pid = p.pid, slope = about(per_hour(40)) })
  end)

  it("when a process cannot be read at two looks of three", function()
    local world <close>, p = watch_days(grow)
    local path = ("proc/%d/stat"):format(p.pid)
    world:every("1m", function()
      local stat = world.tree.files[path]
      world:after(1, function() world:write(path, world:now() // 60 % 3 == 0 and stat or "") end)
      world:after(2, function() world:write(path, world:now() // 60 % 3 == 0 and stat or "") end)
    end)
    world:advance "12h"
    assert.event(world, "leak", { pid = p.pid })
  end)

  it("when a process executes itself anew, which begins with little memory", function()
    local world <close> = watch_days(function(hour)
      return 50 + 300 * math.min(1, 3 * (hour % 5))
    end)
    world:advance "3d"
    assert.no_event(world, "leak")
  end)

  it("of who is there when pids have wrapped around to that of a daemon", function()
    local options = { interval = "1m", patience = "6h", by = { "tree" } }
    local world <close> = testing.new { script = "leak-watch", options = options }
    for life = 0, 5 do -- each daemon is larger than the last of that pid, and does not grow
      local root = world:spawn { pid = 4000, comm = "daemon" .. life,
        rss_anon = (100 + 60 * life) * MIB }
      local child = world:spawn { pid = 4001, comm = "child", ppid = 4000, rss = "90M" }
      world:advance "2h"
      world:exit(child)
      world:exit(root)
      world:advance "2m"
    end
    assert.equal(0, #world.events)
  end)

  it("of a command beside a process that has another name at each look", function()
    local world <close> = testing.new { script = "leak-watch",
      options = { interval = "1m", patience = "6h", processes = 60 } }
    local renamed = world:spawn { comm = "name", rss = "90M" }
    local number = 0
    world:every("1m", function()
      number = number + 1
      renamed.comm = "name" .. number
    end)
    world:advance "6h"
    world:every("12m", function() world:spawn { comm = "worker", rss = "20M" } end)
    world:advance "9h"
    assert.event(world, "leak", { by = "command", name = "worker" })
    world:stop()
    assert.is_true(#world:state().names < 60)
  end)

  it("no longer when processes cannot be read at all, and says so", function()
    local world <close> = watch_days(grow)
    world:advance "1h"
    world.processes = {}
    world.tree:remove_folder "proc"
    assert.error_matches(function() world:advance "1h" end, "leak%-watch failed: .*proc")
  end)

  --- What it says within three hours when it is started again with what it kept.
  local function go_on(kept, boot_id)
    local world = testing.new { script = "leak-watch", options = DAYS, state = kept }
    world:write("proc/sys/kernel/random/boot_id", boot_id)
    local p = world:spawn { comm = "grower", rss = "480M" }
    world.loop:advance(7 * 3600)
    world:every("1m", function() p.rss_anon = math.floor(p.rss_anon + 2 / 3 * MIB) end)
    world:advance "3h"
    return world, p
  end

  it("when it is started again, and knows sums of which no process is left", function()
    local world <close>, p = watch_days(grow)
    world:write("proc/sys/kernel/random/boot_id", "same")
    world:advance "30h"
    world:exit(p)
    world:advance "2h"
    local again <close> = testing.new { script = "leak-watch", state = world:state(),
      options = { interval = "1m", patience = "6h", ignore = { "^kworker" } } }
    again:write("proc/sys/kernel/random/boot_id", "same")
    again.loop:advance(32 * 3600)
    again:advance "1h"
    assert.no_event(again, "leak")
  end)

  it("when it is started again, but nothing that it knew of another boot", function()
    local world <close>, p = watch_days(grow)
    world:write("proc/sys/kernel/random/boot_id", "same")
    world:advance "7h"
    assert.no_event(world, "leak")
    local same <close>, known = go_on(world:state(), "same")
    assert.equal(p.start_time, known.start_time)
    assert.event(same, "leak", { pid = p.pid })
    local other <close> = go_on(world:state(), "other")
    assert.no_event(other, "leak")
  end)
end)


describe("leak-watch acts", function()
  local function grow(hour) return 200 + 60 * hour end

  local function commands(world)
    local found = {}
    for _, act in ipairs(world.acts) do
      found[#found + 1] = act.value or act.message
    end
    return table.concat(found, "\n")
  end

  it("by telling somebody and by running a program, once a leak", function()
    local world <close>, p = watch_days(grow, {
      notify = { "/usr/bin/logger", "-t", "leak" }, command = { "/usr/bin/env", "heap" },
    })
    world:advance "8h"
    local ran = commands(world)
    assert.no_event(world, "not_run")
    assert.matches("/usr/bin/logger %-t leak grower %(pid 1000%) grew", ran)
    assert.matches(("/usr/bin/env heap real grower %d"):format(p.pid), ran)
  end)

  it("by restarting a unit that is allowed to, after it has only spoken of it for long", function()
    local world <close>, p = watch_days(grow, { restart = { "^web%.service$", "^web" },
      restart_after = "2h" })
    p.cgroup = "/system.slice/web.service"
    world:advance "7h"
    assert.event(world, "leak")
    assert.no_event(world, "restart")
    world:advance "4h"
    assert.event(world, "restart", { unit = "web.service" })
    assert.equal(1, #world:logged("restart"))
    assert.matches("systemctl %-%-no%-block restart %-%- web.service", commands(world))
  end)

  it("by restarting a unit once, however many of its processes leak", function()
    local world <close>, p = watch_days(grow, { restart = { "^web" }, restart_after = "2h" })
    p.cgroup = "/system.slice/web.service"
    for _ = 1, 3 do
      local other = world:spawn { comm = "grower", rss = "200M", cgroup = p.cgroup }
      world:every("1m", function() other.rss_anon = p.rss_anon end)
    end
    world:advance "12h"
    assert.equal(1, #world:logged("restart"))
  end)

  it("on no unit whose leak has not held for as long", function()
    local world <close>, p = watch_days(function(hour)
      return hour < 8 and 200 + 60 * hour or 680 + 2 * (hour - 8)
    end, { restart = { "^web" }, restart_after = "5h" })
    p.cgroup = "/system.slice/web.service"
    world:advance "20h"
    assert.event(world, "leak")
    assert.no_event(world, "restart")
  end)

  it("on no unit that is not named", function()
    local world <close>, p = watch_days(grow, { restart = { "^db" }, restart_after = "1h" })
    p.cgroup = "/system.slice/web.service"
    world:advance "10h"
    assert.event(world, "leak")
    assert.no_event(world, "restart")
  end)

  it("with whole paths only", function()
    assert.error_matches(function()
      testing.new { script = "leak-watch", options = { notify = { "logger" } } }
    end, "notify: a whole path expected")
  end)
end)


describe("leak-watch", function()
  it("says a thing once, again when it gets worse, and then every six hours", function()
    local world <close> = watch_days(function(hour) return 200 + 60 * hour end)
    world:advance "20h"
    local said = {}
    for i, event in ipairs(world.events) do
      said[i] = event.event
      local last = world.events[i - 1]
      assert.is_true(not last or last.event ~= event.event or event.time - last.time >= 6 * 3600)
    end
    assert.same({ "growing", "growing", "leak", "leak", "leak" }, said)
  end)

  it("speaks of memory that is in use once, not as virtual memory or a sum too", function()
    local world <close> = watch_days(function(hour) return 200 + 60 * hour end)
    world:advance "10h"
    assert.event(world, "leak", { kind = "real" })
    for _, event in ipairs(world.events) do
      assert.equal("real", event.kind)
      assert.is_nil(event.by)
    end
  end)

  it("takes a finding back when the growth has ended", function()
    local world <close>, p = watch_days(function(hour) return 200 + 60 * math.min(hour, 8) end)
    world:advance "8h"
    assert.event(world, "leak", { pid = p.pid })
    world:advance "6d"
    assert.event(world, "settled", { pid = p.pid, kind = "real" })
    assert.equal("settled", world.events[#world.events].event)
  end)

  it("does not repeat that it is a leak of what has given all back and grows again", function()
    local world <close> = watch_days(function(hour) return 50 + 80 * (hour % 5) end)
    world:advance "18h"
    local said = #world:logged("leak")
    assert.is_true(said > 0)
    world:advance "2d"
    assert.equal(said, #world:logged("leak"))
    assert.equal("growing", world.events[#world.events].event)
  end)

  it("says nothing more of a command whose leaking process was ended, nor of its heir", function()
    for _, has_heir in ipairs { false, true } do
      local world <close>, p = watch_days(function(hour) return 200 + 60 * hour end)
      world:advance "30h"
      local said = #world:logged("leak")
      assert.is_true(said > 0)
      world:exit(p)
      if has_heir then
        world:spawn { comm = "grower", rss = "200M" }
      end
      world:advance "30h"
      assert.equal(said, #world:logged("leak"))
    end
  end)

  it("does not say of who still grows that he has stopped, when more is found", function()
    local world <close> = watch({ comm = "mapper", rss = "10M" }, function(it, second)
      it.vsize, it.rss_anon = (100 + second // 18) * MIB, (10 + second // 360) * MIB
    end, DAYS, "1m")
    world:advance "12h"
    assert.event(world, "growing", { kind = "virtual" })
    assert.event(world, "growing", { kind = "real" })
    assert.no_event(world, "settled")
  end)

  it("sums a tree up whatever the size of those between its root and its leaves", function()
    local world <close> = testing.new { script = "leak-watch",
      options = { interval = "1m", patience = "6h", by = { "tree" } } }
    local root = world:spawn { comm = "root", vsize = "5M", rss = "1M" }
    local master = world:spawn { comm = "master", vsize = "100M", rss = "2M", ppid = root.pid }
    world:every("10m", function()
      world:spawn { comm = "child", rss = "30M", vsize = "200M", ppid = master.pid }
    end)
    world:advance "14h"
    assert.event(world, "leak", { by = "tree", name = tostring(root.pid) })
    assert.no_event(world, "leak", { by = "tree", name = tostring(master.pid) })
  end)

  it("forgets a finding with its process", function()
    local world <close>, p = watch_real(function(second) return 100 + second end)
    world:advance "3m"
    world:exit(p)
    world:advance "2h"
    assert.no_event(world, "settled", { pid = p.pid })
  end)

  it("watches the whole of a crowd", function()
    local world <close> = testing.new { script = "leak-watch", options = DAYS }
    local crowd = {}
    for i = 1, 60 do
      crowd[i] = world:spawn { comm = "worker", rss = "30M" }
    end
    world:every("1m", function() crowd[37].rss_anon = crowd[37].rss_anon + MIB end)
    world:advance "10h"
    assert.event(world, "leak", { pid = crowd[37].pid })
    for _, event in ipairs(world.events) do
      assert.equal(crowd[37].pid, event.pid)
    end
  end)

  it("leaves nothing behind", function()
    local world <close> = watch_real(function(second) return 100 + second end)
    world:advance "2m"
    world:stop()
    assert.no_trace(world)
  end)
end)
