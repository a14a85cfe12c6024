-- SPDX-License-Identifier: MIT
--- Who is likely the cause when work waits for a resource: the process that used most of it within
--- a second. Pure: it reads with what it is given.
-- @module pagewarden.recipe.suspects
local format = require "pagewarden.format"

local suspects = {}

local LOOK_S = 1          -- between two looks at all processes
local FEW_BYTES = 1 << 20 -- who grew less than this did not grow
local FIELDS = { "pid", "comm", "unit", "start_time", "rss", "rss_anon", "swap" }

---@class pagewarden.recipe.Suspect
---@field pid integer
---@field comm string
---@field unit string?
---@field used integer bytes, or clock ticks of processor time
---@field message string what it does, in words


--- How much a process has used so far: bytes, or clock ticks. What others read and wrote is for
--- root to know.
local function used(row, resource)
  if resource == "memory" then
    return (row.rss_anon or row.rss) + (row.swap or 0)
  elseif resource == "io" then
    local io = row:process():io()
    return io and (io.read_bytes or 0) + (io.write_bytes or 0)
  end
  local stat = row:process():stat()
  return stat and stat.utime + stat.stime
end


--- Takes a row for the one that was looked for when it has more.
local function keep_larger(found, row, amount)
  if amount and amount > found.used then
    found.pid, found.comm, found.unit, found.used = row.pid, row.comm, row.unit, amount
  end
end


--- In words, such as "postgres (pid 812, postgresql.service) takes 60 MiB in a second".
local function describe(suspect, resource, grew)
  local doing = "runs most"
  if resource == "memory" or resource == "io" then
    local verb = resource == "io" and "reads and writes" or grew and "takes" or "has"
    doing = ("%s %s%s, the most of all"):format(verb, format.size(suspect.used),
      grew and " in a second" or "")
  end
  return ("%s (pid %d%s) %s"):format(suspect.comm, suspect.pid,
    suspect.unit and ", " .. suspect.unit or "", doing)
end


--- Looks twice at all processes, in a task. Of memory, where nobody grew, who has most is named.
---@param pw pagewarden.Pw
---@param resource pagewarden.Resource
---@return pagewarden.recipe.Suspect? suspect nil when nobody used any, or that may not be known
function suspects.find(pw, resource)
  local snapshot <close> = assert(pw.proc.processes(FIELDS))
  local before, most, largest = {}, { used = 0 }, { used = 0 }
  for row in snapshot:each() do
    before[row.pid] = used(row, resource)
  end
  pw:sleep(LOOK_S)
  for row in assert(snapshot:refresh()):each() do
    local now = used(row, resource)
    keep_larger(most, row, now and before[row.pid] and now - before[row.pid])
    keep_larger(largest, row, now)
  end
  local grew = resource ~= "memory" or most.used >= FEW_BYTES
  local suspect = grew and most or largest
  suspect.message = suspect.pid and describe(suspect, resource, grew)
  return suspect.pid and suspect or nil
end


return suspects
