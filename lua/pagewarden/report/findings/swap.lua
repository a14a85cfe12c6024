-- SPDX-License-Identifier: MIT
--- Findings about swap.
local format = require "pagewarden.format"


local function priorities(areas)
  local distinct, count, evidence = {}, 0, {}
  for _, area in ipairs(areas or {}) do
    if not distinct[area.priority] then
      distinct[area.priority] = true
      count = count + 1
    end
    evidence[area.filename] = area.priority
  end
  return count, evidence
end


local function is_zram(area)
  return area.filename:find "/zram%d+$" ~= nil
end


--- How many areas are in memory, and how many are not.
local function kinds(areas)
  local zram, others = 0, 0
  for _, area in ipairs(areas or {}) do
    if is_zram(area) then
      zram = zram + 1
    else
      others = others + 1
    end
  end
  return zram, others
end


--- Whether a zram area is asked before every other.
local function zram_is_first(areas)
  local first
  for _, area in ipairs(areas) do
    if not first or area.priority > first.priority then
      first = area
    end
  end
  return is_zram(first)
end


--- The version of a kernel as one number that compares: 5.8 is 508.
local function version(release)
  local major, minor = (release or ""):match "^(%d+)%.(%d+)"
  return major and major * 100 + math.min(tonumber(minor), 99)
end


return {
  {
    id = "swap-priorities-differ",
    severity = "warning",
    check = function(report)
      local areas = report.swap.areas
      local count, evidence = priorities(areas)
      local zram, others = kinds(areas)
      local intended = zram > 0 and others == 1 and zram_is_first(areas)
      if count > 1 and not intended then
        return "swap areas have different priorities, so they are used one after another, not "
          .. "together; equal pri= spreads the load", evidence
      end
    end,
  },
  {
    id = "zram-after-disk",
    severity = "warning",
    check = function(report)
      local zram, others = kinds(report.swap.areas)
      if zram > 0 and others > 0 and not zram_is_first(report.swap.areas) then
        local _, evidence = priorities(report.swap.areas)
        return "the disk's swap is filled before zram, which is faster: give zram the higher "
          .. "priority", evidence
      end
    end,
  },
  {
    id = "no-swap",
    severity = "note",
    check = function(report)
      if report.swap.total == 0 then
        return "there is no swap: memory of idle processes cannot make room, and a shortage comes "
          .. "without warning", { SwapTotal = 0 }
      end
    end,
  },
  {
    id = "swap-full",
    severity = "warning",
    check = function(report)
      local total, used = report.swap.total or 0, report.swap.used or 0
      if total > 0 and used * 10 >= total * 9 then
        return ("swap is nearly full: %s of %s"):format(format.size(used), format.size(total)),
          { total = total, used = used }
      end
    end,
  },
  {
    id = "zram-incompressible",
    severity = "warning",
    check = function(report)
      for _, device in ipairs(report.swap.zram) do
        local data, used = device.data or 0, device.used or 0
        if data > 64 << 20 and used * 10 > data * 7 then
          return ("%s holds %s in %s: what is swapped there does not compress"):format(device.name,
            format.size(data), format.size(used)),
            { device = device.name, data = data, used = used }
        end
      end
    end,
  },
  {
    id = "zswap-before-zram",
    severity = "note",
    check = function(report)
      if report.swap.zswap and kinds(report.swap.areas) > 0 then
        return "zswap is on in front of zram: pages are compressed twice", report.swap.zswap
      end
    end,
  },
  {
    id = "zram-readahead",
    severity = "note",
    check = function(report)
      local zram, others = kinds(report.swap.areas)
      local cluster = report.settings["vm.page-cluster"] or 0
      if zram > 0 and others == 0 and cluster > 0 then
        return ("all swap is zram, where reading %d pages ahead only decompresses what nobody "
          .. "asked for: vm.page-cluster is %d, 0 is better"):format(1 << math.min(cluster, 31),
          cluster), { ["vm.page-cluster"] = cluster }
      end
    end,
  },
  {
    id = "swappiness-zero",
    severity = "warning",
    check = function(report)
      if report.settings["vm.swappiness"] == 0 and (report.swap.total or 0) > 0 then
        return "vm.swappiness is 0: since 3.5 (and RHEL 6) swap is not used until the file cache "
          .. "is all but gone, so the OOM killer may come before swap is used; 1 keeps it in use",
          { ["vm.swappiness"] = 0 }
      end
    end,
  },
  {
    id = "swappiness-over-100",
    severity = "note",
    check = function(report)
      local swappiness = report.settings["vm.swappiness"] or 0
      local zram = kinds(report.swap.areas)
      local kernel = version(report.kernel)
      if swappiness > 100 and zram == 0 and not report.swap.zswap then
        return ("vm.swappiness is %d, which prefers swapping to dropping file cache: right for "
          .. "swap faster than the disks, and there is no zram or zswap here"):format(swappiness),
          { ["vm.swappiness"] = swappiness, kernel = report.kernel }
      elseif swappiness > 100 and kernel and kernel < 508 then
        return ("vm.swappiness is %d, but before 5.8 the kernel's range ends at 100"):format(
          swappiness), { ["vm.swappiness"] = swappiness, kernel = report.kernel }
      end
    end,
  },
}
