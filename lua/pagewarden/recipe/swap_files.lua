-- SPDX-License-Identifier: MIT
--- Folders for swap files: what each has room for, which of them share a disk, and what is to be
-- warned of before one is put on. Used by recipes, with what their `pw` lets them read.
-- @module pagewarden.recipe.swap_files
local balance = require "pagewarden.recipe.swap_balance"
local format = require "pagewarden.format"
local site = require "pagewarden.recipe.swap_site"

local files = {}

--- So many in a folder at most: no kernel has room for more areas.
files.MOST = 32


---@class pagewarden.SwapFolder
---@field folder string
---@field room integer bytes, of those that share a disk an equal part
---@field disk string the disks that it is on
---@field shared boolean another folder is on the same
---@field encrypted boolean?


--- What there is to say of a folder that is reached through links: the kernel knows its files by
--- another path, which is the one that has to be granted.
local function problem_of_links(folder, path)
  local plain = folder:gsub("/+", "/"):gsub("(.)/$", "%1")
  return plain ~= path and ("%s is %s, by way of a link: give that"):format(folder, path) or nil
end


--- The folders with their room. `reserve` is what is left free on each disk: 0 for a twentieth of
--- it, at most 1 GiB.
---@param pw table
---@param folders string[]
---@param reserve integer bytes
---@return pagewarden.SwapFolder[]? list nil when one cannot have swap
---@return string? message
function files.rooms(pw, folders, reserve)
  local rooms, sharing = {}, {}
  for i, folder in ipairs(folders) do
    local room, message = pw.swap.room(folder, { reserve = reserve > 0 and reserve or nil })
    if not room or room.refusal then
      return nil, message or ("%s: there is no swap on %s: %s"):format(folder, room.filesystem,
        room.refusal)
    end
    local problem = problem_of_links(folder, room.path)
    if problem then
      return nil, problem
    end
    local found = site.of(pw.proc, folder)
    local disk = found and table.concat(found.disks, ",") or folder
    sharing[disk] = (sharing[disk] or 0) + 1
    rooms[i] = { folder = folder, room = room.room, disk = disk,
      encrypted = found and found.encrypted }
  end
  for _, room in ipairs(rooms) do
    room.room, room.shared = room.room // sharing[room.disk], sharing[room.disk] > 1
  end
  return rooms
end


local function path_of(folder, number)
  return (folder:gsub("/*$", "/pagewarden.swap" .. (number > 1 and "-" .. number or "")))
end


--- The first path in a folder for another file.
---@param pw table
---@param folder string
---@return string? path
---@return string? message
function files.new_path(pw, folder)
  for number = 1, files.MOST do
    local path = path_of(folder, number)
    local _, _, _, kind = pw.swap.header(path)
    if kind == "gone" then
      return path
    end
  end
  return nil, ("%s has %d files already"):format(folder, files.MOST)
end


--- Those that have such a label.
---@param pw table
---@param folders string[]
---@param label string
---@return string[] paths
function files.find(pw, folders, label)
  local found = {}
  for _, folder in ipairs(folders) do
    for number = 1, files.MOST do
      local path = path_of(folder, number)
      local header = pw.swap.header(path)
      found[#found + 1] = header and header.label == label and path or nil
    end
  end
  return found
end


--- What of a folder's files `pagewarden-1` and so on could be put on: they have their room already.
---@param pw table
---@param folder string
---@param on pagewarden.SwapArea[] those of them that are on
---@return integer bytes
---@return integer smallest bytes; 0 when there are none
function files.find_idle(pw, folder, on)
  local active, total, smallest = {}, 0, nil
  for _, area in ipairs(on) do
    active[area.path] = true
  end
  for number = 1, files.MOST do
    local path = balance.stem(folder) .. number
    local header = not active[path] and pw.swap.header(path)
    if header and header.size and not header.problem then
      total = total + header.size
      smallest = math.min(smallest or header.size, header.size)
    end
  end
  return total, smallest or 0
end


--- The lowest priority that was chosen for an area on a disk, if any was.
---@param areas pagewarden.SwapArea[]
---@return integer?
function files.priority(areas)
  local lowest
  for _, area in ipairs(areas) do
    if area.priority >= 0 and not site.is_zram(area.path) then
      lowest = math.min(lowest or area.priority, area.priority)
    end
  end
  return lowest
end


--- What is written to swap is what is in memory, passwords and keys among it: says so where there
--- is encrypted swap, and a file in one of the folders would not be.
---@param pw table
---@param rooms pagewarden.SwapFolder[]
---@param areas pagewarden.SwapArea[]
function files.warn_of_plain(pw, rooms, areas)
  local encrypted = site.find_encrypted(pw.proc, areas)
  for _, room in ipairs(encrypted and rooms or {}) do
    if not room.encrypted then
      pw.log("plain", {
        folder = room.folder, encrypted = encrypted,
        message = ("%s is encrypted, and a file in %s is not: what is in memory may be written "
          .. "there as it is"):format(encrypted, room.folder),
      })
    end
  end
end


--- What tells how far a change is, every so many seconds: it may take minutes.
---@param pw table
---@param seconds number
---@param path string
---@param text string "are written"
---@return fun(bytes: integer)
function files.progress(pw, seconds, path, text)
  local next_at = pw:now() + seconds
  return function(bytes)
    if pw:now() >= next_at then
      next_at = pw:now() + seconds
      pw.log("progress", { path = path, bytes = bytes,
        message = ("%s: %s %s"):format(path, format.size(bytes), text) })
    end
  end
end


return files
