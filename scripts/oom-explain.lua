-- SPDX-License-Identifier: MIT
--- Who would be killed now for want of memory and why, how far away that is on each way there, and
--- why the kernel killed whom it has killed.
--
-- The guide asks /proc/1/oom_score for the "immunity level" and sees 0. That is because init cannot
-- be killed at all; an idle process of others has 666 (Linux 5.9 and later: two thirds of
-- 1000 + 1000 * badness / all memory). Nor does the killer look for "the worst use of memory": it
-- compares resident, swapped and page-table memory, moved by oom_score_adj (mm/oom_kill.c).

local distance = require "pagewarden.recipe.distance"
local kill_report = require "pagewarden.recipe.kill_report"
local opt = require "pagewarden.option"
local size = require("pagewarden.format").size

--- What changes the kernel's choice, or ends it.
local RULES = {
  { "panic_on_oom", 1, "the machine panics when all of it runs out, and nobody is killed" },
  { "panic_on_oom", 2, "the machine panics whenever memory runs out, of a cgroup too" },
  { "oom_kill_allocating_task", 1, "who asks for memory then is killed, not who is ranked first" },
}


local function say_rules(pw)
  for _, rule in ipairs(RULES) do
    local value = tonumber(pw.proc.read("proc/sys/vm/" .. rule[1]) or "")
    if value == rule[2] then
      pw.log("rule", { key = "vm." .. rule[1], value = value,
        message = ("vm.%s is %d: %s"):format(rule[1], value, rule[3]) })
    end
  end
end


--- What the badness of a victim is made of, in words. Before Linux 2.6.36 it was no such sum.
local function explain_badness(v)
  if not v.from_adj then
    return ("score %d; %s resident"):format(v.oom_score, size(v.rss))
  end
  local moved = v.from_adj ~= 0 and (", and %s %s for its oom_score_adj of %d"):format(
    size(math.abs(v.from_adj)), v.from_adj > 0 and "more" or "less", v.oom_score_adj) or ""
  local root = v.from_root < 0 and (", and %s less as root's"):format(size(-v.from_root)) or ""
  return ("%s: %s resident, %s swapped, %s of page tables%s%s"):format(size(v.badness), size(v.rss),
    size(v.swap), size(v.page_tables), moved, root)
end


local function say_victims(pw, o)
  local victims = assert(pw.oom.victims { top = o.top })
  for rank, v in ipairs(victims) do
    local group = rank == 1 and distance.group(pw, v.pid) or nil
    pw.log("victim", {
      rank = rank, pid = v.pid, comm = v.comm, badness = v.badness, rss = v.rss, swap = v.swap,
      page_tables = v.page_tables, from_adj = v.from_adj, oom_score_adj = v.oom_score_adj,
      oom_score = v.oom_score, instead = v.instead, group = group,
      message = ("%d. %s (pid %d): %s%s%s"):format(rank, v.comm, v.pid, explain_badness(v),
        v.instead and (". Its child %d would die for it"):format(v.instead) or "",
        group and (". All of cgroup %s would die with it"):format(group) or ""),
    })
  end
  if #victims == 0 then
    pw.log("nobody", { message = "nobody can be killed: when memory runs out the kernel panics" })
  end
  return victims
end


local function say_memory(pw, memory)
  local there = distance.memory(memory)
  pw.log("memory", there)
  if tonumber(pw.proc.read "proc/sys/vm/overcommit_memory" or "") == 2 and memory.CommitLimit then
    local left = memory.CommitLimit - (memory.Committed_AS or 0)
    pw.log("commit", { left = left, message = ("vm.overcommit_memory is 2: after %s more, "
      .. "programs are refused memory, which kills nobody"):format(size(left)) })
  end
  for _, zone in ipairs(distance.zones(pw.proc.zoneinfo() or {}, pw.proc.page_size())) do
    pw.log("zone", zone)
  end
  return there
end


local function then_killed(victim)
  return victim and ("; then %s (pid %d) is killed"):format(victim.comm, victim.pid) or ""
end


--- The cgroups that have least left, with whom the kernel would kill there.
local function say_cgroups(pw, o, swap_free)
  local rows = distance.cgroups(pw, swap_free, function() pw:sleep(0) end)
  for i = 1, math.min(#rows, o.top) do
    local row = rows[i]
    local victim = (pw.oom.victims { top = 1, cgroup = row.cgroup } or {})[1]
    row.victim, row.message = victim and victim.pid, row.message .. then_killed(victim)
    pw.log("cgroup", row)
    pw:sleep(0)
  end
  return rows[1]
end


local function say_nearest(pw, there, group, victim)
  local near = group and group.left < there.left and group or there
  pw.log("nearest", { left = near.left, cgroup = near.cgroup,
    message = (near.cgroup and "cgroup " or "") .. near.message
      .. (near == there and then_killed(victim) or "") })
end


local function explain_now(pw, o)
  local memory = assert(pw.proc.meminfo())
  local sign = pw.cgroup.container()
  if sign then
    pw.log("container", { sign = sign, message = ("this is a container (%s): what is said of the "
      .. "machine may be of its host, and processes of others are not seen"):format(sign) })
  end
  say_rules(pw)
  local victims = say_victims(pw, o)
  pw:sleep(0)
  local there = say_memory(pw, memory)
  pw:sleep(0)
  pw.log("page_tables", distance.page_tables(memory, victims))
  say_nearest(pw, there, say_cgroups(pw, o, there.swap_free), victims[1])
end


--- The kernel's whole report of a kill; what was told of it, where the log may not be read or has
--- too much for this policy's memory.
local function find_report(pw, event)
  local read, reports = pcall(pw.kmsg.reports, nil, { last = 4 })
  for i = read and reports and #reports or 0, 1, -1 do
    if reports[i].pid == event.pid then
      return reports[i]
    end
  end
  return event
end


local function follow(pw)
  return pw:on_oom(function(event)
    if event.pid then
      kill_report.tell(pw.log, find_report(pw, event), pw.proc.page_size())
    else
      pw.log("kill", { kills = event.kills, message = ("%d killed; why is in the kernel's log, "
        .. "which may not be read"):format(event.kills) })
    end
  end)
end


local function start(pw, o)
  if o.past > 0 then
    local reports, message = pw.kmsg.reports(nil, { last = o.past })
    if not reports then
      return nil, message
    end
    for _, report in ipairs(reports) do
      kill_report.tell(pw.log, report, pw.proc.page_size())
    end
    if #reports == 0 then
      pw.log("calm", { message = "the kernel's log has no kill" })
    end
  end
  pw:task(function() explain_now(pw, o) end)
  return not o.follow or follow(pw)
end


return {
  api     = 1,
  name    = "oom-explain",
  summary = "Say whom the OOM killer would take now, how far that is, and why it took whom it did",
  description = [[
Ranks who would be killed and says what of; then how far away that is: for all memory and swap, each
zone with its watermark and reserve, page tables, and each cgroup with a limit (version 1 and 2).
With `past=3` it explains the last three kills in the kernel's log, and with `follow=true` it stays
and explains each that comes: cause, constraint, victim, what else was large, and what would have
prevented it.

A score of 0 is no level of immunity, as the guide has it: /proc/1 has it since init cannot be
killed. The killer goes by size, not by "the worst use of memory". It reads, and changes nothing.
Where the log may not be read, kills are counted; the zones' reserves are those for ordinary
requests.]],
  examples = {
    "pagewarden run oom-explain",
    "pagewarden run oom-explain -o past=1 -o top=3",
    "pagewarden run oom-explain -o follow=true --json",
  },
  tags    = { "oom", "diagnosis", "reading" },
  options = {
    opt.integer { "top", default = 5, min = 1, max = 100,
      help = "rank so many victims, and name so many cgroups" },
    opt.integer { "past", default = 0, min = 0, max = 20,
      help = "explain so many of the last kills in the kernel's log" },
    opt.boolean { "follow", default = false, help = "stay, and explain each kill that comes" },
  },
  needs = { process = "read", oom = "read", cgroup = "read", kmsg = true },
  start = start,
}
