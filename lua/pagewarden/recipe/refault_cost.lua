-- SPDX-License-Identifier: MIT
--- What programs wait because reclaim took what they still wanted: pages of files that are read
-- again, and memory that comes back from swap. As a part of the time: what programs wait is added
-- up, but is all of the time at most. Ten readers who wait all the time do not weigh more than the
-- one database that does.
--
-- Not every page that is read again could have stayed: of a file that is larger than memory nothing
-- would, however much of the rest were put in swap. The kernel counts those that would have fitted
-- had the other kind given way (workingset_activate_*, mm/workingset.c: the refault distance is no
-- larger than the rest of memory). Multi-generational LRU counts otherwise; there it is all
-- refaults.
-- @module pagewarden.recipe.refault_cost
local disks = require "pagewarden.recipe.disks"

local refault_cost = {}

local PAGE_SECTORS <const> = 8
local TIMES_END <const> = 1 << 32 -- milliseconds of diskstats are 32 bits: recipe/disks.lua

--- To decompress a page of zram: of the order of ten microseconds for lzo-rle and lz4, and a fault.
local ZRAM_PAGE_SECONDS = 0.00002

--- A page of a file that came from no disk: a network, mostly.
local REMOTE_PAGE_SECONDS = 0.001

--- What counts pages of files that would have fitted, the best first: since Linux 5.9 apart from
--- anonymous ones, which were not watched at all before.
local USEFUL = { "workingset_activate_file", "workingset_activate" }
local ANY = { "workingset_refault_file", "workingset_refault" }

local COUNTERS = { USEFUL[1], USEFUL[2], ANY[1], ANY[2], "pswpin" }


---@class pagewarden.recipe.RefaultSample
---@field at number seconds
---@field vmstat table<string, integer> only what is compared
---@field disks { name: string, read_ms: integer?, sectors_read: integer }[]
---@field areas pagewarden.SwapArea[]
---@field generations boolean multi-generational LRU is on


--- Whether multi-generational LRU is on (Linux 6.1; a mask, of which the first bit is the switch).
---@param proc pagewarden.proc
---@return boolean
function refault_cost.has_generations(proc)
  local mask = tonumber(proc.read "sys/kernel/mm/lru_gen/enabled" or "0")
  return mask ~= nil and mask & 1 == 1
end


--- What is compared, and no more: the rest would be kept in memory from look to look.
local function pick_counters(vmstat)
  local picked = {}
  for _, name in ipairs(COUNTERS) do
    picked[name] = vmstat[name]
  end
  return picked
end


local function pick_reads(rows)
  for i, row in ipairs(rows) do
    rows[i] = { name = row.name, read_ms = row.read_ms, sectors_read = row.sectors_read }
  end
  return rows
end


--- Looks at the counters. The tables are new each time.
---@param pw pagewarden.Pw
---@return pagewarden.recipe.RefaultSample?
---@return string? message
function refault_cost.sample(pw)
  local vmstat, message = pw.proc.vmstat()
  if not vmstat then
    return nil, message
  end
  return {
    at = pw:now(), vmstat = pick_counters(vmstat), disks = pick_reads(pw.proc.diskstats() or {}),
    areas = pw.proc.swaps() or {}, generations = refault_cost.has_generations(pw.proc),
  }
end


local function first_of(vmstat, names)
  for _, name in ipairs(names) do
    if vmstat[name] then
      return name
    end
  end
end


--- The counter of files' pages to go by; nil before Linux 3.15.
local function counter_of(sample)
  return not sample.generations and first_of(sample.vmstat, USEFUL) or first_of(sample.vmstat, ANY)
end


--- Why this kernel's counters do not tell what refaults cost; nil when they do.
---@param sample pagewarden.recipe.RefaultSample
---@return string?
function refault_cost.lacks(sample)
  if not counter_of(sample) then
    return "this kernel does not count what is read again (Linux 3.15)"
  elseif not sample.vmstat.pswpin then
    return "this kernel does not count what comes back from swap"
  end
end


local function by_name(rows)
  local named = {}
  for _, row in ipairs(rows) do
    named[row.name] = row
  end
  return named
end


--- Seconds that reads took, and pages that were read, of the rows that are there both times.
local function reads_between(before, after)
  local seconds, pages = 0, 0
  for name, now in pairs(after) do
    local was = before[name]
    if was and now.read_ms and was.read_ms and now.sectors_read >= was.sectors_read then
      seconds = seconds + (now.read_ms - was.read_ms) % TIMES_END / 1000
      pages = pages + (now.sectors_read - was.sectors_read) / PAGE_SECTORS
    end
  end
  return seconds, pages
end


--- The rows of disks and partitions that are swap, and whether some other area is: zram, or a file.
local function swap_rows(sample)
  local named, rows, has_zram = by_name(sample.disks), {}, false
  for _, area in ipairs(sample.areas) do
    local name = area.filename:match "^/dev/(.*)$"
    has_zram = has_zram or name and name:find "^zram%d" ~= nil or false
    if name and named[name] and not name:find "^zram%d" then
      rows[name] = named[name]
    end
  end
  return rows, has_zram
end


--- Seconds of waiting for memory to come back from swap, and what of that is the disks' of files.
local function wait_for_swap(before, after, file_seconds, file_pages)
  local rows, has_zram = swap_rows(after)
  local seconds, pages = reads_between(by_name(before.disks), rows)
  local others = math.max(after.vmstat.pswpin - before.vmstat.pswpin - pages, 0)
  if has_zram then
    return seconds + others * ZRAM_PAGE_SECONDS, 0
  end
  -- an area in a file: its requests are among those of the disk that the file is on
  local alone = file_pages > 0 and math.min(others / file_pages, 1) * file_seconds or 0
  return seconds + alone, alone
end


--- Seconds of waiting for what was read again, of those that reading files took.
local function wait_for_files(count, seconds, pages)
  if pages <= 0 then
    return count * REMOTE_PAGE_SECONDS
  end
  return math.min(count / pages, 1) * seconds
end


---@class pagewarden.recipe.RefaultCost
---@field files number a part of the time
---@field anonymous number a part of the time
---@field refaults number pages of files a second
---@field swapped_in number pages a second
---@field seconds number between the samples


--- What it cost between two samples.
---@param before pagewarden.recipe.RefaultSample
---@param after pagewarden.recipe.RefaultSample
---@return pagewarden.recipe.RefaultCost? cost nil when the samples do not go together
function refault_cost.between(before, after)
  local seconds, counter = after.at - before.at, counter_of(after)
  local was, now = before.vmstat[counter], after.vmstat[counter]
  if seconds <= 0 or not was or now < was or after.vmstat.pswpin < before.vmstat.pswpin then
    return nil
  end
  local disk_seconds, disk_pages = reads_between(disks.real(before.disks), disks.real(after.disks))
  local swap_seconds, swap_pages = reads_between(by_name(before.disks), (swap_rows(after)))
  local file_seconds = math.max(disk_seconds - swap_seconds, 0)
  local file_pages = math.max(disk_pages - swap_pages, 0)
  local anonymous, among_files = wait_for_swap(before, after, file_seconds, file_pages)
  local files = wait_for_files(now - was, file_seconds - among_files, file_pages)
  return {
    files = math.min(files / seconds, 1), anonymous = math.min(anonymous / seconds, 1),
    refaults = (now - was) / seconds,
    swapped_in = (after.vmstat.pswpin - before.vmstat.pswpin) / seconds, seconds = seconds,
  }
end


return refault_cost
