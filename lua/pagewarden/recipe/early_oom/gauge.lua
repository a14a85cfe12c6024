-- SPDX-License-Identifier: MIT
--- How short memory is, of the machine or of one cgroup: the figures that conditions compare.
--
-- Two things that MemAvailable and SwapFree have wrong are put right. ZFS's cache (ARC) is given
-- back when memory is short, all but its least size, and counts as available. And what zram has
-- left is worth only as much memory as compressing saves: at 2:1 half of it, and of what does not
-- compress nothing, as of what its mem_limit does not allow.
-- @module pagewarden.recipe.early_oom.gauge
local rate = require "pagewarden.recipe.rate"
local room = require "pagewarden.recipe.room"

local gauge = {}

local ARC <const> = "proc/spl/kstat/zfs/arcstats"

--- A zram that has stored less than this says nothing of how well it compresses; 2:1 is then taken.
local TELLING_BYTES <const> = 16 << 20

--- Looks after which it is asked again whether there is an ARC, and which swap is zram.
local LOOKS <const> = 64

--- Looks of which totals are kept for a window.
local SLOTS <const> = 8

--- Somebody has to wait so much of the window (%) before it is asked what for: vmstat is long.
local TELLING_SHARE <const> = 5


---@class pagewarden.recipe.Gauge
---@field figures table<string, number> of the last look
---@field private pw pagewarden.Pw
---@field private cgroup string?
---@field private window number
---@field private wants { pressure: boolean, counters: boolean, thrashing: boolean }
local Gauge = {}
Gauge.__index = Gauge


---@param pw pagewarden.Pw with `cgroup` and `mm` for reading
---@param given table `{ cgroup: string?, window: number, pressure: boolean, counters: boolean,
--- thrashing: boolean, as_told: boolean }`; as told: what meminfo says, of the memory that is for
--- users (earlyoom 1.8)
---@return pagewarden.recipe.Gauge
function gauge.new(pw, given)
  return setmetatable({
    pw = pw, cgroup = given.cgroup, window = given.window, figures = {}, looks = 0,
    as_told = given.as_told,
    wants = { pressure = given.pressure or given.thrashing, counters = given.counters,
      thrashing = given.thrashing },
    rates = rate.new { counters = { "pswpin", "refault" }, levels = { "room" }, longest = 5 },
    counted = {}, slots = {},
  }, Gauge)
end


--- What memory ZFS's cache would give back; nil without ZFS.
local function read_arc(proc)
  local text = proc.read(ARC)
  local size = text and tonumber(text:match "\nsize%s+%d+%s+(%d+)")
  local least = text and tonumber(text:match "\nc_min%s+%d+%s+(%d+)")
  return size and least and math.max(size - least, 0)
end


--- What a zram device has for swap, and what of that is free, each as the memory that it saves.
local function worth_of(device, area)
  local stored, used = device.orig_data_size or 0, device.mem_used_total or 0
  local ratio = stored >= TELLING_BYTES and used > 0 and stored / used or 2
  local free, size = area.size - area.used, area.size
  if (device.mem_limit or 0) > 0 then
    free = math.min(free, math.max(device.mem_limit - used, 0) * ratio)
    size = math.min(size, device.mem_limit * ratio)
  end
  local saved = math.max(1 - 1 / ratio, 0)
  return size * saved, free * saved
end


local function find_device(devices, area)
  local name = area.filename:match "/(zram%d+)$"
  for _, device in ipairs(name and devices or {}) do
    if device.name == name then
      return device
    end
  end
end


--- Swap, with zram at its worth. Nil when no area is zram: meminfo has it then.
local function read_swap(pw)
  local total, free, has_zram = 0, 0, false
  local areas = pw.proc.swaps() or {}
  local devices = pw.mm and pw.mm.zram() or {}
  for _, area in ipairs(areas) do
    local device = find_device(devices, area)
    local size, left = area.size, area.size - area.used
    if device then
      has_zram, size, left = true, worth_of(device, area)
    end
    total, free = total + size, free + left
  end
  if has_zram then
    return total, free
  end
end


--- What the machine has: before Linux 3.14 it does not say itself what is available.
---@private
function Gauge:look_at_machine(memory)
  local figures = self.figures
  figures.available = memory.MemAvailable or memory.MemFree + (memory.Cached or 0)
    + (memory.Buffers or 0) - (memory.Shmem or 0)
  figures.swap_total, figures.swap = memory.SwapTotal or 0, memory.SwapFree or 0
  figures.swap_unfilled = figures.swap
  if self.as_told then
    figures.available_total = memory.AnonPages and figures.available + memory.AnonPages
      or memory.MemTotal
  else
    self:put_right(memory)
  end
end


--- Adds ZFS's cache, and takes zram for what it is worth.
---@private
function Gauge:put_right(memory)
  local figures, fresh = self.figures, self.looks % LOOKS == 0
  local available = figures.available
  if self.has_arc or fresh then
    local arc = read_arc(self.pw.proc)
    self.has_arc = arc ~= nil
    available = available + (arc or 0)
  end
  figures.available_total = math.max(memory.MemTotal - (memory.Hugetlb or 0), 1)
  figures.available = math.min(available, figures.available_total)
  if figures.swap_total ~= self.swap_total then
    self.swap_total, fresh = figures.swap_total, true
  end
  if figures.swap_total > 0 and (self.has_zram or fresh) then
    local total, free = read_swap(self.pw)
    self.has_zram = total ~= nil
    figures.swap_total, figures.swap = total or figures.swap_total, free or figures.swap
  end
end


--- What a cgroup may still have: no more than the machine has. Files may be given up. The limit may
--- be that of one above, which counts all that is below it; where that cannot be seen, in a
--- container, what is below this one.
---@private
function Gauge:look_at_cgroup()
  local cgroup, figures = self.pw.cgroup, self.figures
  local limit, limited = cgroup.effective(self.cgroup)
  limited = limited or self.cgroup
  local current, stat = cgroup.current(limited), cgroup.stat(limited)
  if not (limit and current and stat) then
    return
  end
  if limit < figures.available_total then
    local files = room.files(stat) + (stat.slab_reclaimable or 0)
    figures.available_total = limit
    figures.available = math.min(figures.available, math.max(limit - current, 0) + files)
  end
  local most, limits_swap = cgroup.effective(self.cgroup, "swap_max")
  local used = cgroup.swap(limits_swap or self.cgroup)
  if most and used and most < figures.swap_total then
    figures.swap_total = most
    figures.swap = math.min(figures.swap, math.max(most - used, 0))
    figures.swap_unfilled = figures.swap
  end
end


--- By how much a counter has grown in the last window, each second.
---@private
function Gauge:grown(kind, now, total)
  local slots = self.slots[kind] or {}
  self.slots[kind] = slots
  if not slots.at or now - slots.at >= self.window / SLOTS then
    slots.at, slots.next = now, (slots.next or 0) % (SLOTS + 1) + 1
    slots[slots.next] = slots[slots.next] or {}
    slots[slots.next].at, slots[slots.next].total = now, total
  end
  local oldest
  for i = 1, SLOTS + 1 do
    local slot = slots[i]
    if slot and slot.at >= now - self.window - 0.001 and (not oldest or slot.at < oldest.at) then
      oldest = slot
    end
  end
  if not oldest or now - oldest.at < self.window / 2 then
    return nil -- a short time says too little
  end
  return math.max(total - oldest.total, 0) / (now - oldest.at)
end


---@private
function Gauge:look_at_pressure(now)
  local pressure = self.pw.proc.pressure "memory"
  if self.cgroup then
    pressure = self.pw.cgroup.pressure(self.cgroup, "memory") or nil
  end
  for _, kind in ipairs { "some", "full" } do
    local stall = pressure and pressure[kind]
    local lost = stall and self:grown(kind, now, stall.total) -- microseconds
    self.figures[kind] = lost and lost / 1e4 or stall and not self.forgot and stall.avg10 or nil
  end
end


--- Pages that were reclaimed so far, and those that were needed again. Nil where that is not
--- counted: before Linux 4.8 by zone.
---@private
function Gauge:count_reclaim()
  local stat
  if self.cgroup then
    stat = self.pw.cgroup.stat(self.cgroup)
  else
    self.vmstat = self.pw.proc.vmstat(self.vmstat)
    stat = self.vmstat
  end
  local reclaimed = stat and (stat.pgsteal
    or stat.pgsteal_kswapd and stat.pgsteal_kswapd + (stat.pgsteal_direct or 0))
  local returned = stat and (stat.workingset_refault_file or stat.workingset_refault)
  return reclaimed, returned and returned + (stat.workingset_refault_anon or 0)
end


--- How much of what was reclaimed in the last window was needed again: where all of that is, memory
--- is too small for those who use it; where little is, it only makes room, and that ends.
---@private
function Gauge:look_at_reclaim(now)
  local figures, slots = self.figures, self.slots
  figures.thrashing = nil
  if (figures.some or 0) < TELLING_SHARE then
    slots.reclaimed, slots.returned = nil, nil
    return
  end
  local reclaimed, returned = self:count_reclaim()
  if reclaimed and returned then
    local gone = self:grown("reclaimed", now, reclaimed)
    local back = self:grown("returned", now, returned)
    figures.thrashing = gone and gone > 0 and math.min(back / gone * 100, 100) or nil
  end
end


--- Rates since the last look. Before Linux 5.9 refaults of files and of anonymous pages are one.
---@private
function Gauge:look_at_rates(now)
  local figures, counted = self.figures, self.counted
  counted.room = figures.available + figures.swap
  if self.wants.counters then
    self.vmstat = self.pw.proc.vmstat(self.vmstat) or {}
    counted.pswpin = self.vmstat.pswpin
    counted.refault = self.vmstat.workingset_refault_file or self.vmstat.workingset_refault
  end
  local page, rates = self.pw.proc.page_size(), self.rates:add(now, counted)
  figures.growth = rates and rates.room and math.max(-rates.room, 0) or 0
  figures.left = figures.growth > 0 and counted.room / figures.growth or math.huge
  figures.swapin = rates and rates.pswpin and rates.pswpin * page
  figures.refault = rates and rates.refault and rates.refault * page
end


--- Looks now. The same table is filled again each time.
---@param now number
---@return table<string, number>? figures nil when the machine does not say what memory it has
---@return string? message
function Gauge:look(now)
  local memory, message = self.pw.proc.meminfo(self.memory)
  if not memory or not memory.MemTotal then
    return nil, memory and "meminfo has no MemTotal" or message
  end
  self.memory = memory
  self:look_at_machine(memory)
  if self.cgroup then
    self:look_at_cgroup()
  end
  self:look_at_rates(now)
  if self.wants.pressure then
    self:look_at_pressure(now)
  end
  if self.wants.thrashing then
    self:look_at_reclaim(now)
  end
  self.looks = self.looks + 1
  return self.figures
end


--- Forgets the windows: what was lost before somebody ended says nothing of afterwards.
function Gauge:forget()
  self.slots, self.forgot = {}, true
end


return gauge
