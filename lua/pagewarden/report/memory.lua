-- SPDX-License-Identifier: MIT
--- Where all of a machine's memory is, as rows that add up to MemTotal. Pure: works on what
-- `proc.meminfo`, `proc.zoneinfo` and `mm.zram` return.
--
-- Every page is counted once. That takes some care, because meminfo's fields overlap
-- (Documentation/filesystems/proc.rst, fs/proc/meminfo.c, mm/show_mem.c of the kernel):
--
-- * Cached contains Shmem, and not SwapCached;
-- * a page in the swap cache that is mapped is in AnonPages (or Shmem) as well, so only what the
--   LRU lists hold beyond the rest is added for it;
-- * AnonHugePages is part of AnonPages, NFS_Unstable, Dirty and Writeback part of Cached;
-- * KReclaimable contains SReclaimable; Slab is SReclaimable and SUnreclaim;
-- * VmallocUsed contains kernel stacks (CONFIG_VMAP_STACK, the default since 4.9) but not Percpu.
--   Before 4.4 it also contained mapped device memory, and until 5.3 it was 0;
-- * Hugetlb contains the free huge pages of all sizes;
-- * what zsmalloc holds for zram is in no field, nor are the free pages of the per-CPU lists, which
--   /proc/zoneinfo counts.
--
-- @module pagewarden.report.memory
local memory = {}

---@class pagewarden.report.Share
---@field id string stable name
---@field bytes integer
---@field kernel boolean? part of what the kernel needs for itself


--- Before 4.20, which brought Percpu, VmallocUsed does not count pages.
local function vmalloc(info)
  if not info.Percpu then
    return 0
  end
  return math.max(0, (info.VmallocUsed or 0) - (info.KernelStack or 0))
end


--- The huge pages set aside, used or not. Hugetlb (4.17) counts all sizes, HugePages_Total only
--- those of the default size.
local function hugetlb(info)
  return info.Hugetlb or (info.HugePages_Total or 0) * (info.Hugepagesize or 0)
end


--- The swap cache's pages that nothing else counts.
local function swap_cache(info)
  local listed = (info.Active or 0) + (info.Inactive or 0) + (info.Unevictable or 0)
  local mapped_or_file = (info.AnonPages or 0) + (info.Cached or 0) + (info.Buffers or 0)
  return math.max(0, math.min(info.SwapCached or 0, listed - mapped_or_file))
end


--- Free pages that a CPU keeps at hand; MemFree leaves them out.
local function free_at_cpus(zones, page_size)
  local pages = 0
  for _, zone in ipairs(zones or {}) do
    for _, pageset in ipairs(zone.pagesets or {}) do
      pages = pages + (pageset.count or 0)
    end
  end
  return pages * page_size
end


local function zram_pages(devices)
  local sum = 0
  for _, device in ipairs(devices or {}) do
    sum = sum + (device.mem_used_total or 0)
  end
  return sum
end


--- Splits MemTotal into shares. The last one, "unaccounted", is what no counter of the kernel
--- names: pages that drivers and firmware hold. It can be slightly negative, since the counters
--- are not read at one moment.
---@param info table what `proc.meminfo` returns
---@param devices table[]? what `mm.zram` returns
---@param zones table[]? what `proc.zoneinfo` returns
---@param page_size integer
---@return pagewarden.report.Share[]
function memory.shares(info, devices, zones, page_size)
  local slab = info.Slab or (info.SReclaimable or 0) + (info.SUnreclaim or 0)
  local reclaimable_slab = info.SReclaimable or 0
  local shmem = info.Shmem or 0
  local shares = {
    { id = "free", bytes = info.MemFree or 0 },
    { id = "free_at_cpus", bytes = free_at_cpus(zones, page_size) },
    { id = "anonymous", bytes = info.AnonPages or 0 },
    { id = "shmem", bytes = shmem },
    { id = "file_cache", bytes = math.max(0, (info.Cached or 0) - shmem) },
    { id = "buffers", bytes = info.Buffers or 0 },
    { id = "swap_cache", bytes = swap_cache(info) },
    { id = "hugetlb", bytes = hugetlb(info) },
    { id = "zram", bytes = zram_pages(devices) },
    { id = "zswap", bytes = info.Zswap or 0 },
    { id = "slab_reclaimable", bytes = reclaimable_slab, kernel = true },
    { id = "slab_unreclaimable", bytes = slab - reclaimable_slab, kernel = true },
    { id = "other_reclaimable", kernel = true,
      bytes = math.max(0, (info.KReclaimable or reclaimable_slab) - reclaimable_slab) },
    { id = "page_tables", kernel = true,
      bytes = (info.PageTables or 0) + (info.SecPageTables or 0) },
    { id = "kernel_stacks", bytes = info.KernelStack or 0, kernel = true },
    { id = "percpu", bytes = info.Percpu or 0, kernel = true },
    { id = "vmalloc", bytes = vmalloc(info), kernel = true },
    { id = "bounce_buffers", kernel = true,
      bytes = (info.Bounce or 0) + (info.WritebackTmp or 0) },
    { id = "hardware_corrupted", bytes = info.HardwareCorrupted or 0 },
  }
  local sum = 0
  for _, share in ipairs(shares) do
    sum = sum + share.bytes
  end
  shares[#shares + 1] = { id = "unaccounted", bytes = (info.MemTotal or 0) - sum }
  return shares
end


--- The kernel's own share of memory: the sum of what is marked so.
---@param shares pagewarden.report.Share[]
---@return integer bytes
function memory.kernel_share(shares)
  local sum = 0
  for _, share in ipairs(shares) do
    sum = sum + (share.kernel and share.bytes or 0)
  end
  return sum
end


--- The low watermarks, and what the kernel keeps out of reach of ordinary allocations: the high
--- watermark of each zone with the largest reserve for it. The kernel's own totalreserve_pages is
--- not exported.
local function reserves(zones, page_size)
  local low, reserve = 0, 0
  for _, zone in ipairs(zones) do
    local protection = 0
    for _, pages in ipairs(zone.protection or {}) do
      protection = math.max(protection, pages)
    end
    low = low + (zone.low or 0)
    reserve = reserve + math.min((zone.high or 0) + protection, zone.managed or zone.present or 0)
  end
  return low * page_size, reserve * page_size
end


--- The pages of files, on kernels before 2.6.28 guessed from what they are counted under.
local function file_pages(info)
  if info["Active(file)"] then
    return info["Active(file)"] + (info["Inactive(file)"] or 0)
  end
  return math.max(0, (info.Cached or 0) + (info.Buffers or 0) - (info.Shmem or 0))
end


--- What could become dirty, of which vm.dirty_ratio is a share: not all of memory.
---@param info table what `proc.meminfo` returns
---@param zones table[]? what `proc.zoneinfo` returns
---@param page_size integer
---@return integer bytes
function memory.dirtyable(info, zones, page_size)
  local _, reserve = reserves(zones or {}, page_size)
  return math.max(0, (info.MemFree or 0) - reserve) + file_pages(info)
end


--- An estimate of MemAvailable for kernels before 3.14, which do not tell it, by the formula of
--- si_mem_available() (mm/show_mem.c).
---@param info table what `proc.meminfo` returns
---@param zones table[]? what `proc.zoneinfo` returns
---@param page_size integer
---@return integer bytes
function memory.estimate_available(info, zones, page_size)
  local low, reserve = reserves(zones or {}, page_size)
  local file = file_pages(info)
  local slab = info.SReclaimable or 0
  local available = (info.MemFree or 0) - reserve
    + file - math.min(file // 2, low)
    + slab - math.min(slab // 2, low)
  return math.max(0, available)
end


return memory
