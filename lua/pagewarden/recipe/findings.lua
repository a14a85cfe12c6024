-- SPDX-License-Identifier: MIT
--- What was found and said of subjects that are judged again and again: each thing is said once,
-- again when it gets worse or after a while, and taken back when it has not held for so long.
-- @module pagewarden.recipe.findings
local findings = {}

---@class pagewarden.Held
---@field subject table
---@field column integer
---@field event "growing"|"leak"
---@field leaking number? since when it is a leak
---@field leaked number? when it last was one
---@field lasting number? since when it has been one at each look

---@class pagewarden.Findings
---@field private again number
---@field private calm number
---@field private say fun(held: pagewarden.Held)
---@field private settle fun(held: pagewarden.Held)
---@field private held table<integer, table<integer, pagewarden.Held>> by column and pid
local Findings = {}
Findings.__index = Findings


--- Takes note of a verdict on a column of a subject, which has `pid` and `start_time`.
---@param now number
---@param subject table
---@param column integer
---@param verdict "growing"|"leak"
---@return pagewarden.Held
function Findings:note(now, subject, column, verdict)
  local of_column = self.held[column] or {}
  local held = of_column[subject.pid]
  if not held or held.subject.start_time ~= subject.start_time then
    held = { column = column, said = -math.huge }
    of_column[subject.pid] = held
  end
  self.held[column] = of_column
  held.subject, held.seen = subject, now
  held.lasting = verdict == "leak" and (held.lasting or now) or nil
  if verdict == "leak" then
    held.leaking, held.leaked = held.leaking or now, now
  elseif held.leaking and now - held.leaked >= self.again then
    held.leaking = nil
  end
  local event = held.leaking and "leak" or "growing"
  if event ~= held.event or now - held.said >= self.again then
    held.event, held.said = event, now
    self.say(held)
  end
  return held
end


--- Whether something holds of a column of a subject.
function Findings:has(pid, column)
  return self.held[column] ~= nil and self.held[column][pid] ~= nil
end


--- Forgets what holds of a column of a subject: something else says it better.
function Findings:drop(pid, column)
  if self.held[column] then
    self.held[column][pid] = nil
  end
end


--- Takes back what has not held for long. What is gone has not settled: nothing is said of it.
---@param now number
---@param is_there fun(subject: table): boolean
function Findings:withdraw(now, is_there)
  for _, of_column in pairs(self.held) do
    for pid, held in pairs(of_column) do
      if now - held.seen >= self.calm then
        of_column[pid] = nil
        if is_there(held.subject) then
          self.settle(held)
        end
      end
    end
  end
end


---@param given { again: number, calm: number, say: function, settle: function } in seconds
---@return pagewarden.Findings
function findings.new(given)
  given.held = {}
  return setmetatable(given, Findings)
end


return findings
