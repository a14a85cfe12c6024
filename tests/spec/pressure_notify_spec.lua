-- SPDX-License-Identifier: MIT
-- The recipe `pressure-notify`: when it speaks, how often, of whom, and to whom.
local folders = require "folder"
local testing = require "pagewarden.testing"

local MIB <const> = 1 << 20
local WAITED <const> = "work waited for memory for over 10% of 10s (20% of the last 10s); "
local EVIL <const> = "evil) R 1\n\27[2J"


local function new(options, dry_run)
  return testing.new { script = "pressure-notify", options = options, dry_run = dry_run }
end


--- The machine waits for memory, as a kernel's trigger tells it.
local function press(world, avg10)
  assert.equal(1, world:pressure { resource = "memory", avg10 = avg10 or 20 })
end


--- The machine waits for a resource, and in the second after that something happens.
local function press_while(world, event, happen)
  world:pressure(event)
  world:after("500ms", happen)
  world:advance "2s"
end


--- The same for memory, which a process takes.
local function press_by(world, p, mib)
  press_while(world, { resource = "memory", avg10 = 20 }, function()
    p.rss_anon = p.rss_anon + mib * MIB
  end)
end


--- What `/proc/PID/io` says of who may read it.
local function allow_io(world, p, bytes)
  world:write(("proc/%d/io"):format(p.pid), ("rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\n"
    .. "read_bytes: %d\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"):format(bytes or 0))
end


describe("pressure-notify", function()
  it("is silent, and asks for no timer, while nothing waits", function()
    local world <close> = new()
    world:advance "1h"
    assert.same({}, world.events)
    assert.same({ 0, 3 }, { world.instance:count_waiting() })
  end)

  it("names who took most memory meanwhile, with its unit", function()
    local world <close> = new()
    local hog = world:spawn { comm = "hog", rss = "100M",
      cgroup = "/system.slice/backup.service" }
    world:spawn { comm = "large", rss = "2G" }
    world:advance "1m"
    press_by(world, hog, 60)
    assert.event(world, "pressure", { resource = "memory", kind = "some", avg10 = 20,
      threshold = 10, pid = hog.pid, comm = "hog", unit = "backup.service", used = 60 * MIB,
      message = WAITED .. "hog (pid 1000, backup.service) "
        .. "takes 60 MiB in a second, the most of all" })
  end)

  it("names who has most where nobody grows, by its swap too", function()
    local world <close> = new()
    world:spawn { comm = "large", rss = "1G" }
    local swapped = world:spawn { comm = "swapped", rss = "1M", swap = "3G" }
    world:advance "1m"
    press(world)
    world:advance "2s"
    assert.event(world, "pressure", { pid = swapped.pid, used = 3073 * MIB })
  end)

  it("names who reads and writes most, and nobody where that may not be known", function()
    local world <close> = new()
    world:spawn { comm = "large", rss = "1G" }
    local reader = world:spawn { comm = EVIL, rss = "1M" }
    world:advance "1m"
    allow_io(world, reader, 0)
    press_while(world, { resource = "io", kind = "full", avg10 = 30 }, function()
      allow_io(world, reader, 7 * MIB)
    end)
    assert.event(world, "pressure", { resource = "io", kind = "full", comm = EVIL, used = 7 * MIB })
    os.remove(("%s/proc/%d/io"):format(world.path, reader.pid))
    world:advance "20m"
    world:pressure { resource = "io", kind = "full", avg10 = 30 }
    world:advance "2s"
    assert.equal("all work waited for io for over 15% of 10s (30% of the last 10s)",
      world:logged("pressure")[2].message)
  end)

  it("says it once, again after a while, and then how often it kept quiet", function()
    local world <close> = new { again = "5m" }
    local timer = world:every("10s", function()
      world:pressure { resource = "memory", avg10 = 20 }
    end)
    world:advance "299s"
    assert.equal(1, #world:logged("pressure"))
    world:advance "25s"
    timer:cancel()
    assert.same({ 0, 30 }, { world:logged("pressure")[1].unsaid,
      world:logged("pressure")[2].unsaid })
  end)

  it("says that it is over only when it is well below the threshold, and sleeps again", function()
    local world <close> = new()
    world:advance "1m"
    press(world, 12)
    world:advance "5m"
    assert.no_event(world, "over")
    world:write("proc/pressure/memory", "some avg10=5.10 avg60=0.00 avg300=0.00 total=9\n")
    world:advance "1m"
    assert.no_event(world, "over")
    world:write("proc/pressure/memory", "some avg10=4.90 avg60=0.00 avg300=0.00 total=9\n")
    world:advance "11s"
    assert.event(world, "over", { resource = "memory", kind = "some",
      seconds = function(seconds) return seconds > 350 and seconds < 380 end })
    assert.same({ 0, 3 }, { world.instance:count_waiting() })
  end)

  it("says nothing twice when a pressure comes back at once", function()
    local world <close> = new { again = "30m" }
    for _ = 1, 5 do
      press(world)
      world:write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n")
      world:advance "2m"
    end
    assert.equal(1, #world:logged("pressure"))
    assert.equal(1, #world:logged("over"))
  end)

  it("runs a command with a title and a text, as words and in no shell", function()
    local world <close> = new { command = { "/usr/bin/env", "true" }, relief = true }
    local hog = world:spawn { comm = "$(reboot)", rss = "1G" }
    world:advance "1m"
    press_by(world, hog, 76)
    assert.act(world, { key = "exec /usr/bin/env", value = "/usr/bin/env true Memory is short "
      .. WAITED .. "$(reboot) (pid 1000) takes 76 MiB in a "
      .. "second, the most of all" })
    world:write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n")
    world:advance "2m"
    assert.act(world, { value = function(value) return value:find "It is over" end })
  end)

  it("says why a command was not run, and goes on", function()
    local world <close> = new { command = { "/no/such/program" } }
    press(world)
    world:advance "2s"
    assert.event(world, "not_sent", { program = "/no/such/program" })
  end)

  describe("on a desktop", function()
    --- The first process, and a session bus of each of these users.
    local function log_in(world, uids)
      local init = world:spawn { pid = 1, comm = "systemd", uid = 0 }
      allow_io(world, init)
      for _, uid in ipairs(uids) do
        allow_io(world, world:spawn { comm = "dbus-daemon", uid = uid })
      end
      return init
    end

    it("notifies each user that is logged in, as that user, with no markup of others", function()
      local world <close> = new { desktop = true }
      log_in(world, { 101, 1000, 1001, 1001 })
      local hog = world:spawn { comm = "<b>" .. EVIL, rss = "1M" }
      world:advance "1m"
      press_by(world, hog, 100)
      assert.equal(2, #world.acts)
      for _, uid in ipairs { 1000, 1001 } do
        assert.act(world, { key = "exec /usr/bin/setpriv",
          value = ("/usr/bin/setpriv --reuid %d --regid %d --clear-groups -- /usr/bin/env "
            .. "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/%d/bus /usr/bin/notify-send "
            .. "--app-name=pagewarden --icon=dialog-warning --urgency=critical -- Memory is short "
            .. "%s&lt;b&gt;evil) R 1\\n\\x1B[2J "
            .. "(pid %d) takes 100 MiB in a second, the most of all"):format(uid, uid, uid,
            WAITED, hog.pid) })
      end
    end)

    it("needs no other user where it runs as one", function()
      local world <close> = new { desktop = true }
      local init = log_in(world, { 1000 })
      os.remove(("%s/proc/%d/io"):format(world.path, init.pid))
      world:spawn { comm = "dbus-broker", uid = 1001 }
      press(world)
      world:advance "2s"
      assert.equal(1, #world.acts)
      assert.equal("exec /usr/bin/env", world.acts[1].key)
    end)

    it("says when nobody is there to be told", function()
      local world <close> = new { desktop = true }
      log_in(world, {})
      press(world)
      world:advance "2s"
      assert.event(world, "no_desktop")
      assert.event(world, "pressure")
    end)
  end)

  it("changes nothing in dry run", function()
    local world <close> = new({ command = { "/usr/bin/env" } }, true)
    press(world)
    world:advance "2s"
    assert.act(world, { event = "would", key = "exec /usr/bin/env" })
    assert.no_act(world, { event = "act" })
  end)

  describe("where the kernel has no PSI", function()
    local MEMORY <const> = "MemTotal: 1000000 kB\nMemFree: 9000 kB\n"
    local folder, world

    local function start(meminfo, stalls)
      folder = folders.new()
      folder:mkdir "proc"
      folder:write("proc/meminfo", meminfo)
      folder:write("proc/vmstat", "allocstall " .. stalls .. "\n")
      world = testing.new { script = "pressure-notify", root = folder.path }
      world:spawn { comm = "hog", rss = "500M" }
      world:advance "1m"
    end

    after_each(function()
      world:stop()
      folder:remove()
    end)

    it("says so, and looks who had to free memory first", function()
      start(MEMORY .. "MemAvailable: 50000 kB\n", 7)
      assert.event(world, "without_pressure")
      assert.equal(3, #world:logged("not_watched"))
      assert.no_event(world, "pressure")
      world:write("proc/vmstat", "allocstall_dma 5\nallocstall_normal 44\n")
      world:advance "12s"
      assert.event(world, "pressure", { resource = "memory", comm = "hog", message =
        "programs had to reclaim memory themselves in the last 10 s; hog (pid 1000) has 500 MiB, "
        .. "the most of all" })
      world:advance "1m"
      assert.event(world, "over")
      world:advance "10s"
    end)

    it("takes it for no shortage while much is available", function()
      start(MEMORY .. "MemAvailable: 500000 kB\n", 7)
      world:write("proc/vmstat", "allocstall 44\n")
      world:advance "1m"
      assert.no_event(world, "pressure")
    end)

    it("says that writers are slowed down", function()
      start(MEMORY, 7)
      world:write("proc/vmstat", "nr_dirty 80\nnr_writeback 80\nnr_dirty_threshold 200\n"
        .. "nr_dirty_background_threshold 100\n")
      world:advance "12s"
      assert.event(world, "pressure", { resource = "io" })
    end)

    it("reads a kernel that does not tell what is available", function()
      start(MEMORY, 7)
      world:write("proc/vmstat", "allocstall 44\n")
      world:advance "12s"
      assert.event(world, "pressure", { comm = "hog" })
    end)
  end)

  for words, message in pairs {
    ["memory 10%"] = "watch: expected something like 'memory some 10%%', found 'memory 10%%'",
    ["memory some 10"] = "expected something like",
    ["disk some 10%"] = "expected something like",
    ["memory some 0%"] = "expected something like",
    ["memory some 101%"] = "expected something like",
  } do
    it("refuses to watch " .. words, function()
      assert.error_matches(function() new { watch = { words } } end, message)
    end)
  end

  it("refuses a command without its whole path, and to watch nothing", function()
    assert.error_matches(function() new { command = { "logger" } } end, "a whole path expected")
    assert.error_matches(function() new { watch = {} } end, "there is nothing to watch")
  end)
end)
