-- SPDX-License-Identifier: MIT
--- What is dirty, from where the kernel writes it back, and where it holds writers up. Pure.
-- @module pagewarden.report.writeback
local memory = require "pagewarden.report.memory"

local writeback = {}


--- Kernels before 2.6.37 do not tell their thresholds. They are shares of what can become dirty:
-- free and file pages, without the reserves (domain_dirty_limits() in mm/page-writeback.c).
local function estimate(settings, kind, dirtyable)
  local bytes, ratio = settings["vm." .. kind .. "_bytes"], settings["vm." .. kind .. "_ratio"]
  if (bytes or 0) > 0 then
    return bytes
  end
  return ratio and dirtyable * ratio // 100
end


local function estimate_thresholds(info, zones, settings, page_size)
  local dirtyable = memory.dirtyable(info, zones, page_size)
  local limit = estimate(settings, "dirty", dirtyable)
  local background = estimate(settings, "dirty_background", dirtyable)
  if limit and background and background >= limit then
    background = limit // 2
  end
  return background, limit
end


--- Bytes that are dirty or being written, and the thresholds in effect: the kernel's own result of
--- its settings where it tells it, else `estimated`.
---@param info table what `proc.meminfo` returns
---@param vmstat table what `proc.vmstat` returns
---@param zones table[]? what `proc.zoneinfo` returns
---@param settings table<string, integer> `vm.*`
---@param page_size integer
---@return table
function writeback.of(info, vmstat, zones, settings, page_size)
  local limit = vmstat.nr_dirty_threshold
  local background = vmstat.nr_dirty_background_threshold
  local estimated = not (limit and background)
  if estimated then
    background, limit = estimate_thresholds(info, zones, settings, page_size)
  else
    background, limit = background * page_size, limit * page_size
  end
  return {
    dirty = info.Dirty, writeback = info.Writeback,
    background_threshold = background, threshold = limit, estimated = estimated,
  }
end


return writeback
