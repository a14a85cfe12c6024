-- SPDX-License-Identifier: MIT
--- What early-oom would have done beside what others did, from the events that it logged where it
-- only looked on. Pure.
--
-- Events of one policy on one machine, from one boot to the next, are a stream. Within a stream the
-- clock is the one that never goes back, which early-oom's events carry as `uptime`: a time of day
-- that is set meanwhile changes nothing but what is shown.
-- @module pagewarden.comparison
local comparison = {}

--- Seconds between a kill of others and ours that may still be for the same reason.
comparison.WITHIN = 60

--- Seconds within which processes of one name, unit or cgroup that end by the same killer are one
--- kill.
local TOGETHER <const> = 1

--- Seconds by which an event may be logged after a later one; what goes back further is a boot.
local DELAY <const> = 10

local NUMBERS = { "time", "uptime", "pid", "start_time", "size", "score", "available", "swap",
  "kills" }
local TEXTS = { "comm", "unit", "cgroup", "by", "signal", "level", "oom_cgroup" }

--- The events that count.
comparison.KINDS = { "watching", "relieved", "ending", "would", "would-end", "seen-kill",
  "seen-end" }


---@class pagewarden.comparison.Moment somebody who was ended, or would have been
---@field at number seconds, of the stream's clock
---@field time number since 1970
---@field pid integer?
---@field comm string?
---@field size number?
---@field level string?
---@field signal string? of ours; both when somebody would have been asked and then killed
---@field by string? of theirs: "kernel", or the other daemon
---@field certain boolean? of theirs
---@field others integer? of theirs: how many ended with this one
---@field available number? what was left
---@field swap number?

---@class pagewarden.comparison.Row
---@field kind "both"|"theirs"|"ours"
---@field policy string
---@field theirs pagewarden.comparison.Moment?
---@field ours pagewarden.comparison.Moment?
---@field seconds number? ours was so much earlier
---@field same boolean? the victim was the same; nil where theirs is not known
---@field outcome string? of ours alone: "ended" by itself or "relieved"
---@field after number? seconds until then

---@class pagewarden.comparison.Summary
---@field theirs integer kills by others
---@field by table<string, integer> how many by whom
---@field uncertain integer of which nobody can say
---@field ours integer that we would have ended
---@field both integer
---@field same integer
---@field median number? seconds that ours was earlier
---@field least number?
---@field most number?
---@field acted integer that we ended in truth, which are not compared
---@field watched integer how many times early-oom was started


---@class pagewarden.Comparison
---@field private streams table<string, table> the last of each key
---@field private all table[]
local Comparison = {}
Comparison.__index = Comparison


---@return pagewarden.Comparison
function comparison.new()
  return setmetatable({ streams = {}, all = {} }, Comparison)
end


--- The fields that are as they should be, numbers also where they came as text.
local function checked(event)
  local fields = { event = event.event }
  for _, name in ipairs(NUMBERS) do
    local number = tonumber(event[name])
    fields[name] = number and number == number and math.abs(number) < math.huge and number or nil
  end
  for _, name in ipairs(TEXTS) do
    fields[name] = type(event[name]) == "string" and event[name] or nil
  end
  if fields.by then
    fields.certain = event.certain == true or event.certain == "true"
  end
  return fields
end


--- The stream that an event is of, a new one when its clock begins anew.
---@private
function Comparison:stream_of(event, uptime)
  local key = ("%s\0%s\0%s"):format(event.source or "", event.boot or "", event.policy)
  local stream = self.streams[key]
  if not stream or uptime and stream.uptime and uptime < stream.uptime - DELAY then
    stream = { policy = event.policy, source = event.source, theirs = {}, ours = {}, turns = {},
      acted = {}, watched = 0 }
    self.streams[key] = stream
    self.all[#self.all + 1] = stream
  end
  stream.uptime = uptime and math.max(uptime, stream.uptime or uptime) or stream.uptime
  return stream
end


local function is_same(a, b)
  return a.pid ~= nil and a.pid == b.pid
    and (not a.start_time or not b.start_time or a.start_time == b.start_time)
end


--- Adds somebody whom we would end. To ask first and kill then is one decision.
local function add_ours(stream, moment)
  local last = stream.ours[#stream.ours]
  if last and is_same(last, moment) and last.signal ~= moment.signal
    and moment.at - last.at <= comparison.WITHIN then
    last.signal = ("%s, %s"):format(last.signal, moment.signal)
  else
    stream.ours[#stream.ours + 1] = moment
  end
end


--- What an event changes, by its name.
local handlers = {}


function handlers.watching(stream)
  stream.watched = stream.watched + 1
end


handlers["would-end"] = add_ours


--- Whether a key of the gate, such as "kill 812:45678", is that of ending somebody.
local function is_key_of(key, moment)
  local pid = key:match "^kill (%d+):"
  return pid ~= nil and tonumber(pid) == moment.pid or key:find "^kill cgroup " ~= nil
end


--- In a dry run nobody is ended by it, which the gate says just before or after.
function handlers.ending(stream, moment)
  local key = stream.would
  stream.would = nil
  if key and is_key_of(key, moment) then
    add_ours(stream, moment)
  else
    stream.acted[#stream.acted + 1] = moment
  end
end


function handlers.would(stream, _, event)
  local last = stream.acted[#stream.acted]
  if type(event.key) ~= "string" then
    return
  elseif last and is_key_of(event.key, last) then
    add_ours(stream, table.remove(stream.acted))
  else
    stream.would = event.key
  end
end


handlers["seen-kill"] = function(stream, moment)
  stream.theirs[#stream.theirs + 1] = moment
end


handlers["seen-end"] = function(stream, moment)
  stream.turns[#stream.turns + 1] = moment
end


handlers.relieved = handlers["seen-end"]


--- Whether a kind of event has a say.
---@param name any
---@return boolean
function comparison.counts(name)
  return handlers[name] ~= nil
end


--- Takes an event, unless it is one that has no say. They come in the order they were logged in.
---@param event table with `source`, where it is from, and `boot` where that is known
---@return boolean taken
function Comparison:add(event)
  if not handlers[event.event] or type(event.policy) ~= "string" then
    return false
  end
  local fields = checked(event)
  fields.at = fields.uptime or fields.time
  if not fields.at then
    return false
  end
  local stream = self:stream_of(event, fields.uptime)
  handlers[event.event](stream, fields, event)
  return true
end


local function by_moment(a, b)
  return a.at < b.at
end


local function belong_together(a, b)
  return a.by == b.by and b.at - a.last_at <= TOGETHER and a.comm ~= nil and b.comm ~= nil
    and (a.comm == b.comm or a.unit ~= nil and a.unit == b.unit
      or a.cgroup ~= nil and a.cgroup ~= "/" and a.cgroup == b.cgroup)
end


--- Processes that ended together as one kill, which shows the largest.
local function group(kills)
  table.sort(kills, by_moment)
  local groups, last = {}, nil
  for _, kill in ipairs(kills) do
    if last and belong_together(last.shown, kill) then
      last.shown.last_at = kill.at
      last.members[#last.members + 1] = kill
    else
      kill.last_at = kill.at
      last = { at = kill.at, shown = kill, members = { kill } }
      groups[#groups + 1] = last
    end
  end
  for _, found in ipairs(groups) do
    for _, kill in ipairs(found.members) do
      if (kill.size or 0) > (found.shown.size or 0) then
        found.shown = kill
      end
    end
    found.shown.others = #found.members > 1 and #found.members - 1 or nil
  end
  return groups
end


--- Whether ours is among those that ended; nil when it is not known who did.
local function has(found, ours)
  for _, kill in ipairs(found.members) do
    if is_same(kill, ours) then
      return true
    end
  end
  return found.shown.pid and ours.pid and false
end


--- Pairs that are possible, the best first: the same victim, then the least time between.
local function find_pairs(groups, ours, within)
  local possible = {}
  for i, found in ipairs(groups) do
    for j, moment in ipairs(ours) do
      local seconds = found.at - moment.at
      if math.abs(seconds) <= within then
        possible[#possible + 1] = { i = i, j = j, seconds = seconds, same = has(found, moment) }
      end
    end
  end
  table.sort(possible, function(a, b)
    if (a.same == true) ~= (b.same == true) then
      return a.same == true
    elseif math.abs(a.seconds) ~= math.abs(b.seconds) then
      return math.abs(a.seconds) < math.abs(b.seconds)
    end
    return a.i < b.i or a.i == b.i and a.j < b.j
  end)
  return possible
end


--- What became of one of ours that nobody ended: what came first.
local function find_outcome(stream, ours)
  local first
  for _, turn in ipairs(stream.turns) do
    local is_its = turn.event == "relieved" or is_same(turn, ours)
    if is_its and turn.at >= ours.at and (not first or turn.at < first.at) then
      first = turn
    end
  end
  return first and (first.event == "relieved" and "relieved" or "ended"), first
    and first.at - ours.at
end


local function add_rows(rows, stream, within)
  table.sort(stream.ours, by_moment)
  local groups, taken = group(stream.theirs), {}
  local found = {}
  for _, pair in ipairs(find_pairs(groups, stream.ours, within)) do
    if not found[pair.i] and not taken[pair.j] then
      found[pair.i], taken[pair.j] = pair, true
    end
  end
  for i, kill in ipairs(groups) do
    local pair = found[i]
    rows[#rows + 1] = { kind = pair and "both" or "theirs", policy = stream.policy, at = kill.at,
      theirs = kill.shown, ours = pair and stream.ours[pair.j], same = pair and pair.same,
      seconds = pair and pair.seconds }
  end
  for j, ours in ipairs(stream.ours) do
    if not taken[j] then
      local outcome, after = find_outcome(stream, ours)
      rows[#rows + 1] = { kind = "ours", policy = stream.policy, at = ours.at, ours = ours,
        outcome = outcome, after = after }
    end
  end
end


local function median_of(sorted)
  local middle = #sorted // 2
  return #sorted % 2 == 1 and sorted[middle + 1]
    or #sorted > 0 and (sorted[middle] + sorted[middle + 1]) / 2 or nil
end


local function summarize(rows, streams)
  local sum = { theirs = 0, by = {}, uncertain = 0, ours = 0, both = 0, same = 0, acted = 0,
    watched = 0 }
  local seconds = {}
  for _, row in ipairs(rows) do
    local theirs = row.theirs
    if theirs then
      local by = theirs.by or "?"
      sum.theirs, sum.by[by] = sum.theirs + 1, (sum.by[by] or 0) + 1
      sum.uncertain = sum.uncertain + (theirs.certain and 0 or 1)
    end
    sum.ours = sum.ours + (row.ours and 1 or 0)
    if row.kind == "both" then
      sum.both, sum.same = sum.both + 1, sum.same + (row.same and 1 or 0)
      seconds[#seconds + 1] = row.seconds
    end
  end
  for _, stream in ipairs(streams) do
    sum.acted, sum.watched = sum.acted + #stream.acted, sum.watched + stream.watched
  end
  table.sort(seconds)
  sum.median, sum.least, sum.most = median_of(seconds), seconds[1], seconds[#seconds]
  return sum
end


--- What happened, stream by stream and in order, and a summary.
---@param within number? seconds between a kill and ours that may be for the same reason
---@return pagewarden.comparison.Row[]
---@return pagewarden.comparison.Summary
function Comparison:result(within)
  local rows = {}
  for _, stream in ipairs(self.all) do
    local own = {}
    add_rows(own, stream, within or comparison.WITHIN)
    table.sort(own, by_moment)
    table.move(own, 1, #own, #rows + 1, rows)
  end
  return rows, summarize(rows, self.all)
end


return comparison
