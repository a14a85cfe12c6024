-- SPDX-License-Identifier: MIT
--- Findings about dirty pages and settings of the page cache.
-- Kernel: Documentation/admin-guide/sysctl/vm.rst, mm/page-writeback.c.
local format = require "pagewarden.format"

local MUCH_DIRTY_BYTES = 4 << 30


--- The pair of thresholds in one unit, when both are given in the same.
local function pair(settings)
  for _, unit in ipairs { "bytes", "ratio" } do
    local background = settings["vm.dirty_background_" .. unit] or 0
    local limit = settings["vm.dirty_" .. unit] or 0
    if background > 0 and limit > 0 then
      return background, limit, unit
    end
  end
end


return {
  {
    id = "dirty-background-too-high",
    severity = "warning",
    check = function(report)
      local background, limit, unit = pair(report.settings)
      if background and background >= limit then
        return ("vm.dirty_background_%s (%d) is not below vm.dirty_%s (%d): the kernel uses half "
          .. "of the latter for it"):format(unit, background, unit, limit),
          { ["vm.dirty_background_" .. unit] = background, ["vm.dirty_" .. unit] = limit }
      end
    end,
  },
  {
    id = "writers-throttled",
    severity = "warning",
    check = function(report)
      local writeback = report.writeback
      local limit, background = writeback.threshold, writeback.background_threshold
      local waiting = (writeback.dirty or 0) + (writeback.writeback or 0)
      if limit and background and waiting > (limit + background) // 2 then
        return ("%s waits to be written: past half way between the thresholds (%s and %s) the "
          .. "kernel slows down whoever writes"):format(format.size(waiting),
          format.size(background), format.size(limit)),
          { waiting = waiting, threshold = limit, background_threshold = background }
      end
    end,
  },
  {
    id = "dirty-threshold-large",
    severity = "note",
    check = function(report)
      local limit = report.writeback.threshold
      if limit and limit > MUCH_DIRTY_BYTES then
        return ("up to %s may wait in memory to be written before writers are held up; to a slow "
          .. "disk that is minutes (vm.dirty_bytes sets a size instead of a share)"):format(
          format.size(limit)), { threshold = limit }
      end
    end,
  },
  {
    id = "min-free-large",
    severity = "warning",
    check = function(report)
      local reserve = (report.settings["vm.min_free_kbytes"] or 0) * 1024
      if reserve * 20 > (report.memory.total or math.huge) then
        return ("vm.min_free_kbytes keeps %s out of use: over 5%% of memory"):format(
          format.size(reserve)), { ["vm.min_free_kbytes"] = reserve // 1024 }
      end
    end,
  },
  {
    id = "vfs-cache-never-reclaimed",
    severity = "warning",
    check = function(report)
      if report.settings["vm.vfs_cache_pressure"] == 0 then
        return "vm.vfs_cache_pressure is 0: dentries and inodes are never reclaimed, which can end "
          .. "in the OOM killer", { ["vm.vfs_cache_pressure"] = 0 }
      end
    end,
  },
  {
    id = "zone-reclaim",
    severity = "note",
    check = function(report)
      local mode = report.settings["vm.zone_reclaim_mode"] or 0
      if mode > 0 then
        return "vm.zone_reclaim_mode is on: a node reclaims its cache while others have free "
          .. "memory, which seldom pays", { ["vm.zone_reclaim_mode"] = mode }
      end
    end,
  },
}
