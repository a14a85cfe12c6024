-- SPDX-License-Identifier: MIT
--- Who would have to go if somebody had to, ranked ahead: all processes are looked at now and then,
--- the largest closely, so that nothing is left to be found out when it must be fast.
--
-- A process counts with the memory and swap that it has, so that swapping hides nothing. What it
-- was given as `oom_score_adj` counts only where it protects: browsers raise that of their smallest
-- processes. Preferred processes count eightfold, avoided ones an eighth: of two of a size the
-- preferred one goes, and an avoided one that is the hog itself is not saved by its name.
-- @module pagewarden.recipe.early_oom.ranking
local daemons = require "pagewarden.recipe.early_oom.daemons"
local paths = require "pagewarden.recipe.paths"
local selector = require "pagewarden.recipe.early_oom.selector"

local ranking = {}

--- Processes that are looked at closely at a time, and those that remain.
local CLOSELY <const> = 32
local MOST <const> = 16

local WEIGHT <const> = 8

--- A crowd: so many processes of one name and user, none older than so many seconds, with so many
--- times what the largest process has, where that is less than this share of all. What a process
--- had when it forked its children have as well, so that the largest may be large.
local CROWD <const> = 32
local CROWD_SECONDS <const> = 60
local CROWD_TIMES <const> = 4
local CROWD_SHARE <const> = 0.1

--- As the core has it: at this oom_score_adj and below nobody is signalled (core/act/kill.h).
local PROTECTED_ADJ <const> = -900

local FIELDS = { "pid", "ppid", "pgrp", "comm", "start_time", "uid", "rss", "swap" }
local CLOSE_FIELDS = { "pid", "ppid", "pgrp", "comm", "start_time", "uid", "rss", "swap",
  "oom_score_adj", "oom_score", "cgroup", "unit" }


---@class pagewarden.recipe.Candidate
---@field pid integer
---@field start_time integer
---@field comm string
---@field uid integer
---@field size integer bytes of memory and swap
---@field score number
---@field oom_score integer?
---@field unit string?
---@field cgroup string?
---@field target pagewarden.Process|string what is signalled
---@field whole string? what of it besides

---@class pagewarden.recipe.RankingRule
---@field may_end fun(p: table): boolean
---@field is_larger fun(p: table, other: table): boolean whether it goes rather than the other
---@field score fun(p: table): number

---@class pagewarden.recipe.RankingOptions
---@field prefer string[] selectors
---@field avoid string[]
---@field never string[]
---@field score string an expression on `p`
---@field kill "process"|"group"|"unit"|"cgroup"
---@field least integer bytes: nobody goes for less, if others have that
---@field cgroup string? only processes in it
---@field guard boolean daemons that others stand on are avoided
---@field rule pagewarden.recipe.RankingRule? which says of all processes alone who goes

---@class pagewarden.recipe.Ranking
---@field list pagewarden.recipe.Candidate[] in order, who goes first first
---@field spared table<string, string> who would have, and why not
---@field rival string? who else acts
---@field private close_fields string[] of those who are looked at closely
---@field private own integer? the pid of pagewarden itself
---@field private excluded table<integer, { start_time: integer, why: string }> by pid
---@field at number? when it was made
---@field private pw pagewarden.Pw
---@field private o pagewarden.recipe.RankingOptions
local Ranking = {}
Ranking.__index = Ranking


--- A user's own score: a Lua expression on `p`, which sees nothing else but `math` and `string`'s
--- methods.
---@param text string
---@return (fun(p: table): any)?
---@return string? message
function ranking.compile_score(text)
  local chunk, message = load("local p = ... return " .. text, "=score", "t", { math = math })
  return chunk, message and (message:gsub("^score:%d+: ", ""))
end


local function wants_command_line(o)
  return o.score:find("cmdline", 1, true) or selector.wants_command_line(o.prefer)
    or selector.wants_command_line(o.avoid) or selector.wants_command_line(o.never)
end


--- What is read of those who are looked at closely. The command line only where it is wanted: the
--- kernel may have to bring it back from swap, with the lock of that process's memory, just when
--- that is what all wait for (fs/proc/base.c, get_mm_cmdline()).
local function close_fields(o)
  local fields = table.move(CLOSE_FIELDS, 1, #CLOSE_FIELDS, 1, {})
  fields[#fields + 1] = wants_command_line(o) and "cmdline" or nil
  return fields
end


---@param pw pagewarden.Pw
---@param o pagewarden.recipe.RankingOptions
---@return pagewarden.recipe.Ranking?
---@return string? message
function ranking.new(pw, o)
  local self = setmetatable({ pw = pw, o = o, close_fields = close_fields(o), list = {},
    spared = {}, excluded = {} }, Ranking)
  self.own = math.tointeger(tonumber((pw.proc.read "proc/self/stat" or ""):match "^%d+"))
  self.parent = function(pid) return self.all:get(pid) end
  for _, name in ipairs { "prefer", "avoid", "never" } do
    local message
    self[name], message = selector.compile(o[name])
    if not self[name] then
      return nil, ("%s: %s"):format(name, message)
    end
  end
  local score, message = ranking.compile_score(o.score)
  self.score = score
  return score and self, message and "score: " .. message
end


--- The pids of those with the most memory and swap of all who were not seen before, which are put
--- in order as they come, and what they have.
---@private
---@param snapshot pagewarden.Snapshot
---@param seen table<integer, boolean> by pid
---@return integer[] pids
---@return integer[] sizes
function Ranking:find_largest(snapshot, seen)
  local pids, sizes, within = {}, {}, self.o.cgroup
  for p in snapshot:each() do
    local size = p.rss + (p.swap or 0)
    local at = #pids + 1
    while at > 1 and sizes[at - 1] < size do
      at = at - 1
    end
    if at <= CLOSELY and not seen[p.pid]
      and (not within or paths.is_within(p.cgroup, within)) then
      table.insert(pids, at, p.pid)
      table.insert(sizes, at, size)
      pids[CLOSELY + 1], sizes[CLOSELY + 1] = nil, nil
    end
  end
  return pids, sizes
end


--- Whoever else ends programs.
---@private
function Ranking:find_rival()
  for p in self.all:each() do
    if daemons.may_be_rival(p) then
      self:note_rival(p)
    end
  end
end


--- Whoever else ends programs, if it is one whose name can be believed.
---@private
function Ranking:note_rival(p)
  local close <close> = self:watch { p.pid }
  local row = close:get(p.pid)
  if row and daemons.is_rival(row) then
    self.rival = row.comm
  end
end


--- Reads all. A rule may take who has no memory mapped: what is left of a process whose first
--- thread has ended.
---@private
function Ranking:read()
  if not self.all then
    local fields = self:is_of_everybody() and self.close_fields or FIELDS
    local where = not self.o.rule and { vsize = { min = 1 } } or nil
    local asked = table.move(fields, 1, #fields, 1, { where = where })
    asked[#asked + 1] = self.o.cgroup and "cgroup" or nil
    self.all = assert(self.pw.proc.processes(asked))
  else
    assert(self.all:refresh())
  end
end


--- Looks at some processes closely.
---@private
function Ranking:watch(pids)
  local asked = { pids = pids, descriptors = 0 }
  return assert(self.pw.proc.watch(table.move(self.close_fields, 1, #self.close_fields, 1, asked)))
end


--- Whether it is not processes that are compared, but those that are ended together.
---@private
function Ranking:is_of_wholes()
  return self.o.kill ~= "process"
end


--- Whether all are looked at closely.
---@private
function Ranking:is_of_everybody()
  return self.o.rule ~= nil or self:is_of_wholes()
end


--- What a process is ended with: its process group, or the path of a cgroup; nil for one of none,
--- such as a session's own, that would be too much.
---@private
---@return integer|string|nil
function Ranking:whole_of(p)
  if self.o.kill == "group" then
    return p.pgrp
  elseif self.o.kill == "cgroup" then
    return p.cgroup and p.cgroup ~= "/" and p.cgroup or nil
  end
  local _, last = (p.cgroup or ""):find(p.unit or "\0", 1, true)
  return last and p.cgroup:sub(1, last)
end


--- Why a process cannot be ended.
---@private
function Ranking:why_impossible(p)
  local excluded = self.excluded[p.pid]
  if excluded and excluded.start_time == p.start_time then
    return excluded.why
  elseif p.pid == self.own then
    return "it is pagewarden itself"
  elseif (p.oom_score_adj or 0) <= PROTECTED_ADJ then
    return "it is protected by its oom_score_adj"
  end
end


--- Why a process is not to be ended, whatever it has; nil when it may be.
---@private
function Ranking:why_spared(p)
  local why = self:why_impossible(p)
  if why then
    return why
  elseif selector.any(self.never, p, self.parent) then
    return "it is in never"
  elseif self:preference(p.cgroup) == "omit" then
    return "its cgroup is marked oomd_omit"
  end
end


--- Leaves somebody out from now on, who cannot be ended.
---@param v pagewarden.recipe.Candidate
---@param why string
function Ranking:exclude(v, why)
  self.excluded[v.pid] = { start_time = v.start_time, why = why }
end


--- What systemd or oomd wrote at a cgroup or one above it.
---@private
function Ranking:preference(path)
  local cgroup = self.pw.cgroup
  if not (path and cgroup and cgroup.preference) then
    return nil
  end
  local found = self.preferences[path]
  if found == nil then
    found = cgroup.preference(path) or false
    self.preferences[path] = found
  end
  return found
end


--- What its score is multiplied by.
---@private
function Ranking:weight(p)
  local preference = self:preference(p.cgroup)
  if preference == "prefer" or selector.any(self.prefer, p, self.parent) then
    return WEIGHT
  elseif preference == "avoid" or selector.any(self.avoid, p, self.parent)
    or self.o.guard and daemons.is_foundation(p) then
    return 1 / WEIGHT
  end
  return 1
end


--- Seconds for which a process has been there.
---@private
function Ranking:age_of(p)
  return self.at - p.start_time / self.pw.proc.clock_ticks()
end


--- What is known of one process, as the score sees it.
---@private
function Ranking:describe(row)
  local p = { total = self.total, age = self:age_of(row) }
  for _, name in ipairs(self.close_fields) do
    p[name] = row[name]
  end
  p.swap, p.oom_score_adj, p.size = p.swap or 0, p.oom_score_adj or 0, row.rss + (row.swap or 0)
  return p
end


--- Rates one process; nil for one that stays.
---@private
function Ranking:rate(p)
  local why = self:why_spared(p)
  if why then
    self.spared[p.comm] = why
    return nil
  end
  local ok, score = pcall(self.score, p)
  if not ok then
    self.wrong_score, score = score, p.size
  elseif not score then
    self.spared[p.comm] = "its score says so"
    return nil
  end
  return tonumber(score) and score * (score > 0 and self:weight(p) or 1)
end


--- Adds a process to what it is ended with. One that stays keeps the others of it alive as well.
local function add_to_whole(wholes, key, p, score)
  local whole = wholes[key]
  if not whole then
    whole = { score = 0, size = 0, most = -1 }
    wholes[key] = whole
  end
  whole.kept = whole.kept or not score
  whole.score, whole.size = whole.score + (score or 0), whole.size + p.size
  if p.size > whole.most then
    whole.most, whole.first = p.size, p
  end
end


---@private
function Ranking:add_candidate(p, score, size, target, whole)
  self.list[#self.list + 1] = {
    pid = p.pid, start_time = p.start_time, comm = p.comm, uid = p.uid, unit = p.unit,
    cgroup = p.cgroup, size = size, score = score, target = target, whole = whole,
    oom_score = p.oom_score,
  }
end


---@private
function Ranking:add_wholes(wholes)
  for key, whole in pairs(wholes) do
    if whole.kept then
      self.spared[type(key) == "string" and key or "process group " .. key] = "somebody in it stays"
    elseif whole.score <= 0 then
      self.spared[whole.first.comm] = "its score is not above 0"
    elseif type(key) == "string" then
      self:add_candidate(whole.first, whole.score, whole.size, key)
    else
      self:add_process(whole.first, whole.score, whole.size)
    end
  end
end


---@private
function Ranking:add_process(p, score, size)
  local process = self.pw.proc.process(p.pid)
  if process and process.start_time == p.start_time then
    self:add_candidate(p, score, size, process, self.o.kill == "group" and "group" or nil)
  end
end


--- Many young processes of one name and user that have more together than any process alone: a
--- program that goes on starting itself is ended with its whole process group or not at all. The
--- many processes of a browser or a server have been there for longer.
---@private
function Ranking:add_crowd(largest)
  local crowds, crowd, within = {}, nil, self.o.cgroup
  for p in self.all:each() do
    local key = self:age_of(p) < CROWD_SECONDS and (not within or paths.is_within(p.cgroup, within))
      and ("%d %s"):format(p.uid, p.comm)
    local found = key and crowds[key] or { count = 0, size = 0 }
    crowds[key or ""] = found
    found.count, found.size, found.pid = found.count + 1, found.size + p.rss + (p.swap or 0), p.pid
    if found.count >= CROWD and found.size > CROWD_TIMES * largest
      and key and (not crowd or found.size > crowd.size) then
      crowd = found
    end
  end
  if crowd then
    self:add_group_of(crowd)
  end
end


--- Whether somebody stays who is of a process group, and of another name than one who is looked at.
---@private
function Ranking:has_to_stay(group, comm)
  local pids = {}
  for row in self.all:each() do
    pids[#pids + 1] = row.pgrp == group and row.comm ~= comm and row.pid or nil
  end
  local close <close> = self:watch(pids)
  for row in close:each() do
    if self:why_spared(self:describe(row)) then
      return true
    end
  end
  return false
end


---@private
function Ranking:add_group_of(crowd)
  local process = self.pw.proc.process(crowd.pid)
  local close <close> = self:watch { crowd.pid }
  local row = close:get(crowd.pid)
  local p = process and row and self:describe(row)
  if p and (self:rate(p) or 0) > 0 and self:weight(p) >= 1
    and not self:has_to_stay(p.pgrp, p.comm) then
    self:add_candidate(p, crowd.size, crowd.size, process, "group")
    self.list[#self.list].crowd = crowd.count
  end
end


--- Takes one that was looked at closely.
---@private
function Ranking:take(p, wholes)
  local key = self:is_of_wholes() and self:whole_of(p)
  if self.o.cgroup and not paths.is_within(p.cgroup, self.o.cgroup)
    or self:is_of_wholes() and not key then
    return
  end
  local score = self:rate(p)
  if key then
    add_to_whole(wholes, key, p, score)
  elseif score and score > 0 then
    self:add_process(p, score, p.size)
  end
end


--- Whether nobody need be looked at who has no more than so much: he would not be worth it, or
--- could not come before one who was taken.
---@private
function Ranking:is_enough(most)
  local best = 0
  for _, c in ipairs(self.list) do
    best = c.size >= self.o.least and math.max(best, c.score) or best
  end
  return most < self.o.least or best > 0 and (not self.o.prefer[1] or best >= WEIGHT * most)
end


--- Takes the largest, and goes on with smaller ones as long as all of those stay.
---@private
---@return integer bytes of the largest
function Ranking:take_largest()
  local seen, largest = {}, nil
  repeat
    local pids, sizes = self:find_largest(self.all, seen)
    largest = largest or sizes[1] or 0
    local close <close> = self:watch(pids)
    for row in close:each() do
      self:take(self:describe(row))
    end
    for _, pid in ipairs(pids) do
      seen[pid] = true
    end
  until #pids < CLOSELY or self:is_enough(sizes[CLOSELY])
  return largest
end


--- Takes all, by what they are ended with.
---@private
function Ranking:take_wholes()
  local wholes = {}
  for row in self.all:each() do
    self:take(self:describe(row), wholes)
  end
  self:add_wholes(wholes)
end


--- Finds the one whom a rule has go, which compares two at a time.
---@private
function Ranking:choose_by_rule(close)
  local rule, first = self.o.rule, nil
  for row in close:each() do
    if not self:why_impossible(row) and rule.may_end(row)
      and (not first or rule.is_larger(row, first)) then
      first = self:describe(row)
    end
  end
  if first then
    self:add_process(first, rule.score(first), first.size)
  end
end


--- Who goes first: of those who are worth it, and then of the others, who has the higher score.
---@private
function Ranking:sort()
  local least = self.o.least
  table.sort(self.list, function(a, b)
    if (a.size >= least) ~= (b.size >= least) then
      return a.size >= least
    end
    return a.score > b.score
  end)
  for i = MOST + 1, #self.list do
    self.list[i] = nil
  end
end


--- Ranks all anew.
---@param now number
---@param total number bytes of memory and swap
function Ranking:refresh(now, total)
  self.list, self.spared, self.preferences, self.rival, self.at = {}, {}, {}, nil, now
  self.total = total
  self:read()
  self:find_rival()
  if self.o.rule then
    return self:choose_by_rule(self.all)
  elseif self:is_of_wholes() then
    self:take_wholes()
  else
    local largest = self:take_largest()
    if largest < total * CROWD_SHARE then
      self:add_crowd(largest)
    end
  end
  self:sort()
end


return ranking
