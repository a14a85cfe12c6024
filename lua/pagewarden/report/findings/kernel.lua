-- SPDX-License-Identifier: MIT
--- Findings about what the kernel holds for itself, and pages that are bound to one use.
local format = require "pagewarden.format"

local MIB = 1 << 20


local function share(report, id)
  for _, entry in ipairs(report.memory.shares) do
    if entry.id == id then
      return entry.bytes
    end
  end
  return 0
end


--- A share, when it is larger than so many percent of memory and than so many bytes.
local function large(report, id, percent, least)
  local bytes, total = share(report, id), report.memory.total or 0
  if bytes > least and bytes * 100 > total * percent then
    return format.size(bytes), { [id] = bytes, total = total }
  end
end


local function name_caches(caches)
  local names = {}
  for i, cache in ipairs(caches) do
    names[i] = ("%s %s"):format(cache.name, format.size(cache.bytes))
  end
  return #names > 0 and "; largest caches: " .. table.concat(names, ", ")
    or "; run as root to see which caches"
end


return {
  {
    id = "slab-unreclaimable",
    severity = "warning",
    check = function(report)
      local size, evidence = large(report, "slab_unreclaimable", 10, 256 * MIB)
      if size then
        evidence.caches = report.slab_caches
        return ("the kernel holds %s of slab that cannot be reclaimed%s"):format(size,
          name_caches(report.slab_caches)), evidence
      end
    end,
  },
  {
    id = "slab-reclaimable",
    severity = "note",
    check = function(report)
      local size, evidence = large(report, "slab_reclaimable", 20, 256 * MIB)
      if size then
        return ("%s of slab is cache (dentries, inodes): the kernel gives it back when memory is "
          .. "needed"):format(size), evidence
      end
    end,
  },
  {
    id = "unaccounted",
    severity = "note",
    check = function(report)
      local size, evidence = large(report, "unaccounted", 10, 512 * MIB)
      if size then
        evidence.balloon = report.memory.balloon
        return ("%s is in no counter of the kernel: drivers (GPU, network, balloon) and firmware "
          .. "hold it"):format(size), evidence
      end
    end,
  },
  {
    id = "page-tables",
    severity = "warning",
    check = function(report)
      local size, evidence = large(report, "page_tables", 5, 256 * MIB)
      if size then
        return ("page tables take %s; processes that map much shared memory do better with huge "
          .. "pages"):format(size), evidence
      end
    end,
  },
  {
    id = "shmem",
    severity = "note",
    check = function(report)
      local size, evidence = large(report, "shmem", 25, 256 * MIB)
      if size then
        return ("%s is shared memory and tmpfs files: counted as cache by free(1), but it cannot "
          .. "be dropped, only swapped or deleted (df -t tmpfs, ipcs -m)"):format(size), evidence
      end
    end,
  },
  {
    id = "huge-pages-idle",
    severity = "warning",
    check = function(report)
      local pool = report.memory.huge_pages
      local idle = math.max(0, (pool.free or 0) - (pool.reserved or 0)) * (pool.size or 0)
      if idle > 0 and idle * 20 > (report.memory.total or 0) then
        return ("%s lies idle in the pool of huge pages, and nothing else can use it"):format(
          format.size(idle)), { idle = idle, huge_pages = pool }
      end
    end,
  },
  {
    id = "thp-always",
    severity = "note",
    check = function(report)
      local huge, total = report.memory.anon_huge_pages or 0, report.memory.total or 0
      if report.thp == "always" and huge * 4 > total then
        return ("transparent huge pages are given to everybody and make up %s: a process that "
          .. "touches one byte of 2 MiB holds all of it (madvise gives them to who asks)"):format(
          format.size(huge)),
          { ["transparent_hugepage/enabled"] = report.thp, AnonHugePages = huge }
      end
    end,
  },
  {
    id = "hardware-corrupted",
    severity = "critical",
    check = function(report)
      local bytes = share(report, "hardware_corrupted")
      if bytes > 0 then
        return ("%s was taken out of use after memory errors: a module is failing"):format(
          format.size(bytes)), { HardwareCorrupted = bytes }
      end
    end,
  },
}
