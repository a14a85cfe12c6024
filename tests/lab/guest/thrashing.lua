-- SPDX-License-Identifier: MIT
--- A check of the lab that measures, for `tests/bench/thrashing.lua`: the load that makes a machine
--- stand still. Programs use files of a slow disk, mapped as programs are, which memory has just
--- room for; another takes more memory than there is, touches all of it again and again, and is
--- swapped to the same disk. Meanwhile somebody at a terminal wants `ls` and `cat`. The word
--- `contender=` of the command line says who watches. Prints lines "# result NAME VALUE".
local contender = require "contender"
local lab = require "lab"
local proc = require "pagewarden.proc"
local thrash = require "thrash"

local SETTLE_SECONDS = 5
local BASELINE_SECONDS = 5
local SECONDS = 90

local NAMES = { "hog", "victim", "heartbeat", "prompt", "user1", "user2", "user3", "user4" }


return { "somebody makes the machine stand still, and how it was for others is told", function()
  local name = lab.read("/proc/cmdline"):match "contender=(%S+)"
  contender.mount()
  local base = contender.make_cgroups(name == "systemd-oomd", NAMES)
  local function place_of(program)
    return ("%s/%s.service"):format(base, program)
  end
  local watcher = contender.start(name)
  lab.sleep(SETTLE_SECONDS)
  local others = thrash.start_others(place_of)
  lab.sleep(BASELINE_SECONDS)
  local kills, hog = proc.vmstat().oom_kill, thrash.start_hog(place_of "hog")
  local start = contender.now()
  thrash.count(others)
  contender.tell_end(hog, start, kills, SECONDS)
  lab.sleep(math.max(start + SECONDS - contender.now(), 0))
  contender.tell_collateral(others)
  contender.tell_collateral { contender = watcher }
  local heartbeat, prompt = thrash.times_of(others.heartbeat), thrash.times_of(others.prompt)
  contender.tell("heartbeat_worst_ms", heartbeat.worst * 1000)
  contender.tell("prompts", prompt.count)
  contender.tell("prompts_late", prompt.last)
  contender.tell("prompt_worst_ms", prompt.worst * 1000)
end }
