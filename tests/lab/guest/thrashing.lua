-- SPDX-License-Identifier: MIT
--- A check of the lab that measures, for `tests/bench/thrashing.lua`: the load that makes a machine
--- stand still. Programs use files of a slow disk, mapped as programs are, which memory has just
--- room for; another grows slowly, touches all it has again and again, and is swapped to the same
--- disk where there is swap. The kernel kills nobody as long as it finds a page of a file to take.
--- Meanwhile somebody at a terminal wants `ls` and `cat`. The word `contender=` of the command line
--- says who watches. Prints lines "# result NAME VALUE".
local contender = require "contender"
local lab = require "lab"
local proc = require "pagewarden.proc"

local SETTLE_SECONDS = 5
local BASELINE_SECONDS = 5
local SECONDS = 90

local HOG_MIB, HOG_MIB_AT_ONCE, HOG_MIB_PER_SECOND = 4096, 340, 3
local USERS, USED_MIB = 4, 100
local VICTIM_MIB = 20

local NAMES = { "hog", "victim", "heartbeat", "prompt", "user1", "user2", "user3", "user4" }

local MAKE_FILES = [[
cd %s && mkdir -p bin && cp /usr/bin/busybox bin &&
for name in sh ls cat; do ln -sf busybox bin/$name; done &&
head -c 200000 /dev/urandom >note && dd if=/dev/zero of=used bs=1M count=%d 2>&1 &&
sync && echo 3 >/proc/sys/vm/drop_caches]]


--- Starts who is there besides the hog: a victim who has only some memory, a heartbeat, somebody at
--- a terminal (`prompt`), and programs that use the files of the disk.
---@param place_of fun(name: string): string the cgroup of each
---@return table<string, lab.Program>
local function start_others(place_of)
  local folder = lab.scratch.ext4
  local status, output = lab.run(MAKE_FILES:format(folder, USED_MIB))
  assert(status == 0, output)
  local used = folder .. "/used"
  local others = {
    victim = lab.hog(VICTIM_MIB, place_of "victim"),
    heartbeat = lab.start({ "heartbeat", used }, place_of "heartbeat"),
    prompt = lab.start({ "prompt", folder .. "/bin", folder .. "/note" }, place_of "prompt"),
  }
  for i = 1, USERS do
    local name = "user" .. i
    others[name] = lab.start({ "worker", "/run/" .. name, "map", used, tostring(USED_MIB) },
      place_of(name))
  end
  return others
end


--- Starts the hog, and waits until it begins to grow beyond what there is room for.
local function start_hog(place)
  local hog = lab.start({ "hog", "-t", "-b", tostring(HOG_MIB_AT_ONCE), "-r",
    tostring(HOG_MIB_PER_SECOND), tostring(HOG_MIB) }, place)
  assert(hog:line() == "growing")
  return hog
end


--- Ends the count of the heartbeat or the prompt: how many, the worst (ms), and what comes last, of
--- a prompt how many took a second.
local function count_of(program)
  program:signal "SIGTERM"
  local count, worst_us, last = program:line():match "(%d+) (%d+) (%d+)"
  return count, worst_us / 1000, last
end


return { "somebody makes the machine stand still, and how it was for others is told", function()
  local name = lab.read("/proc/cmdline"):match "contender=(%S+)"
  contender.mount()
  local base = contender.make_cgroups(name == "systemd-oomd", NAMES)
  local function place_of(program)
    return ("%s/%s.service"):format(base, program)
  end
  local watcher = contender.start(name)
  lab.sleep(SETTLE_SECONDS)
  local others = start_others(place_of)
  lab.sleep(BASELINE_SECONDS)
  local kills, hog = proc.vmstat().oom_kill, start_hog(place_of "hog")
  local start = contender.now()
  others.heartbeat:signal "SIGUSR1"
  others.prompt:signal "SIGUSR1"
  contender.tell_end(hog, start, kills, SECONDS)
  lab.sleep(math.max(start + SECONDS - contender.now(), 0))
  contender.tell_collateral(others)
  contender.tell_collateral { contender = watcher }
  local _, heartbeat_worst_ms = count_of(others.heartbeat)
  local prompts, prompt_worst_ms, late = count_of(others.prompt)
  contender.tell("heartbeat_worst_ms", heartbeat_worst_ms)
  contender.tell("prompts", prompts)
  contender.tell("prompts_late", late)
  contender.tell("prompt_worst_ms", prompt_worst_ms)
end }
