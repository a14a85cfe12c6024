-- SPDX-License-Identifier: MIT
-- The recipe sysctl-keep: what it finds, what it sets, and when it lets go.
local folders = require "folder"
local poll = require "posix.poll"
local service = require "service"
local testing = require "pagewarden.testing"

local DEFAULTS = {
  ["vm.swappiness"] = 60, ["vm.page-cluster"] = 3, ["vm.panic_on_oom"] = 0,
  ["vm.dirty_ratio"] = 20, ["vm.dirty_bytes"] = 0, ["vm.dirty_background_ratio"] = 10,
  ["vm.dirty_background_bytes"] = 0, ["vm.max_map_count"] = 65530, ["kernel.panic"] = 0,
}

local ZRAM = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
  .. "/dev/zram0                              partition\t1048572\t\t0\t\t100\n"


local DISK = "/dev/sda2                               partition\t2097148\t\t0\t\t-2\n"


local function path_of(key)
  return "proc/sys/" .. key:gsub("%.", "/")
end


--- A world of a kernel with its defaults, but for what is said otherwise.
local function new(options, settings, release)
  local world = testing.new { script = "sysctl-keep", options = options }
  world:write("proc/sys/kernel/osrelease", (release or "6.1.0") .. "\n")
  for key, value in pairs(DEFAULTS) do
    world:write(path_of(key), ("%s\n"):format(settings and settings[key] or value))
  end
  return world
end


--- What a setting is now.
local function value_of(world, key)
  local file <close> = assert(io.open(world.path .. "/" .. path_of(key)))
  return file:read "n"
end


local function finish(world)
  world:stop()
  assert.no_trace(world)
end


describe("sysctl-keep with nothing to keep", function()
  it("finds no mistake in a kernel's defaults, changes nothing and ends", function()
    local world <close> = new()
    world:run()
    assert.event(world, "linted", { findings = 0,
      message = "8 settings of memory: no mistake" })
    assert.same({}, world.acts)
    finish(world)
  end)

  it("says of each mistake what is wrong and what to do", function()
    local world <close> = new(nil, { ["vm.dirty_ratio"] = 0 })
    world:run()
    assert.event(world, "finding", { key = "vm.dirty_ratio", value = "0", danger = 3,
      message = "vm.dirty_ratio is 0: at 0, and with vm.dirty_bytes 0, every writer waits for the "
        .. "disk; set vm.dirty_ratio to 20, which is the kernel's default" })
    assert.event(world, "linted", { message = "8 settings of memory: a mistake" })
    finish(world)
  end)

  it("does not let the guide call a panic a way to disable the killer", function()
    local world <close> = new(nil, { ["vm.panic_on_oom"] = 1, ["kernel.panic"] = 10 })
    world:run()
    assert.event(world, "guide", { key = "vm.panic_on_oom", message = 'vm.panic_on_oom is 1: the '
      .. 'guide has it "to disable oom-kill", which it does not: where one process would have been '
      .. "killed, the machine panics. A process is spared by its oom_score_adj" })
    assert.no_event(world, "finding")
    finish(world)
  end)

  it("reads a kernel of 2.6.32", function()
    local world <close> = new(nil, { ["vm.swappiness"] = 0, ["vm.panic_on_oom"] = 1 },
      "2.6.32-754.el6.x86_64")
    world:run()
    assert.event(world, "finding", { key = "vm.panic_on_oom", danger = 4 })
    assert.event(world, "finding", { key = "vm.swappiness" })
    finish(world)
  end)

  it("says so where there are no settings to look at", function()
    local world <close> = testing.new { script = "sysctl-keep" }
    world:run()
    assert.event(world, "linted", { findings = 0, message = function(message)
      return message:find "^sysctl lint: "
    end })
    finish(world)
  end)
end)


describe("sysctl-keep", function()
  it("sets a profile as one, says why, and puts it back at its end", function()
    local world <close> = new { profile = "desktop" }
    world:advance "1m"
    assert.same({ 256 << 20, 128 << 20, 1048576 }, { value_of(world, "vm.dirty_bytes"),
      value_of(world, "vm.dirty_background_bytes"), value_of(world, "vm.max_map_count") })
    assert.event(world, "set", { key = "vm.max_map_count", was = "65530",
      message = "vm.max_map_count is 1048576, was 65530: games under Wine map more than 65530 "
        .. "pieces (Fedora 39, Ubuntu 24.04)" })
    assert.equal(60, value_of(world, "vm.swappiness"))
    assert.no_event(world, "drift")
    finish(world)
  end)

  it("raises what a profile only wants to be high enough, and never lowers it", function()
    for _, profile in ipairs { "desktop", "database" } do
      local world <close> = new({ profile = profile }, { ["vm.max_map_count"] = 2147483642 })
      world:advance "1m"
      assert.equal(2147483642, value_of(world, "vm.max_map_count"))
      assert.no_act(world, { key = "sysctl vm.max_map_count" })
      assert.event(world, "enough", { key = "vm.max_map_count", value = 2147483642,
        message = "vm.max_map_count stays 2147483642, which is more than 1048576" })
      finish(world)
    end
  end)

  it("lets somebody else raise it further, and not lower it", function()
    local world <close> = new { profile = "desktop", interval = "10s" }
    world:advance "10s"
    world:write("proc/sys/vm/max_map_count", "1600000\n")
    world:advance "1m"
    assert.equal(1600000, value_of(world, "vm.max_map_count"))
    assert.no_event(world, "drift")
    world:write("proc/sys/vm/max_map_count", "65530\n")
    world:advance "10s"
    assert.equal(1048576, value_of(world, "vm.max_map_count"))
    world:write("proc/sys/vm/max_map_count", "1600000\n")
    world:advance "1m"
    finish(world)
  end)

  it("keeps what has the profile's value already, which may be its own from before", function()
    local world <close> = new({ profile = "desktop" }, { ["vm.max_map_count"] = 1048576 })
    world:advance "1m"
    assert.event(world, "set", { key = "vm.max_map_count", was = "1048576" })
    finish(world)
  end)

  it("uses swap that is compressed memory, as far as the kernel goes", function()
    for release, swappiness in pairs { ["6.1.0"] = 180, ["4.18.0"] = 100 } do
      local world <close> = new({ profile = "desktop" }, nil, release)
      world:write("proc/swaps", ZRAM)
      world:advance "1m"
      assert.same({ swappiness, 0 },
        { value_of(world, "vm.swappiness"), value_of(world, "vm.page-cluster") })
      assert.event(world, "mended", { key = "vm.page-cluster" })
      finish(world)
    end
  end)

  it("puts back what is for zram alone once a disk swaps too, and sets it again after", function()
    local world <close> = new { profile = "desktop", interval = "10s" }
    local function both()
      return { value_of(world, "vm.swappiness"), value_of(world, "vm.page-cluster") }
    end
    world:write("proc/swaps", ZRAM)
    world:advance "15s"
    world:write("proc/swaps", ZRAM .. DISK)
    world:advance "10s"
    assert.same({ 60, 3 }, both())
    assert.event(world, "put-back", { key = "vm.swappiness", value = "60",
      message = "vm.swappiness is 60 again: not all swap is zram any more" })
    world:write("proc/sys/vm/swappiness", "30\n")
    world:advance "1h"
    assert.same({ 30, 3 }, both())
    assert.no_event(world, "drift")
    world:write("proc/swaps", ZRAM)
    world:advance "10s"
    assert.same({ 180, 0 }, both())
    world:stop()
    assert.no_trace(world)
  end)

  it("leaves to an administrator what they set since a disk swaps too", function()
    local world <close> = new { profile = "desktop", interval = "10s" }
    world:write("proc/swaps", ZRAM)
    world:advance "15s"
    world:write("proc/swaps", ZRAM .. DISK)
    world:write("proc/sys/vm/swappiness", "30\n")
    world:advance "1h"
    assert.same({ 30, 3 }, { value_of(world, "vm.swappiness"), value_of(world, "vm.page-cluster") })
    assert.event(world, "left-alone", { key = "vm.swappiness", found = "30" })
    assert.no_event(world, "drift")
    world:stop()
  end)

  it("does not take its own value of before for what there was", function()
    local world <close> = new({ profile = "desktop", interval = "10s" },
      { ["vm.swappiness"] = 180 })
    world:write("proc/swaps", ZRAM)
    world:advance "15s"
    world:write("proc/swaps", ZRAM .. DISK)
    world:write("proc/sys/vm/swappiness", "180\n")
    world:advance "10s"
    assert.event(world, "left-alone", { key = "vm.swappiness", found = "180" })
    assert.no_event(world, "put-back", { key = "vm.swappiness" })
    finish(world)
  end)

  it("uses zram that comes on later, but for what is asked for otherwise", function()
    local world <close> = new { profile = "desktop", interval = "10s",
      set = { "vm.page-cluster=1" } }
    world:advance "15s"
    assert.same({ 60, 1 }, { value_of(world, "vm.swappiness"), value_of(world, "vm.page-cluster") })
    world:write("proc/swaps", ZRAM)
    world:advance "10s"
    assert.same({ 180, 1 },
      { value_of(world, "vm.swappiness"), value_of(world, "vm.page-cluster") })
    world:write("proc/sys/vm/swappiness", "60\n")
    world:advance "10s"
    assert.event(world, "drift", { key = "vm.swappiness", value = "180" })
    world:stop()
  end)

  it("goes on as it was while the swap areas cannot be seen", function()
    local world <close> = new { profile = "desktop", interval = "10s" }
    world:write("proc/swaps", ZRAM)
    world:advance "15s"
    os.remove(world.path .. "/proc/swaps")
    world:advance "1m"
    assert.equal(180, value_of(world, "vm.swappiness"))
    world:write("proc/swaps", ZRAM)
    finish(world)
  end)

  it("says what of a profile the kernel lacks, and sets the rest", function()
    local world <close> = new { profile = "database" }
    world:advance "1s"
    assert.event(world, "absent", { key = "vm.zone_reclaim_mode" })
    assert.equal(3, value_of(world, "vm.swappiness"))
    finish(world)
  end)

  it("puts what is asked for before the profile, the partner of a pair too", function()
    local world <close> = new { profile = "desktop", set = { "vm.dirty_ratio=30" } }
    world:advance "1s"
    assert.equal(30, value_of(world, "vm.dirty_ratio"))
    assert.no_act(world, { key = "sysctl vm.dirty_bytes" })
    finish(world)
  end)

  it("changes nothing when one of its settings is refused", function()
    local world <close> = new { profile = "server", set = { "vm.panic_on_oom=1" } }
    assert.error_matches(function() world:advance "1s" end,
      "vm.panic_on_oom: 1 is refused: .* what was set before it is put back")
    assert.same({ 60, 20 }, { value_of(world, "vm.swappiness"), value_of(world, "vm.dirty_ratio") })
    finish(world)
  end)

  it("sets back what somebody else sets once, and lets go when they do it again", function()
    local world <close> = new { set = { "vm.swappiness=10" }, interval = "10s" }
    world:advance "10s"
    world:write("proc/sys/vm/swappiness", "90\n")
    world:advance "10s"
    assert.event(world, "drift", { key = "vm.swappiness", found = "90", value = "10",
      message = "somebody else had set vm.swappiness to 90; it is 10 again, and theirs the next "
        .. "time" })
    assert.equal(10, value_of(world, "vm.swappiness"))
    world:write("proc/sys/vm/swappiness", "90\n")
    world:advance "1h"
    assert.event(world, "left-alone", { key = "vm.swappiness", found = "90" })
    assert.same({ 1, 1, 90 }, { world:count("drift"), world:count("left-alone"),
      value_of(world, "vm.swappiness") })
    world:stop()
  end)

  it("goes on keeping the rest when it lets go of one", function()
    local world <close> = new { set = { "vm.swappiness=10", "vm.page-cluster=0" },
      interval = "10s" }
    for _ = 1, 3 do
      world:advance "10s"
      world:write("proc/sys/vm/swappiness", "90\n")
    end
    world:write("proc/sys/vm/page-cluster", "5\n")
    world:advance "10s"
    assert.event(world, "drift", { key = "vm.page-cluster", value = "0" })
    world:stop()
  end)

  it("takes a partner that somebody wrote for a change of the pair", function()
    local world <close> = new { set = { "vm.dirty_bytes=268435456" }, interval = "10s" }
    world:advance "10s"
    world:write("proc/sys/vm/dirty_bytes", "0\n")
    world:write("proc/sys/vm/dirty_ratio", "40\n")
    world:advance "10s"
    assert.event(world, "drift", { key = "vm.dirty_bytes", found = "0", value = "268435456" })
    world:stop()
  end)

  it("says a mistake that comes later, and that it is gone", function()
    local world <close> = new { set = { "vm.swappiness=10" }, interval = "10s" }
    world:advance "15s"
    world:write("proc/sys/vm/dirty_ratio", "0\n")
    world:advance "25s"
    assert.equal(1, world:count("finding"))
    world:write("proc/sys/vm/dirty_ratio", "20\n")
    world:advance "10s"
    assert.event(world, "mended", { key = "vm.dirty_ratio" })
    finish(world)
  end)

  it("keeps for good what it sets once, to be undone by number", function()
    local world <close> = new { set = { "vm.swappiness=10", "vm.page-cluster=3" }, once = true }
    world:run()
    assert.act(world, { key = "sysctl vm.swappiness", was = "60", value = "10" })
    world:advance "1h"
    assert.equal(10, value_of(world, "vm.swappiness"))
    world:stop()
  end)

  it("sets nothing in dry run, and says what it would", function()
    local world <close> = testing.new { script = "sysctl-keep", dry_run = true,
      options = { set = { "vm.swappiness=10" } } }
    world:write("proc/sys/vm/swappiness", "60\n")
    world:advance "5m"
    assert.act(world, { event = "would", key = "sysctl vm.swappiness", value = "10" })
    assert.same({ 60, 0 }, { value_of(world, "vm.swappiness"), world:count("drift") })
    finish(world)
  end)

  it("says what vm.swappiness does not reach in cgroups of version 1", function()
    local world <close> = new { set = { "vm.swappiness=10" } }
    world:write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    world:advance "1s"
    assert.event(world, "reach", { key = "vm.swappiness" })
    finish(world)
  end)

  for message, set in pairs {
    ["expected key=value, such as vm.swappiness=10, found 'vm.swappiness'"] = { "vm.swappiness" },
    ["found 'evil\27[2J=1'"] = { "evil\27[2J=1" },
    ["found 'vm.../../etc=1'"] = { "vm.../../etc=1" },
    ["set: vm.swappiness is there twice"] = { "vm.swappiness=1", "vm/swappiness=2" },
  } do
    it("refuses options: " .. message:gsub("%c", "?"), function()
      local _, problem = pcall(testing.new, { script = "sysctl-keep", options = { set = set } })
      assert.is_truthy(tostring(problem):find(message, 1, true), problem)
    end)
  end

  for message, set in pairs {
    ["vm.unheard_of: this kernel has no such key"] = "vm.unheard_of=1",
    ["vm.swap_token_timeout: this kernel has no such key; since 3.15 refaults"] =
      "vm.swap_token_timeout=300",
    ["vm.drop_caches has no value to keep"] = "vm.drop_caches=3",
    ["vm.swappiness: 201 is out of range: 0 to 200 on this kernel"] = "vm.swappiness=201",
    ["'much' is not a decimal number"] = "vm.swappiness=much",
  } do
    it("refuses to start: " .. message, function()
      local world <close> = new { set = { set } }
      assert.error_matches(function() world:run() end, message, 1, true)
      finish(world)
    end)
  end
end)


describe("the daemon's sysctl-keep", function()
  --- Configures it to look so often, which makes it another for a reload.
  local function configure(folder, interval)
    folder:write("conf.d/a.lua", ('policy "sysctl-keep" { interval = "%s", '
      .. 'set = { "vm.swappiness=10", "vm.page-cluster=0" }, '
      .. 'grant = { sysctl = { "vm.swappiness", "vm.page-cluster" } } }'):format(interval))
  end

  local function await(folder, daemon, event)
    for _ = 1, 200 do
      local file <close> = assert(io.open(folder.path .. "/output"))
      if file:read "a":find(event, 1, true) then
        return
      end
      poll.rpoll(daemon.manager, 50)
    end
    error("the daemon never said: " .. event)
  end

  it("goes on with the rest when it is reloaded after it let go of a key", function()
    local folder <close> = folders.new()
    for _, name in ipairs { "proc", "proc/sys", "proc/sys/vm", "conf.d" } do
      folder:mkdir(name)
    end
    folder:write("proc/sys/vm/swappiness", "60\n")
    folder:write("proc/sys/vm/page-cluster", "3\n")
    configure(folder, "1s")
    local daemon <close> = service.start(folder.path, { "--config", folder.path })
    daemon:await "READY=1"
    for _, event in ipairs { "drift: ", "left-alone: " } do
      folder:write("proc/sys/vm/swappiness", "90\n")
      await(folder, daemon, event)
    end
    configure(folder, "2s")
    assert.same({ 0, "replaced: sysctl-keep\n", "" }, { daemon:run "reload" })
    assert.equal(0, value_of(folder, "vm.page-cluster"))
    local _, output = daemon:finish "SIGTERM"
    assert.matches("left%-alone: vm.swappiness is left alone: it was let go after 2 writes by "
      .. "somebody else", output)
    assert.same({ 90, 3 },
      { value_of(folder, "vm.swappiness"), value_of(folder, "vm.page-cluster") })
  end)
end)
