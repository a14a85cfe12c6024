-- SPDX-License-Identifier: MIT
--- What `top` measures: the memory of every process at each look, how it has grown since it was
-- first seen, and those that come first in an order.
-- @module pagewarden.top.sampler
local sampler = {}

--- The orders there are.
sampler.ORDERS = { "rss", "swap", "growth", "pss" }

--- What stat tells is read of all processes; kernel threads have no memory of their own. Reading
--- swap as well takes three times as long: done for all only where the order wants it.
local LIGHT = { "pid", "comm", "start_time", "vsize", "rss", where = { vsize = { min = 1 } } }
local WHOLE = {
  "pid", "comm", "start_time", "vsize", "rss", "swap", where = { vsize = { min = 1 } },
}

--- Reading pss costs 9 ms for each GiB that a process maps, and holds up its mmap calls meanwhile.
local PSS_BUDGET_SECONDS = 0.1


---@class pagewarden.top.Known what is remembered of a process
---@field start_time integer
---@field first integer bytes of rss and swap when it was first seen
---@field last integer the same when swap was last read
---@field at number when that was
---@field rss integer bytes
---@field swap integer bytes, as last read
---@field before integer? what `last` was before
---@field before_at number?
---@field look integer the number of the look that it was last seen in

---@class pagewarden.top.Row
---@field pid integer
---@field comm string
---@field uid integer?
---@field rss integer bytes
---@field swap integer bytes
---@field pss integer? bytes, only in the order of pss
---@field growth integer bytes of rss and swap, since it was first seen
---@field change number the same by the second, since it was last looked at closely

---@class pagewarden.top.Sample
---@field rows pagewarden.top.Row[] those that come first
---@field processes integer how many there are
---@field pss_unread integer? of how many pss was not read, for it takes too long or is not allowed
---@field since number when growth begins, on the clock of the looks

---@class pagewarden.top.Wanted
---@field by "rss"|"swap"|"growth"|"pss"
---@field count integer how many rows
---@field swap_used boolean? some swap is in use: otherwise no process has any
---@field clock fun(): number seconds, that reading may take some of


---@class pagewarden.top.Sampler
---@field private reader table
---@field private snapshots table<table, table> by the fields that they read
---@field private known table<integer, pagewarden.top.Known> by pid
---@field private since number?
---@field private look_number integer
local Sampler = {}
Sampler.__index = Sampler


--- Nothing is read yet.
---@param reader table as `proc.open` makes it
---@return pagewarden.top.Sampler
function sampler.new(reader)
  return setmetatable({ reader = reader, snapshots = {}, known = {}, look_number = 0 }, Sampler)
end


--- Growth begins anew with the next look.
function Sampler:forget()
  self.known, self.since = {}, nil
end


---@private
function Sampler:read(fields)
  local known = self.snapshots[fields]
  if known then
    return known:refresh()
  end
  local snapshot, message, errno, kind = self.reader:processes(fields)
  self.snapshots[fields] = snapshot
  return snapshot, message, errno, kind
end


--- Swap and owner of one process; no swap where it cannot be read.
---@private
function Sampler:read_status(pid)
  local process = self.reader:process(pid)
  local status = process and process:status()
  return status and status.VmSwap or 0, status and status.Uid and status.Uid[1]
end


--- Enters what is known of a process now.
local function enter(entry, now, swap)
  entry.before, entry.before_at = entry.last, entry.at
  entry.swap, entry.last, entry.at = swap, entry.rss + swap, now
end


--- Enters a process of a snapshot, whose swap may not be known.
---@private
function Sampler:note(p, now, swap)
  local pid, entry = p.pid, self.known[p.pid]
  if not entry or entry.start_time ~= p.start_time then
    entry = { start_time = p.start_time, rss = p.rss }
    swap = swap or self:read_status(pid)
    entry.first = p.rss + swap
    self.known[pid] = entry
  end
  entry.rss, entry.look = p.rss, self.look_number
  if swap then
    enter(entry, now, swap)
  end
end


--- Enters what all processes have, and forgets those that are not there any more.
---@param swap_of fun(p: table): integer? bytes, when they are known
---@private
function Sampler:remember(snapshot, now, swap_of)
  self.look_number = self.look_number + 1
  for p in snapshot:each() do
    self:note(p, now, swap_of(p))
  end
  for pid, entry in pairs(self.known) do
    if entry.look ~= self.look_number then
      self.known[pid] = nil
    end
  end
end


--- What to order a process by, before pss is read.
local function key_of(entry, by)
  if by == "swap" then
    return entry.swap
  elseif by == "growth" then
    return entry.last - entry.first
  end
  return entry.rss
end


--- The pids with the largest keys.
local function largest(keys, count)
  local pids = {}
  for pid in pairs(keys) do
    pids[#pids + 1] = pid
  end
  table.sort(pids, function(a, b)
    return keys[a] > keys[b] or keys[a] == keys[b] and a < b
  end)
  return table.move(pids, 1, math.min(count, #pids), 1, {})
end


---@private
function Sampler:keys(by)
  local keys = {}
  for pid, entry in pairs(self.known) do
    keys[pid] = key_of(entry, by)
  end
  return keys
end


--- Reads pss in the order of rss. No process has more pss than rss: once enough are read that have
--- more than the next has rss, the rest cannot come first.
---@private
function Sampler:read_pss(count, clock)
  local keys, until_when = {}, clock() + PSS_BUDGET_SECONDS
  local pids = largest(self:keys "rss", math.maxinteger)
  local read, best = 0, {}
  for i, pid in ipairs(pids) do
    local enough = #best == count and best[count] >= self.known[pid].rss
    if enough or clock() > until_when then
      return keys, enough and i - 1 - read or #pids - read
    end
    local process = self.reader:process(pid)
    local rollup = process and process:rollup()
    keys[pid] = rollup and rollup.Pss
    if keys[pid] then
      read = read + 1
      best[#best + 1] = keys[pid]
      table.sort(best, function(a, b) return a > b end)
      best[count + 1] = nil
    end
  end
  return keys, #pids - read
end


--- A row to show, for which what was not read of all is read now.
---@private
function Sampler:row(snapshot, pid, now)
  local entry = self.known[pid]
  local swap, uid = self:read_status(pid)
  if entry.at ~= now then
    enter(entry, now, swap)
  end
  local seconds = entry.before_at and now > entry.before_at and now - entry.before_at
  return {
    pid = pid, comm = snapshot:get(pid).comm, uid = uid, rss = entry.rss, swap = entry.swap,
    growth = entry.last - entry.first,
    change = seconds and (entry.last - entry.before) / seconds or 0,
  }
end


--- How the swap of a process is known without reading more of it.
local function swap_of_whole(p)
  return p.swap or 0
end

local function swap_unknown() end

local function no_swap()
  return 0
end


--- Looks at all processes.
---@param now number seconds
---@param wanted pagewarden.top.Wanted
---@return pagewarden.top.Sample?
---@return string? message
---@return integer? errno
---@return string? kind
function Sampler:look(now, wanted)
  local by = wanted.by
  local needs_swap = wanted.swap_used and (by == "swap" or by == "growth" or not self.since)
  local snapshot, message, errno, kind = self:read(needs_swap and WHOLE or LIGHT)
  if not snapshot then
    return nil, message, errno, kind
  end
  self.since = self.since or now
  self:remember(snapshot, now, needs_swap and swap_of_whole or wanted.swap_used and swap_unknown
    or no_swap)
  local keys, unread
  if by == "pss" then
    keys, unread = self:read_pss(wanted.count, wanted.clock)
  else
    keys = self:keys(by)
  end
  local rows = {}
  for i, pid in ipairs(largest(keys, wanted.count)) do
    rows[i] = self:row(snapshot, pid, now)
    rows[i].pss = by == "pss" and keys[pid] or nil
  end
  return { rows = rows, processes = #snapshot, pss_unread = unread, since = self.since }
end


return sampler
