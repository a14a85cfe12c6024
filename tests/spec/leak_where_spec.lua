-- SPDX-License-Identifier: MIT
-- The recipe `leak-where`: which part of a process grows, and what to run next.
local testing = require "pagewarden.testing"
local unistd = require "posix.unistd"

local MIB <const> = 1 << 20

--- Of each kind, the mapping that grows.
local HEADERS = {
  heap = "55d0c0000000-55d0c8000000 rw-p 00000000 00:00 0                          [heap]\n",
  anon = "7f0000000000-7f0008000000 rw-p 00000000 00:00 0 \n",
  stack = "7ffd00000000-7ffd08000000 rw-p 00000000 00:00 0                          [stack]\n",
  file = "7f1000000000-7f1008000000 r--p 00000000 08:01 77                         /srv/data\n",
  shmem = "7f2000000000-7f2008000000 rw-s 00000000 00:01 88                         /dev/shm/x\n",
}


--- Writes smaps with so many MiB of each kind; half of the heap's is swapped out.
local function write_smaps(world, p, mib)
  local text = {}
  for _, kind in ipairs { "heap", "anon", "file", "shmem", "stack" } do
    local kib = (mib[kind] or 0) << 10
    local swapped = kind == "heap" and kib // 2 or 0
    text[#text + 1] = HEADERS[kind] .. ("Size: 131072 kB\nRss: %d kB\nSwap: %d kB\n"):format(
      kib - swapped, swapped)
  end
  world:write(("proc/%d/smaps"):format(p.pid), table.concat(text))
end


--- A world with a process whose program is `file`, and which has so many MiB of each kind after so
--- many looks.
local function watch(given, file, mib, options)
  options = options or {}
  options.pid = options.pid or not options.name and 1000 or nil
  local world = testing.new { script = "leak-where", options = options }
  local p = world:spawn(given)
  world:after(0, function()
    write_smaps(world, p, mib(0))
    if file then
      assert(unistd.link(file, ("%s/proc/%d/exe"):format(world.path, p.pid), true))
    end
  end)
  local looks = 0
  world:every("2500ms", function()
    looks = looks + 1
    if looks % 2 == 1 and world.tree.files[("proc/%d/stat"):format(p.pid)] then
      write_smaps(world, p, mib(looks // 2 + 1)) -- between two looks
    end
  end)
  return world, p
end


describe("leak-where says that", function()
  for kind, tool in pairs {
    heap = "heaptrack", anon = "heaptrack", stack = "gdb", file = "pages", shmem = "pages",
  } do
    it(kind .. " grew, how fast, how steadily, and that " .. tool .. " is next", function()
      local world, p = watch({ comm = "leaky" }, "/usr/bin/leaky", function(look)
        return { heap = 2, anon = 30, [kind] = 10 + 2 * look }
      end)
      world:run()
      local grown = world:logged("grown")
      assert.same({ 1, kind, p.pid, 10 * MIB, 20 * MIB, 5, 6 }, { #grown, grown[1].kind,
        grown[1].pid, grown[1].grown, grown[1].bytes, grown[1].rises, grown[1].looks })
      assert.is_true(math.abs(grown[1].slope / (10 * MIB / 25) - 1) < 0.05)
      assert.event(world, "next", { tool = tool })
      world:stop()
    end)
  end

  it("nothing grew, when nothing did", function()
    local world = watch({ comm = "calm", vsize = "64M" }, "/usr/bin/calm", function(look)
      return { heap = 8 - look, anon = 30 }
    end)
    world:run()
    assert.no_event(world, "grown")
    assert.no_event(world, "next")
    assert.event(world, "still", { looks = 6, virtual = 0 })
    world:stop()
  end)

  it("of all processes this one grew most, when none was named", function()
    local world = testing.new { script = "leak-where" }
    local leaky = world:spawn { comm = "leaky", rss_anon = MIB, swap = 4 * MIB, vsize = "64M" }
    local large = world:spawn { comm = "large", rss_anon = 900 * MIB }
    write_smaps(world, leaky, { heap = 5 })
    world:after("1s", function()
      leaky.rss_anon, leaky.swap, large.rss_anon = 0, 9 * MIB, 901 * MIB
    end)
    world:run()
    assert.event(world, "suspect", { pid = leaky.pid, comm = "leaky",
      message = "leaky (pid 1000): it grew most, 4 MiB within 5s" })
    world:stop()
  end)

  it("of several of a name the largest is looked at", function()
    local world, p = watch({ comm = "web", rss_anon = 9 * MIB }, nil, function()
      return { heap = 9 }
    end, { name = { "^web$" } })
    world:spawn { comm = "web", rss_anon = 2 * MIB }
    world:run()
    assert.event(world, "suspect", { pid = p.pid,
      message = "web (pid 1000): the largest of 2 that fit" })
    world:stop()
  end)
end)


describe("leak-where gives command lines", function()
  local function grows(look)
    return { heap = 10 + look }
  end

  it("that are safe to copy, whatever the arguments are", function()
    local arguments = { "a;reboot", "$(reboot)", "it's", "\27[2J\n" }
    local world = watch({ comm = "evil) R 1\n\27[2J", cmdline = arguments }, "/opt/a;reboot",
      grows)
    world:run()
    assert.event(world, "next", { tool = "valgrind", command = "valgrind --leak-check=full "
      .. "--log-file=valgrind.%p.log '/opt/a;reboot' '$(reboot)' 'it'\\''s' $'\\033[2J\\012'" })
    assert.event(world, "next", { tool = "gcore", command = "gcore -o core 1000" })
    world:stop()
  end)

  it("but none to start again what has written over its arguments", function()
    local world = watch({ comm = "nginx", cmdline = { "nginx: worker process" } },
      "/usr/sbin/worker", grows)
    world:run()
    assert.event(world, "unknown", { message = "it cannot be started again from here: it calls "
      .. "itself 'nginx: worker process', and its arguments may be others by now" })
    assert.event(world, "next", { command = "heaptrack -p 1000" })
    assert.no_event(world, "next", { tool = "valgrind" })
    world:stop()
  end)
end)


describe("leak-where goes on", function()
  it("to what it knows when the process ends", function()
    local world, p = watch({ comm = "short" }, "/bin/short", function(look)
      return { heap = 10 + 2 * look }
    end)
    world:after("12s", function() world:exit(p) end)
    world:run()
    assert.event(world, "ended", { pid = p.pid })
    assert.event(world, "grown", { kind = "heap", looks = 3, grown = 4 * MIB })
    assert.no_event(world, "next")
    world:stop()
  end)

  it("from the beginning when it executes another program", function()
    local world, p = watch({ comm = "sh" }, "/bin/server", function(look)
      return { heap = look < 3 and 1 or 50 }
    end)
    world:after("14s", function()
      world:settle()
      local path = ("proc/%d/stat"):format(p.pid)
      world:write(path, (world.tree.files[path]:gsub("%(sh%)", "(server)"):gsub(
        "(18446744073709551615 1 1) 0", "%1 140720000000000")))
    end)
    world:run()
    assert.event(world, "executed", { comm = "server" })
    assert.event(world, "still", { looks = 6 })
    world:stop()
  end)
end)


describe("leak-where refuses", function()
  for name, case in pairs {
    ["a kernel thread"] = { { vsize = 0, rss_anon = 0 }, "has no memory of its own" },
    ["who is not there"] = { {}, "process 77: ", { pid = 77 } },
    ["a name that matches nothing"] = { {}, "no process fits", { name = { "^no$" } } },
  } do
    it(name, function()
      local options = case[3] or { pid = 1000 }
      local world <close> = testing.new { script = "leak-where", options = options }
      world:spawn(case[1])
      assert.error_matches(function() world:run() end, case[2])
    end)
  end

  it("to guess when no process grows", function()
    local world <close> = testing.new { script = "leak-where" }
    world:spawn { comm = "calm" }
    assert.error_matches(function() world:run() end, "no process grew within 5s; say which one")
  end)
end)


describe("leak-where with valgrind", function()
  local function run(uid, file)
    local world = watch({ comm = "app", uid = 1000, cmdline = { "app", "-x" } }, file or "/bin/app",
      function() return { heap = 10 } end, { pid = 1000, valgrind = "/usr/bin/valgrind" })
    world:write("proc/self/status", ("Name:\tx\nUid:\t%d\t%d\t%d\t%d\n"):format(uid, uid, uid, uid))
    return world
  end

  it("runs one's own program again, with its arguments", function()
    local world = run(1000)
    world:run()
    assert.act(world, { key = "exec /usr/bin/valgrind", value = "/usr/bin/valgrind "
      .. "--leak-check=full --log-file=/var/log/pagewarden-valgrind.log /bin/app -x" })
    assert.event(world, "valgrind", { status = 0, log = "/var/log/pagewarden-valgrind.log" })
    world:stop()
  end)

  it("never runs another user's program as oneself", function()
    local world <close> = run(0)
    assert.error_matches(function() world:run() end, "it runs as another user")
    assert.no_act(world, {})
  end)

  it("does not run another file than the one that runs", function()
    local world <close> = run(1000, "/bin/app (deleted)")
    assert.error_matches(function() world:run() end, "its file was replaced or removed")
    assert.no_act(world, {})
  end)
end)
