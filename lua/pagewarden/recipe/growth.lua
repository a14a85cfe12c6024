-- SPDX-License-Identifier: MIT
--- What is known of memory that grows, in words and as a plot for people.
-- @module pagewarden.recipe.growth
local format = require "pagewarden.format"
local rooms = require "pagewarden.recipe.room"

local growth = {}

local BARS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

--- Columns of a plot, and of each the highest is as high as the plot.
local WIDTH = 24


--- The mean of those values that fall into one column.
local function mean_of(values, column, columns)
  local from = (column - 1) * #values // columns + 1
  local to = math.max(from, column * #values // columns)
  local sum = 0
  for i = from, to do
    sum = sum + values[i]
  end
  return sum / (to - from + 1)
end


--- A series on one line, from its least to its largest value.
---@param values number[]
---@return string
function growth.plot(values)
  local columns, means = math.min(#values, WIDTH), {}
  local least, most = math.huge, -math.huge
  for column = 1, columns do
    means[column] = mean_of(values, column, columns)
    least, most = math.min(least, means[column]), math.max(most, means[column])
  end
  for column = 1, columns do
    local part = most > least and (means[column] - least) / (most - least) or 0
    means[column] = BARS[1 + math.floor(part * (#BARS - 1) + 0.5)]
  end
  return table.concat(means)
end


local function given_back(kept)
  return kept == 1 and "never giving any back"
    or kept >= 0.85 and "giving hardly any back" or "giving back less than it takes"
end


--- "1h 12m (58m to 1h 40m)"
local function lasting(exhaustion)
  local text = format.duration(exhaustion.middle)
  return exhaustion.latest < math.huge
    and ("%s (%s to %s)"):format(text, format.duration(exhaustion.soonest),
      format.duration(exhaustion.latest)) or text
end


--- Seconds until so much is used up, at the slope and at the ends of its interval.
---@param available number bytes
---@param finding pagewarden.Finding
---@return { soonest: number, middle: number, latest: number }? nil when it does not grow
function growth.exhaustion(available, finding)
  if finding.slope <= 0 then
    return nil
  end
  return { soonest = available / finding.high, middle = available / finding.slope,
    latest = finding.low > 0 and available / finding.low or math.huge }
end


--- The evidence in one sentence.
---@param who string
---@param kind string
---@param finding pagewarden.Finding
---@param exhaustion { soonest: number, middle: number, latest: number }?
---@param is_leak boolean
---@param cgroup string? whose limit comes first
---@return string
function growth.explain(who, kind, finding, exhaustion, is_leak, cgroup)
  local parts = {
    ("%s grew %s to %s of %s memory in %s, %s/s, %s"):format(who,
      format.size(finding.last - finding.first), format.size(finding.last), kind,
      format.duration(finding.seconds), format.size(finding.slope), given_back(finding.kept)),
  }
  if is_leak then
    parts[#parts + 1] = ("in each part of that time, and it is not slowing down (confidence %s)")
      :format(format.percent(100 * finding.confidence))
  end
  if exhaustion then
    local ending = cgroup and ("the limit of %s is reached"):format(cgroup) or "memory is exhausted"
    parts[#parts + 1] = ("at this rate %s in %s"):format(ending, lasting(exhaustion))
  end
  return table.concat(parts, "; ")
end


--- The fields of an event that tells what was found of a column of a subject, with the time that
--- memory and swap will last, of the machine or of a cgroup. Virtual memory has no such limit.
---@param pw pagewarden.Pw
---@param history pagewarden.History
---@param subject table with `title`, and `pid` and `start_time` as the history knows it
---@param column integer
---@param kind string
---@param is_leak boolean
---@param pids integer[] the processes
---@return table
function growth.describe(pw, history, subject, column, kind, is_leak, pids)
  local finding = history:finding(subject.pid, subject.start_time, column)
  local room = kind ~= "virtual" and rooms.of_processes(pw, pids) or {}
  local left = room.left and growth.exhaustion(room.left, finding)
  if kind == "real" and (subject.swap or 0) >= (finding.last - finding.first) / 2 then
    kind = "swap-hidden"
  end
  local _, minima = history:points(subject.pid, subject.start_time, column)
  local times = left or {}
  return {
    pid = subject.process and subject.pid, start_time = subject.process and subject.start_time,
    comm = subject.comm, by = subject.by, name = subject.name, processes = subject.size,
    kind = kind, grown = math.floor(finding.last - finding.first), seconds = finding.seconds,
    slope = finding.slope, slope_low = finding.low, slope_high = finding.high,
    confidence = finding.confidence, exhaustion = times.middle,
    exhaustion_soonest = times.soonest,
    exhaustion_latest = times.latest and times.latest < math.huge and times.latest or nil,
    left = room.left, cgroup = room.cgroup,
    plot = growth.plot(minima),
    message = growth.explain(subject.title, kind, finding, left, is_leak,
      room.cgroup),
  }
end


return growth
