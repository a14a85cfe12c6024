-- SPDX-License-Identifier: MIT
--- How far away it is, on each way there, that the kernel has to kill for want of memory.
-- Each row has a `message` to log it with.
-- @module pagewarden.recipe.distance
local paths = require "pagewarden.recipe.paths"
local room = require "pagewarden.recipe.room"
local size = require("pagewarden.format").size

local distance = {}

--- Cgroups that are looked at, at most, and before others have a turn.
local MOST, AT_ONCE = 1000, 50


--- What may be used: of the machine, or less in a container that sees all of the machine's.
---@param pw pagewarden.Pw with `cgroup`
---@return integer bytes
function distance.usable(pw)
  local path = pw.cgroup.own()
  return math.min(assert(pw.proc.meminfo()).MemTotal,
    path and pw.cgroup.effective(path) or math.huge)
end


--- What all of the machine has left: memory that is free or can be had by dropping what is in
--- files, and swap.
---@param memory table<string, integer> of `pw.proc.meminfo`
---@return { left: integer, available: integer, swap_free: integer, message: string }
function distance.memory(memory)
  local available = memory.MemAvailable or (memory.MemFree or 0)
    + (memory["Active(file)"] or memory.Active or 0)
    + (memory["Inactive(file)"] or memory.Inactive or 0)
  local swap = memory.SwapFree or 0
  return { left = available + swap, available = available, swap_free = swap,
    message = ("all of the machine: %s left, %s of memory and %s of swap%s"):format(
      size(available + swap), size(available), size(swap), memory.MemAvailable and ""
      or "; guessed, as this kernel has no MemAvailable") }
end


local function describe_zone(zone)
  return ("%s of node %d: %s free and %s of files, less %s (min) and %s (reserve): %s"):format(
    zone.zone, zone.node, size(zone.free), size(zone.file), size(zone.min), size(zone.reserve),
    zone.left > 0 and size(zone.left) .. " left" or "nothing for ordinary requests")
end


--- What each zone has left for ordinary requests. Any zone may meet those, as long as what is free
--- and what could be reclaimed there exceed its min and what it keeps from requests that a higher
--- zone can meet (lowmem_reserve): should_reclaim_retry() and __zone_watermark_ok() of
--- mm/page_alloc.c. Of what could be reclaimed only pages of files count here; others need swap.
---@param zones pagewarden.Zone[]
---@param page_size integer
---@return table[] rows in bytes; `left` is negative where ordinary requests get nothing
function distance.zones(zones, page_size)
  local rows = {}
  for _, zone in ipairs(zones) do
    local file = (zone.nr_zone_inactive_file or zone.nr_inactive_file or 0)
      + (zone.nr_zone_active_file or zone.nr_active_file or 0)
    local free, reserve = zone.nr_free_pages or zone.free, zone.protection[#zone.protection] or 0
    local left = (free + file - zone.min - reserve) * page_size
    if (zone.managed or zone.present or 0) > 0 then
      rows[#rows + 1] = {
        node = zone.node, zone = zone.zone, left = left, free = free * page_size,
        file = file * page_size, min = zone.min * page_size, low = zone.low * page_size,
        high = zone.high * page_size, reserve = reserve * page_size,
      }
      rows[#rows].message = describe_zone(rows[#rows])
    end
  end
  return rows
end


--- Page tables: of processes, whose badness counts them, but nothing reclaims them.
---@param memory table<string, integer> of `pw.proc.meminfo`
---@param victims pagewarden.Victim[] among which the one with the most is named
---@return { bytes: integer, share: number, message: string }
function distance.page_tables(memory, victims)
  local bytes, most = memory.PageTables or 0, { page_tables = 0 }
  for _, v in ipairs(victims) do
    most = v.page_tables > most.page_tables and v or most
  end
  local share = bytes / memory.MemTotal * 100
  return { bytes = bytes, share = share,
    message = ("%s, %.1f%% of memory, which nothing reclaims%s"):format(size(bytes), share,
      most.pid and ("; %s of them of %s (pid %d)"):format(size(most.page_tables), most.comm,
      most.pid) or "") }
end


--- The cgroup that is killed as a whole with one of its processes (memory.oom.group): the highest,
--- as mem_cgroup_get_oom_group() has it (mm/memcontrol.c).
---@param pw pagewarden.Pw with `cgroup`
---@param pid integer
---@return string? path
function distance.group(pw, pid)
  local path, group = pw.cgroup.own(pid), nil
  while path and path ~= "/" do
    local state = pw.cgroup.state(path)
    group = state and state.oom_group and path or group
    path = paths.above(path)
  end
  return group
end


--- The paths of all cgroups that have processes, and of those above them.
local function find_paths(pw)
  local found, known = {}, {}
  local snapshot <close> = assert(pw.proc.processes { "pid", "cgroup" })
  for row in snapshot:each() do
    local path = row.cgroup
    while path and not known[path] and #found < MOST do
      known[path] = true
      found[#found + 1] = path
      path = paths.above(path)
    end
  end
  return found
end


--- What each cgroup has left that has a limit and processes, the one with the least first.
---@param pw pagewarden.Pw with `cgroup`
---@param swap_free integer bytes of the machine
---@param pause fun() is called now and then
---@return pagewarden.recipe.Room[]
function distance.cgroups(pw, swap_free, pause)
  local rows = {}
  if not pw.cgroup.version() then
    return rows
  end
  for i, path in ipairs(find_paths(pw)) do
    rows[#rows + 1] = room.of_cgroup(pw, path, swap_free)
    if i % AT_ONCE == 0 then
      pause()
    end
  end
  table.sort(rows, function(a, b) return a.left < b.left end)
  return rows
end


return distance
