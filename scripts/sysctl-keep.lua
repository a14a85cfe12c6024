-- SPDX-License-Identifier: MIT
--- Finds mistakes among the settings of memory and says what is wrong with each; sets a profile, or
-- what it is told, as one transaction, and keeps that against drift.
--
-- The guide offers vm.panic_on_oom=1 "to disable oom-kill". It does not: where the kernel would
-- have killed one process, the machine panics. Nor can settings be put back by `sysctl -p`: of a
-- pair such as vm.dirty_bytes and vm.dirty_ratio the kernel zeroes the partner, and does not take
-- the 0 that was there before.

local opt = require "pagewarden.option"
local settings = require "pagewarden.recipe.settings"
local swappiness = require "pagewarden.recipe.swappiness"

--- A value as text, which lists of numbers and numbers have in common.
local function shown(value)
  return type(value) == "table" and table.concat(value, " ") or tostring(value)
end


--- Says each mistake once, and again only when it has been gone.
local function say_findings(pw, said)
  local found, new, message = {}, 0
  local findings
  findings, message = pw.sysctl.lint()
  for _, finding in ipairs(findings or {}) do
    local id = finding.key .. finding.problem:gsub("%d+", "")
    found[id] = finding.key
    if not said[id] then
      new = new + 1
      pw.log("finding", { key = finding.key, value = shown(finding.value), danger = finding.danger,
        problem = finding.problem, advice = finding.advice,
        message = ("%s is %s: %s; %s"):format(finding.key, shown(finding.value), finding.problem,
          finding.advice) })
    end
  end
  for id, key in pairs(said) do
    if not found[id] then
      pw.log("mended", { key = key, message = key .. " is no longer a mistake" })
    end
  end
  return found, new, message
end


--- Takes a key off the plan.
local function drop(plan, key)
  for i, item in ipairs(plan) do
    if item.key == key then
      return table.remove(plan, i)
    end
  end
end


--- The key that was refused because it is somebody else's, and why it is.
local function find_foreign(message)
  local key, owner = message:match "^sysctl (%S+): owned by (policy %S+ %(pid %d+%))"
  if key then
    return key, "it is owned by " .. owner, owner
  end
  local who
  key, who = message:match "^sysctl (%S+): let go after (%d+ writes by somebody else)"
  return key, key and "it was let go after " .. who
end


--- Sets the plan as one, so that no half of it is ever in force; what is another's is left out. A
--- key that was let go of is theirs for the version that comes after a reload, too.
local function apply(pw, plan, lifetime)
  while true do
    local values = {}
    for _, item in ipairs(plan) do
      values[item.key] = item.value
    end
    local kept, message = pw.sysctl.set(values, { lifetime = lifetime })
    if kept then
      return kept
    end
    local key, why, owner = find_foreign(message)
    if not drop(plan, key) then
      return nil, message
    end
    pw.log("left-alone", { key = key, owner = owner,
      message = ("%s is left alone: %s"):format(key, why) })
  end
end


local function say_set(pw, item)
  pw.log("set", { key = item.key, value = item.kept, was = item.was, why = item.why,
    message = item.was == item.kept and ("%s stays %s: %s"):format(item.key, item.was, item.why)
      or ("%s is %s, was %s: %s"):format(item.key, item.kept, item.was, item.why) })
end


--- Sets what is to be kept, and says what and why.
local function begin(pw, plan, lifetime)
  for _, item in ipairs(plan) do
    item.was = shown(pw.sysctl.get(item.key))
  end
  local kept, message = apply(pw, plan, lifetime)
  if not kept then
    return nil, message
  end
  for _, item in ipairs(plan) do
    item.kept = shown(kept[item.key])
    say_set(pw, item)
    local shortfall = item.key == "vm.swappiness" and swappiness.shortfall(pw.cgroup)
    if shortfall then
      pw.log("reach", { key = item.key, message = shortfall })
    end
  end
  return true
end


--- Whether what a setting was found to be will do.
local function is_kept(item, found)
  return found == item.kept or item.raises and (tonumber(found) or 0) > item.value
end


--- Whether a setting is as it was left, or is again.
local function hold(pw, item)
  local found = shown(pw.sysctl.get(item.key))
  if is_kept(item, found) then
    return true
  end
  local kept, message = pw.sysctl.set(item.key, item.value, { lifetime = "lease" })
  if not kept then
    pw.log("left-alone", { key = item.key, found = found,
      message = ("%s is %s and left alone from now on: %s"):format(item.key, found, message) })
    return false
  end
  item.kept = shown(kept)
  pw.log("drift", { key = item.key, found = found, value = item.kept,
    message = ("somebody else had set %s to %s; it is %s again, and theirs the next time"):format(
      item.key, found, item.kept) })
  return true
end


--- Puts back what there was before, for good, so that nothing is left to undo. What somebody else
--- has set since is theirs, and what was so already may be of a version before a reload: that is
--- put back at the end.
local function put_back(pw, item)
  local found = shown(pw.sysctl.get(item.key))
  local is_ours = found == item.kept and item.was ~= item.kept
  local kept, message
  if is_ours then
    kept, message = pw.sysctl.set(item.key, item.was, { lifetime = "keep" })
  end
  if kept then
    pw.log("put-back", { key = item.key, value = shown(kept),
      message = ("%s is %s again: not all swap is zram any more"):format(item.key, shown(kept)) })
  else
    pw.log("left-alone", { key = item.key, found = found,
      message = ("%s is %s and left alone, now that not all swap is zram%s"):format(item.key,
        found, message and ": " .. message or "") })
  end
end


--- Takes what is for zram alone off one list.
local function take_zram(plan)
  local taken = {}
  for i = #plan, 1, -1 do
    if plan[i].zram then
      table.insert(taken, 1, table.remove(plan, i))
    end
  end
  return taken
end


--- Sets what is for zram alone when all swap has become that, and puts it back when not any more.
local function follow_swap(pw, keeping)
  local plan, zram = keeping.plan, settings.is_all_zram(pw)
  if zram == nil or zram == keeping.zram then
    return
  end
  keeping.zram = zram
  if not zram then
    for _, item in ipairs(take_zram(plan)) do
      put_back(pw, item)
    end
    return
  end
  local added = table.move(keeping.for_zram, 1, #keeping.for_zram, 1, {})
  local ok, message = begin(pw, added, "lease")
  if ok then
    table.move(added, 1, #added, #plan + 1, plan)
  else
    pw.log("left-alone", { message = message })
  end
end


--- What is to be kept: the plan of now, and what comes into it and goes with zram.
local function prepare(pw, o)
  local plan, message = settings.plan(pw, o)
  if not plan then
    return nil, message
  end
  local for_zram, zram = take_zram(plan), settings.is_all_zram(pw) or false
  table.move(for_zram, 1, zram and #for_zram or 0, #plan + 1, plan)
  return { plan = plan, for_zram = for_zram, zram = zram }
end


--- Keeps the plan until there is nothing left of it.
local function keep(pw, o, keeping, said)
  local timer
  timer = pw:every(o.interval, function()
    local plan = keeping.plan
    follow_swap(pw, keeping)
    for i = #plan, 1, -1 do
      if not hold(pw, plan[i]) then
        table.remove(plan, i)
      end
    end
    said = say_findings(pw, said)
    if #plan == 0 then
      timer:cancel()
    end
  end)
end


local function start(pw, o)
  local said, new, blind = say_findings(pw, {})
  settings.correct_guide(pw)
  pw.log("linted", { findings = new, message = blind or ("%d settings of memory: %s"):format(
    #(pw.sysctl.list() or {}), new == 1 and "a mistake" or new > 1 and new .. " mistakes"
      or "no mistake") })
  local keeping, message = prepare(pw, o)
  local ok = keeping ~= nil
  if ok and #keeping.plan > 0 then
    ok, message = begin(pw, keeping.plan, o.once and "keep" or "lease")
  end
  if not ok then
    return nil, message
  elseif not o.once and #keeping.plan > 0 then
    keep(pw, o, keeping, said)
  end
  return true
end


return {
  api     = 1,
  name    = "sysctl-keep",
  summary = "Find mistakes among the settings of memory, and keep those you choose",
  description = [[
Says which of the kernel's settings of memory are a mistake, alone, together or on this machine, and
what to do. Without a profile or anything to set that is all, and it ends.

A profile, or what "set" lists, is set as one: all of it, or nothing. It is kept as long as this
runs, looked at every "interval", and put back at the end; with "once" it is set for good, until
"pagewarden undo" puts it back. A key that another policy owns is left alone, and so is one that
somebody else has set twice since. What "set" lists comes before the profile.

Profiles: "desktop" lets no copy to a slow disk hold up the rest, and uses zram well; "server" is
for throughput; "database" lets it do its own caching. Each key is said with its reason and where it
comes from. vm.max_map_count is only ever raised; what is for zram comes and goes with all swap
being that. None sets vm.overcommit_memory=2, which PostgreSQL's manual advises: a machine that has
promised too much then cannot fork. Measure swappiness with the recipe swappiness-sweep.

The guide's vm.panic_on_oom=1 does not disable the killer of processes: it panics the machine.]],
  examples = {
    "pagewarden run sysctl-keep",
    "pagewarden run sysctl-keep -o profile=desktop --dry-run",
    "pagewarden run sysctl-keep -o profile=database -o set=vm.swappiness=1",
    "pagewarden run sysctl-keep -o set=vm.swappiness=10,vm.page-cluster=0 -o once=true",
  },
  tags    = { "diagnosis", "tuning", "reversible" },
  options = {
    opt.choice { "profile", default = "none", choices = { "none", "desktop", "server", "database" },
      help = "settings for a kind of machine" },
    opt.list { "set", of = opt.string, default = {}, help = "settings to keep, as key=value" },
    opt.boolean { "once", default = false, help = "set them for good, and end" },
    opt.duration { "interval", default = "30s", min = "1s", max = "1d",
      help = "time between two looks at what is kept" },
  },
  needs = function(o)
    local keys = settings.keys(o)
    return { process = "read", cgroup = "read", sysctl = #keys > 0 and keys or "read" }
  end,
  check = function(o)
    local message = settings.problem(o.set)
    return not message and (not o.once or #settings.keys(o) > 0),
      message or "once: nothing is to be set"
  end,
  start = start,
}
