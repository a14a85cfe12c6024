-- SPDX-License-Identifier: MIT
-- Loads each bundled policy, and starts it in a test world and lets it tick three times, again and
-- again, each time with other allocations of its state and of the core refused. `refuse(before,
-- count)` from C lets so many pass and refuses the next; `allow()` lets all pass, and returns
-- whether one was refused and how many were asked for. The host's own Lua has what memory it wants.
local source_dir, build_dir, refuse, allow = ...

local dirent = require "posix.dirent"
local policy = require "pagewarden.policy"
local scripts = require "pagewarden.scripts"
local testing = require "pagewarden.testing"

local ROOT = source_dir .. "/tests/fixtures/idle-4g"
local TICKS = 3
local SAMPLES = 100 -- of each shortage of each policy

--- Without a timer of its own a policy is given this long between two events.
local PERIOD = 10

--- How many allocations in a row are refused: Lua asks a second time, with its garbage collected.
local SHORTAGES = { 2, math.maxinteger }

--- What a one-shot recipe does stays, so only what it would do leaves nothing behind.
local function keeps(path)
  local loaded <close> = assert(policy.load(path))
  return table.concat(loaded.tags, " "):find("one-shot", 1, true) ~= nil
end

--- A policy may refuse the machine, in one line, with memory or without.
local function is_refusal(message)
  local reason = message:match " failed: (.*)$"
  return reason and not reason:find "\n" and not reason:find "%.lua:%d"
end

local function open_descriptors()
  return #dirent.dir "/proc/self/fd"
end

local function longest_period(world)
  local longest = 0
  for _, waiting in pairs(world.instance and world.instance.waiting or {}) do
    longest = math.max(longest, waiting.seconds or 0)
  end
  return longest > 0 and longest or PERIOD
end

--- Lets the policy live. What fails in one step does not keep the next.
local function live(world)
  local complaints = {}
  local function try(method, ...)
    local ok, message = pcall(world[method], world, ...)
    complaints[#complaints + 1] = not ok and message or nil
  end
  try("advance", 0)
  for _ = 1, TICKS do
    try("pressure", { resource = "memory", kind = "some", total = 1000000, avg10 = 60 })
    try("advance", longest_period(world))
  end
  return complaints
end

--- Nothing, where there was no memory for the gate that its acts would go through.
local function waits_for(world)
  if not world.instance then
    return "nothing"
  end
  return ("%d timers and %d events"):format(world.instance:count_waiting())
end

local function says_out_of_memory(message)
  return message:find "not enough memory" or message:find "Cannot allocate memory"
end

--- What is wrong with a policy that has lived. `expected` is what it waits for in plenty.
local function find_fault(world, complaints, expected)
  for _, message in ipairs(complaints) do
    if not says_out_of_memory(message) and not is_refusal(message) then
      return "it says: " .. message
    end
  end
  if not world.instance or world.instance.failure then
    return #complaints == 0 and "it failed without a message" or nil
  elseif waits_for(world) ~= (expected or waits_for(world)) then
    return ("it waits for %s, not %s"):format(waits_for(world), expected)
  end
end

--- One life. The fault, how many allocations it took, and what it waited for at the end.
local function sample_life(path, dry_run, before, count, expected)
  local world = testing.new { script = path, root = ROOT, dry_run = dry_run }
  refuse(before, count)
  local complaints = live(world)
  local refused, asked = allow()
  local fault = find_fault(world, complaints, expected)
  local waiting = waits_for(world)
  pcall(world.stop, world)
  if #world.traces > 0 then
    fault = fault or "it leaves behind " .. table.concat(world.traces, ", ")
  elseif not refused and #complaints > 0 and not is_refusal(complaints[1]) then
    fault = fault or "in plenty it says: " .. complaints[1]
  end
  return fault, asked, waiting
end

local function sample_loading(path, before, count)
  refuse(before, count)
  local loaded, message = policy.load(path)
  local _, asked = allow()
  if loaded then
    loaded:close()
  elseif not says_out_of_memory(message) then
    return "it says: " .. message
  end
  return nil, asked
end

--- Samples every shortage of what `sample` does.
local function run_short(name, what, path, sample)
  local fault, asked, expected = sample(path, math.maxinteger, 0)
  assert(not fault, fault)
  for _, count in ipairs(SHORTAGES) do
    for i = 0, SAMPLES - 1 do
      local before, descriptors = i * asked // SAMPLES, open_descriptors()
      fault = sample(path, before, count, expected)
      if not fault and open_descriptors() ~= descriptors then
        fault = "it leaves descriptors open"
      end
      if fault then
        error(("%s, %s: after %d allocations of %d, %d are refused: %s"):format(name, what, before,
          asked, count, fault), 0)
      end
    end
  end
end

local bundled = scripts.bundled { prefix = build_dir }
assert(#bundled > 0)
for _, script in ipairs(bundled) do
  run_short(script.name, "loading", script.path, sample_loading)
  local dry_run = keeps(script.path)
  run_short(script.name, "start and ticks", script.path, function(path, ...)
    return sample_life(path, dry_run, ...)
  end)
end
