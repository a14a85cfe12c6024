-- SPDX-License-Identifier: MIT
--- Memory of processes that belong together, summed: all instances of a command, a unit or
-- container, or a daemon with all that descends from it. A sum outlives its processes, so what
-- grows across their restarts is seen. Shared memory is that of the one that has most of it mapped,
-- as the others have the same.
-- @module pagewarden.recipe.groups
local groups = {}

--- A group without processes is kept as long as it had some, so that a process with another name
-- each time does not leave thousands behind: so many seconds at least, and at most.
local KEPT, FORGOTTEN = 600, 86400

--- The descent of a process is followed so far.
local DEEPEST = 64

--- The name of what a process belongs to.
local NAMES = {
  command = function(p) return p.comm end,
  unit = function(p) return p.unit or p.cgroup end,
  tree = function(p, parents)
    local pid = p.pid
    for _ = 1, DEEPEST do
      local parent = parents[pid]
      if not parent or parent <= 2 then -- of init, or of the kernel's own
        break
      end
      pid = parent
    end
    return pid
  end,
}


---@class pagewarden.Group
---@field number integer its pid in a history
---@field by string
---@field name string|integer
---@field comm string of one of its processes
---@field pid integer of one of its processes
---@field size integer how many it has
---@field blamed number when a process of it last grew by itself
---@field since number when it was first seen
---@field seen number when it last had processes
---@field root integer? of a tree, the start time of the process that it descends from
---@field real integer
---@field shared integer
---@field latest integer[] its sums at the last look, by the column of a history

---@class pagewarden.Groups
---@field private named table<string, table<string|integer, pagewarden.Group>>
---@field private numbered table<integer, pagewarden.Group>
local Groups = {}
Groups.__index = Groups


local function new_group(self, by, name, now)
  local group = { by = by, name = name, number = self.last + 1, real = 0, shared = 0, count = 0,
    size = 0, latest = {}, since = now, seen = now, blamed = -math.huge }
  self.last = group.number
  self.named[by][name], self.numbered[group.number] = group, group
  return group
end


--- Whether a tree was that of another process, which had the pid before.
local function is_another(group, p)
  if group.by ~= "tree" or group.name ~= p.pid then
    return false
  end
  group.root = group.root or p.start_time
  return group.root ~= p.start_time
end


--- Adds a process to what it belongs to. Of trees `parents` has each process's parent.
function Groups:add(now, p, real, shared, parents)
  for by, named in pairs(self.named) do
    local name = NAMES[by](p, parents)
    local group = name and (named[name] or new_group(self, by, name, now))
    if group and is_another(group, p) then
      self.numbered[group.number] = nil
      group = new_group(self, by, name, now)
      group.root = p.start_time
    end
    if group then
      group.comm, group.pid, group.count = p.comm, p.pid, group.count + 1
      group.real, group.shared = group.real + real, math.max(group.shared, shared)
    end
  end
end


--- A process grows by itself: its groups are not to blame.
function Groups:blame(now, p, parents)
  for by, named in pairs(self.named) do
    local name = NAMES[by](p, parents)
    if name and named[name] then
      named[name].blamed = now
    end
  end
end


--- Hands each sum to a function and begins anew; another one hears of whom is forgotten.
---@param now number
---@param take fun(group: pagewarden.Group)
---@param forget fun(group: pagewarden.Group)
function Groups:flush(now, take, forget)
  for number, group in pairs(self.numbered) do
    group.size = group.count
    if group.count > 0 then
      group.seen = now
      group.latest[1], group.latest[2], group.latest[3] = group.real, 0, group.shared
      take(group)
      group.real, group.shared, group.count = 0, 0, 0
    elseif now - group.seen > math.min(math.max(KEPT, group.seen - group.since), FORGOTTEN) then
      self.named[group.by][group.name], self.numbered[number] = nil, nil
      forget(group)
    end
  end
end


--- What people call it: "all 12 processes of the command nginx".
---@param group pagewarden.Group
---@return string
function Groups.title(group)
  local one = group.size == 1
  return ("%s of the %s %s"):format(one and "the process"
    or ("all %d processes"):format(group.size), group.by, group.by == "tree"
    and ("%s (pid %d)"):format(group.comm, group.name) or group.name)
end


---@param number integer
---@return pagewarden.Group?
function Groups:get(number)
  return self.numbered[number]
end


--- What is to be kept of them, to know them by their numbers again.
function Groups:names()
  local names = {}
  for number, group in pairs(self.numbered) do
    names[#names + 1] = { group.by, group.name, number, group.root }
  end
  return names
end


--- Takes the names up that were kept, for as long as they may be.
function Groups:restore(names, now)
  for _, kept in ipairs(names) do
    local by, name, number = kept[1], kept[2], kept[3]
    if self.named[by] then
      self.last = number - 1
      local group = new_group(self, by, name, now)
      group.root, group.since = kept[4], now - FORGOTTEN
    end
  end
  for number in pairs(self.numbered) do
    self.last = math.max(self.last, number)
  end
end


--- Sums by some of "command", "unit" and "tree"; other words are passed over.
---@param by string[]
---@return pagewarden.Groups
function groups.new(by)
  local named = {}
  for _, word in ipairs(by) do
    named[word] = NAMES[word] and {} or nil
  end
  return setmetatable({ named = named, numbered = {}, last = 1 }, Groups)
end


--- The pids of those that belong to a group.
---@param group pagewarden.Group
---@param snapshot pagewarden.Snapshot
---@return integer[]
function groups.members(group, snapshot, parents)
  local pids = {}
  for p in snapshot:each() do
    pids[#pids + 1] = NAMES[group.by](p, parents) == group.name and p.pid or nil
  end
  return pids
end


return groups
