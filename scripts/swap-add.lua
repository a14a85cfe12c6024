-- SPDX-License-Identifier: MIT
--- Adds swap now, in a file on each of some disks with one priority; or takes it away again.
--
-- The guide sends who is out of memory to another page, to make a file by hand. By hand, dd takes
-- the last of the disk, mkswap takes a file that others may read or that has holes, without pri=
-- the kernel fills areas one after the other, and swapoff is tried though memory has no room. Here
-- the file is made whole or not at all, as root's alone, with head-room left on its disk; all files
-- are put on or none; and what memory cannot take back stays on.

local files = require "pagewarden.recipe.swap_files"
local format = require "pagewarden.format"
local need = require "pagewarden.recipe.swap_need"
local opt = require "pagewarden.option"

local size = format.size

local MIB <const> = 1 << 20

--- Less is not worth a file.
local LEAST <const> = 64 * MIB

--- By which its files are known again.
local LABEL <const> = "swap-add"


--- What swap is lacking by what has been used, or a quarter of memory, at most 1 GiB.
local function choose_size(pw)
  local memory = assert(pw.proc.meminfo())
  local wanted = need.advise(memory, { used = need.used(memory),
    committed = need.committed(memory) })
  return math.max(wanted - (memory.SwapTotal or 0), math.min(memory.MemTotal // 4, 1024 * MIB))
end


--- How large each file is. What was asked for is not made smaller.
local function share_out(pw, o, rooms)
  local share, folder = math.huge, nil
  for _, room in ipairs(rooms) do
    if room.room < share then
      share, folder = room.room, room.folder
    end
  end
  local wanted = (o.size > 0 and o.size or choose_size(pw)) // #rooms
  if wanted > share and (o.size > 0 or share < LEAST) then
    error(("%s has room for %s only, with %s left free"):format(folder, size(share),
      o.reserve > 0 and size(o.reserve) or "a twentieth of the disk, at most 1 GiB,"), 0)
  elseif wanted > share then
    pw.log("smaller", { wanted = wanted, size = share, message = ("%s in each file would be "
      .. "better, but %s has room for %s"):format(size(wanted), folder, size(share)) })
  end
  return math.min(wanted, share) // MIB * MIB
end


local function warn(pw, areas, rooms)
  files.warn_of_plain(pw, rooms, areas)
  for _, room in ipairs(rooms) do
    if room.shared then
      pw.log("shared", { folder = room.folder, disk = room.disk, message = ("%s is on %s, as "
        .. "another folder is: equal priorities gain nothing"):format(room.folder, room.disk) })
    end
  end
end


local function put_on(pw, paths, priority)
  if priority then
    return pw.swap.group(paths, { priority = priority })
  end
  return pw.swap.on(paths[1])
end


--- Makes all files and puts them on, or leaves none of them.
local function make_all(pw, o, paths, bytes, priority)
  local made, ok, message = {}, true, nil
  for _, path in ipairs(paths) do
    ok, message = pw.swap.make(path, { size = bytes, label = LABEL,
      reserve = o.reserve > 0 and o.reserve or nil,
      progress = files.progress(pw, o.progress, path, "are written") })
    if not ok then
      break
    end
    made[#made + 1] = path
  end
  if ok then
    ok, message = put_on(pw, paths, priority)
  end
  if not ok then
    for _, path in ipairs(made) do
      pw.swap.remove(path)
    end
    error(message, 0)
  end
end


local function add(pw, o)
  local areas, paths = pw.swap.areas() or {}, {}
  local rooms, message = files.rooms(pw, o.folders, o.reserve)
  if not rooms then
    error(message, 0)
  end
  local bytes = share_out(pw, o, rooms)
  local priority = o.priority >= 0 and o.priority or files.priority(areas)
    or #rooms > 1 and 1 or nil
  warn(pw, areas, rooms)
  for i, room in ipairs(rooms) do
    paths[i], message = files.new_path(pw, room.folder)
    if not paths[i] then
      error(message, 0)
    end
  end
  make_all(pw, o, paths, bytes, priority)
  for _, path in ipairs(paths) do
    local line = pw.swap.fstab(path, { priority = priority })
    pw.log("added", { path = path, size = bytes, priority = priority, fstab = line,
      message = ("%s: %s of swap%s; for every boot, in /etc/fstab: %s"):format(path, size(bytes),
        priority and (" with priority %d"):format(priority) or "", line) })
  end
end


--- What memory has no room for stays on, and the rest goes.
local function remove(pw, o)
  local found, failure = files.find(pw, o.folders, LABEL), nil
  if #found == 0 then
    error(("there is no file of swap-add in %s"):format(table.concat(o.folders, ", ")), 0)
  end
  for _, path in ipairs(found) do
    local ok, message = pw.swap.remove(path,
      { progress = files.progress(pw, o.progress, path, "are still in it") })
    if ok then
      pw.log("removed", { path = path, message = path .. " is off, and removed" })
    else
      failure = failure or message
      pw.log("stays", { path = path, message = message })
    end
  end
  if failure then
    error(failure, 0)
  end
end


local function start(pw, o)
  local sign = pw.cgroup.container()
  if sign and not o.force then
    return nil, ("in a container (%s) swap is the whole machine's; see force"):format(sign)
  end
  pw:task(function() (o.remove and remove or add)(pw, o) end)
  return true
end


return {
  api     = 1,
  name    = "swap-add",
  summary = "Add swap files now, one on each of some disks, or remove them again",
  description = [[
Makes a swap file in each of the folders and puts them on with one priority, so that they are filled
evenly: all of them or none. Without options it is one file below /var, as large as what is lacking
by swap-advise, or smaller where the disk has less room; head-room is always left on the disk. A
file is made whole or not at all, for root alone. On tmpfs, overlay and network file systems there
is no swap, which is said.

It warns when an encrypted area would get company of a plain one, to which the kernel then writes as
well, and when folders are on the same disk. A priority that is not given is that of the areas there
are; without any, one file is filled after all others.

With remove it takes off and removes the files that it made there, unless memory has no room for
what is in them. They stay when it ends, and the files over a boot: add the line that it prints to
/etc/fstab to have them on again. In a container it refuses, since swap is the whole machine's.]],
  examples = {
    "pagewarden run swap-add",
    "pagewarden run swap-add -o size=2G -o folders=/disk1,/disk2 -o priority=10",
    "pagewarden run swap-add -o remove=yes",
  },
  tags    = { "swap", "reversible", "one-shot" },
  options = {
    opt.list { "folders", of = opt.path, default = { "/var" },
      help = "a file is made in each: best one folder a disk" },
    opt.size { "size", default = 0, help = "of all files together; 0 for what is lacking" },
    opt.integer { "priority", default = -1, min = -1, max = 32767,
      help = "of all files; -1 for that of the areas there are" },
    opt.size { "reserve", default = 0,
      help = "leave so much free on each disk; 0 for a twentieth of it, at most 1G" },
    opt.boolean { "remove", default = false, help = "take off and remove what it made there" },
    opt.boolean { "force", default = false, help = "in a container too" },
    opt.duration { "progress", default = "5s", min = "1s", help = "say how far it is so often" },
  },
  needs = function(o)
    return { process = "read", cgroup = "read", swap = { table.unpack(o.folders) } }
  end,
  check = function(o)
    local seen = {}
    for _, folder in ipairs(o.folders) do
      if seen[folder] then
        return false, folder .. " is named twice"
      end
      seen[folder] = true
    end
    return #o.folders > 0 and #o.folders <= files.MOST, "1 to 32 folders are wanted"
  end,
  start = start,
}
