-- SPDX-License-Identifier: MIT
-- What the daemon costs while nothing happens: resident memory, Lua memory a policy and wake-ups in
-- 60 seconds with 12 policies, beside earlyoom's in the same run where that is installed. Both only
-- look; the daemon has a copy of a captured machine as its root.
--
-- Usage: lua5.4 tests/bench/idle.lua [seconds], with PW_BUILD_DIR in the environment
local folders = require "folder"
local json = require "dkjson"
local program = require "program"
local service = require "service"
local signal = require "posix.signal"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"

local SECONDS = tonumber(arg[1]) or 60
local SMALL = 11       -- policies as `pagewarden new` writes them, beside leak-watch
local INTERVAL = 10    -- seconds between two looks of each
local LEAST_LEFT = 2.5 -- seconds for what happens once, after the start


local function contents(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


--- Times that the threads of a process went to sleep and were woken.
local function count_wakeups(pid)
  local list <close> = assert(io.popen(("cat /proc/%d/task/*/status"):format(pid)))
  local count = 0
  for switches in list:read("a"):gmatch "\nvoluntary_ctxt_switches:%s*(%d+)" do
    count = count + tonumber(switches)
  end
  return count
end


--- Resident memory: all, and what is not shared with others (KiB).
local function memory_of(pid)
  return tonumber(contents(("/proc/%d/status"):format(pid)):match "VmRSS:%s*(%d+)"),
    tonumber(contents(("/proc/%d/smaps_rollup"):format(pid)):match "\nPss:%s*(%d+)")
end


local function configure(folder)
  local lines = { ('policy "leak-watch" { interval = "%ds" }'):format(INTERVAL) }
  for i = 1, SMALL do
    lines[i + 1] = ('policy "small" { as = "small-%d", interval = "%ds" }'):format(i, INTERVAL)
  end
  folder:mkdir "conf.d"
  folder:mkdir "scripts"
  folder:write("conf.d/all.lua", table.concat(lines, "\n"))
  assert(program.run(("new small --dir %s/scripts"):format(folder.path)) == 0)
end


local function start_daemon(folder)
  assert(os.execute(("cp -r tests/fixtures/idle-4g/. %s"):format(folder.path)))
  configure(folder)
  local daemon = service.start(folder.path,
    { "--config", folder.path, "-S", folder.path .. "/scripts" })
  daemon:await "STATUS=policies: 12 running"
  return daemon
end


--- Looks only: nothing is killed. Its reports go nowhere and are an hour apart.
local function start_earlyoom()
  local pid = assert(unistd.fork())
  if pid == 0 then
    unistd.close(1)
    unistd.close(2)
    unistd.execp("earlyoom", { "-r", "3600", "--dryrun" })
    unistd._exit(127)
  end
  unistd.sleep(1)
  if wait.wait(pid, wait.WNOHANG) == pid then
    return nil
  end
  return pid
end


local function print_row(name, pid, before)
  local rss, pss = memory_of(pid)
  print(("%-24s %10d %10d %12d"):format(name, rss, pss, count_wakeups(pid) - before))
  return rss
end


local function print_policies(daemon)
  local status, output = daemon:run "status --json"
  assert(status == 0)
  local least, most = math.huge, 0
  for _, policy in ipairs(json.decode(output).policies) do
    assert(policy.state == "running", policy.name)
    least, most = math.min(least, policy.memory), math.max(most, policy.memory)
  end
  print(("\nLua memory a policy: %.1f to %.1f KiB, goal <= 80%s"):format(least / 1024, most / 1024,
    most <= 80 << 10 and "" or "  MISSED"))
end


local function main()
  local folder <close> = folders.new()
  local daemon <close> = start_daemon(folder)
  local earlyoom = start_earlyoom()
  unistd.sleep(math.ceil(LEAST_LEFT))
  local before = { count_wakeups(daemon.pid), earlyoom and count_wakeups(earlyoom) }
  unistd.sleep(SECONDS)
  print(("%-24s %10s %10s %12s"):format("idle", "RSS KiB", "PSS KiB", "wake-ups"))
  local rss = print_row("daemon, 12 policies", daemon.pid, before[1])
  if earlyoom then
    print_row("earlyoom", earlyoom, before[2])
    signal.kill(earlyoom, signal.SIGTERM)
    wait.wait(earlyoom)
  else
    print "earlyoom                 not installed"
  end
  print(("\nRSS goal <= 4096 KiB%s; the policies asked for %d timers in %d s"):format(
    rss <= 4096 and "" or "  MISSED", (SMALL + 1) * SECONDS // INTERVAL, SECONDS))
  print_policies(daemon)
  daemon:finish "SIGTERM"
end


main()
