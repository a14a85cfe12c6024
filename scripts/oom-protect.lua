-- SPDX-License-Identifier: MIT
--- Keeps daemons from the OOM killer for as long as they live, and nobody else by accident.
--
-- The guide writes n to /proc/PID/oom_adj once, says that n "multiplies the score by 2", and that
-- children do not inherit it. None of that holds: a positive n makes a process more likely to be
-- killed (before Linux 2.6.36 by 2^n, since then oom_adj is oom_score_adj * 17 / 1000, rounded);
-- the pid is another process's after a restart; and fork copies the value, exec keeps it (proc(5)),
-- so that all that a protected daemon starts is protected as well: its sessions, its leaks.

local choose = require "pagewarden.recipe.choose"
local usable = require("pagewarden.recipe.distance").usable
local opt = require "pagewarden.option"
local size = require("pagewarden.format").size

--- Seconds until the rest of the trees wait for the next time: each is a look at all processes.
local PATIENCE = 0.05


--- What is to be protected, and whether that was left to us.
local function trees_for(pw, o)
  local trees = choose.trees(o)
  for _, name in ipairs(o.trees) do
    trees[#trees + 1] = { name = name, all = true }
  end
  return #trees > 0 and trees or choose.essential(pw), #trees == 0
end


--- A tree as it is now: main processes, those of sessions, and the size of all that are protected.
local function look_at(pw, o, tree, by_default)
  local mains, others = choose.daemon(pw, tree, by_default)
  if not mains then
    return { message = others }
  end
  local found = { first = mains[1], mains = { except = tree.except }, sessions = {}, bytes = 0,
    key = "" }
  local function cover(p)
    found.bytes = found.bytes + p.rss + (p.swap or 0)
  end
  for i, p in ipairs(mains) do
    cover(p)
    found.mains[i], found.key = p.process, found.key .. " " .. p.id
  end
  for _, p in ipairs(others) do
    if o.children ~= "reset" and choose.is_session(pw, p.pid) then
      found.sessions[#found.sessions + 1] = p.process
    elseif o.children == "protect" or o.children == "keep" and p.oom_score_adj <= o.adj then
      cover(p)
    end
  end
  return found
end


local function start(pw, o)
  local trees, by_default = trees_for(pw, o)
  local told, denied, hogs = {}, {}, {} -- by tree: the last word; who was refused; is it a hog
  local mains, taken = {}, {}           -- its main processes; its protected bytes
  local last = 0                        -- the tree that had its turn last

  --- Says of a tree what was not said last.
  local function tell(tree, event, key, fields)
    if told[tree] ~= event .. key then
      told[tree], fields.tree = event .. key, choose.title(tree)
      pw.log(event, fields)
    end
  end

  local function give_back(tree, found, room)
    pw.oom.unprotect(found.mains, { adj = o.adj })
    tell(tree, "over", "", { bytes = found.bytes, room = room, message = ("%s: not protected: it "
      .. "has %s, and only %s may be"):format(choose.title(tree), size(found.bytes), size(room)) })
  end

  local function protect(tree, found)
    local done, message = pw.oom.protect(found.mains,
      { adj = o.adj, children = o.children, reset = found.sessions })
    denied[tree] = (not done or done.failed > 0) and found.key or nil
    if not done then
      return tell(tree, "denied", found.key, { message = choose.title(tree) .. ": " .. message })
    end
    local first = found.first
    tell(tree, "protected", found.key, { pid = first.pid, comm = first.comm, mains = done.mains,
      children = done.children, adj = o.adj, bytes = done.bytes, failed = done.failed,
      message = ("%s: %s (pid %d)%s %d or below, %s in all%s"):format(choose.title(tree),
        first.comm, first.pid, done.mains > 1 and " and others are at" or " is at", o.adj,
        size(done.bytes), done.message and "; " .. done.message or "") })
    return true
  end

  --- Others are killed for what a protected tree takes.
  local function judge(tree, bytes, memory)
    local share = bytes / memory * 100
    if share >= o.hog and not hogs[tree] then
      pw.log("hog", { tree = choose.title(tree), bytes = bytes, share = share,
        message = ("%s is protected and has %s, %.0f%% of all memory: when that runs out, others "
          .. "are killed for it"):format(choose.title(tree), size(bytes), share) })
    end
    hogs[tree] = share >= o.hog * (hogs[tree] and 0.9 or 1)
  end

  --- What may still be protected beside the other trees.
  local function room_for(tree, memory)
    local room = o.most / 100 * memory
    for other, bytes in pairs(taken) do
      room = room - (other ~= tree and bytes or 0)
    end
    return math.max(room, 0)
  end

  --- Protects a tree or not, and says how much it has then that is protected.
  local function care_for(tree, found, room)
    local was = told[tree]
    if found.message then
      if was or not by_default then
        tell(tree, "missing", "", { message = found.message })
      end
    elseif found.bytes > room * (was == "over" and 0.9 or 1) then -- not to and fro
      give_back(tree, found, room)
    elseif denied[tree] ~= found.key and protect(tree, found) then
      return found.bytes
    end
    return 0
  end

  --- Finds a tree, without what the main processes of another one have started.
  local function find(tree)
    tree.except = {}
    for other, list in pairs(mains) do
      if other ~= tree then
        table.move(list, 1, #list, #tree.except + 1, tree.except)
      end
    end
    local found = look_at(pw, o, tree, by_default)
    mains[tree] = found.mains
    return found
  end

  --- Lets each tree have its turn, as far as patience goes.
  local function go_round(act)
    local begun = pw:now()
    for _ = 1, #trees do
      last = last % #trees + 1
      act(trees[last])
      if pw:now() - begun > PATIENCE then
        break
      end
    end
  end

  --- Looks at all trees but those that are found.
  local function look(found)
    local memory = usable(pw)
    go_round(function(tree)
      taken[tree] = care_for(tree, found[tree] or find(tree), room_for(tree, memory))
      judge(tree, taken[tree], memory)
    end)
  end

  local found = {}
  go_round(function(tree) found[tree] = find(tree) end)
  if #trees > 1 and last == #trees then
    found = {} -- now that all are known, none is found with what is another's
  end
  last = 0
  look(found)
  if last == #trees and not next(told) then
    pw.log("missing", { message = "none of the daemons that are protected by default runs here" })
  end
  pw:every(o.interval, function() look {} end)
end


return {
  api     = 1,
  name    = "oom-protect",
  summary = "Keep daemons from the OOM killer for as long as they live",
  description = [[
Sets the oom_score_adj of daemons to -900, finds them again when they were restarted, and puts back
what they had when it stops. With no option these are sshd, journald, udevd, logind, dbus and what
runs the network, as far as they are there. A name is believed of root's processes, and of others
that belong to no login; a unit nobody can fake.

Children inherit the score of who starts them, whatever the guide says, and keep it when they
execute something else: so they are reset to 0 unless `children` says otherwise, and login sessions
in any case. A daemon that is named itself is nobody's child here. Lowering a score needs
CAP_SYS_RESOURCE; without it that is said, and nothing is done. The floor to which a process may
later lower its own score cannot be put back.

No more than a quarter of all memory is protected, and a protected tree that is itself the hog is
named: the kernel kills others for it.]],
  examples = {
    "pagewarden run oom-protect",
    "pagewarden run oom-protect -o unit=postgresql@15-main,ssh -o most=60%",
    "pagewarden run oom-protect -o trees=nginx -o port=5432 -o children=protect --dry-run",
  },
  tags    = { "oom", "reversible" },
  options = choose.daemon_options {
    opt.list { "trees", of = opt.string, default = {},
      help = "daemons by the names of their processes; a unit is safer" },
    opt.choice { "children", choices = { "keep", "reset", "protect" }, default = "reset",
      help = "what becomes of what they start: login sessions are always reset" },
    opt.integer { "adj", default = -900, min = -1000, max = -1,
      help = "the oom_score_adj of what is protected; -1000 is never killed" },
    opt.percent { "most", default = "25%", help = "protect at most so much of all memory" },
    opt.percent { "hog", default = "10%",
      help = "warn when a tree that is protected has so much of all memory" },
    opt.duration { "interval", default = "10s", min = "1s", max = "1h",
      help = "time between two looks, in which a daemon that was restarted is not protected" },
  },
  needs = { process = "read", oom = true, cgroup = "read" },
  start = start,
}
