-- SPDX-License-Identifier: MIT
-- A machine that stands still although memory and swap are left, for all that is reclaimed is
-- needed again: the kernel alone lets it, early-oom ends who does that, and nobody else. How long
-- that takes depends on the host, so what it is for somebody at a terminal is compared with what it
-- was under the kernel alone, in the same guest.
local lab = require "lab"
local proc = require "pagewarden.proc"
local thrash = require "thrash"
local time = require "posix.time"
local wait = require "posix.sys.wait"

local SECONDS = 60
local PATIENCE_SECONDS = 240

local alone -- how it was at the terminal under the kernel alone


local function now()
  return time.clock_gettime(time.CLOCK_MONOTONIC).tv_sec
end


--- Runs a hog for so long, or until somebody ends it: by which signal. What is left of the time for
--- which the terminal is looked at passes in any case.
local function run_hog(seconds, others)
  local hog, start = thrash.start_hog(), now()
  thrash.count(others)
  repeat
    lab.sleep(0.1)
    local pid, how, status = wait.wait(hog.pid, wait.WNOHANG)
    if pid == hog.pid then
      hog.how, hog.status = how, status
    end
  until hog.how or now() > start + seconds
  lab.sleep(math.max(start + SECONDS - now(), 0))
  return hog.status
end


local function lives(program)
  local state = program.process:stat()
  return state ~= nil and state.state ~= "Z"
end


local function print_times(who, times)
  print(("# %s: %d prompts, %d late by more than a second, the worst by %.1f s"):format(who,
    times.count, times.last, times.worst))
end


return {
  needs = { swap = { "64M" }, scratch = { ext4 = "200M" }, timeout = 900,
    throttle = { mib = 10, requests = 100 } },

  { "the kernel alone kills nobody, and others wait for seconds", function()
    local kills, others = proc.vmstat().oom_kill, thrash.start_others()
    lab.sleep(5)
    assert.is_nil(run_hog(SECONDS, others))
    alone = thrash.times_of(others.prompt)
    print_times("the kernel alone", alone)
    assert.equal(kills, proc.vmstat().oom_kill)
    assert.is_true(alone.worst > 2)
  end },

  { "early-oom ends who makes others wait, and nobody else", function()
    local _, warden = lab.hear_recipe({ "early-oom", "--yes" }, "watching")
    local kills, others = proc.vmstat().oom_kill, thrash.start_others()
    lab.sleep(5)
    local signal = run_hog(PATIENCE_SECONDS, others)
    local times = thrash.times_of(others.prompt)
    print_times("early-oom", times)
    warden:signal "SIGTERM"
    print("# " .. (warden.output:read "a"):gsub("\n", "\n# "))
    assert.is_true(signal == 15 or signal == 9)
    assert.equal(kills, proc.vmstat().oom_kill)
    for name, program in pairs(others) do
      assert.is_true(name == "prompt" or lives(program), name)
    end
    assert.is_true(times.worst < alone.worst)
    assert.is_true(times.last / times.count < alone.last / alone.count)
  end },
}
