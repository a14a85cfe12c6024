-- SPDX-License-Identifier: MIT
--- What can be done for idle memory where cgroups cannot be reclaimed bit by bit: the anonymous
--- memory of processes that have not run for a while is made the first to go (MADV_COLD). Nothing
--- is written by that, and what is touched again stays. Pure: it acts with what it is given.
-- @module pagewarden.recipe.idle
local format = require "pagewarden.format"

local idle = {}

local LEAST_BYTES = 16 << 20 -- what a process must have, to be worth the trouble


--- Advises one process, and says what came of that. Raises what will not be otherwise next time.
local function advise(pw, row)
  local done, message, _, kind = pw.reclaim.cold(row.process)
  if done then
    pw.log("cold", { pid = row.pid, comm = row.comm, advised = done.advised,
      message = ("%s (pid %d) is idle: its %s are the first to go"):format(row.comm, row.pid,
        format.size(done.advised)) })
  elseif kind == "unsupported" then
    error(message, 0)
  end
end


--- Looks now and then for processes that have not run since the last look, and advises each once
--- until it has run again.
---@param pw pagewarden.Pw that was granted `reclaim cold`
---@param seconds number between two looks
---@param is_meant fun(cgroup: string?): boolean
function idle.watch(pw, seconds, is_meant)
  local snapshot = assert(pw.proc.processes { "pid", "comm", "start_time", "rss", "rss_anon",
    "cgroup", where = { rss = { min = LEAST_BYTES } } })
  local before, stat = {}, {}

  --- The processes that have not run since the last look and were not advised since they ran.
  local function find()
    local now, found = {}, {}
    for row in assert(snapshot:refresh()):each() do
      local process = is_meant(row.cgroup) and (row.rss_anon or row.rss) >= LEAST_BYTES
        and row:process()
      if process and process:stat(stat) then
        local last, ticks = before[row.pid], stat.utime + stat.stime
        local same = last and last.start_time == row.start_time and last.ticks == ticks
        now[row.pid] = { start_time = row.start_time, ticks = ticks, advised = same }
        if same and not last.advised then
          found[#found + 1] = { pid = row.pid, comm = row.comm, process = process }
        end
      end
    end
    before = now
    return found
  end

  pw:every(seconds, function()
    local found = find()
    if found[1] then
      pw:task(function()
        for _, row in ipairs(found) do
          advise(pw, row)
        end
      end)
    end
  end)
end


return idle
