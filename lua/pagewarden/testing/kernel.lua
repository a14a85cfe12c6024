-- SPDX-License-Identifier: MIT
--- What a kernel writes down and says when something happens in a test's world. Pure.
-- @module pagewarden.testing.kernel
local kernel = {}

local STILL = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
  .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

--- What a test that does not care gets: another second was lost.
local STALL_US = 1000000


--- The pressure file that an event is of.
---@param event table
---@return string path
function kernel.pressure_path(event)
  if event.cgroup then
    return ("sys/fs/cgroup%s/%s.pressure"):format(event.cgroup, event.resource)
  end
  return ("proc/pressure/%s"):format(event.resource)
end


--- That file with the event's figures, and the event with those that it left out.
---@param text string? what the file said
---@param event table
---@return string text
---@return table event
function kernel.press(text, event)
  text = text or STILL
  local pressed = { kind = "some" }
  for name, value in pairs(event) do
    pressed[name] = value
  end
  local pattern = "(" .. pressed.kind .. " avg10=)([%d.]+)(.- total=)(%d+)"
  local _, avg10, _, total = text:match(pattern)
  pressed.avg10 = pressed.avg10 or tonumber(avg10)
  pressed.total = pressed.total or total and math.tointeger(total) + STALL_US
  return text:gsub(pattern, function(head, _, middle)
    return ("%s%.2f%s%d"):format(head, pressed.avg10, middle, pressed.total)
  end), pressed
end


--- vmstat after one more kill.
---@param text string
---@return string
function kernel.count_kill(text)
  return (text:gsub("%f[%w_]oom_kill (%d+)", function(count)
    return ("oom_kill %d"):format(count + 1)
  end))
end


--- The share of each cache that stays when they are dropped: what is mapped or in use.
local STAYS = { Buffers = 0, Cached = 0.25, SReclaimable = 0.25 }


--- meminfo after the caches have been dropped: what they lose is free.
---@param text string
---@return string
function kernel.drop_caches(text)
  local freed_kib = 0
  for name, share in pairs(STAYS) do
    text = text:gsub("(%f[%w]" .. name .. ":%s+)(%d+)", function(head, kib)
      local left_kib = kib * share // 1 | 0
      freed_kib = freed_kib + kib - left_kib
      return head .. left_kib
    end)
  end
  return (text:gsub("(MemFree:%s+)(%d+)", function(head, kib)
    return ("%s%d"):format(head, kib + freed_kib)
  end))
end


--- The kernel's report of the kill of a process.
---@param killed pagewarden.testing.Process
---@param details table? fields that are to be otherwise
---@return pagewarden.OomEvent
function kernel.report(killed, details)
  local report = {
    pid = killed.pid, comm = killed.comm, uid = killed.uid, total_vm = killed.vsize,
    anon_rss = killed.rss_anon, file_rss = killed.rss_file, shmem_rss = killed.rss_shmem,
    oom_score_adj = killed.oom_score_adj, cgroup = killed.cgroup, constraint = "CONSTRAINT_NONE",
  }
  for name, value in pairs(details or {}) do
    report[name] = value
  end
  return report
end


return kernel
