-- SPDX-License-Identifier: MIT
--- How conditions are written: `"available<8% and swap<10%"`. Pure.
-- @module pagewarden.recipe.early_oom.condition_parser
local condition_parser = {}


--- What can be compared, and the units in which.
local FIGURES = {
  available = { "size", "percent" }, -- memory that could be had without swapping
  swap = { "size", "percent" },      -- swap that is free, as far as it is worth memory
  some = { "percent" },              -- of the window: somebody waited for memory
  full = { "percent" },              -- of the window: all waited for memory at once
  thrashing = { "percent" },         -- of what was reclaimed, in the window: it was needed again
  swapin = { "size" },               -- read back from swap each second
  refault = { "size" },              -- of files, read again soon after it was dropped, each second
  growth = { "size" },               -- by which available and swap shrink each second
  left = { "duration" },             -- until both are used up at this growth
}


--- A limit in one of the units that its figure has.
local function parse_limit(units, text)
  local unit = require "pagewarden.unit"
  for _, kind in ipairs(units) do
    local value = unit["parse_" .. kind](text)
    if value then
      return value, kind == "percent" and #units > 1
    end
  end
  return nil, ("'%s' is no %s"):format(text, table.concat(units, " or "))
end


local function parse_term(text)
  local name, operator, equal, limit = text:match "^%s*(%l+)%s*([<>])(=?)%s*(%S+)%s*$"
  local units = FIGURES[name]
  if not name then
    return nil, ("'%s' is not FIGURE<LIMIT or FIGURE>LIMIT"):format(text)
  elseif not units then
    return nil, ("there is no figure '%s'"):format(name)
  end
  local value, share = parse_limit(units, limit)
  if not value then
    return nil, ("%s: %s"):format(name, share)
  end
  return { name = name, above = operator == ">", equal = equal ~= "", kind = units[1],
    limit = value, share = share }
end


--- What a list of conditions means.
---@param texts string[]
---@return pagewarden.recipe.Term[][]?
---@return string? message
function condition_parser.compile(texts)
  local alternatives = {}
  for i, text in ipairs(texts) do
    local terms = {}
    for part in (text:gsub("%s+and%s+", "&") .. "&"):gmatch "([^&]*)&" do
      local term, message = parse_term(part)
      if not term then
        return nil, ("condition '%s': %s"):format(text, message)
      end
      terms[#terms + 1] = term
    end
    alternatives[i] = terms
  end
  return alternatives
end


return condition_parser
