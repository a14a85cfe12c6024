-- SPDX-License-Identifier: MIT
--- On which disks a swap area is, and whether what is written to it is encrypted: from the kernel's
-- list of mounts and block devices. Reads, and changes nothing.
-- @module pagewarden.recipe.swap_site
local paths = require "pagewarden.recipe.paths"

local site = {}


--- A field of mountinfo or a line of swaps as its bytes were: a blank is "\040" there.
local function unescape(field)
  return (field:gsub("\\(%d%d%d)", function(octal) return string.char(tonumber(octal, 8)) end))
end


--- The device that a path's file system is on, as "8:1", and what it was mounted from. Of mounts on
--- the same folder the last one shows.
local function find_mount(proc, path)
  local best, number, source
  for line in (proc.read "proc/self/mountinfo" or ""):gmatch "[^\n]+" do
    local device, folder, rest = line:match "^%d+ %d+ (%d+:%d+) %S+ (%S+) (.*)$"
    folder = folder and unescape(folder)
    if folder and paths.is_within(path, folder) and (not best or #folder >= #best) then
      best, number, source = folder, device, unescape(rest:match " %- %S+ (%S+)" or "")
    end
  end
  return number, source
end


--- The first line of a file of a block device.
local function read(proc, name, file)
  local contents = proc.read(("sys/class/block/%s/%s"):format(name, file))
  return contents and contents:match "^[^\n]*"
end


local function device_names(proc)
  local names = {}
  for i, disk in ipairs(proc.diskstats() or {}) do
    names[i] = disk.name
  end
  return names
end


--- "/dev/mapper/vg-root" is dm-0 for the kernel. A btrfs has a number that is of no device, and is
--- found by what it was mounted from.
local function find_by_source(proc, names, source)
  local name = source and source:match "^/dev/(.*)$"
  for _, known in ipairs(names) do
    if known == name or name == "mapper/" .. (read(proc, known, "dm/name") or "\0") then
      return known
    end
  end
end


local function find_device(proc, names, path)
  local direct = find_by_source(proc, names, path)
  if direct or paths.is_within(path, "/dev") then
    return direct
  end
  local number, source = find_mount(proc, path)
  for _, disk in ipairs(proc.diskstats() or {}) do
    if ("%d:%d"):format(disk.major, disk.minor) == number then
      return disk.name
    end
  end
  return find_by_source(proc, names, source)
end


--- What a device is made of: of an LVM volume its parts, of a partition its disk.
local function below(proc, names, name)
  local found = {}
  for _, other in ipairs(names) do
    if proc.read(("sys/class/block/%s/slaves/%s/dev"):format(name, other))
      or proc.read(("sys/class/block/%s/%s/partition"):format(other, name)) then
      found[#found + 1] = other
    end
  end
  return found
end


--- Whether all that is written to a device is encrypted before it reaches a disk.
local function is_encrypted(proc, names, name)
  if (read(proc, name, "dm/uuid") or ""):find "^CRYPT%-" then
    return true
  end
  local parts = below(proc, names, name)
  for _, part in ipairs(parts) do
    if not is_encrypted(proc, names, part) then
      return false
    end
  end
  return #parts > 0
end


local function add_disks(proc, names, name, disks)
  local parts = below(proc, names, name)
  for _, part in ipairs(parts) do
    add_disks(proc, names, part, disks)
  end
  if #parts == 0 and not disks[name] then
    disks[name] = true
    disks[#disks + 1] = name
  end
end


---@class pagewarden.SwapSite
---@field device string such as "dm-0"
---@field disks string[] that it is on, such as "sda"
---@field encrypted boolean


--- Where a file, a folder or a disk is.
---@param proc table `pw.proc`
---@param path string absolute
---@return pagewarden.SwapSite? site nil when the kernel's lists do not tell
function site.of(proc, path)
  local names = device_names(proc)
  local device = find_device(proc, names, path)
  if not device then
    return nil
  end
  local disks = {}
  add_disks(proc, names, device, disks)
  table.sort(disks)
  return { device = device, encrypted = is_encrypted(proc, names, device),
    disks = { table.unpack(disks) } }
end


--- Whether an area is compressed in memory, and on no disk.
---@param path string
---@return boolean
function site.is_zram(path)
  return path:find "^/dev/zram%d+$" ~= nil
end


--- The path of an area that is on and encrypted on its disk, if there is one.
---@param proc table
---@param areas pagewarden.SwapArea[]
---@return string?
function site.find_encrypted(proc, areas)
  for _, area in ipairs(areas) do
    local found = not site.is_zram(area.path) and site.of(proc, area.path)
    if found and found.encrypted then
      return area.path
    end
  end
end


return site
