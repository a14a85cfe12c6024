-- SPDX-License-Identifier: MIT
--- When memory is so short that something must be done: `"available<8% and swap<10%"`. Pure.
--
-- A condition is terms joined by "and"; of a list of conditions one has to hold. A term compares a
-- figure with a size, a percentage or a time. What cannot be known, such as pressure on a kernel
-- that does not measure it, compares with nothing: its term does not hold.
-- @module pagewarden.recipe.early_oom.condition
local condition = {}


---@class pagewarden.recipe.Term
---@field name string of the figure
---@field above boolean it holds above the limit, not below it
---@field equal boolean it holds at the limit as well
---@field limit number
---@field kind "size"|"percent"|"duration" what the figure is
---@field share boolean the limit is a percentage of the figure's total

--- What a list of conditions means: condition_parser.lua, which is not kept.
---@param texts string[]
---@return pagewarden.recipe.Term[][]?
---@return string? message
function condition.compile(texts)
  return require("pagewarden.recipe.early_oom.condition_parser").compile(texts)
end


--- The limit of a term, in what its figure is in.
---@param term pagewarden.recipe.Term
---@param figures table<string, number> with the total of each under `NAME_total`
---@return number
function condition.limit(term, figures)
  return term.share and (figures[term.name .. "_total"] or 0) * term.limit / 100 or term.limit
end


local function term_holds(term, figures, times)
  local value = figures[term.name]
  if not value then
    return false
  elseif term.share and figures[term.name .. "_total"] == 0 then
    return not term.above -- of nothing, nothing is left
  end
  local limit = condition.limit(term, figures)
  if term.above then
    return value * times > limit or term.equal and value == limit
  end
  return value < limit * times or term.equal and value == limit
end


--- The first of the conditions that holds.
---@param alternatives pagewarden.recipe.Term[][]
---@param figures table<string, number>
---@param times number? with limits so many times as easily reached
---@return integer? number
function condition.holds(alternatives, figures, times)
  for i, terms in ipairs(alternatives) do
    local holds = true
    for _, term in ipairs(terms) do
      if not term_holds(term, figures, times or 1) then
        holds = false
        break
      end
    end
    if holds then
      return i
    end
  end
end


--- Whether what is known only from other files than meminfo has a say in any of them.
---@param alternatives pagewarden.recipe.Term[][]
---@param names table<string, boolean>
---@return boolean
function condition.uses(alternatives, names)
  for _, terms in ipairs(alternatives) do
    for _, term in ipairs(terms) do
      if names[term.name] then
        return true
      end
    end
  end
  return false
end


--- A figure's highest limit from which on one of the conditions might hold; nil without one.
---@param alternatives pagewarden.recipe.Term[][]
---@param figures table<string, number>
---@param name "available"|"swap"
---@return number?
function condition.threshold(alternatives, figures, name)
  local highest
  for _, terms in ipairs(alternatives) do
    local lowest
    for _, term in ipairs(terms) do
      if term.name == name and not term.above then
        lowest = math.min(lowest or math.huge, condition.limit(term, figures))
      end
    end
    highest = lowest and math.max(highest or 0, lowest) or highest
  end
  return highest
end


local SHOWN = {
  available = "%s are available", swap = "%s of swap are free",
  some = "some wait for memory %s of the time", full = "all wait for memory %s of the time",
  thrashing = "%s of what is reclaimed is needed again",
  swapin = "%s a second are swapped in", refault = "%s a second are read again",
  growth = "%s a second are used up", left = "it lasts for %s",
}


--- A value as its limit would be written.
local function show_value(term, value, total)
  local format = require "pagewarden.format"
  local kind = term.kind
  if kind == "percent" then
    return ("%.0f%%"):format(value)
  elseif kind == "duration" then
    return value < math.huge and format.duration(value) or "ever"
  elseif term.share and total and total > 0 then
    return ("%s (%.1f%%)"):format(format.size(value), value * 100 / total)
  end
  return format.size(value)
end


local function show_limit(term)
  local format = require "pagewarden.format"
  local kind = term.kind
  if term.share or kind == "percent" then
    return ("%.14g%%"):format(term.limit)
  end
  return kind == "size" and format.size(term.limit) or format.duration(term.limit)
end


--- "under 8%", or "not at or under 8%".
local function explain_limit(term, figures)
  return ("%s%s%s %s"):format(term_holds(term, figures, 1) and "" or "not ",
    term.equal and "at or " or "", term.above and "over" or "under", show_limit(term))
end


--- One term in words: what there is, and what it is compared with.
local function explain_term(term, figures)
  local value = figures[term.name]
  if not value then
    return ("%s is not known here"):format(term.name)
  end
  return ("%s, %s"):format(
    SHOWN[term.name]:format(show_value(term, value, figures[term.name .. "_total"])),
    explain_limit(term, figures))
end


--- Why a condition holds: all of its terms.
---@param terms pagewarden.recipe.Term[]
---@param figures table<string, number>
---@return string
function condition.why(terms, figures)
  local words = {}
  for i, term in ipairs(terms) do
    local again = i > 1 and terms[i - 1].name == term.name
    words[#words + 1] = i > 1 and (again and " and " or "; ") or ""
    words[#words + 1] = (again and explain_limit or explain_term)(term, figures)
  end
  return table.concat(words)
end


--- Why none of the conditions holds: of each the first term that keeps it from that. Empty when
--- one does.
---@param alternatives pagewarden.recipe.Term[][]
---@param figures table<string, number>
---@return string
function condition.why_not(alternatives, figures)
  local words = {}
  if condition.holds(alternatives, figures) then
    return ""
  end
  for i, terms in ipairs(alternatives) do
    for _, term in ipairs(terms) do
      if not term_holds(term, figures, 1) then
        words[i] = explain_term(term, figures)
        break
      end
    end
  end
  return #alternatives == 0 and "no condition is set" or table.concat(words, "; and ")
end


return condition
