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
local choose = {}

--- The options that find a daemon, as `pw.oom.tree` calls them, and the others.
local DAEMONS = { "unit", "cgroup", "pid_file", "port" }
local OTHERS = { "name", "command", "uid" }

--- Without these a machine is out of reach, or loses its log, its devices or its network.
local UNITS = { "ssh", "sshd", "systemd-journald", "systemd-udevd", "systemd-logind", "dbus",
  "dbus-broker", "systemd-networkd", "NetworkManager" }
local NAMES = { "sshd", "dropbear", "rsyslogd", "syslogd", "udevd", "systemd-udevd" }

--- AUDIT_SID_UNSET of include/uapi/linux/audit.h.
local NO_SESSION = 4294967295


--- Declaring options is not kept in memory once a policy runs.
local function option()
  return require "pagewarden.option"
end


--- The options that find a daemon.
local function daemon_options()
  local opt = option()
  return {
    opt.list { "unit", of = opt.string, default = {},
      help = "of these units of systemd, and what they started; .service may be left out" },
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
  local opt = option()
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


--- The daemons that nobody wants to lose, most of which will not be there. Where systemd is, they
--- are units, into which nobody can put himself.
---@param pw pagewarden.Pw
---@return pagewarden.Tree[]
function choose.essential(pw)
  local systemd = pw.proc.read "proc/1/comm" == "systemd\n"
  local trees = {}
  for i, word in ipairs(systemd and UNITS or NAMES) do
    trees[i] = { [systemd and "unit" or "name"] = word, all = true }
  end
  return trees
end


--- What a description is called: "unit ssh", "pid file /run/sshd.pid".
---@param tree pagewarden.Tree
---@return string
function choose.title(tree)
  local kind, value = "name", tree.name
  for _, other in ipairs(DAEMONS) do
    if tree[other] then
      kind, value = other:gsub("_", " "), tree[other]
    end
  end
  return ("%s %s"):format(kind, value)
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


--- Whether a process belongs to a login, a job of cron or the like: PAM has given it a number for
--- the audit (proc(5), /proc/PID/sessionid), or systemd a scope.
---@param pw pagewarden.Pw
---@param pid integer
---@return boolean
function choose.is_session(pw, pid)
  local number = tonumber(pw.proc.read(("proc/%d/sessionid"):format(pid)) or "")
  local cgroups = pw.proc.read(("proc/%d/cgroup"):format(pid)) or ""
  return number ~= nil and number < NO_SESSION or cgroups:find "/session%-%w+%.scope" ~= nil
end


--- A name is believed of root's processes, and of those of no session where it was not guessed.
local function is_believed(pw, tree, process, guessed)
  local status = tree.name and process:status()
  local root = status and status.Uid and status.Uid[2] == 0
  return not tree.name or root or not guessed and not choose.is_session(pw, process.pid)
end


--- A daemon as it is now, for those who act on it. Anybody can take a name: by one, only root's
--- processes are meant, and those that are of no login session.
---@param pw pagewarden.Pw
---@param tree pagewarden.Tree
---@param guessed? boolean nobody said the name, so that only root's processes are meant
---@return table[]? mains rows of `pw.oom.tree` with their `process` and an `id` of pid and start
--- time; nil when there are none
---@return table[]|string others what they started, or a message
function choose.daemon(pw, tree, guessed)
  local members, message = pw.oom.tree(tree)
  local mains, others = {}, {}
  for _, row in ipairs(members or {}) do
    row.process, row.id = pw.proc.process(row.pid), ("%d:%d"):format(row.pid, row.start_time)
    row.oom_score_adj = row.oom_score_adj or 0 -- Linux before 2.6.36 has none
    local here = row.process and row.process.start_time == row.start_time
    if here and not row.main then
      others[#others + 1] = row
    elseif here and is_believed(pw, tree, row.process, guessed) then
      mains[#mains + 1] = row
    end
  end
  if #mains == 0 then
    return nil, message or choose.title(tree) .. ": anybody could have started who is there"
  end
  return mains, others
end


return choose
