-- SPDX-License-Identifier: MIT
--- Ends what takes all the memory before the machine stands still.
--
-- The kernel's own killer comes when nothing can be had any more: after everybody has waited, for
-- seconds or for minutes, and with SIGKILL. This one looks at what is left, warns, asks the process
-- that has most to end, and kills it when there is no time to wait. How short memory is, is in
-- recipe/early_oom/gauge.lua; when that is too short, in condition.lua; who would have to go, in
-- ranking.lua; how long it is safe not to look, in pace.lua; what is done, in guard.lua.

local looks = require "pagewarden.recipe.looks"
local opt = require "pagewarden.option"


local function conditions(name, default, help)
  return opt.list { name, of = opt.string, default = default, help = help }
end


local function selectors(name, help)
  return opt.list { name, of = opt.string, default = {}, help = help }
end


--- Modules are loaded when they are wanted: what only checks is not kept, and no step of a start
--- takes long, however slow the machine.
local function module_of(name)
  return require("pagewarden.recipe.early_oom." .. name)
end


local declaration


--- The second of these is for machines that stand still though swap is left: most of what is
-- reclaimed is needed again then, and not while somebody goes to swap once, however long and badly
-- all may wait for that (docs/cookbook/early-oom.md has the figures).
local ACT = { "available<8% and available<4G and swap<10%",
  "full>30% and thrashing>50% and available<15%", "full>80% and available<8%" }


--- Asks about each option that is a small language of its own.
local function check(o)
  if o.preset ~= "none" then
    return module_of "preset".check(o, declaration.options)
  end
  for _, name in ipairs { "warn", "act", "force" } do
    local compiled, message = module_of "condition".compile(o[name])
    if not compiled then
      return false, ("%s: %s"):format(name, message)
    end
  end
  for _, name in ipairs { "prefer", "avoid", "never" } do
    local compiled, message = module_of "selector".compile(o[name])
    if not compiled then
      return false, ("%s: %s"):format(name, message)
    end
  end
  local score, message = module_of "ranking".compile_score(o.score)
  return score ~= nil, message and "score: " .. message
end


--- It may run the programs that the user named; where it only looks on it needs no right to kill.
local function needs(o)
  local programs = { o.restart and not o.observe and "/usr/bin/systemctl" or nil }
  for _, name in ipairs(o.observe and { "on_warning" } or { "on_warning", "before", "after" }) do
    programs[#programs + 1] = o[name]
  end
  return {
    process = "read", pressure = { "memory" }, cgroup = "read", mm = "read",
    kill = not o.observe or "read", exec = programs[1] and programs or nil,
  }
end


local function new_guard(pw, o)
  if o.preset == "earlyoom" then
    local message
    o, message = module_of "preset".as_earlyoom(o, pw.proc.meminfo())
    if not o then
      return nil, message
    end
  end
  return module_of "guard".new(pw, o)
end


--- Watches as systemd-oomd would where that is asked for.
local function start(pw, o)
  if o.preset == "systemd-oomd" then
    return module_of "cgroup_guard".start(pw, o)
  end
  local guard, message = new_guard(pw, o)
  if not guard then
    return nil, message
  end
  pw.log("watching", {
    observing = o.observe, uptime = pw:now(),
    message = (o.observe and "it is said who would be ended when memory is short; now "
      or "somebody is ended when memory is short; now ") .. guard:explain(),
  })
  local look = looks.keep(pw, function() return guard:look() end)
  pw:on_pressure({ resource = "memory", kind = "some", stall = 0.01, cgroup = o.cgroup }, look)
end


declaration = {
  api     = 1,
  name    = "early-oom",
  summary = "End what takes all the memory before the machine stands still",
  description = [[
Looks at what memory and swap are left, the more often the faster they could be used up, and lets
the kernel wake it when somebody waits for memory. When too little is left it asks the process that
has most to end (SIGTERM), and kills it when it does not, or when there is no time to ask. Then it
waits until the memory is back before it looks for another.

ZFS's cache counts as available, and zram for what it saves. Daemons that others stand on count an
eighth, if they are the system's: nobody is spared for his name alone. What systemd or oomd marked
at cgroups is honoured. Where another program of this kind runs it only says what it would do.

Without swap only memory counts, and without PSI (before Linux 4.20) conditions on some, full and
thrashing never hold. With preset=earlyoom or systemd-oomd it decides when and whom as that daemon
does by the same settings; where it does not, its page in the cookbook says. Whom it may end it
reads as the score says; whatever that is, init, kernel threads, what is protected by an
oom_score_adj of -900 and pagewarden itself are never signalled.]],
  examples = {
    "pagewarden run early-oom --yes",
    "pagewarden run early-oom --dry-run -o act='available<20% and swap<50%'",
    "pagewarden run early-oom --yes -o prefer=^chrome$ -o never=^postgres$",
    "pagewarden run early-oom --yes -o preset=earlyoom -o settings='-m 8,4 --avoid ^sshd$'",
    "pagewarden run early-oom -o observe=true --json",
  },
  tags    = { "oom", "protection" },
  options = {
    conditions("warn", { "available<12% and swap<20%", "full>20% and available<15%" },
      "when to warn"),
    conditions("act", ACT, "when to ask somebody to end (SIGTERM)"),
    conditions("force", { "available<4% and available<2G and swap<5%" }, "when to kill at once"),
    opt.duration { "window", default = "20s", min = "1s", max = "5m",
      help = "of which some, full and thrashing are a part" },
    opt.path { "cgroup", help = "look at this cgroup's limit, and end only what is in it" },
    opt.choice { "kill", choices = { "process", "group", "unit", "cgroup" }, default = "process",
      help = "what is ended together" },
    selectors("prefer", "who counts eightfold: a pattern for the name, or command=, unit=, "
      .. "cgroup=, tree=, uid=, age<, age>"),
    selectors("avoid", "who counts an eighth"),
    selectors("never", "who is never ended"),
    opt.boolean { "guard", default = true,
      help = "avoid what others stand on: sshd, journald, dbus, containerd, the compositor, …" },
    opt.string { "score",
      default = "p.rss + p.swap + math.min(p.oom_score_adj, 0) * p.total / 1000",
      help = "an expression on a process p: who has the highest value goes first" },
    opt.size { "least", default = "16M", help = "nobody is ended for less" },
    opt.duration { "grace", default = "5s", max = "1h", help = "from asking to killing" },
    opt.choice { "beside", choices = { "observe", "act" }, default = "observe",
      help = "what to do where earlyoom, nohang, oomd or systemd-oomd runs" },
    opt.boolean { "observe", default = false,
      help = "end nobody: say who would be ended, and who is by others (pagewarden compare)" },
    opt.path { "on_warning", help = "a program to run when it warns" },
    opt.path { "before", help = "one to run before a signal, for at most 200 ms" },
    opt.path { "after", help = "one to run when somebody was ended" },
    opt.boolean { "restart", default = false,
      help = "start services again that ended when they were asked" },
    opt.duration { "unit_wait", default = "10s", min = "1s", max = "1h",
      help = "how long a service may take to start by itself" },
    opt.choice { "preset", choices = { "none", "earlyoom", "systemd-oomd" }, default = "none",
      help = "decide as that daemon does, by its own settings" },
    opt.string { "settings", default = "",
      help = "of the preset: earlyoom's arguments; what oomd.conf and units have, by cgroup" },
  },
  needs = needs,
  check = check,
  start = start,
}

return declaration
