-- SPDX-License-Identifier: MIT
--- The processes that a user means: by name, command line or user, or a daemon with all that it
-- started, by unit, cgroup, pid file or port. A recipe that chooses needs
-- `{ process = "read", oom = "read" }`.
--
-- Several values of one option add up, and of several options all must fit, as in pgrep(1):
-- `name=^a,^b` and `uid=33` are the processes of user 33 whose name begins with a or b. Kernel
-- threads and the dead, which have no memory, are never chosen.
-- @module pagewarden.recipe.choose
-- @usage
-- options = choose.options { opt.duration { "interval", default = "5s" } },
-- …
-- local rows, message = choose.find(pw, o, { "rss" })
local opt = require "pagewarden.option"

local choose = {}

--- The options that find a daemon, as `pw.oom.tree` calls them, and the others.
local DAEMONS = { "unit", "cgroup", "pid_file", "port" }
local OTHERS = { "name", "command", "uid" }


local function text_list(name, help)
  return opt.list { name, of = opt.string, default = {}, help = help }
end


--- The options that find a daemon.
local function daemon_options()
  return {
    text_list("unit", "of these units of systemd, and what they started; .service may be left out"),
    opt.list { "cgroup", of = opt.path, default = {}, help = "in these cgroups and those below" },
    opt.list { "pid_file", of = opt.path, default = {},
      help = "whose pid is in one of these files, and what they started" },
    opt.list { "port", of = opt.integer, min = 1, max = 65535, default = {},
      help = "who listens on one of these TCP ports, and what they started" },
  }
end


--- Adds to a recipe's own options those that find daemons.
---@param own pagewarden.Option[]
---@return pagewarden.Option[] own
function choose.daemon_options(own)
  return table.move(daemon_options(), 1, #DAEMONS, #own + 1, own)
end


--- Adds to a recipe's own options those that choose processes.
---@param own pagewarden.Option[]
---@return pagewarden.Option[] own
function choose.options(own)
  local processes = {
    opt.list { "name", of = opt.pattern, default = {},
      help = "processes whose name matches one of these" },
    opt.list { "command", of = opt.pattern, default = {},
      help = "whose command line matches one of these" },
    opt.list { "uid", of = opt.integer, min = 0, default = {}, help = "of these users, by number" },
  }
  table.move(processes, 1, #processes, #own + 1, own)
  return choose.daemon_options(own)
end


--- Whether anything was said of which processes are meant.
---@param o table options
---@return boolean
function choose.given(o)
  for _, names in ipairs { DAEMONS, OTHERS } do
    for _, name in ipairs(names) do
      if o[name] and #o[name] > 0 then
        return true
      end
    end
  end
  return false
end


--- What `pw.oom.tree` and `pw.oom.protect` take, one for each daemon that was said.
---@param o table options
---@return pagewarden.Tree[]
function choose.trees(o)
  local trees = {}
  for _, kind in ipairs(DAEMONS) do
    for _, value in ipairs(o[kind] or {}) do
      trees[#trees + 1] = { [kind] = value, all = true }
    end
  end
  return trees
end


--- The start times, by pid, of the daemons that were said of one kind; nil when there are none.
local function find_daemons(pw, kind, values)
  local found, message = {}, nil
  for _, value in ipairs(values) do
    local tree, reason = pw.oom.tree { [kind] = value, all = true }
    message = message or reason
    for _, p in ipairs(tree or {}) do
      found[p.pid] = p.start_time
    end
  end
  return next(found) and found, message
end


--- One such table for each kind that was said; nil when one of them is empty.
local function find_all_daemons(pw, o)
  local sets = {}
  for _, kind in ipairs(DAEMONS) do
    if o[kind] and #o[kind] > 0 then
      local found, message = find_daemons(pw, kind, o[kind])
      if not found then
        return nil, message
      end
      sets[#sets + 1] = found
    end
  end
  return sets
end


--- This process and those that it was started by: the pattern of a command line stands in theirs.
local function find_own(pw, snapshot)
  local own = {}
  local pid = math.tointeger((pw.proc.read "proc/self/stat" or ""):match "^(%d+)")
  while pid and not own[pid] do
    own[pid] = true
    local row = snapshot:get(pid)
    pid = row and row.ppid
  end
  return own
end


local function has(list, value)
  for _, element in ipairs(list) do
    if element == value then
      return true
    end
  end
  return false
end


--- Whether the row fits all that was said.
local function fits(row, o, sets, own)
  for _, set in ipairs(sets) do
    if set[row.pid] ~= row.start_time then
      return false
    end
  end
  return (not o.name or #o.name == 0 or o.name:any(row.comm))
    and (not o.uid or #o.uid == 0 or has(o.uid, row.uid))
    and (not own or not own[row.pid] and o.command:any(row.cmdline or ""))
end


--- The fields that are needed to choose, and those that are wanted.
local function fields_for(o, wanted)
  local fields = { "pid", "ppid", "comm", "start_time", where = { vsize = { min = 1 } } }
  fields[#fields + 1] = o.uid and #o.uid > 0 and "uid" or nil
  fields[#fields + 1] = o.command and #o.command > 0 and "cmdline" or nil
  for _, name in ipairs(wanted or {}) do
    if not has(fields, name) then
      fields[#fields + 1] = name
    end
  end
  return fields
end


--- The processes that are meant now. Anybody may call his process anything: where it matters whose
--- it is, say the unit or the user.
---@param pw pagewarden.Pw
---@param o table options
---@param wanted? pagewarden.Field[] besides pid, ppid, comm and start_time
---@return table<string, any>[]? rows in no order; nil when nobody is meant
---@return string? message
function choose.find(pw, o, wanted)
  local sets, message = find_all_daemons(pw, o)
  if not sets then
    return nil, message
  end
  local fields, found = fields_for(o, wanted), {}
  local snapshot <close> = assert(pw.proc.processes(fields))
  local own = o.command and #o.command > 0 and find_own(pw, snapshot) or nil
  for row in snapshot:each() do
    if fits(row, o, sets, own) then
      local copy = {}
      for _, name in ipairs(fields) do
        copy[name] = row[name]
      end
      found[#found + 1] = copy
    end
  end
  if #found == 0 then
    return nil, "no process fits what was said"
  end
  return found
end


return choose
