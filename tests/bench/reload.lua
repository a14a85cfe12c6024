-- SPDX-License-Identifier: MIT
-- Whether reloads cost anything that stays: a daemon with timers running and events arriving is
-- reloaded 1,000 times. Each time some of its policies are replaced, one of which holds a setting
-- changed, and the others go on untouched. The status is 1 when a timer or an event was lost, a
-- descriptor leaked, or RSS grew by more than the noise of measuring it.
--
-- Usage: lua5.4 tests/bench/reload.lua [RELOADS], with PW_BUILD_DIR in the environment
local dirent = require "posix.dirent"
local folders = require "folder"
local json = require "dkjson"
local loops = require "pagewarden.loop"
local service = require "service"
local time = require "posix.time"

local RELOADS = tonumber(arg[1]) or 1000
local FIRST = RELOADS // 10 -- what comes to stay is there by then
local REPLACED, UNTOUCHED = 3, 3
local RSS_NOISE_KIB = 256

local EVENTS_FILE = "sys/fs/cgroup/web/memory.events"
local COUNTERS = "low 0\nhigh %d\nmax 0\noom 0\noom_kill 0\n"

--- Each time that it hears of something it says how much there was of it, and of its ticks.
local BUSY = [[
local opt = require "pagewarden.option"
return { api = 1, name = "busy", summary = "Ticks and listens",
  options = { opt.integer { "serial", default = 0 } },
  start = function(pw)
    local ticks, heard = 0, 0
    pw:every(0.01, function() ticks = ticks + 1 end)
    pw:every(3600, function() end)
    assert(pw:on_memory_events("/web", function(event)
      heard = heard + (event.changed.high or 0)
      pw.log("heard", { heard = heard, ticks = ticks })
    end))
  end }
]]

--- Changes a setting, as each of its successors does.
local ACTS = [[
local opt = require "pagewarden.option"
return { api = 1, name = "acts", summary = "Holds a setting changed",
  options = { opt.integer { "serial", default = 0 } }, needs = { sysctl = { "vm.swappiness" } },
  start = function(pw)
    assert(pw.sysctl.set("vm.swappiness", 10))
    pw:every(0.01, function() end)
  end }
]]


local function contents(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


local function make_root(folder)
  for _, path in ipairs { "proc", "proc/sys", "proc/sys/vm", "sys", "sys/fs", "sys/fs/cgroup",
    "sys/fs/cgroup/web", "conf.d", "scripts" } do
    folder:mkdir(path)
  end
  folder:write("proc/sys/vm/swappiness", "60\n")
  folder:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
  folder:write(EVENTS_FILE, COUNTERS:format(0))
  folder:write("scripts/busy.lua", BUSY)
  folder:write("scripts/acts.lua", ACTS)
end


local function configure(folder, serial)
  local lines = {
    ('policy "acts" { serial = %d, grant = { sysctl = { "vm.swappiness" } } }'):format(serial),
  }
  for i = 1, REPLACED do
    lines[#lines + 1] = ('policy "busy" { as = "replaced-%d", serial = %d }'):format(i, serial)
  end
  for i = 1, UNTOUCHED do
    lines[#lines + 1] = ('policy "busy" { as = "untouched-%d" }'):format(i)
  end
  folder:write("conf.d/all.lua", table.concat(lines, "\n"))
end


local function start_daemon(folder)
  make_root(folder)
  configure(folder, 0)
  local daemon = service.start(folder.path,
    { "--json", "--config", folder.path, "-S", folder.path .. "/scripts" })
  daemon:await "STATUS=policies: 7 running"
  return daemon
end


local function sleep(seconds)
  time.nanosleep { tv_sec = seconds // 1 | 0, tv_nsec = (seconds % 1 * 1e9) // 1 | 0 }
end


---@return integer KiB of resident memory
---@return integer descriptors
local function size_of(daemon)
  local status = contents(("/proc/%d/status"):format(daemon.pid))
  return tonumber(status:match "VmRSS:%s*(%d+)"), #dirent.dir(("/proc/%d/fd"):format(daemon.pid))
end


--- What each policy last said that it heard, and how often it had ticked.
local function said(folder)
  local last = {}
  for line in io.lines(folder.path .. "/output") do
    local event = json.decode(line)
    if event.event == "heard" then
      last[event.policy] = event
    end
  end
  return last
end


--- Lets something happen that all hear of.
local function happen(folder, number)
  folder:write(EVENTS_FILE, COUNTERS:format(number))
end


local function reload(folder, daemon, first, last)
  for serial = first, last do
    configure(folder, serial)
    daemon:signal "SIGHUP"
    happen(folder, serial)
    daemon:await "STATUS=policies: 7 running"
  end
end


--- All that waits still waits, and still comes.
local function find_losses(folder, daemon)
  local losses = {}
  local _, output = daemon:run "status --json"
  for _, policy in ipairs(json.decode(output).policies) do
    local waiting = ("%d timers, %d events"):format(policy.timers, policy.watches)
    if waiting ~= (policy.name == "acts" and "1 timers, 0 events" or "2 timers, 1 events") then
      losses[#losses + 1] = ("%s waits for %s"):format(policy.name, waiting)
    end
  end
  happen(folder, RELOADS + 1)
  sleep(0.2)
  local before = said(folder)
  happen(folder, RELOADS + 2)
  sleep(0.2)
  for name, event in pairs(said(folder)) do
    if event.ticks <= before[name].ticks then
      losses[#losses + 1] = name .. " ticks no more"
    end
    if event.heard ~= RELOADS + 2 and name:find "^untouched" then
      losses[#losses + 1] = ("%s heard of %d of %d"):format(name, event.heard, RELOADS + 2)
    end
  end
  return losses
end


local function main()
  local folder <close> = folders.new()
  local daemon <close> = start_daemon(folder)
  local clock <close> = assert(loops.new())
  reload(folder, daemon, 1, FIRST)
  local rss_before, descriptors_before = size_of(daemon)
  local begun = clock:now()
  reload(folder, daemon, FIRST + 1, RELOADS)
  local seconds = (clock:now() - begun) / (RELOADS - FIRST)
  local losses = find_losses(folder, daemon)
  local rss, descriptors = size_of(daemon)
  daemon:finish "SIGTERM"
  if contents(folder.path .. "/proc/sys/vm/swappiness") ~= "60\n" then
    losses[#losses + 1] = "the setting is not as it was"
  end
  print(("%d reloads, %d of %d policies replaced, %.1f ms each: RSS %d -> %d KiB, %d -> %d "
    .. "descriptors, %d lost"):format(RELOADS, REPLACED + 1, REPLACED + UNTOUCHED + 1,
    seconds * 1e3, rss_before, rss, descriptors_before, descriptors, #losses))
  for _, loss in ipairs(losses) do
    print("  " .. loss)
  end
  os.exit(#losses == 0 and descriptors == descriptors_before
    and rss - rss_before <= RSS_NOISE_KIB)
end


main()
