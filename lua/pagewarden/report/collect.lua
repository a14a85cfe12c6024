-- SPDX-License-Identifier: MIT
--- Reads what a report is made of into one plain table, which is also the JSON: bytes, seconds and
-- percentages, kernel names for what the kernel names. What cannot be read is nil, and `unseen`
-- says why.
-- @module pagewarden.report.collect
local cgroup = require "pagewarden.cgroup"
local container = require "pagewarden.report.container"
local memory = require "pagewarden.report.memory"
local mm = require "pagewarden.mm"
local processes = require "pagewarden.report.processes"
local text = require "pagewarden.text"
local writeback = require "pagewarden.report.writeback"

--- The settings that findings look at.
local SETTINGS = {
  "dirty_background_bytes", "dirty_background_ratio", "dirty_bytes", "dirty_ratio",
  "min_free_kbytes", "oom_kill_allocating_task", "overcommit_memory", "overcommit_ratio",
  "page-cluster", "panic_on_oom", "swappiness", "vfs_cache_pressure", "watermark_scale_factor",
  "zone_reclaim_mode",
}

local RESOURCES = { "memory", "io", "cpu" }

--- meminfo's own names for what is told beside the shares.
local DETAILS = {
  active_anon = "Active(anon)", inactive_anon = "Inactive(anon)",
  active_file = "Active(file)", inactive_file = "Inactive(file)",
  active = "Active", inactive = "Inactive", unevictable = "Unevictable", mlocked = "Mlocked",
  dirty = "Dirty", writeback = "Writeback", mapped = "Mapped", shmem = "Shmem", slab = "Slab",
  anon_huge_pages = "AnonHugePages", committed = "Committed_AS", commit_limit = "CommitLimit",
  balloon = "Balloon",
}


---@class pagewarden.Report
---@field kernel string? release
---@field uptime number? seconds
---@field memory table total, free, available, shares (that add up to total) and details, in bytes
---@field swap table total, used, areas in the order of /proc/swaps, zram devices, zswap
---@field pressure table? by resource, as `proc.pressure` returns it
---@field writeback table dirty, writeback, threshold, background_threshold, in bytes
---@field zones table[] node, zone, managed, free, min, low, high, in bytes
---@field settings table<string, integer> `vm.*` as the kernel has them
---@field thp string? who gets transparent huge pages
---@field oom_kills integer? since boot
---@field slab_caches table[] the largest, when they can be read
---@field processes table? the largest, the next victims, the unkillable
---@field container table inside, sign, maker, and cgroup: our own with its limits
---@field findings pagewarden.report.Finding[]? set by the command
---@field unseen { what: string, reason: string, kind: string? }[]

---@class pagewarden.report.Collector
---@field reader table
---@field unseen table[]
local Collector = {}
Collector.__index = Collector


--- A value, or nil with a note of why there is none. A kernel that lacks a thing is no news.
function Collector:see(what, value, message, _, kind)
  if value == nil and kind ~= "unsupported" then
    local reason = text.escape(message or "")
    self.unseen[#self.unseen + 1] = { what = what, reason = reason, kind = kind }
  end
  return value
end


function Collector:settings()
  local settings = {}
  for _, name in ipairs(SETTINGS) do
    local value = self.reader:read("proc/sys/vm/" .. name)
    settings["vm." .. name] = value and math.tointeger(tonumber(value))
  end
  return settings
end


function Collector:kernel()
  local release = self.reader:read "proc/sys/kernel/osrelease"
  return release and text.escape(release:match "%S*")
end


local function collect_memory(info, zones, devices, page_size)
  local shares = memory.shares(info, devices, zones, page_size)
  local told = {
    total = info.MemTotal,
    free = info.MemFree,
    available = info.MemAvailable or memory.estimate_available(info, zones, page_size),
    available_estimated = info.MemAvailable == nil,
    shares = shares,
    kernel = memory.kernel_share(shares),
    huge_pages = {
      total = info.HugePages_Total, free = info.HugePages_Free, reserved = info.HugePages_Rsvd,
      size = info.Hugepagesize,
    },
  }
  for name, key in pairs(DETAILS) do
    told[name] = info[key]
  end
  return told
end


--- The compressed copies that swap keeps in memory.
local function zram_devices(devices)
  local told = {}
  for _, device in ipairs(devices or {}) do
    if (device.disksize or 0) > 0 then
      told[#told + 1] = {
        name = device.name, disksize = device.disksize, algorithm = device.comp_algorithm,
        data = device.orig_data_size, compressed = device.compr_data_size,
        used = device.mem_used_total, limit = device.mem_limit,
      }
    end
  end
  return told
end


local function collect_swap(info, areas, devices, zswap)
  for _, area in ipairs(areas or {}) do
    area.filename = text.escape(area.filename)
  end
  return {
    total = info.SwapTotal,
    used = info.SwapTotal and info.SwapTotal - (info.SwapFree or 0),
    cached = info.SwapCached,
    areas = areas,
    zram = zram_devices(devices),
    zswap = zswap and zswap.enabled and {
      pool = info.Zswap, data = info.Zswapped, compressor = zswap.compressor,
      max_pool_percent = zswap.max_pool_percent,
    } or nil,
  }
end


local function collect_zones(zones, page_size)
  local told = {}
  for _, zone in ipairs(zones or {}) do
    local managed = zone.managed or zone.present or 0
    if managed > 0 then
      told[#told + 1] = {
        node = zone.node, zone = zone.zone, managed = managed * page_size,
        free = (zone.nr_free_pages or zone.free or 0) * page_size,
        min = (zone.min or 0) * page_size, low = (zone.low or 0) * page_size,
        high = (zone.high or 0) * page_size,
      }
    end
  end
  return told
end


function Collector:slab_caches()
  local caches = {}
  for _, cache in ipairs(self.reader:slabinfo() or {}) do
    local bytes = (cache.num_objs or 0) * (cache.objsize or 0)
    caches[#caches + 1] = { name = text.escape(cache.name), bytes = bytes }
  end
  table.sort(caches, function(a, b) return a.bytes > b.bytes end)
  return table.move(caches, 1, math.min(3, #caches), 1, {})
end


function Collector:pressure()
  local told = {}
  for _, resource in ipairs(RESOURCES) do
    told[resource] = (self.reader:pressure(resource))
  end
  return next(told) and told or nil
end


function Collector:processes(budget)
  local told, message = processes.collect(self.reader, budget)
  if not told then
    self:see("processes", nil, message)
  end
  return told
end


---@param info table what `proc.meminfo` returns
---@param budget number
function Collector:report(info, budget)
  local reader, kernel_mm = self.reader, mm.open(self.reader)
  local page_size = reader:page_size()
  local zones = self:see("zones", reader:zoneinfo())
  local vmstat = self:see("vmstat", reader:vmstat()) or {}
  local devices, settings = kernel_mm:zram(), self:settings()
  local seen = self:processes(budget)
  local kernel_threads_shown = seen and seen.kernel_threads_shown
  return {
    kernel = self:kernel(),
    uptime = (reader:uptime()),
    memory = collect_memory(info, zones, devices, page_size),
    swap = collect_swap(info, self:see("swap areas", reader:swaps()), devices, kernel_mm:zswap()),
    pressure = self:pressure(),
    writeback = writeback.of(info, vmstat, zones, settings, page_size),
    zones = collect_zones(zones, page_size),
    settings = settings,
    thp = (kernel_mm:get "transparent_hugepage/enabled"),
    oom_kills = vmstat.oom_kill,
    slab_caches = self:slab_caches(),
    processes = seen,
    container = container.collect(reader, cgroup.open(reader), kernel_threads_shown),
    unseen = self.unseen,
  }
end


--- Reads the system.
---@param reader table as `proc.open` makes it
---@param budget number seconds that may be spent on what is expensive to read
---@return pagewarden.Report? report nil when there is not even a meminfo
---@return string? message
---@return integer? errno
---@return string? kind
return function(reader, budget)
  local info, message, errno, kind = reader:meminfo()
  if not info then
    return nil, message, errno, kind
  elseif not info.MemTotal then
    return nil, "proc/meminfo: it does not tell MemTotal", nil, "broken"
  end
  return setmetatable({ reader = reader, unseen = {} }, Collector):report(info, budget)
end
