-- SPDX-License-Identifier: MIT
--- How much more memory processes may take before something stops them: the limit of a cgroup, or
-- the end of what the machine has.
-- @module pagewarden.recipe.room
local paths = require "pagewarden.recipe.paths"
local size = require("pagewarden.format").size

local room = {}


--- How much more swap a cgroup may use: version 2 limits swap, version 1 it and memory together.
local function swap_room(limits, current, swap, swap_free)
  local left = swap_free
  if limits.swap_max then
    left = math.min(left, limits.swap_max - swap)
  elseif limits.memsw_max then
    left = math.min(left, limits.memsw_max - current - swap)
  end
  return math.max(left, 0)
end


--- What a cgroup and all below it have of files. In version 1 what is below is told apart.
---@param stat table<string, integer> of `pw.cgroup.stat`
---@return integer bytes
function room.files(stat)
  return (stat.total_inactive_file or stat.inactive_file or 0)
    + (stat.total_active_file or stat.active_file or 0)
end


---@class pagewarden.recipe.Room
---@field cgroup string?
---@field left number bytes
---@field current integer
---@field limit number
---@field swap number of what is left
---@field message string

--- What one cgroup has left; nil when it has no limit, or is gone.
---@param pw pagewarden.Pw with `cgroup`
---@param path string
---@param swap_free number bytes that it may have at most
---@return pagewarden.recipe.Room?
function room.of_cgroup(pw, path, swap_free)
  local limits, current = pw.cgroup.limits(path), pw.cgroup.current(path)
  if not limits or not current or (limits.max or math.huge) == math.huge then
    return nil
  end
  local file = room.files(pw.cgroup.stat(path) or {})
  local swap = swap_room(limits, current, pw.cgroup.swap(path) or 0, swap_free)
  local left = math.max(limits.max - current, 0) + math.min(file, current) + swap
  return { cgroup = path, left = left, current = current, limit = limits.max, file = file,
    swap = swap, message = ("%s: %s left, of a limit of %s"):format(path, size(left),
      size(limits.max)) }
end


--- The lowest cgroup that has all of some processes; nil when none is known.
local function cgroup_of(pw, pids)
  local common
  for _, pid in ipairs(pids) do
    local path = pw.cgroup.own(pid)
    common = common or path
    while path and common ~= path do
      if #common > #path then
        common = paths.above(common)
      else
        path = paths.above(path)
      end
    end
  end
  return common
end


--- What some processes may take together: what the machine has left, or less where a cgroup that
--- has all of them is limited. `cgroup` is the one that stops them first.
---@param pw pagewarden.Pw with `cgroup`
---@param pids integer[]
---@return { left: number?, cgroup: string? }
function room.of_processes(pw, pids)
  local memory = pw.proc.meminfo() or {}
  local available = memory.MemAvailable or memory.MemFree
  local swap, limited = memory.SwapFree or 0, {}
  local path = pw.cgroup.version() and cgroup_of(pw, pids)
  while path do
    local limits, current = pw.cgroup.limits(path), pw.cgroup.current(path)
    if limits and current then
      swap = swap_room(limits, current, pw.cgroup.swap(path) or 0, swap)
      limited[#limited + 1] = path
    end
    path = paths.above(path)
  end
  local least = { left = available and available + swap }
  for _, cgroup in ipairs(limited) do
    local here = room.of_cgroup(pw, cgroup, swap)
    least = here and here.left < (least.left or math.huge) and here or least
  end
  return least
end


return room
