-- SPDX-License-Identifier: MIT
--- The cgroups that processes are in: where a recipe looks that deals with units one by one. Pure.
-- @module pagewarden.recipe.units
local paths = require "pagewarden.recipe.paths"

local units = {}

--- Where systemd has the units of the system and of its users.
local TREES = { "/system.slice", "/user.slice" }


--- Adds to a recipe's own options those that say which cgroups are meant.
---@param own pagewarden.Option[]
---@param ignored string[] patterns of cgroups that are left alone by default
---@return pagewarden.Option[] own
function units.options(own, ignored)
  local opt = require "pagewarden.option" -- not needed, nor kept in memory, once a policy runs
  own[#own + 1] = opt.list { "cgroup", of = opt.path, default = TREES,
    help = "of these cgroups and those below them, all that have processes" }
  own[#own + 1] = opt.list { "ignore", of = opt.pattern, default = ignored,
    help = "never cgroups whose path matches one of these" }
  return own
end


local function is_within_any(path, trees)
  for _, tree in ipairs(trees) do
    if paths.is_within(path, tree) then
      return true
    end
  end
  return false
end


--- Whether a cgroup is meant. The root never is: it stands for the machine.
---@param path string?
---@param o table options
---@return boolean
function units.is_meant(path, o)
  return path ~= nil and path ~= "/" and is_within_any(path, o.cgroup) and not o.ignore:any(path)
end


--- The cgroup, or the nearest above it, in which memory is accounted for; "/" when none is, and for
--- one that is gone: what that was in is another matter.
local function accounted(path, current)
  while path ~= "/" do
    local bytes, _, _, kind = current(path)
    if bytes then
      return path
    end
    path = kind ~= "gone" and paths.above(path) or "/"
  end
  return path
end


--- The cgroups of version 2 that are meant and have processes. In those below a cgroup that hands
--- its memory controller on to none, that cgroup stands for them.
---@param snapshot pagewarden.Snapshot with the field `cgroup`
---@param o table options
---@param current fun(path: string): integer? as of `pw.cgroup`
---@return table<string, boolean> found by path
---@return integer count
function units.find(snapshot, o, current)
  local found, nearest, count = {}, {}, 0
  for row in snapshot:each() do
    local own = row.cgroup
    if own and not nearest[own] then
      local path = accounted(own, current)
      nearest[own] = path
      if not found[path] and units.is_meant(path, o) then
        found[path], count = true, count + 1
      end
    end
  end
  return found, count
end


--- Why no cgroup is meant, in words.
---@param o table options
---@return string
function units.explain_none(o)
  return ("no process is in a cgroup below %s that is not ignored; name others by cgroup="):format(
    table.concat(o.cgroup, ", "))
end


return units
