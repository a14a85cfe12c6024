-- SPDX-License-Identifier: MIT
--- How much swap this machine wants: what each table says, and what its own work would need.
--
-- The guide sizes swap by memory alone: 1.5 times to 2 GB, as much to 8 GB, 0.75 times above. So a
-- machine of 8 GB gets 8 and one of 8.01 GB gets 6; one of 512 GB gets 384; and one under 1 GB gets
-- nothing. Two machines with the same memory may need none and a lot, which only their work tells:
-- how much is used, and promised, at most. The largest figures seen are kept from run to run.
-- Its "sw,pri=3" for several disks is right: "sw" says nothing, and equal priorities spread pages.

local format = require "pagewarden.format"
local need = require "pagewarden.recipe.swap_need"
local opt = require "pagewarden.option"
local site = require "pagewarden.recipe.swap_site"

local size = format.size

local SAMPLE_EVERY_S <const> = 10

--- No file is proposed for less that is lacking.
local LEAST <const> = 64 << 20


local function say_table(pw, advice)
  local jumps = {}
  for i, jump in ipairs(advice.jumps) do
    jumps[i] = ("at %s of memory from %s to %s"):format(size(jump.at),
      jump.below and size(jump.below) or "nothing", jump.above and size(jump.above) or "nothing")
  end
  local jumping = #jumps > 0 and "it jumps " .. table.concat(jumps, ", ") or nil
  local doubts = table.concat({ advice.caveat or jumping, advice.caveat and jumping }, "; ")
  pw.log("table", {
    source = advice.source, size = advice.size, rule = advice.rule, caveat = advice.caveat,
    jumps = jumping,
    message = ("%s  %s  %s%s"):format(format.pad(advice.source, 14),
      format.pad(advice.size and size(advice.size) or "-", 8, true), advice.rule,
      doubts ~= "" and " (" .. doubts .. ")" or ""),
  })
end


local function say_tables(pw, o)
  local room = pw.swap.room(o.folder)
  for _, advice in ipairs(assert(pw.swap.advise {
    hibernation = o.hibernation, disk = room and room.free,
  })) do
    say_table(pw, advice)
  end
end


--- The most that was used and promised, in this run and those before.
local function keep_peak(pw, memory)
  local peak = pw.state:get "peak" or { used = 0, committed = 0 }
  peak.used = math.max(peak.used, need.used(memory))
  peak.committed = math.max(peak.committed, need.committed(memory))
  pw.state:put("peak", peak)
  return peak
end


local function say_need(pw, o, memory)
  local peak = keep_peak(pw, memory)
  local beyond = peak.committed - memory.MemTotal
  local strict = pw.sysctl.get "vm.overcommit_memory" == 2
  local wanted, reason = need.advise(memory, { used = peak.used, committed = peak.committed,
    strict = strict, hibernation = o.hibernation })
  pw.log("need", {
    size = wanted, reason = reason, ram = memory.MemTotal, swap = memory.SwapTotal,
    used = peak.used, committed = peak.committed, strict = strict,
    message = ("%s of swap, of which there are %s: %s; of %s memory, %s were used and %s promised "
      .. "at most%s"):format(size(wanted), size(memory.SwapTotal or 0), reason,
      size(memory.MemTotal), size(peak.used), size(peak.committed),
      beyond > 0 and (", which would take %s of swap"):format(size(beyond)) or ""),
  })
  return wanted
end


--- The image has to fit into what is free of one area that is on a disk.
local function say_hibernation(pw, areas)
  local largest, states = 0, pw.proc.read "sys/power/state" or ""
  for _, area in ipairs(areas) do
    largest = math.max(largest, site.is_zram(area.path) and 0 or area.size - area.used)
  end
  local image = math.tointeger((pw.proc.read "sys/power/image_size" or ""):match "%d+")
  pw.log("hibernation", {
    able = states:find "disk" ~= nil, largest = largest, image = image,
    message = ("%s; the image%s has to fit into what is free of one area on a disk, at most %s "
      .. "now"):format(states:find "disk" and "this kernel hibernates"
      or "this kernel does not hibernate, or not now", image
      and (" (the kernel aims at %s)"):format(size(image)) or "", size(largest)),
  })
end


local function is_spread(areas, disks)
  for i, area in ipairs(areas) do
    if area.priority < 0 or area.priority ~= areas[1].priority
      or i > 1 and disks[i] == disks[i - 1] then
      return false
    end
  end
  return true
end


--- What is wrong with the order in which areas are filled.
local function judge_order(areas, disks, top_of_zram)
  local several = false
  for i, area in ipairs(areas) do
    several = several or disks[i] ~= disks[1]
    if top_of_zram and area.priority >= top_of_zram then
      return ("%s is filled before what is compressed in memory, which is faster"):format(area.path)
    end
  end
  if several and not is_spread(areas, disks) then
    return "areas on different disks are filled one after the other: give them equal priorities"
  elseif #areas > 1 and not several and areas[1].priority >= 0
    and areas[1].priority == areas[2].priority then
    return "areas of equal priority are on one disk, which gains nothing"
  end
  return "the order in which areas are filled is as it should be"
end


local function say_areas(pw, areas)
  local on_disk, disks, top_of_zram = {}, {}, nil
  for _, area in ipairs(areas) do
    local found = site.of(pw.proc, area.path)
    local compressed = site.is_zram(area.path)
    pw.log("area", {
      path = area.path, size = area.size, used = area.used, priority = area.priority,
      compressed = compressed, disks = found and table.concat(found.disks, ","),
      encrypted = found and found.encrypted,
      message = ("%s: %s, %s used, priority %d%s"):format(area.path, size(area.size),
        size(area.used), area.priority, compressed and ", compressed in memory"
        or found and (" on %s%s"):format(table.concat(found.disks, ", "),
          found.encrypted and ", encrypted" or "") or ""),
    })
    if compressed then
      top_of_zram = math.max(top_of_zram or area.priority, area.priority)
    else
      on_disk[#on_disk + 1] = area
      disks[#on_disk] = found and table.concat(found.disks, ",") or area.path
    end
  end
  pw.log("order", { message = #areas == 0 and "there is no swap"
    or judge_order(on_disk, disks, top_of_zram) })
end


local function say_line(pw, path, priority)
  local line = pw.swap.fstab(path, { priority = priority >= 0 and priority or nil })
  pw.log("fstab", { path = path, line = line, message = line })
end


--- What hibernates cannot be in memory.
local function say_lines(pw, o, areas, wanted)
  for _, area in ipairs(areas) do
    local compressed = site.is_zram(area.path)
    if not compressed and not area.deleted then
      say_line(pw, area.path, area.priority)
    end
    wanted = wanted - (compressed and o.hibernation and 0 or area.size)
  end
  if wanted >= LEAST then
    say_line(pw, o.folder:gsub("/*$", "/pagewarden.swap"), 1)
  end
end


local function advise(pw, o)
  local memory, areas = assert(pw.proc.meminfo()), pw.swap.areas() or {}
  local sign = pw.cgroup.container()
  if sign then
    pw.log("container", { sign = sign, message = ("this is a container (%s): the figures are the "
      .. "whole machine's, and so is its swap"):format(sign) })
  end
  say_tables(pw, o)
  say_areas(pw, areas)
  if o.hibernation then
    say_hibernation(pw, areas)
  end
  say_lines(pw, o, areas, say_need(pw, o, memory))
end


local function start(pw, o)
  pw:task(function()
    local last = pw:now() + o.watch
    while pw:now() < last do
      keep_peak(pw, assert(pw.proc.meminfo()))
      pw:sleep(math.min(SAMPLE_EVERY_S, math.max(last - pw:now(), 0)))
    end
    advise(pw, o)
  end)
end


return {
  api     = 1,
  name    = "swap-advise",
  summary = "Say how much swap this machine wants, by every table and by its own work",
  description = [[
Shows what nine tables and programs would have for this machine, and where they jump; then the areas
there are, in which order they are filled, and on which disks; then what the work of this machine
would need, by the most that was used and promised so far; and lines for /etc/fstab. It changes
nothing, and only keeps those two figures from one run to the next: run it from time to time, or
with watch.

The guide's table goes by memory alone, and jumps: a little more memory is to have 2 GB less swap.
What is promised and never touched counts only where memory is not overcommitted.

Before Linux 3.14, which has no MemAvailable, what is available is reckoned from the caches. In a
container, it says that the figures are the machine's.]],
  examples = {
    "pagewarden run swap-advise",
    "pagewarden run swap-advise -o watch=24h",
    "pagewarden run swap-advise -o hibernation=yes",
  },
  tags    = { "swap", "diagnosis", "reading", "one-shot" },
  options = {
    opt.boolean { "hibernation", default = false, help = "the machine is to hibernate" },
    opt.duration { "watch", default = 0, max = "30d",
      help = "look for so long, every 10s, before saying what is needed" },
    opt.path { "folder", default = "/var", help = "where a new file would be" },
  },
  needs = { process = "read", swap = "read", sysctl = "read", cgroup = "read", state = "1K" },
  start = start,
}
