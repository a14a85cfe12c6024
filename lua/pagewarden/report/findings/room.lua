-- SPDX-License-Identifier: MIT
--- Findings about how much room is left, and what it costs to find some.
local format = require "pagewarden.format"

local SCARCE_PERCENT, SHORT_PERCENT = 5, 10

--- Zones smaller than this part of memory (DMA) are kept for who needs them, and so often full.
local SMALL_ZONE_PERCENT = 5


local function available_percent(report)
  local memory = report.memory
  if (memory.total or 0) > 0 then
    return 100 * memory.available / memory.total
  end
end


local function tell_available(report)
  local memory = report.memory
  return {
    available = memory.available, total = memory.total, estimated = memory.available_estimated,
  }
end


local function stall(report, kind)
  local pressure = report.pressure and report.pressure.memory
  return pressure and pressure[kind] and pressure[kind].avg10
end


local function zones_below(report, mark)
  local names, evidence = {}, {}
  for _, zone in ipairs(report.zones) do
    local counts = zone.managed * 100 >= (report.memory.total or 0) * SMALL_ZONE_PERCENT
    if counts and zone.free < zone[mark] then
      names[#names + 1] = ("%s of node %d"):format(zone.zone, zone.node)
      evidence[#evidence + 1] = {
        node = zone.node, zone = zone.zone, free = zone.free, [mark] = zone[mark],
      }
    end
  end
  if #names > 0 then
    return table.concat(names, ", "), { zones = evidence }
  end
end


return {
  {
    id = "memory-scarce",
    severity = "critical",
    check = function(report)
      local percent = available_percent(report)
      if percent and percent < SCARCE_PERCENT then
        return ("only %s (%s of memory) is available: the next large allocation may start the OOM "
          .. "killer"):format(format.size(report.memory.available), format.percent(percent)),
          tell_available(report)
      end
    end,
  },
  {
    id = "memory-short",
    severity = "warning",
    check = function(report)
      local percent = available_percent(report)
      if percent and percent >= SCARCE_PERCENT and percent < SHORT_PERCENT then
        return ("%s (%s of memory) is available"):format(format.size(report.memory.available),
          format.percent(percent)), tell_available(report)
      end
    end,
  },
  {
    id = "available-estimated",
    severity = "note",
    check = function(report)
      if report.memory.available_estimated then
        return "this kernel does not tell how much memory is available (MemAvailable came with "
          .. "3.14); the figure is estimated by the same formula", tell_available(report)
      end
    end,
  },
  {
    id = "pressure-high",
    severity = "critical",
    check = function(report)
      local full = stall(report, "full")
      if full and full >= 10 then
        return ("for %s of the last 10 seconds everything stood still waiting for memory: the "
          .. "machine is thrashing"):format(format.percent(full)), { full_avg10 = full }
      end
    end,
  },
  {
    id = "pressure-some",
    severity = "warning",
    check = function(report)
      local some, full = stall(report, "some"), stall(report, "full") or 0
      if some and some >= 10 and full < 10 then
        return ("for %s of the last 10 seconds some task waited for memory"):format(
          format.percent(some)), { some_avg10 = some, full_avg10 = full }
      end
    end,
  },
  {
    id = "zone-below-min",
    severity = "critical",
    check = function(report)
      local names, evidence = zones_below(report, "min")
      if names then
        return "free memory is below the min watermark in " .. names
          .. ": whoever allocates there has to reclaim first", evidence
      end
    end,
  },
  {
    id = "zone-below-low",
    severity = "note",
    check = function(report)
      local names, evidence = zones_below(report, "low")
      if names and not zones_below(report, "min") then
        return "free memory is below the low watermark in " .. names .. ": kswapd is reclaiming",
          evidence
      end
    end,
  },
}
