-- SPDX-License-Identifier: MIT
--- Cgroups that could be killed, as systemd-oomd finds them: the lowest that have processes, and
-- those whose processes the kernel kills together.
-- @module pagewarden.recipe.early_oom.candidates
local daemons = require "pagewarden.recipe.early_oom.daemons"
local paths = require "pagewarden.recipe.paths"

local candidates = {}

local FIELDS = { "pid", "comm", "start_time", "uid", "rss", "swap", "cgroup", "unit" }


---@class pagewarden.recipe.Candidates
---@field rival string? who else acts
---@field private pw pagewarden.Pw
---@field private processes pagewarden.Snapshot?
local Candidates = {}
Candidates.__index = Candidates


---@param pw pagewarden.Pw with `cgroup` for reading
---@return pagewarden.recipe.Candidates
function candidates.new(pw)
  return setmetatable({ pw = pw }, Candidates)
end


--- A cgroup and all above it, one after the other.
local function each_above(path)
  local next_path = path
  return function()
    local current = next_path
    if current then
      next_path = paths.above(current)
    end
    return current
  end
end


--- All processes, read anew.
---@private
function Candidates:read()
  if self.processes then
    assert(self.processes:refresh())
  else
    self.processes = assert(self.pw.proc.processes(table.move(FIELDS, 1, #FIELDS, 1,
      { where = { vsize = { min = 1 } } })))
  end
  return self.processes
end


--- The paths of all cgroups that have processes in them or below them.
---@return table<string, boolean>
function Candidates:paths()
  local found = {}
  for row in self:read():each() do
    for path in each_above(row.cgroup or "/") do
      found[path] = true
    end
  end
  return found
end


--- Whether all in a cgroup are killed together.
---@private
function Candidates:is_group(path, known)
  if known[path] == nil then
    local state = self.pw.cgroup.state(path)
    known[path] = state ~= nil and state.oom_group or false
  end
  return known[path]
end


--- What a process of a cgroup would be killed with: the highest cgroup below the watched one whose
--- processes are killed together, or its own.
---@private
function Candidates:whole_of(path, top, known)
  local found = path
  for above in each_above(path) do
    if #above <= #top then
      break
    elseif self:is_group(above, known) then
      found = above
    end
  end
  return found
end


--- Adds a process to the cgroup that it would be killed with, which goes by its largest.
local function add_process(found, path, row)
  local c = found[path]
  local size = row.rss + (row.swap or 0)
  if not c then
    c = { path = path, most = -1 }
    found[path] = c
  end
  if size > c.most then
    c.most, c.pid, c.start_time, c.comm = size, row.pid, row.start_time, row.comm
    c.uid, c.unit = row.uid, row.unit
  end
end


--- Those below the watched cgroups that have processes, but not those that have others below them,
--- unless all in them are killed together.
---@private
function Candidates:find(tops)
  local found, inner, groups = {}, {}, {}
  self.rival = nil
  for row in self:read():each() do
    local own = row.cgroup or "/"
    self.rival = daemons.is_rival(row) and row.comm or self.rival
    for path in each_above(own) do
      inner[path] = inner[path] or path ~= own
    end
    for _, top in ipairs(tops) do
      if paths.is_within(own, top.path) then
        add_process(found, self:whole_of(own, top.path, groups), row)
      end
    end
  end
  for path in pairs(found) do
    if path == "/" or inner[path] and not groups[path] then
      found[path] = nil
    end
  end
  return found
end


--- Those that could be killed, and what they have. Who cannot be looked at is none.
---@param tops { path: string }[] watched cgroups
---@param before table<string, pagewarden.recipe.OomdCgroup> as they were last
---@return table<string, pagewarden.recipe.OomdCgroup> by path
function Candidates:look(tops, before)
  local found, cgroup = self:find(tops), self.pw.cgroup
  for path, c in pairs(found) do
    local stat, last = cgroup.stat(path), before[path]
    c.current, c.swap = cgroup.current(path), cgroup.swap(path) or 0
    c.pgscan, c.last_pgscan = stat and stat.pgscan, last and last.pgscan or 0
    if not (c.current and c.pgscan) then
      found[path] = nil
    end
  end
  return found
end


--- Those of them below a watched cgroup, with what is written at them.
---@param found table<string, pagewarden.recipe.OomdCgroup>
---@param top string
---@return pagewarden.recipe.OomdCgroup[]
function Candidates:below(found, top)
  local list = {}
  for path, c in pairs(found) do
    if paths.is_within(path, top) then
      c.preference = self.pw.cgroup.preference(path, top)
      list[#list + 1] = c
    end
  end
  return list
end


return candidates
