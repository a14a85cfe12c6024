-- SPDX-License-Identifier: MIT
--- Sets up swap that is compressed in memory, before all disks; resizes it, or takes it away.
--
-- The guide knows only swap on disks. What goes to a zram device stays in memory, and takes less of
-- it. By hand, its steps have one order: an algorithm while it is reset, a limit, then its size;
-- and its priority has to be above that of every disk, or it is filled last. Its size counts pages
-- before they are compressed: what they may take of memory is the limit. At the limit the kernel
-- refuses each page that it is to write there (drivers/block/zram/zram_drv.c, zram_write_page(),
-- -ENOMEM), which then stays in memory: only a device that is full is passed over for a disk.

local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local files = require "pagewarden.recipe.swap_files"
local site = require "pagewarden.recipe.swap_site"

local size = format.size

local MIB <const>, GIB <const> = 1 << 20, 1 << 30

--- By which the recipe knows its device again.
local LABEL <const> = "zram"


local function path_of(device)
  return "/dev/" .. device.name
end


local function is_ours(pw, device)
  local header = pw.swap.header(path_of(device))
  return header ~= nil and header.label == LABEL
end


local function priority_of(areas, path)
  for _, area in ipairs(areas) do
    if area.path == path then
      return area.priority, area.used
    end
  end
end


--- The device that is meant: the one that was named, ours, or the first that is not set up.
local function choose_device(pw, o)
  local devices, unused = pw.mm.zram() or {}, nil
  table.sort(devices, function(a, b) return a.name < b.name end)
  for _, device in ipairs(devices) do
    local free = (device.disksize or 0) == 0
    if o.device ~= "" and device.name == o.device then
      return (free or is_ours(pw, device)) and device or nil,
        o.device .. " was set up by somebody else"
    elseif o.device == "" and not free and is_ours(pw, device) then
      return device
    end
    unused = unused or free and device or nil
  end
  if o.device ~= "" then
    return nil, "there is no device " .. o.device
  end
  return unused, #devices == 0 and "there is no zram device: 'modprobe zram' makes the first"
    or "all zram devices are in use: reading /sys/class/zram-control/hot_add makes another"
end


--- Half of memory, at most 4 GiB, as zram-generator has it.
local function choose_size(pw, o)
  local ram = assert(pw.proc.meminfo()).MemTotal
  return (o.size > 0 and o.size or math.min(ram // 2, 4 * GIB)) // MIB * MIB
end


--- Above every area on a disk.
local function choose_priority(o, areas)
  local top = o.priority
  for _, area in ipairs(areas) do
    if not site.is_zram(area.path) and area.priority >= top then
      top = math.min(area.priority + 1, 32767)
    end
  end
  return top
end


--- A limit that most pages reach before the size: few compress to less than a half of theirs.
local function warn_of_limit(pw, bytes, limit)
  if limit > 0 and bytes > 2 * limit then
    pw.log("limit", { size = bytes, limit = limit, message = ("%s of pages are in %s only when "
      .. "they compress to %s: what does not fit stays in memory, since disks get nothing before "
      .. "the device is full"):format(size(bytes), size(limit),
      format.percent(100 * limit / bytes)) })
  end
end


--- What makes no sense beside compressed swap.
local function warn(pw, areas)
  local zswap, disks = pw.mm.zswap(), false
  for _, area in ipairs(areas) do
    disks = disks or not site.is_zram(area.path)
  end
  if zswap and zswap.enabled then
    pw.log("zswap", { message = "zswap is enabled, and compresses what goes to zram once more" })
  end
  local cluster = pw.sysctl.get "vm.page-cluster"
  if not disks and cluster and cluster > 0 then
    pw.log("readahead", { cluster = cluster, message = ("vm.page-cluster is %d: a fault may read "
      .. "%d pages, which of zram only means to decompress them"):format(cluster, 1 << cluster) })
  end
end


--- Whether the kernel has such an algorithm: nothing is taken away for one that it has not.
local function check_algorithm(pw, o, device)
  local _, choices = pw.mm.get(device.name .. "/comp_algorithm")
  local found = o.algorithm == "" or type(choices) ~= "table"
  for _, choice in ipairs(found and {} or choices) do
    found = found or choice == o.algorithm
  end
  return found, not found and ("'%s' is none of the algorithms there are: %s"):format(o.algorithm,
    table.concat(choices, ", "))
end


local function take_away(pw, o, path)
  local ok, message = pw.swap.remove(path,
    { progress = files.progress(pw, o.progress, path, "are still in it") })
  if not ok then
    error(message, 0)
  end
end


--- A new size keeps the area's UUID, so that what undoes the old one undoes this.
local function set_up(pw, o, device)
  local path, bytes = path_of(device), choose_size(pw, o)
  local areas, header = pw.swap.areas() or {}, pw.swap.header(path)
  local priority = choose_priority(o, areas)
  warn(pw, areas)
  warn_of_limit(pw, bytes, o.limit)
  if header then
    local same = device.disksize == bytes and priority_of(areas, path) == priority
      and (o.algorithm == "" or device.comp_algorithm == o.algorithm)
      and (device.mem_limit or 0) == o.limit
    if same then
      pw.log("unchanged", { path = path, message = path .. " is as it should be" })
      return
    end
    take_away(pw, o, path)
  end
  local made, message = pw.swap.make(path, { size = bytes, label = LABEL,
    uuid = header and header.uuid, algorithm = o.algorithm ~= "" and o.algorithm or nil,
    limit = o.limit > 0 and o.limit or nil })
  if made then
    made, message = pw.swap.on(path, { priority = priority })
  end
  if not made then
    pw.swap.remove(path)
    error(message, 0)
  end
  pw.log("set_up", { path = path, size = bytes, priority = priority, limit = o.limit,
    message = ("%s: %s of swap compressed in memory, with priority %d%s"):format(path, size(bytes),
      priority, o.limit > 0 and (", taking %s at most"):format(size(o.limit)) or "") })
end


--- How well what is in it is compressed. Nothing is said of an empty one.
local function say_use(pw, name)
  for _, device in ipairs(pw.mm.zram() or {}) do
    local original = device.orig_data_size or 0
    if device.name == name and original > 0 and device.mem_used_total then
      pw.log("use", { device = name, original = original, memory = device.mem_used_total,
        message = ("%s has %s of pages in %s of memory"):format(name, size(original),
          size(device.mem_used_total)) })
    end
  end
end


local function start(pw, o)
  local sign = pw.cgroup.container()
  if sign and not o.force then
    return nil, ("in a container (%s) swap is the whole machine's; see force"):format(sign)
  end
  local device, message = choose_device(pw, o)
  if not device then
    return nil, message
  elseif o.remove and not is_ours(pw, device) then
    return nil, "there is no zram device that was set up here"
  end
  local known, problem = check_algorithm(pw, o, device)
  if not known then
    return nil, problem
  end
  pw:task(function()
    say_use(pw, device.name)
    if o.remove then
      take_away(pw, o, path_of(device))
      pw.log("removed", { path = path_of(device), message = device.name .. " is off, and reset" })
    else
      set_up(pw, o, device)
    end
  end)
  return true
end


return {
  api     = 1,
  name    = "zram",
  summary = "Set up swap compressed in memory, before all disks; resize it or take it away",
  description = [[
Sets up the first zram device that nobody has, as swap with a priority above every disk. Run again
with another size or algorithm it changes that: what is in it goes back to memory first, which is
refused when there is no room. A device that somebody else set up, such as zram-generator, is left
alone. It says how well what is in it is compressed, and what makes no sense beside it: zswap, and
vm.page-cluster above 0.

The size is that of the pages it takes, before they are compressed: half of memory, at most 4 GiB,
when none is given. limit is of the memory that it takes for them. Pages beyond that are refused,
and stay in memory: the disks get some only when the size is full, so that a smaller size is the
better limit. It warns of one that is less than half the size. Without a zram device it says how to
have one; it loads no module. Since swap in memory is gone with it, it cannot hold a system that
hibernates.

It stays when this ends, and is gone after a boot. Remove takes it away, or 'pagewarden undo' with
its number. In a container it refuses, since swap is the whole machine's.]],
  examples = {
    "pagewarden run zram",
    "pagewarden run zram -o size=8G -o algorithm=zstd",
    "pagewarden run zram -o remove=yes",
  },
  tags    = { "swap", "reversible", "one-shot" },
  options = {
    opt.size { "size", default = 0,
      help = "of pages before they are compressed; 0 for half of memory, at most 4G" },
    opt.string { "algorithm", default = "", help = "such as zstd; the kernel's choice without it" },
    opt.size { "limit", default = 0, help = "memory that it takes at most; 0 for no limit" },
    opt.integer { "priority", default = 100, min = 0, max = 32767,
      help = "and at least one more than that of any disk" },
    opt.string { "device", default = "", help = "such as zram1; ours, or a free one, without it" },
    opt.boolean { "remove", default = false, help = "take away what was set up here" },
    opt.boolean { "force", default = false, help = "in a container too" },
    opt.duration { "progress", default = "5s", min = "1s", help = "say how far it is so often" },
  },
  needs = function(o)
    local devices = { "/dev/" .. o.device }
    for i = 0, o.device == "" and 15 or -1 do
      devices[i + 1] = "/dev/zram" .. i
    end
    return { process = "read", cgroup = "read", mm = "read", sysctl = "read", swap = devices }
  end,
  check = function(o)
    return o.device == "" or o.device:find "^zram%d+$" ~= nil, "a device is such as zram0"
  end,
  start = start,
}
