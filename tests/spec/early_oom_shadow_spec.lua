-- SPDX-License-Identifier: MIT
-- early-oom where it only looks on, in virtual time: what it would have done, and who is really
-- killed meanwhile and by whom, said as events.
local log = require "pagewarden.log"
local testing = require "pagewarden.testing"

local EARLYOOM = { comm = "earlyoom", rss = "5M", uid = 61184,
  cgroup = "/system.slice/earlyoom.service" }


--- meminfo of a machine of 4 GiB and a GiB of swap with so much left (MiB).
local function memory(world, available, swap)
  world:write("proc/meminfo", ([[
MemTotal:        4194304 kB
MemFree:         %d kB
MemAvailable:    %d kB
SwapTotal:       1048576 kB
SwapFree:        %d kB
]]):format(available << 9, available << 10, swap << 10))
end


local function calm(world)
  memory(world, 3000, 1024)
end


local function short(world)
  memory(world, 300, 90)
end


--- A machine at rest on which a large process runs, and earlyoom beside us unless that is false.
local function machine(given)
  local world = testing.new {
    script = "early-oom", options = given.options, dry_run = given.dry_run,
  }
  calm(world)
  if given.beside ~= false then
    world:spawn(EARLYOOM)
  end
  local hog = world:spawn { comm = given.comm or "hog", rss = "2G", uid = 1000 }
  world:advance "1s"
  return world, hog
end


--- Ends a process that nobody has waited for: its status is there to be read.
local function become_zombie(world, p, status)
  local path = ("proc/%d/stat"):format(p.pid)
  world.processes[p.pid] = nil
  world:write(path, (world.tree.files[path]:gsub(" S ", " Z ", 1):gsub("0\n$", status .. "\n")))
  world.loop:inject("exit", { pid = p.pid, start_time = p.start_time })
end


describe("early-oom beside earlyoom", function()
  it("says once whom it would end, and how short memory is", function()
    local world <close>, hog = machine {}
    short(world)
    world:advance "30s"
    local would = world:logged("would-end")
    assert.equal(1, #would)
    assert.same({ hog.pid, hog.start_time, "hog", 2 << 30, "TERM", "act", "beside" },
      { would[1].pid, would[1].start_time, would[1].comm, would[1].size, would[1].signal,
        would[1].level, would[1].reason })
    assert.same({ 300 << 20, 90 << 20 }, { would[1].available, would[1].swap })
    assert.is_true(would[1].score > 0 and would[1].uptime > 0)
    assert.matches("earlyoom is there to act; it would be SIGTERM to hog (pid 1001), which has "
      .. "2 GiB: 300 MiB (7.3%) are available", would[1].message, 1, true)
    assert.no_act(world)
  end)

  it("says when it would kill whom it would only have asked", function()
    local world <close>, hog = machine {}
    short(world)
    world:advance "5s"
    memory(world, 100, 10)
    world:advance "30s"
    local would = world:logged("would-end")
    assert.equal(2, #would)
    assert.same({ hog.pid, "KILL", "force" }, { would[2].pid, would[2].signal, would[2].level })
  end)

  it("says it again of the next time, and not of a moment's relief", function()
    local world <close> = machine {}
    for _ = 1, 3 do
      short(world)
      world:advance "5s"
      calm(world)
      world:advance "20s"
    end
    assert.equal(1, world:count "would-end")
    world:advance "2m"
    short(world)
    world:advance "5s"
    assert.equal(2, world:count "would-end")
  end)

  it("thinks of another once that one is gone, and memory is still short", function()
    local world <close>, hog = machine {}
    local other = world:spawn { comm = "other", rss = "1G" }
    short(world)
    world:advance "2s"
    world:exit(hog)
    world:advance "500ms"
    assert.equal(1, world:count "would-end")
    world:advance "2s"
    assert.event(world, "would-end", { pid = other.pid })
  end)

  it("takes a candidate that ends for ended by earlyoom", function()
    local world <close>, hog = machine {}
    memory(world, 400, 100)
    world:advance "2s"
    world:exit(hog)
    world:advance "1s"
    assert.event(world, "seen-kill", { pid = hog.pid, comm = "hog", by = "earlyoom",
      certain = false, level = "warn", available = 400 << 20, swap = 100 << 20, size = 2 << 30 })
    assert.no_event(world, "would-end")
  end)

  it("does so of one that has ended as soon as it was ranked", function()
    local world <close>, hog = machine {}
    world.instance.host.loop.on_exit = function(_, process)
      world.tree:remove_folder("proc/" .. process.pid)
      return nil, "No such process", 3, "gone"
    end
    memory(world, 400, 100)
    world:advance "2s"
    assert.event(world, "seen-kill", { pid = hog.pid, by = "earlyoom" })
  end)

  it("does so of one that has given back what it had seconds before", function()
    local world <close>, hog = machine {}
    short(world)
    world:advance "2s"
    calm(world)
    world:after("2s", function() world:exit(hog) end)
    world:every("10ms", function()
      world:pressure { resource = "memory", kind = "some", avg10 = 1, total = 1 }
    end)
    world:advance "3s"
    assert.event(world, "seen-kill", { pid = hog.pid, by = "earlyoom", available = 300 << 20 })
  end)

  it("does so of one that is no candidate any more, since it is ending", function()
    local world <close>, hog = machine {}
    memory(world, 400, 100)
    world:advance "2s"
    for _, left in ipairs { "1500M", "600M", "100M", "1M" } do
      hog.rss = left
      world:advance "600ms"
    end
    world:exit(hog)
    world:advance "1s"
    assert.event(world, "seen-kill", { pid = hog.pid, by = "earlyoom", size = 1500 << 20 })
  end)

  it("does not of a small one, which ends by itself, unless its status says otherwise", function()
    local world <close> = machine {}
    local small = world:spawn { comm = "cc1plus", rss = "300M" }
    local other = world:spawn { comm = "cc1plus", rss = "300M" }
    memory(world, 400, 100)
    world:advance "2s"
    world:exit(small)
    world:advance "1s"
    assert.no_event(world, "seen-kill")
    become_zombie(world, other, 15)
    world:advance "1s"
    assert.event(world, "seen-kill", { pid = other.pid, by = "earlyoom", certain = true })
  end)

  it("does of the one with the highest oom_score, however small", function()
    local world <close> = machine {}
    local tab = world:spawn { comm = "tab", rss = "100M", oom_score = 1300 }
    memory(world, 400, 100)
    world:advance "2s"
    world:exit(tab)
    world:advance "1s"
    assert.event(world, "seen-kill", { pid = tab.pid, by = "earlyoom", certain = false })
  end)

  it("does not while memory is not short", function()
    local world <close>, hog = machine {}
    short(world)
    world:advance "2s"
    calm(world)
    world:advance "10s"
    world:exit(hog)
    world:advance "10s"
    assert.no_event(world, "seen-kill")
    assert.event(world, "seen-end", { pid = hog.pid })
  end)

  it("believes the kernel of whom the kernel killed", function()
    local world <close>, hog = machine {}
    short(world)
    world:advance "2s"
    world:oom(hog)
    world:advance "5s"
    assert.equal(1, world:count "seen-kill")
    assert.event(world, "seen-kill", { pid = hog.pid, by = "kernel", certain = true })
    assert.matches("hog (pid 1001), which had 2 GiB, was killed by the kernel; 300 MiB were "
      .. "available, 90 MiB of swap free", world:logged("seen-kill")[1].message, 1, true)
  end)

  it("tells what was left before a kill that it hears of late", function()
    local world <close>, hog = machine {}
    short(world)
    world:advance "2s"
    calm(world)
    world:advance "200ms"
    assert.equal(1, world:count "relieved")
    world:oom(hog)
    assert.event(world, "seen-kill", { level = "act", available = 300 << 20, swap = 90 << 20 })
  end)

  it("believes the status of who has ended before earlyoom's being there", function()
    for status, event in pairs { [15] = "seen-kill", [9] = "seen-kill", [11] = "seen-end" } do
      local world <close>, hog = machine {}
      short(world)
      world:advance "2s"
      become_zombie(world, hog, status)
      world:advance "1s"
      assert.event(world, event, { pid = hog.pid })
      assert.equal(status ~= 11 or nil, world:logged(event)[1].certain)
    end
  end)

  it("does not take another with its pid for one that has ended", function()
    local world <close>, hog = machine {}
    short(world)
    world:advance "2s"
    world:exit(hog)
    world:spawn { pid = hog.pid, comm = "other", rss = "1G" }
    world:advance "5s"
    local would = world:logged("would-end")
    assert.equal(1, world:count "seen-kill")
    assert.same({ "hog", "other" }, { would[1].comm, would[2].comm })
    assert.equal(hog.pid, would[2].pid)
    assert.not_equal(would[1].start_time, would[2].start_time)
  end)

  it("keeps a name that is made to deceive to one field of one line", function()
    local comm = "x\",\"by\":\n\27[2J"
    local world <close>, hog = machine { comm = comm }
    short(world)
    world:advance "2s"
    world:exit(hog)
    world:advance "2s"
    for _, name in ipairs { "would-end", "seen-kill" } do
      local event = world:logged(name)[1]
      local line = log.to_json(event)
      assert.is_nil(line:find "[\n\27]")
      assert.equal(comm, require("dkjson").decode(line).comm)
      assert.is_nil(log.to_text(event):find "[\n\27]")
    end
  end)

  it("leaves nothing behind", function()
    local world = machine {}
    short(world)
    world:advance "5s"
    world:stop()
    assert.no_trace(world)
  end)
end)


describe("early-oom that is told to observe", function()
  local OBSERVING = { beside = false, options = { observe = true } }

  it("needs no right to kill, and ends nobody", function()
    local world <close>, hog = machine(OBSERVING)
    memory(world, 100, 10)
    world:advance "10s"
    assert.is_nil(world.gate)
    assert.event(world, "would-end", { pid = hog.pid, signal = "KILL", reason = "observing" })
  end)

  it("decides by another daemon's settings", function()
    local world <close>, hog = machine { beside = false,
      options = { observe = true, preset = "earlyoom", settings = "-m 20 -s 100" } }
    memory(world, 600, 1000)
    world:advance "2s"
    assert.event(world, "would-end", { pid = hog.pid, signal = "TERM" })
    assert.no_act(world)
  end)

  it("sees whom the kernel kills, also of a cgroup at its limit", function()
    local world <close> = machine(OBSERVING)
    local small = world:spawn { comm = "small", rss = "30M", cgroup = "/web" }
    world:oom(small, { constraint = "CONSTRAINT_MEMCG", oom_cgroup = "/web" })
    assert.event(world, "seen-kill", { pid = small.pid, by = "kernel", oom_cgroup = "/web",
      constraint = "CONSTRAINT_MEMCG" })
    assert.no_event(world, "would-end")
  end)

  it("keeps nothing of them for long", function()
    local world <close> = machine(OBSERVING)
    local function kill_many()
      for i = 1, 200 do
        world:oom(world:spawn { pid = 2000 + i, comm = "small" })
      end
      world:advance "2m"
      world.policy:collect()
      world.policy:collect()
      return world.policy:memory()
    end
    local once = kill_many()
    assert.is_true(kill_many() - once < 4096)
    assert.equal(400, world:count "seen-kill")
  end)

  it("counts the kernel's kills where its log may not be read", function()
    local world <close>, hog = machine(OBSERVING)
    short(world)
    world:advance "2s"
    world:write("proc/vmstat", "oom_kill 2\n")
    world:exit(hog)
    world:advance "1s"
    world.loop:inject("oom", { kills = 2, lost = 0, synthetic = true })
    world:advance "2s"
    local seen = world:logged("seen-kill")
    assert.equal(2, #seen)
    assert.same({ hog.pid, "kernel" }, { seen[1].pid, seen[1].by })
    assert.same({ nil, "kernel", 1 }, { seen[2].pid, seen[2].by, seen[2].kills })
  end)

  it("says of whom it would have ended that nobody did", function()
    local world <close>, hog = machine(OBSERVING)
    short(world)
    world:advance "2s"
    world:exit(hog)
    world:advance "1s"
    assert.event(world, "seen-end", { pid = hog.pid })
    assert.no_event(world, "seen-kill")
  end)
end)


describe("early-oom in dry run", function()
  it("sees whom the kernel kills once it has decided", function()
    local world <close>, hog = machine { beside = false, dry_run = true }
    short(world)
    world:advance "1s"
    assert.event(world, "ending", { pid = hog.pid, start_time = hog.start_time })
    world:oom(hog)
    world:advance "1s"
    assert.event(world, "seen-kill", { pid = hog.pid, by = "kernel" })
  end)

  it("says of whom it would have ended that nobody did", function()
    local world <close>, hog = machine { beside = false, dry_run = true }
    short(world)
    world:advance "2s"
    world:exit(hog)
    world:advance "1s"
    assert.event(world, "seen-end", { pid = hog.pid })
  end)
end)


describe("early-oom that acts", function()
  it("does not note its own kill as another's", function()
    local world <close>, hog = machine { beside = false }
    short(world)
    world:advance "2s"
    assert.event(world, "ended", { pid = hog.pid })
    assert.no_event(world, "seen-kill")
    assert.no_event(world, "seen-end")
  end)
end)
