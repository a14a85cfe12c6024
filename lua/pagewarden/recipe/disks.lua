-- SPDX-License-Identifier: MIT
--- What each disk did between two looks at /proc/diskstats. A partition's requests are its disk's
--- as well, and those of a device that is made of others (RAID, LVM, encryption, a loop device) are
--- those others' as well: only whole disks at the bottom count. Memory that looks like a disk
--- (ram, zram) is none. Pure.
-- @module pagewarden.recipe.disks
local disks = {}

local SECTOR_BYTES <const> = 512 -- whatever the disk's own

--- Times are printed as 32 bits of milliseconds (block/genhd.c, diskstats_show), which a queue of
--- 32 requests fills in a day and a half.
local TIMES_END <const> = 1 << 32

--- What never is a disk of its own.
local NOT_AT_THE_BOTTOM = { "^ram%d", "^zram%d", "^loop%d", "^dm%-%d", "^md%d", "^md_", "^bcache%d",
  "^drbd%d", "^zd%d" }

--- Counters of 64 bits, which fall only when the device is another.
local STEADY = { "reads_completed", "sectors_read", "writes_completed", "sectors_written" }
--- Counters that came with Linux 4.18 and 5.5.
local LATER = { "discards_completed", "flushes_completed" }
local TIMES = { "read_ms", "write_ms", "io_ms", "weighted_io_ms", "in_flight" }


--- The disk that a name would be a partition of: sda1 of sda, nvme0n1p2 of nvme0n1.
local function disk_of(name)
  return name:match "^(.*%d)p%d+$" or name:match "^(.*%D)%d+$"
end


--- The disk that a name would be one of the paths to: nvme0c1n1 to nvme0n1, which counts nothing,
--- or the same once more (Atoptool/atop pull request 157).
local function goal_of(name)
  local controller, namespace = name:match "^(nvme%d+)c%d+(n%d+)$"
  return controller and controller .. namespace
end


local function is_at_the_bottom(name)
  for _, pattern in ipairs(NOT_AT_THE_BOTTOM) do
    if name:find(pattern) then
      return false
    end
  end
  return true
end


--- The rows that are whole disks at the bottom. A name alone does not tell a partition (some
--- machines have an xvda1 and no xvda): its disk must be in the list.
---@param rows pagewarden.Disk[] as `proc.diskstats()` has them
---@return table<string, pagewarden.Disk> by name
function disks.real(rows)
  local named, reached, real = {}, {}, {}
  for _, row in ipairs(rows) do
    named[row.name] = true
    reached[goal_of(row.name) or ""] = true
  end
  for _, row in ipairs(rows) do
    local disk = disk_of(row.name)
    local is_part = disk and named[disk] or reached[row.name]
    if is_at_the_bottom(row.name) and not is_part then
      real[row.name] = row
    end
  end
  return real
end


local function has_all(row, names)
  for _, name in ipairs(names) do
    if not row[name] then
      return false
    end
  end
  return true
end


--- Whether the counters, all of them readable, go on from where they were.
local function goes_on(before, after)
  for _, row in ipairs { before, after } do
    if not (has_all(row, STEADY) and has_all(row, TIMES)) then
      return false
    end
  end
  for _, name in ipairs(STEADY) do
    if after[name] < before[name] then
      return false
    end
  end
  return before.major == after.major and before.minor == after.minor
end


local function milliseconds(before, after, name)
  return (after[name] - before[name]) % TIMES_END
end


---@class pagewarden.recipe.DiskUse
---@field name string
---@field bytes_read integer
---@field bytes_written integer
---@field requests integer reads and writes that were completed
---@field answers integer those, discards and flushes
---@field in_flight integer requests now
---@field queue number mean of the requests that waited; since Linux 5.0 of those that ended only
---@field busy number percent of the time that there was any
---@field wait number? mean seconds from a request's beginning to its end


--- What else a disk completed: one that is being trimmed may read and write nothing for minutes.
local function other_answers(before, after)
  local answers = 0
  for _, name in ipairs(LATER) do
    answers = answers + math.max((after[name] or 0) - (before[name] or 0), 0)
  end
  return answers
end


local function use_between(before, after, seconds)
  local function more(name)
    return after[name] - before[name]
  end
  local requests = more "reads_completed" + more "writes_completed"
  local waited_ms = milliseconds(before, after, "read_ms")
    + milliseconds(before, after, "write_ms")
  return {
    name = after.name, requests = requests, answers = requests + other_answers(before, after),
    in_flight = after.in_flight,
    bytes_read = more "sectors_read" * SECTOR_BYTES,
    bytes_written = more "sectors_written" * SECTOR_BYTES,
    queue = milliseconds(before, after, "weighted_io_ms") / 1000 / seconds,
    busy = math.min(milliseconds(before, after, "io_ms") / 10 / seconds, 100),
    wait = requests > 0 and waited_ms / 1000 / requests or nil,
  }
end


--- What each disk did, in the later look's order. One that came, or was made anew, is left out.
---@param before pagewarden.Disk[]
---@param after pagewarden.Disk[]
---@param seconds number between the two
---@return pagewarden.recipe.DiskUse[]
function disks.between(before, after, seconds)
  local were, are, uses = disks.real(before), disks.real(after), {}
  for _, row in ipairs(seconds > 0 and after or {}) do
    local was = were[row.name]
    if was and are[row.name] == row and goes_on(was, row) then
      uses[#uses + 1] = use_between(was, row, seconds)
    end
  end
  return uses
end


return disks
