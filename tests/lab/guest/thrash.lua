-- SPDX-License-Identifier: MIT
--- The load that makes a machine stand still: others who use the files of a slow disk, for which
--- memory has just room, and a hog that touches again and again what is swapped to the same disk.
--- Wants a guest with `scratch.ext4`, `swap` and a `throttle`.
local lab = require "lab"

local thrash = {}

local HOG_MIB, HOG_MIB_AT_ONCE, HOG_MIB_PER_SECOND = 4096, 340, 4
local USERS, USED_MIB = 4, 100
local VICTIM_MIB = 20

local MAKE_FILES = [[
cd %s && mkdir -p bin && cp /usr/bin/busybox bin &&
for name in sh ls cat; do ln -sf busybox bin/$name; done &&
head -c 200000 /dev/urandom >note && dd if=/dev/zero of=used bs=1M count=%d 2>&1 &&
sync && echo 3 >/proc/sys/vm/drop_caches]]


--- Starts who is there besides the hog: a victim who has only some memory, a heartbeat, somebody at
--- a terminal (`prompt`), and programs that use the files of the disk.
---@param place_of (fun(name: string): string)? the cgroup of each
---@return table<string, lab.Program>
function thrash.start_others(place_of)
  place_of = place_of or function() end
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
---@param place string? its cgroup
---@return lab.Program
function thrash.start_hog(place)
  local hog = lab.start({ "hog", "-t", "-b", tostring(HOG_MIB_AT_ONCE), "-r",
    tostring(HOG_MIB_PER_SECOND), tostring(HOG_MIB) }, place)
  assert(hog:line() == "growing")
  return hog
end


--- Lets the heartbeat and the prompt count from now on.
function thrash.count(others)
  others.heartbeat:signal "SIGUSR1"
  others.prompt:signal "SIGUSR1"
end


---@class thrash.Times
---@field count integer
---@field worst number seconds
---@field last integer of a heartbeat 99 of 100 (microseconds), of a prompt how many took a second

--- Ends the count of the heartbeat or the prompt.
---@param program lab.Program
---@return thrash.Times
function thrash.times_of(program)
  program:signal "SIGTERM"
  local count, worst, last = program:line():match "(%d+) (%d+) (%d+)"
  return { count = tonumber(count), worst = worst / 1e6, last = tonumber(last) }
end


return thrash
