-- SPDX-License-Identifier: MIT
--- What systemd-oomd does with its own settings: those of oomd.conf, and those that units have of
-- it, under the paths of their cgroups:
--
--    SwapUsedLimit=90%
--    [/]
--    ManagedOOMSwap=kill
--    [/user.slice/user-*.slice/user@*.service]
--    ManagedOOMMemoryPressure=kill
--    ManagedOOMMemoryPressureLimit=50%
--
-- Limits, orders and periods are those of systemd 254 to 257 (src/oom/oomd-manager.c, oomd-util.c,
-- oomd-util.h). Pure.
-- @module pagewarden.recipe.early_oom.systemd_oomd
local systemd_oomd = {}

--- Seconds between two looks at memory and swap, and at pressure.
systemd_oomd.SWAP_PERIOD = 0.15
systemd_oomd.PRESSURE_PERIOD = 1

--- Seconds that pressure is given to show what a kill has done.
systemd_oomd.PAUSE = 15

--- Who has no more than this share of swap is not killed for it (percent).
systemd_oomd.LEAST_SWAP = 5

--- Without anything reclaimed for so many seconds nobody is killed for pressure.
local RECLAIM_SECONDS <const> = 30


---@class pagewarden.recipe.OomdSection
---@field path string
---@field pattern string that the paths of cgroups match
---@field swap boolean?
---@field pressure boolean?
---@field limit number? percent; 0 is the default
---@field duration number? seconds

---@class pagewarden.recipe.OomdSettings
---@field swap_limit integer of memory and of swap, in hundredths of a percent
---@field limit number percent
---@field duration number seconds
---@field sections pagewarden.recipe.OomdSection[]

---@class pagewarden.recipe.OomdCgroup
---@field path string
---@field current integer bytes
---@field swap integer bytes
---@field pgscan integer
---@field last_pgscan integer
---@field preference string|false|nil "avoid" and "omit" count

---@class pagewarden.recipe.OomdWatched
---@field path string
---@field swap boolean?
---@field pressure boolean?
---@field limit number percent
---@field duration number seconds
---@field since number? when its pressure went over the limit
---@field pgscan integer
---@field reclaimed_at number when something was scanned there last


local PARTS = { ["%"] = 100, ["‰"] = 10, ["‱"] = 1 }
local SECONDS = { [""] = 1, s = 1, sec = 1, ms = 0.001, min = 60, m = 60, h = 3600, hr = 3600 }


--- Hundredths of a percent.
local function parse_permyriad(text)
  local number, unit = text:match "^(%d+%.?%d*)(%D+)$"
  local parts = PARTS[unit] and math.floor(tonumber(number) * PARTS[unit] + 1e-6)
  if not parts or parts > 10000 then
    return nil, "a percentage expected, such as 90%"
  end
  return parts
end


local function parse_percent(text)
  local parts, message = parse_permyriad(text)
  return parts and parts / 100, message
end


local function parse_mode(text)
  if text ~= "kill" and text ~= "auto" then
    return nil, "kill or auto expected"
  end
  return text == "kill"
end


local function parse_duration(text)
  local number, unit = text:match "^(%d+%.?%d*)(%a*)$"
  local seconds = SECONDS[unit] and tonumber(number) * SECONDS[unit]
  if not seconds or seconds < 1 then
    return nil, "at least a second expected, such as 30s"
  end
  return seconds
end


local function parse_default_duration(text)
  if text:find "^0%a*$" then
    return 30
  end
  return parse_duration(text)
end


--- What oomd.conf has, and what units have: the name it is kept by, how it is read, and what it is
--- when it is empty.
local GLOBAL = {
  SwapUsedLimit = { "swap_limit", parse_permyriad, 9000 },
  DefaultMemoryPressureLimit = { "limit", parse_percent, 60 },
  DefaultMemoryPressureDurationSec = { "duration", parse_default_duration, 30 },
}
local OF_UNITS = {
  ManagedOOMSwap = { "swap", parse_mode },
  ManagedOOMMemoryPressure = { "pressure", parse_mode },
  ManagedOOMMemoryPressureLimit = { "limit", parse_percent },
  ManagedOOMMemoryPressureDurationSec = { "duration", parse_duration },
}


--- Where a setting is kept that follows a heading.
local function begin_section(settings, heading)
  if heading == "OOM" then
    return settings
  elseif not heading:find "^/" then
    return nil, ("[%s] is no cgroup's path, such as [/system.slice/web.service]"):format(heading)
  end
  local path = heading:gsub("(.)/+$", "%1")
  local section = {
    path = path,
    pattern = "^" .. path:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", "[^/]*") .. "$",
  }
  table.insert(settings.sections, section)
  return section
end


local function take_setting(settings, section, word)
  local name, value = word:match "^([^=]+)=(.*)$"
  local known = (section == settings and GLOBAL or OF_UNITS)[name]
  if not name then
    return ("'%s' is neither NAME=VALUE nor [/CGROUP]"):format(word)
  elseif GLOBAL[name] and section ~= settings then
    return name .. " is not of a cgroup"
  elseif not known then
    return ("'%s' is not known here%s"):format(name,
      OF_UNITS[name] and ": it belongs under the path of a cgroup" or "")
  elseif value == "" then
    section[known[1]] = known[3]
    return nil
  end
  local message
  section[known[1]], message = known[2](value)
  return message and ("%s: %s"):format(name, message)
end


--- Whether some cgroup is watched for swap, or for pressure.
---@param settings pagewarden.recipe.OomdSettings
---@param what "swap"|"pressure"
---@return boolean
function systemd_oomd.watches(settings, what)
  for _, section in ipairs(settings.sections) do
    if section[what] then
      return true
    end
  end
  return false
end


--- Lines that begin with # or ; say nothing.
local function without_comments(text)
  return (("\n" .. text):gsub("\n[ \t]*[#;][^\n]*", "\n"))
end


--- What settings mean.
---@param text string
---@return pagewarden.recipe.OomdSettings?
---@return string? message
function systemd_oomd.parse(text)
  local settings = { swap_limit = 9000, limit = 60, duration = 30, sections = {} }
  local section = settings
  for word in without_comments(text):gmatch "%S+" do
    local heading = word:match "^%[(.*)%]$"
    local message
    if heading then
      section, message = begin_section(settings, heading)
    else
      message = take_setting(settings, section, word)
    end
    if message then
      return nil, message
    end
  end
  if not (systemd_oomd.watches(settings, "swap") or systemd_oomd.watches(settings, "pressure")) then
    return nil, "no cgroup is watched: [/] ManagedOOMSwap=kill would watch all for swap"
  end
  return settings
end


--- What is to be done about a cgroup; nil when nothing is.
---@param settings pagewarden.recipe.OomdSettings
---@param path string
---@return { swap: boolean?, pressure: boolean?, limit: number, duration: number }?
function systemd_oomd.wanted(settings, path)
  local wanted = {}
  for _, section in ipairs(settings.sections) do
    if path:find(section.pattern) then
      for _, setting in pairs(OF_UNITS) do
        local name = setting[1]
        if section[name] ~= nil then
          wanted[name] = section[name]
        end
      end
    end
  end
  if not wanted.limit or wanted.limit == 0 then
    wanted.limit = settings.limit
  end
  wanted.duration = wanted.duration or settings.duration
  return (wanted.swap or wanted.pressure) and wanted or nil
end


--- How much may be left, of memory and of swap, before cgroups are killed for swap.
---@param settings pagewarden.recipe.OomdSettings
---@param memory table meminfo
---@return integer available bytes
---@return integer swap bytes
function systemd_oomd.thresholds(settings, memory)
  local left = 10000 - settings.swap_limit
  return memory.MemTotal * left // 10000, memory.SwapTotal * left // 10000
end


--- Whether both memory and swap are used up so far.
---@param settings pagewarden.recipe.OomdSettings
---@param memory table meminfo
---@return boolean
function systemd_oomd.is_short(settings, memory)
  local available, swap = systemd_oomd.thresholds(settings, memory)
  return memory.MemAvailable < available and memory.SwapFree < swap
end


--- Takes down what a watched cgroup shows now.
---@param watched pagewarden.recipe.OomdWatched
---@param now number
---@param avg10 number percent of the time in which all waited
---@param pgscan integer? the root has none
function systemd_oomd.observe(watched, now, avg10, pgscan)
  if pgscan and systemd_oomd.scanned { pgscan = pgscan, last_pgscan = watched.pgscan } > 0 then
    watched.reclaimed_at = now
  end
  watched.pgscan, watched.avg10 = pgscan or 0, avg10
  watched.since = avg10 > watched.limit and (watched.since or now) or nil
end


--- Whether a watched cgroup has been over its limit for so long that somebody in it is to go.
---@param watched pagewarden.recipe.OomdWatched
---@param now number
---@return boolean
function systemd_oomd.is_pressed(watched, now)
  return watched.since ~= nil and now - watched.since >= watched.duration
end


--- Whether something was reclaimed there lately: without, a kill would not help.
---@param watched pagewarden.recipe.OomdWatched
---@param now number
---@return boolean
function systemd_oomd.is_reclaimed(watched, now)
  return now - watched.reclaimed_at <= RECLAIM_SECONDS
end


--- How many pages were scanned between two looks. A counter that is smaller than before is that of
--- a cgroup that was made anew.
---@param c table with pgscan and last_pgscan
---@return integer
function systemd_oomd.scanned(c)
  return c.last_pgscan > c.pgscan and c.pgscan or c.pgscan - c.last_pgscan
end


--- Those who may be killed, in order; who is avoided comes last.
local function sort(list, compare)
  local sorted = {}
  for _, c in ipairs(list) do
    if c.preference ~= "omit" then
      sorted[#sorted + 1] = c
    end
  end
  table.sort(sorted, function(a, b)
    if (a.preference == "avoid") ~= (b.preference == "avoid") then
      return b.preference == "avoid"
    end
    return compare(a, b)
  end)
  return sorted
end


--- Who has most swap goes first.
---@param list pagewarden.recipe.OomdCgroup[]
---@return pagewarden.recipe.OomdCgroup[]
function systemd_oomd.by_swap(list)
  return sort(list, function(a, b) return a.swap > b.swap end)
end


--- Of whom most was scanned goes first, and of equals who has most.
---@param list pagewarden.recipe.OomdCgroup[]
---@return pagewarden.recipe.OomdCgroup[]
function systemd_oomd.by_pgscan(list)
  return sort(list, function(a, b)
    local of_a, of_b = systemd_oomd.scanned(a), systemd_oomd.scanned(b)
    return of_a > of_b or of_a == of_b and a.current > b.current
  end)
end


return systemd_oomd
