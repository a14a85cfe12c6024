-- SPDX-License-Identifier: MIT
--- A process of a test's world: fields to assign, and the files that a kernel would show for them.
-- @module pagewarden.testing.process
local text = require "pagewarden.text"
local unit = require "pagewarden.unit"

local process = {}

--- What every process of a world counts in.
process.PAGE_SIZE = 4096
process.CLOCK_TICKS = 100

--- Fields that are bytes, and may be assigned as "100M".
local SIZES = { rss = true, rss_anon = true, rss_file = true, rss_shmem = true, swap = true,
  vsize = true, pss = true, uss = true }

--- The fields of a process that was given none. `rss` is no field of its own but the sum of three.
local DEFAULTS = {
  comm = "process", ppid = 1, uid = 1000, state = "S", threads = 1, rss_anon = 1 << 20,
  rss_file = 0, rss_shmem = 0, swap = 0, minflt = 0, majflt = 0, oom_score_adj = 0, cgroup = "/",
  ignores_term = false,
}

--- Pages of memory and swap of the machine that a world begins with.
local TOTAL_PAGES = (4028440 + 1048572) * 1024 // process.PAGE_SIZE

--- What Linux 6.1 makes of memory and adj; 0 for who is never killed.
local function oom_score_of(fields)
  local pages = (fields.rss_anon + fields.rss_file + fields.rss_shmem + fields.swap)
    // process.PAGE_SIZE + fields.oom_score_adj * (TOTAL_PAGES // 1000)
  return fields.oom_score_adj > -1000 and (1000 + pages * 1000 // TOTAL_PAGES) * 2 // 3 or 0
end

--- Fields that are worked out from others until they are assigned.
local DERIVED = {
  oom_score = oom_score_of,
  vsize = function(fields) return fields.rss_anon + fields.rss_file + fields.rss_shmem end,
  pss = function(fields) return fields.rss_anon + fields.rss_file + fields.rss_shmem end,
  uss = function(fields) return fields.rss_anon + fields.rss_file end,
  cmdline = function(fields) return { fields.comm } end,
  pgrp = function(fields) return fields.pid end,
}

local NAMES = { "pid", "start_time", "rss" }
for _, names in ipairs { DEFAULTS, DERIVED } do
  for name in pairs(names) do
    NAMES[#NAMES + 1] = name
  end
end


---@class pagewarden.testing.Process
---@field pid integer
---@field start_time integer clock ticks since the world's boot
---@field comm string
---@field ppid integer
---@field pgrp integer its process group; one of its own until it is assigned
---@field uid integer
---@field state string one in state "D" ends, when it was killed, once it is in another
---@field ignores_term boolean it goes on when it is only asked to end
---@field threads integer
---@field rss integer bytes; assigning it changes rss_anon
---@field rss_anon integer
---@field rss_file integer
---@field rss_shmem integer
---@field swap integer
---@field vsize integer
---@field pss integer
---@field uss integer
---@field oom_score integer
---@field oom_score_adj integer
---@field minflt integer
---@field majflt integer
---@field cgroup string
---@field cmdline string[]

--- What lies behind a process object.
---@type table<pagewarden.testing.Process, { fields: table, changed: boolean }>
local states = setmetatable({}, { __mode = "k" })


local function is_known(name)
  return DEFAULTS[name] ~= nil or DERIVED[name] ~= nil or name == "rss"
end


local function refuse(name, level)
  local nearest = type(name) == "string" and text.nearest(name, NAMES)
  error(("a process has no field '%s'%s"):format(tostring(name),
    nearest and (" (did you mean '%s'?)"):format(nearest) or ""), level + 1)
end


local function get(fields, name)
  if name == "rss" then
    return fields.rss_anon + fields.rss_file + fields.rss_shmem
  end
  local value = fields[name]
  if value == nil and DERIVED[name] then
    return DERIVED[name](fields)
  end
  return value
end


local function convert(name, value, level)
  if not SIZES[name] then
    return value
  end
  local bytes = type(value) == "string" and unit.parse_size(value)
    or math.type(value) and math.tointeger(value)
  if not bytes or bytes < 0 then
    error(("field '%s': expected bytes, or a size such as '100M', found %s"):format(name,
      tostring(value)), level + 1)
  end
  return bytes
end


local function set(fields, name, value, level)
  if not is_known(name) then
    refuse(name, level + 1)
  end
  value = convert(name, value, level + 1)
  if name == "rss" then
    fields.rss_anon = math.max(value - fields.rss_file - fields.rss_shmem, 0)
  else
    fields[name] = value
  end
end


local Process = {
  __index = function(self, name)
    local value = get(states[self].fields, name)
    if value == nil then
      refuse(name, 2)
    end
    return value
  end,
  __newindex = function(self, name, value)
    local state = states[self]
    set(state.fields, name, value, 2)
    state.changed = true
  end,
}


--- Makes a process. Errors are the caller's caller's.
---@param pid integer
---@param start_time integer clock ticks
---@param given table fields
---@return pagewarden.testing.Process
function process.new(pid, start_time, given)
  local fields = { pid = pid, start_time = start_time }
  for name, value in pairs(DEFAULTS) do
    fields[name] = value
  end
  for name, value in pairs(given) do
    if name ~= "pid" and name ~= "rss" then
      set(fields, name, value, 3)
    end
  end
  if given.rss then
    set(fields, "rss", given.rss, 3)
  end
  local self = setmetatable({}, Process)
  states[self] = { fields = fields, changed = true }
  return self
end


--- Whether a process was assigned to since this was asked last.
---@param self pagewarden.testing.Process
---@return boolean
function process.take_change(self)
  local state = states[self]
  local changed = state.changed
  state.changed = false
  return changed
end


local function pages(bytes)
  return bytes // process.PAGE_SIZE
end


--- At least what is resident must be mapped.
local function vsize_of(p)
  return math.max(p.vsize, p.rss)
end


--- Fields 4 to 52 of proc(5), those that a world does not have as on a quiet machine.
local function stat_of(p)
  local before = ("%d %d %d 0 -1 4194560 %d 0 %d 0 10 5 0 0 20 0 %d 0 %d %d %d"):format(p.ppid,
    p.pgrp, p.pid, p.minflt, p.majflt, p.threads, p.start_time, vsize_of(p), pages(p.rss))
  local after = "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0"
  return ("%d (%s) %s %s %s\n"):format(p.pid, p.comm, p.state, before, after)
end


local function statm_of(p)
  return ("%d %d %d 1 0 %d 0\n"):format(pages(vsize_of(p)), pages(p.rss),
    pages(p.rss_file + p.rss_shmem), pages(p.rss_anon))
end


local function status_of(p)
  local function kib(name, bytes)
    return ("%s:\t%8d kB\n"):format(name, bytes // 1024)
  end
  return table.concat {
    ("Name:\t%s\n"):format((p.comm:gsub("\\", "\\\\"):gsub("\n", "\\n"))),
    ("Umask:\t0022\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n"):format(
      p.state, p.pid, p.pid, p.ppid),
    ("Uid:\t%d\t%d\t%d\t%d\n"):format(p.uid, p.uid, p.uid, p.uid),
    ("Gid:\t%d\t%d\t%d\t%d\n"):format(p.uid, p.uid, p.uid, p.uid),
    kib("VmPeak", vsize_of(p)), kib("VmSize", vsize_of(p)), kib("VmLck", 0), kib("VmPin", 0),
    kib("VmHWM", p.rss), kib("VmRSS", p.rss), kib("RssAnon", p.rss_anon),
    kib("RssFile", p.rss_file), kib("RssShmem", p.rss_shmem), kib("VmSwap", p.swap),
    ("Threads:\t%d\n"):format(p.threads),
  }
end


local function smaps_rollup_of(p)
  local function line(name, bytes)
    return ("%-15s %8d kB\n"):format(name .. ":", bytes // 1024)
  end
  return table.concat {
    "55d000000000-7ffd00000000 ---p 00000000 00:00 0                          [rollup]\n",
    line("Rss", p.rss), line("Pss", p.pss), line("Pss_Anon", p.rss_anon),
    line("Pss_File", p.rss_file), line("Pss_Shmem", p.rss_shmem),
    line("Shared_Clean", math.max(p.rss - p.uss, 0)), line("Shared_Dirty", 0),
    line("Private_Clean", math.max(p.uss - p.rss_anon, 0)),
    line("Private_Dirty", math.min(p.uss, p.rss_anon)), line("Referenced", p.rss),
    line("Anonymous", p.rss_anon), line("Swap", p.swap), line("SwapPss", p.swap),
    line("Locked", 0),
  }
end


--- The files of a process, by name, as Linux 6.1 prints them.
---@param p pagewarden.testing.Process
---@return table<string, string>
function process.files(p)
  return {
    stat = stat_of(p), statm = statm_of(p), status = status_of(p),
    smaps_rollup = smaps_rollup_of(p),
    comm = p.comm .. "\n",
    cmdline = #p.cmdline > 0 and table.concat(p.cmdline, "\0") .. "\0" or "",
    cgroup = ("0::%s\n"):format(p.cgroup),
    oom_score = ("%d\n"):format(p.oom_score),
    oom_score_adj = ("%d\n"):format(p.oom_score_adj),
  }
end


return process
