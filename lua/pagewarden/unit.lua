-- SPDX-License-Identifier: MIT
--- Sizes, durations and percentages as text: read here, and nowhere else. Pure.
-- @module pagewarden.unit
local unit = {}

--- A unit and how many bytes it is; the kernel's powers of 1024.
local SIZES = { { "P", 1 << 50 }, { "T", 1 << 40 }, { "G", 1 << 30 }, { "M", 1 << 20 },
  { "K", 1 << 10 }, { "B", 1 } }

--- A unit and how many seconds it is.
local DURATIONS = { { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 }, { "ms", 0.001 } }

local MOST_BYTES = 1 << 62


local function factor_of(units, name)
  for _, pair in ipairs(units) do
    if pair[1] == name then
      return pair[2]
    end
  end
end


--- Bytes from `"64M"`, `"1.5G"`, `"64MiB"` or `"512B"`. A number without a unit is none, except 0.
---@param text string
---@return integer? bytes
function unit.parse_size(text)
  if text == "0" then
    return 0
  end
  local number, suffix = text:match "^(%d+%.?%d*)%s*(%a+)$"
  local letter = suffix and (suffix:match "^(%a)iB$" or suffix:match "^%a$")
  local factor = letter and factor_of(SIZES, letter:upper())
  local bytes = factor and tonumber(number) * (factor + 0.0) -- integers would wrap around
  return bytes and bytes <= MOST_BYTES and math.floor(bytes) or nil
end


--- Seconds from `"2s"`, `"500ms"`, `"5m"`, `"1h30m"` or `"7d"`. A number without a unit is none,
--- except 0.
---@param text string
---@return number? seconds
function unit.parse_duration(text)
  if text == "0" then
    return 0
  end
  local seconds, rest = 0, text
  repeat
    local number, suffix, after = rest:match "^(%d+%.?%d*)(%a+)(.*)$"
    local factor = suffix and factor_of(DURATIONS, suffix)
    if not factor then
      return nil
    end
    seconds, rest = seconds + tonumber(number) * factor, after
  until rest == ""
  return seconds
end


--- A percentage, 0 to 100 and beyond, from `"25%"`.
---@param text string
---@return number? percent
function unit.parse_percent(text)
  local number = text:match "^(%d+%.?%d*)%s*%%$"
  return tonumber(number)
end


--- A number in the largest of the units that shows it exactly, in hundredths if those are allowed;
--- else in the smallest.
local function show(number, units, hundredths)
  local parts = hundredths and 100 or 1
  for _, pair in ipairs(units) do
    local share = number / pair[2]
    if share >= 1 and math.abs(share * parts - math.floor(share * parts + 0.5)) < 1e-6 then
      return ("%.14g%s"):format(share, pair[1])
    end
  end
  local last = units[#units]
  return number == 0 and "0" or ("%.14g%s"):format(number / last[2], last[1])
end


--- A size as `parse_size` reads it: `"64M"`.
---@param bytes integer
---@return string
function unit.show_size(bytes)
  return show(bytes, SIZES, true)
end


--- A duration as `parse_duration` reads it: `"500ms"`.
---@param seconds number
---@return string
function unit.show_duration(seconds)
  return show(seconds, DURATIONS)
end


--- A percentage as `parse_percent` reads it: `"25%"`.
---@param percent number
---@return string
function unit.show_percent(percent)
  return ("%.14g%%"):format(percent)
end


return unit
