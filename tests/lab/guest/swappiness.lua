-- SPDX-License-Identifier: MIT
--- A check of the lab that measures, for `tests/bench/swappiness.lua`: what work gets done under a
--- fixed vm.swappiness or with the policy. Words of the command line:
--- `load=` A, B, C or D, `value=` a number, "adaptive", or "files" or "memory" for the policy that
--- favours that side, and `seconds=`. Prints lines "# result NAME VALUE".
---   A  files that are read again and again, beside memory that sleeps (the guide's experiment)
---   B  memory in use, beside a file that is read from end to end
---   C  A and B in turn
---   D  both at once
local lab = require "lab"
local proc = require "pagewarden.proc"
local time = require "posix.time"

local FILE_MIB, HOT_MIB, MEMORY_MIB, TOUCHES_PER_SECOND, PICKERS = 600, 200, 320, 4000, 6
local WARM_UP_SECONDS = 30
local PHASE_SECONDS = 60
local COUNTERS = { "pswpin", "pswpout", "pgmajfault", "workingset_refault_anon",
  "workingset_refault_file", "workingset_activate_file" }


local function tell(name, value)
  print(("# result %s %s"):format(name, value))
end


local function now()
  local clock = time.clock_gettime(time.CLOCK_MONOTONIC)
  return clock.tv_sec + clock.tv_nsec / 1e9
end


---@class lab.Worker
---@field program lab.Program
---@field path string of its counter

--- Starts a worker, which waits to be woken.
local function start(name, ...)
  local path = "/run/" .. name
  local program = lab.start { "worker", path, ... }
  assert(program:line() == "ready", name .. " did not begin")
  program:signal "SIGSTOP"
  return { program = program, path = path }
end


local function count(workers)
  local sum = 0
  for _, worker in ipairs(workers) do
    sum = sum + ("<I8"):unpack(lab.read(worker.path))
  end
  return sum
end


local function tell_all(workers, name)
  for _, worker in ipairs(workers) do
    worker.program:signal(name)
  end
end


--- What there is to do: the memory is touched once when its worker begins.
local function make_workers()
  local file = lab.scratch.ext4 .. "/file"
  assert.equal(0, lab.run(("dd if=/dev/zero of=%s bs=1M count=%d && sync"):format(file, FILE_MIB)))
  lab.write("/proc/sys/vm/drop_caches", 3)
  local workers = { memory = { start("memory", "touch", MEMORY_MIB, TOUCHES_PER_SECOND) },
    scan = { start("scan", "scan", file) }, files = {} }
  for i = 1, PICKERS do
    workers.files[i] = start("pick" .. i, "pick", file, HOT_MIB)
  end
  workers.files[PICKERS + 1] = workers.scan[1]
  return workers
end


--- Who works in each kind of load, and who sleeps.
local LOADS = {
  A = { works = { "files" }, sleeps = { "memory" } },
  B = { works = { "memory", "scan" }, sleeps = { "files" } },
  D = { works = { "memory", "files" }, sleeps = {} },
}


local function switch(workers, load)
  for _, name in ipairs(LOADS[load].sleeps) do
    tell_all(workers[name], "SIGSTOP")
  end
  for _, name in ipairs(LOADS[load].works) do
    tell_all(workers[name], "SIGCONT")
  end
end


--- Lets a load run for so long, and adds up what was done in it: megabytes of files that are read
--- again, and touches of memory.
local function run(workers, load, seconds, done)
  switch(workers, load)
  local files, memory, started = count(workers.files), count(workers.memory), now()
  lab.sleep(seconds)
  local took = now() - started
  if load ~= "B" then
    done.bytes = done.bytes + count(workers.files) - files
    done.file_seconds = done.file_seconds + took
  end
  if load ~= "A" then
    done.touches = done.touches + count(workers.memory) - memory
    done.memory_seconds = done.memory_seconds + took
  end
end


--- The loads of one measurement, each with how long it lasts.
local function phases_of(load, seconds)
  if load ~= "C" then
    return { { load, seconds } }
  end
  local phases = {}
  for i = 1, math.max(seconds // PHASE_SECONDS, 2) do
    phases[i] = { i % 2 == 1 and "A" or "B", PHASE_SECONDS }
  end
  return phases
end


--- Samples how much is in swap, twice a second, from a process of its own.
local function start_sampler()
  return lab.start { "sh", "-c", "n=0 s=0; trap 'echo $((s/n)); exit' TERM; while :; do "
    .. "while read a b c; do case $a in SwapTotal:) t=$b;; SwapFree:) f=$b;; esac; done "
    .. "</proc/meminfo; s=$((s+t-f)) n=$((n+1)); sleep 0.5; done" }
end


local function tell_counters(before, after, seconds)
  for _, name in ipairs(COUNTERS) do
    tell(name, (after[name] - before[name]) / seconds)
  end
end


local function set_value(value)
  if tonumber(value) then
    lab.write("/proc/sys/vm/swappiness", value)
    return
  end
  local side = value == "adaptive" and "balance" or value
  local _, policy = lab.hear_recipe(
    { "adaptive-swappiness", "--json", "-o", "favour=" .. side }, '"watching"')
  return policy
end


--- What the policy set in the end, and how often.
local function tell_policy(policy)
  policy:signal "SIGTERM"
  local moves, last = 0, "60"
  for line in policy.output:lines() do
    if line:find('"moved"', 1, true) then
      moves, last = moves + 1, line:match '"to":(%d+)'
    end
  end
  tell("moves", moves)
  tell("value", last)
end


local function measure(load, value, seconds)
  local workers = make_workers()
  local policy = set_value(value)
  local phases = phases_of(load, seconds)
  local done = { bytes = 0, file_seconds = 0, touches = 0, memory_seconds = 0 }
  switch(workers, phases[1][1])
  lab.sleep(WARM_UP_SECONDS)
  local sampler = start_sampler()
  local before, stalled, started = proc.vmstat(), proc.pressure("memory").full.total, now()
  for _, phase in ipairs(phases) do
    run(workers, phase[1], phase[2], done)
  end
  local took = now() - started
  tell_counters(before, proc.vmstat(), took)
  tell("full_ms", (proc.pressure("memory").full.total - stalled) / 1000 / took)
  sampler:signal "SIGTERM"
  tell("swap_kib", sampler:line())
  tell("mb_per_second", done.file_seconds > 0 and done.bytes / 1e6 / done.file_seconds or 0)
  tell("touches_per_second", done.memory_seconds > 0 and done.touches / done.memory_seconds or 0)
  if policy then
    tell_policy(policy)
  end
end


return { "work is done under vm.swappiness as the command line says", function()
  local words = lab.read "/proc/cmdline"
  measure(words:match "load=(%u)", words:match "value=(%w+)",
    tonumber(words:match "seconds=(%d+)"))
end }
