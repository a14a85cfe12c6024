-- SPDX-License-Identifier: MIT
--- When swap files should come and go: what is left of memory and swap, how much is lacking, and
-- which file could go. Pure.
-- @module pagewarden.recipe.swap_balance
local need = require "pagewarden.recipe.swap_need"
local site = require "pagewarden.recipe.swap_site"

local balance = {}

local MIB <const>, GIB <const> = 1 << 20, 1 << 30


--- How large a file is to be: an eighth of memory, so that eight of them double it.
---@param ram integer bytes
---@return integer bytes
function balance.file_size(ram)
  return math.max(math.min(ram // 8, 4 * GIB), 256 * MIB) // MIB * MIB
end


---@class pagewarden.SwapBalance
---@field free integer bytes of memory and swap that could be given to somebody
---@field total integer bytes of memory and swap
---@field available integer bytes of memory alone
---@field ram integer bytes
---@field own pagewarden.SwapArea[] our files that are on
---@field bytes integer in those


--- What the paths of our files in a folder begin with, before their number.
---@param folder string
---@return string
function balance.stem(folder)
  return (folder:gsub("/*$", "/pagewarden-"))
end


--- What is left. Compressed swap is not counted: to use it takes memory.
---@param memory pagewarden.Counters
---@param areas pagewarden.SwapArea[]
---@param folder string where our files are, pagewarden-1 and so on
---@return pagewarden.SwapBalance
function balance.of(memory, areas, folder)
  local stem = balance.stem(folder)
  local found = { own = {}, bytes = 0, available = need.available(memory), ram = memory.MemTotal }
  found.free, found.total = found.available, found.ram
  for _, area in ipairs(areas) do
    if not site.is_zram(area.path) then
      found.free, found.total = found.free + area.size - area.used, found.total + area.size
    end
    if not area.deleted and area.path:sub(1, #stem) == stem
      and area.path:find("^%d+$", #stem + 1) then
      found.own[#found.own + 1] = area
      found.bytes = found.bytes + area.size
    end
  end
  return found
end


--- How much swap more there has to be for this share of all to be free (swapspace, src/memory.c).
---@param found pagewarden.SwapBalance
---@param percent number
---@return number bytes
function balance.lacking(found, percent)
  local share = percent / 100
  return (share * found.total - found.free) / (1 - share)
end


--- The file with the least in it that can go: without it, the target is still met, and memory has
--- room for what is in it with as much left as makes swap grow.
---@param found pagewarden.SwapBalance
---@param target number percent
---@param low number percent
---@return pagewarden.SwapArea?
function balance.spare(found, target, low)
  local best
  for _, area in ipairs(found.own) do
    local enough = found.free - area.size >= target / 100 * (found.total - area.size)
    local absorbed = found.available - area.used // 5 * 6 >= low / 100 * found.ram
    if enough and absorbed and (not best or area.used < best.used) then
      best = area
    end
  end
  return best
end


return balance
