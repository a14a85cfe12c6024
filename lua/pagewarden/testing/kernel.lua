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


--- memory.current of a cgroup after memory.reclaim.
---@param text string
---@param request string what was written: bytes, and maybe a swappiness
---@return string
function kernel.reclaim(text, request)
  return ("%d\n"):format(math.max(text:match "%d+" - request:match "%d+", 0))
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


--- Adds a process and all that it started.
local function add_tree(found, root, processes)
  found[#found + 1] = root
  for _, p in pairs(processes) do
    if p.ppid == root.pid then
      add_tree(found, p, processes)
    end
  end
end


local function is_in_cgroup(p, path)
  return p.cgroup == path or p.cgroup:sub(1, #path + 1) == path .. "/"
end


--- The processes that a signal goes to.
---@param key string of the act: "kill 812:45678", "kill 812:45678 tree", "kill cgroup /web"
---@param processes table<integer, pagewarden.testing.Process>
---@return pagewarden.testing.Process[]
function kernel.signalled(key, processes)
  local found = {}
  local path = key:match "^kill cgroup (.*)$"
  local pid, whole = key:match "^kill (%d+):%d+ ?(%a*)$"
  local first = pid and processes[math.tointeger(pid)]
  if whole == "tree" and first then
    add_tree(found, first, processes)
    return found
  end
  for _, p in pairs(processes) do
    if path and is_in_cgroup(p, path) or first and (p == first
      or whole == "group" and p.pgrp == first.pgrp) then
      found[#found + 1] = p
    end
  end
  return found
end


local ENDING = { SIGTERM = true, SIGINT = true, SIGQUIT = true, SIGABRT = true }


--- Whether a process ends by a signal once it runs: one in an uninterruptible sleep does not yet.
---@param p pagewarden.testing.Process
---@param signal string
---@return boolean
function kernel.ends(p, signal)
  return signal == "SIGKILL" or ENDING[signal] and not p.ignores_term
end


return kernel
