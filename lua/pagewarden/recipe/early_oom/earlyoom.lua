-- SPDX-License-Identifier: MIT
--- What earlyoom does with its own arguments: `"-m 10,5 -s 10,5 --avoid '^sshd$'"`. Limits and the
-- choice of whom to end are those of its main.c, kill.c and meminfo.c, from 1.8 on. Pure.
-- @module pagewarden.recipe.early_oom.earlyoom
local earlyoom = {}

--- What a match with --prefer or --avoid is worth, in oom_score or in bytes of resident memory.
local SCORE_BONUS <const> = 300
local RSS_BONUS <const> = 3 << 30

--- Whom even the kernel never takes.
local NEVER_ADJ <const> = -1000

--- More than this is no number for it.
local LONGEST <const> = 255


---@class pagewarden.recipe.EarlyoomLimits
---@field term number
---@field kill number

---@class pagewarden.recipe.EarlyoomSettings
---@field m pagewarden.recipe.EarlyoomLimits? percentages of what is for users
---@field s pagewarden.recipe.EarlyoomLimits? percentages of swap
---@field M pagewarden.recipe.EarlyoomLimits? KiB of memory
---@field S pagewarden.recipe.EarlyoomLimits? KiB of swap
---@field prefer pagewarden.Pattern?
---@field avoid pagewarden.Pattern?
---@field ignore pagewarden.Pattern?
---@field ignore_root_user boolean?
---@field sort_by_rss boolean?
---@field group boolean? the whole process group
---@field wait number seconds for which it waits for one to end


--- One half of a pair; what is empty is nothing, as for strtod(3).
local function parse_part(text, most)
  local value = text == "" and 0 or text:find "^%s*[+-]?%d*%.?%d*$" and tonumber(text)
  if not value then
    return nil, ("'%s' is no number"):format(text)
  elseif value < 0 then
    return nil, ("%s is below zero"):format(text)
  elseif value > most then
    return nil, ("%s is more than %g"):format(text, most)
  end
  return value
end


--- "TERM,KILL", or the first alone, of which the second is half then.
---@param text string
---@param most number
---@return pagewarden.recipe.EarlyoomLimits?
---@return string? message
function earlyoom.parse_pair(text, most)
  if #text > LONGEST then
    return nil, ("the number is longer than %d characters"):format(LONGEST)
  end
  local first, second = text:match "^([^,]*),(.*)$"
  local term, message = parse_part(first or text, most)
  local kill
  if term and second then
    kill, message = parse_part(second, most)
  end
  if message then
    return nil, message
  end
  kill = kill or term / 2
  term = math.max(term, kill)
  if term == 0 then
    return nil, "both are zero"
  end
  return { term = term, kill = kill }
end


local function pair(most)
  return function(settings, name, value)
    local message
    settings[name], message = earlyoom.parse_pair(value, most)
    return message
  end
end


local function pattern(settings, name, value)
  local message
  settings[name], message = require("pagewarden.pattern").compile(value)
  return message
end


local function seconds(settings, name, value)
  settings[name] = math.tointeger(tonumber(value))
  return not (settings[name] and settings[name] > 0) and "whole seconds expected" or nil
end


local function flag(settings, name)
  settings[name] = true
end


local function nothing() end


local function refuse(instead)
  return function() return instead end
end


--- Its options: what takes one, whether there is a value to it, and under what name it is kept.
local OPTIONS = {
  ["-m"] = { pair(99), "m" }, ["-s"] = { pair(100), "s" },
  ["-M"] = { pair(math.huge), "M" }, ["-S"] = { pair(math.huge), "S" },
  ["--prefer"] = { pattern, "prefer" }, ["--avoid"] = { pattern, "avoid" },
  ["--ignore"] = { pattern, "ignore" }, ["-w"] = { seconds, "wait" },
  ["-g"] = { flag, "group", bare = true },
  ["--ignore-root-user"] = { flag, "ignore_root_user", bare = true },
  ["--sort-by-rss"] = { flag, "sort_by_rss", bare = true },
  -- what it says and to whom, and what is the system's business here
  ["-r"] = { nothing }, ["-n"] = { nothing, bare = true }, ["-d"] = { nothing, bare = true },
  ["--debug"] = { nothing, bare = true }, ["-p"] = { nothing, bare = true },
  ["-k"] = { nothing, bare = true }, ["-i"] = { nothing, bare = true },
  ["--syslog"] = { nothing, bare = true },
  ["-N"] = { refuse "name the program by after=" },
  ["-P"] = { refuse "name the program by before=" },
  ["--dryrun"] = { refuse "run it with --dry-run", bare = true },
}


--- Words as a shell divides them: quotes keep together what is between them.
local function split(text)
  local words, word, at = {}, nil, 1
  while at <= #text do
    local blank, quote = text:match("^%s+()", at), text:match("^['\"]", at)
    local stop = quote and text:find(quote, at + 1, true)
    if blank then
      words[#words + 1], word, at = word, nil, blank
    elseif quote and not stop then
      return nil, ("%s is not closed"):format(quote)
    elseif quote then
      word, at = (word or "") .. text:sub(at + 1, stop - 1), stop + 1
    else
      local plain = text:match("^[^%s'\"]+", at)
      word, at = (word or "") .. plain, at + #plain
    end
  end
  words[#words + 1] = word
  return words
end


--- Takes letters apart that stand together, and values from what they belong to, as getopt(3).
local function next_option(words)
  local word = table.remove(words, 1)
  local name, value = word:match "^(%-%-[^=]+)=(.*)$"
  if name then
    return name, value
  elseif not word:find "^%-[^-]" or #word == 2 then
    return word
  end
  local option = OPTIONS[word:sub(1, 2)]
  if option and option.bare then
    table.insert(words, 1, "-" .. word:sub(3))
    return word:sub(1, 2)
  end
  return word:sub(1, 2), word:sub(3)
end


local function take_option(settings, words)
  local name, value = next_option(words)
  local option = OPTIONS[name]
  if not option then
    return ("earlyoom has no option '%s' that is known here"):format(name)
  elseif option.bare and value then
    return name .. " takes no value"
  elseif not option.bare and not value then
    value = table.remove(words, 1)
    if not value then
      return name .. " wants a value"
    end
  end
  local message = option[1](settings, option[2], value)
  return message and ("%s: %s"):format(name, message)
end


--- What its arguments mean.
---@param text string as they stand in EARLYOOM_ARGS
---@return pagewarden.recipe.EarlyoomSettings?
---@return string? message
function earlyoom.parse(text)
  local settings = { wait = 10 }
  local words, message = split(text)
  while not message and words[1] do
    message = take_option(settings, words)
  end
  return not message and settings or nil, message
end


--- Percentages, of which the lower counts where sizes are given as well.
local function merge(percent, size, total)
  if not size then
    return percent or { term = 10, kill = 5 }
  end
  local limits = { term = 100 * size.term / total, kill = 100 * size.kill / total }
  for name, value in pairs(limits) do
    limits[name] = math.min(value, percent and percent[name] or 100)
  end
  return limits
end


--- The percentages at which it acts. Sizes become percentages of what there is as it starts; those
--- of swap mean nothing where there is none.
---@param settings pagewarden.recipe.EarlyoomSettings
---@param total integer bytes of memory
---@param swap_total integer
---@return { memory: pagewarden.recipe.EarlyoomLimits, swap: pagewarden.recipe.EarlyoomLimits }?
---@return string? message
function earlyoom.limits(settings, total, swap_total)
  local kib = { M = total / 1024, S = swap_total / 1024 }
  for name, most in pairs(kib) do
    if settings[name] and most > 0 and settings[name].term > most * 100 / 99 then
      return nil, ("-%s: %d KiB are more than there are"):format(name, settings[name].term // 1)
    end
  end
  return {
    memory = merge(settings.m, settings.M, kib.M),
    swap = merge(settings.s, swap_total > 0 and settings.S, kib.S),
  }
end


--- Whether it may end a process.
---@param settings pagewarden.recipe.EarlyoomSettings
---@param p table with pid, ppid, comm, uid and oom_score_adj
---@return boolean
function earlyoom.may_end(settings, p)
  return p.pid > 2 and p.ppid ~= 2 and p.oom_score_adj ~= NEVER_ADJ
    and not (settings.ignore_root_user and p.uid == 0)
    and not (settings.ignore and settings.ignore:match(p.comm))
end


--- What a name adds to a process, -1, 0 or 1.
local function weigh(settings, p)
  return (settings.prefer and settings.prefer:match(p.comm) and 1 or 0)
    - (settings.avoid and settings.avoid:match(p.comm) and 1 or 0)
end


--- What it compares: its score and its resident memory, of which one is more or less by its name.
---@param settings pagewarden.recipe.EarlyoomSettings
---@param p table with comm, oom_score and rss
---@return integer score
---@return integer rss bytes
function earlyoom.badness(settings, p)
  local score, rss, bonus = p.oom_score or 0, p.rss or 0, weigh(settings, p)
  if settings.sort_by_rss then
    return score, rss + bonus * RSS_BONUS
  end
  return score + bonus * SCORE_BONUS, rss
end


--- Whether one goes rather than another. By resident memory only where both have some: the first
--- thread of a process may have ended while the others keep the memory.
---@param settings pagewarden.recipe.EarlyoomSettings
---@param p table
---@param other table
---@return boolean
function earlyoom.is_larger(settings, p, other)
  local score, rss = earlyoom.badness(settings, p)
  local other_score, other_rss = earlyoom.badness(settings, other)
  if settings.sort_by_rss and rss > 0 and other_rss > 0 then
    return rss > other_rss or rss == other_rss and score > other_score
  end
  return score > other_score or score == other_score and rss > other_rss
end


return earlyoom
