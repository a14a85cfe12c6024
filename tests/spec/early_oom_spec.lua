-- SPDX-License-Identifier: MIT
-- early-oom in virtual time: whom it ends, when, and whom and when not.
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20


--- meminfo of a machine of 4 GiB with so much left (MiB).
local function memory(world, available, swap_free, swap_total)
  world:write("proc/meminfo", ([[
MemTotal:        4194304 kB
MemFree:         %d kB
MemAvailable:    %d kB
SwapTotal:       %d kB
SwapFree:        %d kB
]]):format(available << 9, available << 10, (swap_total or 1024) << 10, (swap_free or 1024) << 10))
end


--- A machine with nothing special, on which what a process gives back is available again.
local function machine(options, given)
  given = given or {}
  given.script, given.options = "early-oom", options
  local world = testing.new(given)
  memory(world, 3000)
  return world
end


--- Shows the cgroups that the processes are in.
local function show_cgroups(world)
  world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
  for pid, p in pairs(world.processes) do
    local path = ("sys/fs/cgroup%s/cgroup.procs"):format(p.cgroup)
    world:write(path, (world.tree.files[path] or "") .. pid .. "\n")
    for above in p.cgroup:gmatch "()/[^/]" do
      local inner = ("sys/fs/cgroup%s/cgroup.procs"):format(p.cgroup:sub(1, above - 1))
      world:write(inner, world.tree.files[inner] or "")
    end
  end
end


--- Lets memory be short for as long as a process is there.
local function short_while(world, p, available, swap)
  memory(world, available, swap)
  world:every("20ms", function()
    local there = false
    for _, other in pairs(world.processes) do
      there = there or other == p
    end
    memory(world, there and available or 3000, there and swap or 1024)
  end)
end


--- All wait for so many microseconds of each second; where a part is given, that of what is
--- reclaimed meanwhile is needed again.
local function wait_for_memory(world, microseconds, again)
  local lost, reclaimed = 0, 0
  world:every("1s", function()
    lost, reclaimed = lost + microseconds, reclaimed + 1000
    if again then
      world:write("proc/vmstat", ("pgsteal_kswapd %d\npgsteal_direct %d\n"
        .. "workingset_refault_anon %.0f\nworkingset_refault_file 0\n"):format(reclaimed, reclaimed,
        2 * reclaimed * again))
    end
    for _, kind in ipairs { "some", "full" } do
      world:pressure { resource = "memory", kind = kind, total = lost, avg10 = 50 }
    end
  end)
end


local function first(world, name)
  return world:logged(name)[1]
end


--- A zram half full, whose 512 MiB are so many bytes compressed, in so many of memory.
local function fill_zram(world, compressed, taken)
  world:write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n"
    .. "/dev/zram0 partition 1048576 524288 100\n")
  world:write("sys/block/zram0/disksize", "1073741824\n")
  world:write("sys/block/zram0/initstate", "1\n")
  world:write("sys/block/zram0/mm_stat", ("536870912 %d %d 0 %d 0 0 0 0\n"):format(compressed,
    taken, taken))
end


describe("early-oom with no option", function()
  it("leaves everybody alone while there is enough", function()
    local world <close> = machine()
    world:spawn { comm = "large", rss = "3G" }
    world:advance "10m"
    assert.no_act(world)
    assert.no_event(world, "warning")
    assert.matches("2.93 GiB (73.2%) are available, not under 8%",
      first(world, "watching").message, 1, true)
  end)

  it("asks who has most to end when memory and swap run out, and says why", function()
    local world <close> = machine()
    world:spawn { comm = "small", rss = "100M" }
    local hog = world:spawn { comm = "hog", rss = "2G", swap = "900M" }
    short_while(world, hog, 300, 90)
    world:advance "2s"
    assert.act(world, { key = ("kill %d:%d"):format(hog.pid, hog.start_time), value = "SIGTERM" })
    assert.event(world, "ending", { pid = hog.pid, comm = "hog", signal = "TERM", level = "act" })
    assert.matches("SIGTERM to hog (pid 1001), which has 2.88 GiB: 300 MiB (7.3%) are available, "
      .. "under 8% and under 4 GiB; 90 MiB (8.8%) of swap are free, under 10%",
      first(world, "ending").message, 1, true)
    assert.event(world, "ended", { pid = hog.pid, signal = "TERM" })
    assert.equal(1, #world.acts)
  end)

  it("is not deceived by a hog that lies in swap", function()
    local world <close> = machine()
    world:spawn { comm = "resident", rss = "800M" }
    local hog = world:spawn { comm = "hidden", rss = "100M", swap = "900M" }
    short_while(world, hog, 300, 50)
    world:advance "1s"
    assert.event(world, "ending", { pid = hog.pid })
    assert.no_event(world, "ending", { comm = "resident" })
  end)

  it("kills at once when there is no time to ask", function()
    local world <close> = machine()
    local hog = world:spawn { comm = "hog", rss = "3G" }
    short_while(world, hog, 100, 20)
    world:advance "1s"
    assert.act(world, { value = "SIGKILL" })
    assert.no_act(world, { value = "SIGTERM" })
  end)

  it("needs no swap", function()
    local world <close> = machine()
    memory(world, 3000, 0, 0)
    local hog = world:spawn { comm = "hog", rss = "3G" }
    world:advance "1s"
    memory(world, 300, 0, 0)
    world:advance "1s"
    assert.event(world, "ending", { pid = hog.pid, signal = "TERM" })
  end)

  it("spares everybody while there is swap to spare", function()
    local world <close> = machine()
    world:spawn { comm = "hog", rss = "3G" }
    memory(world, 100, 500)
    world:advance "1m"
    assert.no_act(world)
  end)

  it("ends who keeps all waiting although there is swap", function()
    local world <close> = machine()
    local hog = world:spawn { comm = "thrasher", rss = "3G" }
    memory(world, 100, 500)
    wait_for_memory(world, 900000)
    world:advance "8s"
    assert.no_event(world, "ending")
    world:advance "20s"
    assert.event(world, "ending", { pid = hog.pid, signal = "TERM" })
    assert.matches("of the time, over 80%; 100 MiB (2.4%) are available, under 8%",
      first(world, "ending").message, 1, true)
  end)

  it("ends sooner who has all read again what is reclaimed", function()
    local world <close> = machine()
    local hog = world:spawn { comm = "thrasher", rss = "3G" }
    memory(world, 500, 500)
    wait_for_memory(world, 450000, 0.9)
    world:advance "9s"
    assert.no_event(world, "ending")
    world:advance "6s"
    assert.event(world, "ending", { pid = hog.pid, signal = "TERM" })
    assert.matches("over 30%; 90% of what is reclaimed is needed again, over 50%; 500 MiB",
      first(world, "ending").message, 1, true)
  end)

  it("lets what is not needed go to swap, however slow that is", function()
    local world <close> = machine()
    world:spawn { comm = "large", rss = "3G" }
    memory(world, 500, 500)
    wait_for_memory(world, 700000, 0.2)
    world:advance "2m"
    assert.no_act(world)
    assert.event(world, "warning")
  end)

  it("judges by the time alone where the kernel does not say what is needed again", function()
    local world <close> = machine()
    world:spawn { comm = "large", rss = "3G" }
    memory(world, 300, 500)
    world:write("proc/vmstat", "pgsteal_kswapd_normal 5\n")
    wait_for_memory(world, 700000)
    world:advance "1m"
    assert.no_act(world)
  end)

  it("warns first, and says so when it is over", function()
    local world <close> = machine()
    world:spawn { comm = "hog", rss = "3G" }
    world:advance "1s"
    memory(world, 400, 150)
    world:advance "1s"
    assert.event(world, "warning")
    assert.matches("Nobody is ended yet: 400 MiB (9.8%) are available, not under 8%",
      first(world, "warning").message, 1, true)
    memory(world, 3000)
    world:advance "2s"
    assert.event(world, "relieved")
    assert.no_act(world)
  end)
end)


describe("early-oom sees to the end of it", function()
  it("kills who does not end when asked", function()
    local world <close> = machine()
    local hog = world:spawn { comm = "stubborn", rss = "2G", ignores_term = true }
    short_while(world, hog, 300, 90)
    world:advance "4s"
    assert.event(world, "holding", { reason = "ending" })
    assert.no_act(world, { value = "SIGKILL" })
    world:advance "4s"
    assert.act(world, { value = "SIGKILL" })
    assert.event(world, "ended", { pid = hog.pid, signal = "KILL" })
  end)

  it("does not wait for that when memory gets shorter still", function()
    local world <close> = machine()
    local hog = world:spawn { comm = "stubborn", rss = "2G", ignores_term = true }
    short_while(world, hog, 300, 90)
    world:advance "500ms"
    assert.no_act(world, { value = "SIGKILL" })
    short_while(world, hog, 100, 10)
    world:advance "500ms"
    assert.act(world, { value = "SIGKILL" })
    assert.event(world, "ended", { pid = hog.pid, signal = "KILL" })
  end)

  it("gives memory time to come back before the next", function()
    local world <close> = machine()
    local hog = world:spawn { comm = "hog", rss = "2G" }
    world:spawn { comm = "bystander", rss = "1G" }
    memory(world, 300, 90)
    world:after("400ms", function() memory(world, 3000) end)
    world:advance "10s"
    assert.equal(1, world:count("ending"))
    assert.event(world, "ending", { pid = hog.pid })
  end)

  it("gives it less of that when others use it up meanwhile", function()
    local world <close> = machine()
    world:spawn { comm = "hog", rss = "2G" }
    local other = world:spawn { comm = "other", rss = "1G" }
    world:advance "1s"
    memory(world, 300, 90)
    world:advance "1100ms"
    assert.equal(1, world:count("ended"))
    memory(world, 100, 10)
    world:advance "200ms"
    assert.event(world, "ending", { pid = other.pid, signal = "KILL" })
  end)

  it("goes on while it does not come back", function()
    local world <close> = machine()
    for i = 1, 3 do
      world:spawn { comm = "hog " .. i, rss = (1000 + i) * MIB }
    end
    memory(world, 300, 90)
    world:advance "10s"
    assert.equal(3, world:count("ended"))
    assert.event(world, "holding", { reason = "nobody" })
  end)

  it("looks for another when one is stuck in the kernel", function()
    local world <close> = machine()
    local stuck = world:spawn { comm = "stuck", rss = "2G", state = "D" }
    local other = world:spawn { comm = "other", rss = "1G" }
    memory(world, 300, 90)
    world:advance "30s"
    assert.event(world, "ended", { pid = stuck.pid, ended = false })
    assert.event(world, "ending", { pid = other.pid })
    assert.equal(2, world:count("ending"))
  end)

  it("does not wait for that one while memory is nearly used up", function()
    local world <close> = machine()
    local stuck = world:spawn { comm = "stuck", rss = "2G", state = "D" }
    local other = world:spawn { comm = "other", rss = "1G" }
    memory(world, 100, 10)
    world:advance "900ms"
    assert.event(world, "ending", { pid = stuck.pid, signal = "KILL" })
    assert.equal(1, world:count "ending")
    world:advance "1s"
    assert.event(world, "not-ended", { pid = stuck.pid })
    assert.event(world, "ending", { pid = other.pid, signal = "KILL" })
    assert.equal(2, world:count "ending")
  end)

  it("ends nobody for next to nothing", function()
    local world <close> = machine()
    world:spawn { comm = "small", rss = "10M" }
    memory(world, 100, 10)
    world:advance "1m"
    assert.no_act(world)
    assert.event(world, "holding", { reason = "nobody" })
    assert.equal(1, world:count("holding"))
  end)

  it("says nothing of a service of which others live", function()
    local world <close> = machine()
    local cgroup = "/system.slice/web.service"
    local hog = world:spawn { comm = "hog", rss = "2G", uid = 33, cgroup = cgroup .. "/worker" }
    world:spawn { comm = "master", rss = "20M", uid = 33, cgroup = cgroup }
    show_cgroups(world)
    world:write("sys/fs/cgroup" .. cgroup .. "/cgroup.events", "populated 1\nfrozen 0\n")
    short_while(world, hog, 300, 90)
    world:advance "20s"
    assert.event(world, "ended", { pid = hog.pid })
    assert.no_event(world, "unit-down")
  end)

  it("says when a service stays down because it ended well", function()
    local world <close> = machine()
    world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
    local hog = world:spawn { comm = "hog", rss = "2G", uid = 33,
      cgroup = "/system.slice/web.service" }
    short_while(world, hog, 300, 90)
    world:advance "20s"
    assert.event(world, "unit-down", { unit = "web.service" })
    assert.matches("web.service is down, and nobody starts it", first(world, "unit-down").message)
  end)
end)


describe("early-oom chooses", function()
  local function chosen(options, processes)
    local world <close> = machine(options)
    for _, p in ipairs(processes) do
      world:spawn(p)
    end
    world:advance "1s"
    memory(world, 300, 90)
    world:advance "1s"
    local event = first(world, "ending")
    return event and event.comm, world.events
  end

  local LARGE = { comm = "large", rss = "1G", uid = 33, cmdline = { "large", "--serve" },
    cgroup = "/system.slice/large.service" }
  local SMALL = { comm = "small", rss = "300M", uid = 1000, cmdline = { "small", "--test" },
    cgroup = "/user.slice/user-1000.slice/session-1.scope" }

  for option, selectors in pairs {
    prefer = { "^small$", "command=--test", "uid=1000", "cgroup=^/user", "unit=^session" },
    never = { "^large$", "command=--serve", "uid=33", "cgroup=^/system", "unit=^large",
      "tree=large" },
    avoid = { "large", "age>1h" },
  } do
    for _, text in ipairs(selectors) do
      it(("by %s=%s"):format(option, text), function()
        assert.equal("large", (chosen({}, { LARGE, SMALL })))
        if text:find "^age" then
          assert.equal("large", (chosen({ avoid = { text } }, { LARGE, SMALL })))
        else
          assert.equal("small", (chosen({ [option] = { text } }, { LARGE, SMALL })))
        end
      end)
    end
  end

  it("not the children of what is never ended", function()
    local world <close> = machine { never = { "tree=^parent$" } }
    local parent = world:spawn { comm = "parent", rss = "20M" }
    world:spawn { comm = "child", rss = "2G", ppid = parent.pid }
    local other = world:spawn { comm = "other", rss = "500M" }
    memory(world, 300, 90)
    world:advance "300ms"
    assert.equal(other.pid, first(world, "ending").pid)
  end)

  it("by a score of the user's", function()
    assert.equal("small", (chosen({ score = "p.uid == 1000 and p.rss or 1" }, { LARGE, SMALL })))
    assert.equal("small", (chosen({ score = "p.comm ~= 'large' and p.rss" }, { LARGE, SMALL })))
  end)

  it("by memory where a score of the user's fails", function()
    assert.equal("large", (chosen({ score = "p.nothing + 1" }, { LARGE, SMALL })))
  end)

  it("the hog even if it is named like a daemon that others stand on", function()
    assert.equal("sshd", (chosen({}, {
      { comm = "sshd", rss = "2G", uid = 1000, cgroup = "/user.slice/user-1000.slice/a.scope" },
      { comm = "database", rss = "900M", uid = 70, cgroup = "/system.slice/database.service" },
    })))
  end)

  it("somebody else than a daemon that others stand on", function()
    for _, comm in ipairs { "sshd", "systemd-journal", "containerd-shim", "kubelet" } do
      assert.equal("shell", (chosen({}, {
        { comm = comm, rss = "600M", uid = 0, cgroup = "/system.slice/x.service" },
        { comm = "shell", rss = "200M" },
      })))
    end
    assert.equal("shell", (chosen({}, { { comm = "gnome-shell", rss = "700M" },
      { comm = "shell", rss = "200M" } })))
  end)

  it("by memory although a browser raised the oom_score_adj of its small processes", function()
    assert.equal("hog", (chosen({}, { { comm = "tab", rss = "200M", oom_score_adj = 300 },
      { comm = "hog", rss = "1G" } })))
  end)

  it("nobody who is protected by oom_score_adj", function()
    assert.equal("small", (chosen({}, { { comm = "database", rss = "2G", oom_score_adj = -900 },
      SMALL })))
  end)

  it("one who has less than all of many that are never ended", function()
    local processes = { { comm = "hog", rss = "500M" } }
    for _ = 1, 40 do
      processes[#processes + 1] = { comm = "postgres", rss = "1G" }
    end
    assert.equal("hog", (chosen({ never = { "^postgres$" } }, processes)))
    processes[#processes + 1] = { comm = "tab", rss = "300M" }
    assert.equal("tab", (chosen({ prefer = { "^tab$" } }, processes)))
  end)

  it("one who is worth it, though the score has somebody small go first", function()
    assert.equal("hog", (chosen({ score = "p.comm == 'tiny' and 1000 or 1" },
      { { comm = "tiny", rss = "8M" }, { comm = "hog", rss = "2G" } })))
  end)

  it("a process group by what all of it has", function()
    local world <close> = machine { kill = "group" }
    local master = world:spawn { comm = "master", rss = "30M" }
    for _ = 1, 6 do
      world:spawn { comm = "worker", rss = "300M", pgrp = master.pid, ppid = master.pid }
    end
    world:spawn { comm = "large", rss = "1G" }
    memory(world, 300, 90)
    world:advance "1s"
    assert.event(world, "ending", { comm = "worker", size = 1830 * MIB })
    assert.no_event(world, "ending", { comm = "large" })
  end)

  it("no process group in which somebody is never ended", function()
    local world <close> = machine { kill = "group", never = { "^master$" } }
    local master = world:spawn { comm = "master", rss = "30M" }
    world:spawn { comm = "worker", rss = "2G", pgrp = master.pid, ppid = master.pid }
    world:spawn { comm = "large", rss = "1G" }
    memory(world, 300, 90)
    world:advance "1s"
    assert.event(world, "ending", { comm = "large" })
    assert.no_event(world, "ending", { comm = "worker" })
  end)

  it("a unit by what all of it has", function()
    local world <close> = machine { kill = "unit" }
    for _ = 1, 5 do
      world:spawn { comm = "worker", rss = "300M", uid = 33,
        cgroup = "/system.slice/web.service/workers" }
    end
    world:spawn { comm = "large", rss = "1G", uid = 34, cgroup = "/system.slice/large.service" }
    show_cgroups(world)
    memory(world, 300, 90)
    world:advance "1s"
    assert.act(world, { key = "kill cgroup /system.slice/web.service", value = "SIGTERM" })
    assert.event(world, "ending", { size = 1500 * MIB })
  end)

  it("no unit in which somebody is never ended", function()
    local world <close> = machine { kill = "cgroup", never = { "^master$" } }
    world:spawn { comm = "master", rss = "30M", cgroup = "/system.slice/web.service" }
    world:spawn { comm = "worker", rss = "2G", cgroup = "/system.slice/web.service" }
    world:spawn { comm = "large", rss = "1G", cgroup = "/system.slice/large.service" }
    show_cgroups(world)
    memory(world, 300, 90)
    world:advance "1s"
    assert.act(world, { key = "kill cgroup /system.slice/large.service" })
    assert.no_act(world, { key = "kill cgroup /system.slice/web.service" })
  end)

  --- A program that has started itself a hundred times; one of its processes has so much.
  local function bomb_in(world, most)
    local bomb = world:spawn { comm = "bomb", rss = most }
    for _ = 1, 99 do
      world:spawn { comm = "bomb", rss = "20M", pgrp = bomb.pid, ppid = bomb.pid }
    end
  end

  local function is_group(key)
    return key:find "^kill %d+:%d+ group$" ~= nil
  end

  it("a crowd of one name with its group, also where one has inherited much", function()
    for _, most in ipairs { "20M", "400M" } do
      local world <close> = machine()
      world:spawn { comm = "large", rss = "410M" }
      bomb_in(world, most)
      memory(world, 300, 90)
      world:advance "1s"
      assert.act(world, { key = is_group })
      assert.event(world, "ending", { comm = "bomb" })
      assert.no_event(world, "ending", { comm = "large" })
    end
  end)

  it("the largest, and no crowd in whose group somebody stays, or that is protected", function()
    for _, given in ipairs { { options = { never = { "^shell$" } } }, { adj = -500 } } do
      local world <close> = machine(given.options)
      local shell = world:spawn { comm = "shell", rss = "5M" }
      for _ = 1, 100 do
        world:spawn { comm = "worker", rss = "20M", pgrp = shell.pid, oom_score_adj = given.adj }
      end
      world:spawn { comm = "large", rss = "400M" }
      memory(world, 300, 90)
      world:advance "1s"
      assert.no_act(world, { key = is_group })
      assert.equal("large", first(world, "ending").comm)
    end
  end)

  it("the largest, and no crowd that has been there for long, such as a browser", function()
    local world <close> = machine()
    bomb_in(world, "400M")
    world:advance "2m"
    memory(world, 300, 90)
    world:advance "1s"
    assert.no_act(world, { key = is_group })
    assert.event(world, "ending", { comm = "bomb", size = 400 * MIB })
  end)

  it("a process whose name is made to deceive, and shows it escaped", function()
    local comm = "evil) R 1\n\27[2J"
    local found, events = chosen({}, { { comm = comm, rss = "2G" }, SMALL })
    assert.equal(comm, found)
    for _, event in ipairs(events) do
      assert.is_nil(require("pagewarden.log").to_text(event):find "[\n\27]")
    end
  end)
end)


describe("early-oom beside another", function()
  local function beside(p, options)
    local world <close> = machine(options)
    world:spawn(p)
    local hog = world:spawn { comm = "hog", rss = "2G" }
    short_while(world, hog, 300, 90)
    world:advance "5s"
    return #world.acts, first(world, "would-end")
  end

  for name, uid in pairs { earlyoom = 61184, nohang = 0, ["systemd-oomd"] = 999 } do
    local p = { comm = name, rss = "5M", uid = uid, cgroup = "/system.slice/it.service" }
    it("that is " .. name .. " only says what it would do", function()
      local acts, would = beside(p)
      assert.equal(0, acts)
      assert.equal("beside", would.reason)
      assert.matches(name .. " is there to act; it would be SIGTERM to hog", would.message, 1, true)
    end)

    it("that is " .. name .. " acts if it is told to", function()
      assert.equal(1, (beside(p, { beside = "act" })))
    end)
  end

  it("is not kept from acting by a name that anybody may have", function()
    assert.equal(1, (beside { comm = "earlyoom", rss = "5M", uid = 1000,
      cgroup = "/user.slice/user-1000.slice/a.scope" }))
  end)
end)


describe("early-oom counts truly", function()
  it("ZFS's cache as available", function()
    local world <close> = machine()
    world:write("proc/spl/kstat/zfs/arcstats", "9 1 0x01 2 2 1 2\nname type data\n"
      .. "hits 4 1\nc_min 4 134217728\nsize 4 2147483648\n")
    world:spawn { comm = "large", rss = "1G" }
    memory(world, 100, 10)
    world:advance "10s"
    assert.no_act(world)
  end)

  it("what zram cannot compress as nothing", function()
    local world <close> = machine()
    fill_zram(world, 536870912, 540000000)
    local hog = world:spawn { comm = "hog", rss = "2G" }
    memory(world, 300, 512)
    world:advance "1s"
    assert.event(world, "ending", { pid = hog.pid })
  end)

  it("zram that compresses as its free part", function()
    local world <close> = machine()
    fill_zram(world, 170000000, 180000000)
    world:spawn { comm = "hog", rss = "2G" }
    memory(world, 300, 512)
    world:advance "10s"
    assert.no_act(world)
  end)

  it("how long zram lasts by what still goes into it, and looks no more often than for a disk",
    function()
      local function ended_after(fill)
        local world <close> = machine()
        if fill then
          fill_zram(world, 268435456, 268435456)
        end
        world:spawn { comm = "hog", rss = "2G" }
        memory(world, 500, 512)
        world:after("10.33s", function()
          world:write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n"
            .. "/dev/zram0 partition 1048576 1048576 100\n")
          memory(world, 300, 10)
        end)
        world:advance "20s"
        return world.acts[1].time
      end
      assert.equal(ended_after(false), ended_after(true))
    end)

  it("swap that is added in mid-flight", function()
    local world <close> = machine()
    world:spawn { comm = "hog", rss = "2G" }
    memory(world, 400, 120, 1024)
    world:advance "2s"
    memory(world, 300, 1200, 3072)
    world:advance "10s"
    assert.no_act(world)
    assert.event(world, "warning")
  end)

  it("what a kernel before 3.14 does not say, as well as it can", function()
    local world <close> = machine()
    local hog = world:spawn { comm = "hog", rss = "3G" }
    world:write("proc/meminfo", "MemTotal: 4194304 kB\nMemFree: 100000 kB\nBuffers: 1000 kB\n"
      .. "Cached: 200000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    world:advance "1s"
    assert.event(world, "ending", { pid = hog.pid })
  end)

  it("a cgroup's own limit, and ends only what is in it", function()
    local world <close> = machine { cgroup = "/web" }
    local folder = "sys/fs/cgroup/web/"
    world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
    world:write(folder .. "memory.max", "1073741824\n")
    world:write(folder .. "memory.swap.max", "0\n")
    world:write(folder .. "memory.swap.current", "0\n")
    world:write(folder .. "memory.current", "1040187392\n")
    world:write(folder .. "memory.stat", "anon 1000000000\nactive_file 4096\ninactive_file 0\n")
    world:write(folder .. "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
      .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
    local inside = world:spawn { comm = "inside", rss = "900M", cgroup = "/web" }
    world:spawn { comm = "outside", rss = "2G", cgroup = "/other" }
    world:advance "1s"
    assert.event(world, "ending", { pid = inside.pid })
    assert.no_event(world, "ending", { comm = "outside" })
  end)

  it("the limit of a cgroup above, with all that is in that", function()
    local world <close> = machine { cgroup = "/user/mine/" }
    world:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
    for path, current in pairs { ["user"] = 1040187392, ["user/mine"] = 500000000 } do
      local folder = "sys/fs/cgroup/" .. path .. "/"
      world:write(folder .. "memory.max", path == "user" and "1073741824\n" or "max\n")
      world:write(folder .. "memory.swap.max", path == "user" and "0\n" or "max\n")
      world:write(folder .. "memory.swap.current", "0\n")
      world:write(folder .. "memory.current", current .. "\n")
      world:write(folder .. "memory.stat", "anon 1\nactive_file 4096\ninactive_file 0\n")
    end
    local inside = world:spawn { comm = "inside", rss = "400M", cgroup = "/user/mine" }
    world:spawn { comm = "outside", rss = "2G", cgroup = "/user/other" }
    world:advance "1s"
    assert.equal(inside.pid, first(world, "ending").pid)
  end)

  it("the files of all that is below a cgroup of version 1", function()
    local world <close> = machine { cgroup = "/docker" }
    world:write("proc/meminfo", "MemTotal: 4194304 kB\nMemFree: 2000000 kB\n"
      .. "MemAvailable: 3000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    local folder = "sys/fs/cgroup/memory/docker/"
    world:write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    world:write(folder .. "memory.limit_in_bytes", "1073741824\n")
    world:write(folder .. "memory.usage_in_bytes", "1073000000\n")
    world:write(folder .. "memory.stat", "cache 0\ninactive_file 0\nactive_file 0\n"
      .. "total_cache 800000000\ntotal_inactive_file 500000000\ntotal_active_file 300000000\n")
    world:spawn { comm = "inside", rss = "200M", cgroup = "/docker" }
    world:advance "1s"
    assert.equal(0, world:count "ending")
  end)
end)


describe("early-oom on a poor machine", function()
  it("goes on without pressure information", function()
    local world <close> = machine()
    world.tree:remove_folder "proc/pressure"
    local hog = world:spawn { comm = "hog", rss = "3G" }
    short_while(world, hog, 300, 90)
    world:advance "2s"
    assert.event(world, "ending", { pid = hog.pid })
  end)

  it("refuses a machine that does not say what memory it has", function()
    local world = machine()
    world:write("proc/meminfo", "nonsense\n")
    assert.error_matches(function() world:advance "1s" end, "meminfo has no MemTotal")
    pcall(world.stop, world)
  end)
end)


describe("early-oom refuses", function()
  for options, message in pairs {
    [{ act = { "available<10" } }] =
      "act: condition 'available<10': available: '10' is no size or percent",
    [{ act = { "avail<10%" } }] = "there is no figure 'avail'",
    [{ force = { "available" } }] = "'available' is not FIGURE<LIMIT or FIGURE>LIMIT",
    [{ prefer = { "uid=bob" } }] = "prefer: 'uid=bob': a user's number expected",
    [{ never = { "unit=(" } }] = "never: 'unit=(':",
    [{ avoid = { "age<ten" } }] = "a duration expected",
    [{ score = "p.rss +" }] = "score: unexpected symbol near <eof>",
  } do
    it("what makes no sense: " .. message, function()
      assert.error_matches(function() testing.new { script = "early-oom", options = options } end,
        message, 1, true)
    end)
  end
end)


describe("early-oom set up as docs/cookbook/from-earlyoom.md says", function()
  local AS_EARLYOOM = {
    warn = {}, act = { "available<=10% and swap<=10%" }, force = { "available<=5% and swap<=5%" },
    score = "p.oom_score * 1e12 + p.rss", guard = false, least = "0", grace = "1h",
  }

  --- Whom it signals, and how, with so much left (MiB).
  local function decision(available, swap, processes)
    local world <close> = machine(AS_EARLYOOM)
    for _, p in ipairs(processes or { { comm = "hog", rss = "1G" } }) do
      world:spawn(p)
    end
    world:advance "1s"
    memory(world, available, swap)
    world:advance "1s"
    local event = first(world, "ending")
    return event and ("%s %s"):format(event.signal, event.comm)
  end

  it("leaves alone when one of memory and swap is above its limit", function()
    assert.is_nil(decision(200, 200))
    assert.is_nil(decision(500, 10))
  end)

  it("sends SIGTERM below the first limits and SIGKILL below the second", function()
    assert.equal("TERM hog", decision(400, 100))
    assert.equal("TERM hog", decision(150, 100))
    assert.equal("KILL hog", decision(150, 40))
  end)

  it("takes who has the highest oom_score, and of equals who has most", function()
    assert.equal("TERM tab", decision(400, 100, { { comm = "tab", rss = "100M",
      oom_score_adj = 300 }, { comm = "hog", rss = "1G" } }))
    assert.equal("TERM larger", decision(400, 100, { { comm = "smaller", rss = "100M",
      oom_score = 700 }, { comm = "larger", rss = "101M", oom_score = 700 } }))
  end)
end)


describe("early-oom that fails", function()
  it("left word of whom the host is to kill in its place", function()
    local world <close> = machine { score = "p.comm == 'large' and p.rss or p.rss / 2" }
    local first_one = world:spawn { comm = "large", rss = "1G" }
    world:spawn { comm = "small", rss = "100M" }
    world:advance "1s"
    memory(world, 500, 130)
    world:advance "1s"
    memory(world, 200, 60)
    world.gate:fall_back("early-oom", true)
    local events = world.gate:events()
    assert.equal(("kill %d:%d"):format(first_one.pid, first_one.start_time), events[1].key)
    assert.equal("SIGKILL", events[1].value)
  end)

  it("left word of what is little by one condition, not of what only makes others wait", function()
    local world <close> = machine { act = { "full>50% and available<50%", "available<5%" } }
    world:spawn { comm = "large", rss = "1G" }
    wait_for_memory(world, 10000)
    memory(world, 380, 90)
    world:advance "31s"
    world.gate:fall_back("early-oom", true)
    assert.equal(0, #world.gate:events())
  end)

  --- Whom that is, one second after somebody larger has come, with so many MiB left.
  local function named_after_a_second(available, swap)
    local world <close> = machine { score = "p.rss" }
    world:spawn { comm = "first", rss = "1G" }
    wait_for_memory(world, 250000, 0.3)
    memory(world, available, swap)
    world:advance "31s"
    local second = world:spawn { comm = "second", rss = "2G" }
    world:advance "1s"
    memory(world, 200, 60)
    world.gate:fall_back("early-oom", true)
    return world.gate:events()[1].key == ("kill %d:%d"):format(second.pid, second.start_time)
      and "second" or "first"
  end

  it("looks anew at once where memory runs out, and seldom where work only waits", function()
    assert.equal("second", named_after_a_second(500, 130))
    assert.equal("first", named_after_a_second(500, 1000))
  end)
end)


describe("early-oom in dry run", function()
  it("does nothing, and says each time what it would have done", function()
    local world <close> = machine({}, { dry_run = true })
    local hog = world:spawn { comm = "hog", rss = "2G" }
    memory(world, 300, 90)
    world:advance "1s"
    assert.event(world, "would", { key = ("kill %d:%d"):format(hog.pid, hog.start_time) })
    world:advance "1m"
    assert.equal(1, world:count("ending"))
    assert.event(world, "holding", { reason = "there" })
    world:stop()
    assert.no_trace(world)
  end)
end)
