-- SPDX-License-Identifier: MIT
--- How fast the disks write what is dirty, as seen in passing: bytes while they were busy. Nothing
-- is learnt from what is not how fast a flusher could write: disks that read as well, and programs
-- that wait for each small write. Pure.
-- @module pagewarden.recipe.write_speed
-- @usage
-- local seen = write_speed.new()
-- write_speed.learn(seen, disks.between(before, after, 5), 5)
-- local bytes_a_second, slowest = write_speed.of(seen)
local write_speed = {}

--- A disk's speed is known once so much was seen of it, bytes or seconds.
local ENOUGH_BYTES, ENOUGH_SECONDS, LEAST_SECONDS = 32 << 20, 5, 0.5

--- What was seen earlier counts half after disks were busy for so many seconds more.
local HALF_LIFE = 60

--- Less of a disk is forgotten, and says nothing between two looks.
local LEAST_BYTES = 1 << 20

---@class pagewarden.recipe.Seen
---@field bytes number of the cache that were written
---@field disks table<string, { bytes: number, busy: number }>


---@return pagewarden.recipe.Seen
function write_speed.new()
  return { bytes = 0, disks = {} }
end


--- Whether a disk wrote what a flusher gave it: large requests, or many at once.
local function is_flushing(use)
  return use.bytes_written >= LEAST_BYTES and use.bytes_read * 4 <= use.bytes_written
    and use.requests > 0 and (use.bytes_written / use.requests >= 1 << 16 or use.queue >= 4)
end


--- Lets fade what was seen, also of disks that do not write any more.
local function fade(seen, busy)
  local share = 0.5 ^ (busy / HALF_LIFE)
  seen.bytes = seen.bytes * share
  for name, disk in pairs(seen.disks) do
    disk.bytes, disk.busy = disk.bytes * share, disk.busy * share
    seen.disks[name] = disk.bytes >= LEAST_BYTES and disk or nil
  end
end


--- Those that were flushing, and the bytes and the longest seconds that took.
local function flushing(uses, seconds)
  local found, bytes, busiest = {}, 0, 0
  for _, use in ipairs(uses) do
    if is_flushing(use) then
      found[#found + 1] = use
      bytes, busiest = bytes + use.bytes_written, math.max(busiest, use.busy / 100 * seconds)
    end
  end
  return found, bytes, busiest
end


--- Adds what the disks did between two looks. They may write more than the cache held, as mirrors
--- do; when it is much more, programs write around the cache, and nothing is learnt.
---@param seen pagewarden.recipe.Seen
---@param uses pagewarden.recipe.DiskUse[] of `disks.between`
---@param seconds number between the two
---@param cached number? bytes of the cache that were written; as many as disks wrote when left out
function write_speed.learn(seen, uses, seconds, cached)
  local found, bytes, busiest = flushing(uses, seconds)
  if cached and cached * 4 < bytes then
    return
  end
  fade(seen, busiest)
  seen.bytes = seen.bytes + math.min(bytes, cached or bytes)
  for _, use in ipairs(found) do
    local disk = seen.disks[use.name] or { bytes = 0, busy = 0 }
    disk.bytes = disk.bytes + use.bytes_written
    disk.busy = disk.busy + use.busy / 100 * seconds
    seen.disks[use.name] = disk
  end
end


--- Forgets disks that are there no more: nobody waits for a stick that was pulled out. What is left
--- was written to the others, at most what they wrote: they may be mirrors of those.
---@param seen pagewarden.recipe.Seen
---@param rows pagewarden.Disk[] that are there
function write_speed.keep(seen, rows)
  local disks, bytes = {}, 0
  for _, row in ipairs(rows) do
    local disk = seen.disks[row.name]
    disks[row.name], bytes = disk, bytes + (disk and disk.bytes or 0)
  end
  for name in pairs(seen.disks) do
    if not disks[name] then
      seen.bytes = math.min(seen.bytes, bytes)
    end
  end
  seen.disks = disks
end


--- How fast all that is dirty would be written: until the disk is done that is busy longest.
---@param seen pagewarden.recipe.Seen
---@return number? speed bytes a second; nil as long as too little was seen
---@return string? name of that disk
function write_speed.of(seen)
  local slowest, name = math.huge, nil
  for disk_name, disk in pairs(seen.disks) do
    local is_enough = disk.bytes >= ENOUGH_BYTES or disk.busy >= ENOUGH_SECONDS
    local speed = seen.bytes / disk.busy
    if is_enough and disk.busy >= LEAST_SECONDS and speed < slowest then
      slowest, name = speed, disk_name
    end
  end
  return name and slowest, name
end


return write_speed
