-- SPDX-License-Identifier: MIT
--- Holds back the cgroup that has most memory while others have to wait for some, by memory.high.
--
-- The kernel slows down who is above memory.high and reclaims from it first; nobody is killed. The
-- limit follows what there is: a step below what the cgroup has, never below its fair share, up
-- again when nobody waits any more, and gone in the end.

local format = require "pagewarden.format"
local opt = require "pagewarden.option"
local paths = require "pagewarden.recipe.paths"
local units = require "pagewarden.recipe.units"

local PAGE_BYTES <const> = 4096
local PART_BYTES <const> = 64 << 20
local FULL = 0.95   -- of a limit: who is there waits for itself
local SUFFERS = 50  -- percent of the time that a cgroup we hold back may stand still altogether
local GIVE_BACK = 1.25

--- What others depend on: holding it back would hold up everybody.
local PROTECTED = { "/(init\\.scope|systemd-[^/]*|(dbus|dbus-broker|ssh|sshd|pagewarden"
  .. "|NetworkManager|display-manager|gdm|sddm|lightdm)\\.service)$" }

local size = format.size

---@class Balance
---@field pw table
---@field o table
---@field held table<string, { high: number, original: number, since: number }> by path
---@field untouchable table<string, boolean> by path: somebody else has a say in its limit
local Balance = {}
Balance.__index = Balance


--- How much of the last ten seconds somebody in a cgroup, or all of it, waited for memory.
local function waits(pw, path, kind)
  local pressure = pw.cgroup.pressure(path, "memory")
  return pressure and pressure[kind] and pressure[kind].avg10 or nil
end


function Balance:find_units()
  return (units.find(assert(self.snapshot:refresh()), self.o, self.pw.cgroup.current))
end


--- The cgroup with most memory that may be held back and is worth it; and what is its due.
function Balance:find_greedy(found)
  local due = self.memory.MemTotal * self.o.share / 100
  local greedy, most = nil, due
  for path in pairs(found) do
    local current = not self.untouchable[path] and path ~= self.own and self.pw.cgroup.current(path)
    if current and current > most then
      greedy, most = path, current
    end
  end
  return greedy, most, due
end


--- Whether a cgroup, or one that it is in, has about as much as it may.
function Balance:is_at_a_limit(path)
  while path and path ~= "/" do
    local limits = self.pw.cgroup.limits(path) or {}
    local least = math.min(limits.max or math.huge, limits.high or math.huge)
    if (self.pw.cgroup.current(path) or 0) >= FULL * least then
      return true
    end
    path = paths.above(path)
  end
  return false
end


--- Who waits most for memory, more than anybody should, and not for want of more within a limit.
function Balance:find_waiting(found, greedy)
  local waiting, most = nil, self.o.stall
  for path in pairs(found) do
    local percent = path ~= greedy and not self.held[path] and waits(self.pw, path, "some")
    if percent and percent > most then
      if not self:is_at_a_limit(path) then
        waiting, most = path, percent
      end
    end
  end
  return waiting, most
end


--- Sets the limit, or gives it back as it was. A cgroup that is gone, or whose limit somebody else
--- has a say in, is left alone from then on.
function Balance:limit(path, high, options)
  local kept, _, _, kind = self.pw.cgroup.set(path, "memory.high", high, options)
  if not kept then
    self.held[path] = nil
    self.untouchable[path] = kind ~= "gone" or nil
  end
  return kept
end


function Balance:release(path, held)
  if self:limit(path, held.original, { lifetime = "keep" }) then
    self.held[path] = nil
    self.pw.log("released", { cgroup = path, seconds = self.pw:now() - held.since,
      message = ("%s may have what it wants again, after %s"):format(path,
        format.duration(self.pw:now() - held.since)) })
  end
end


--- Lowers a limit bit by bit: what is above it the kernel reclaims while it is written, in our
--- time (mm/memcontrol.c, memory_high_write()), of which there is a quarter of a second at once.
function Balance:lower(path, current, high)
  local bytes = current
  repeat
    bytes = math.max(bytes - PART_BYTES, high) // PAGE_BYTES * PAGE_BYTES
    if not self:limit(path, math.tointeger(bytes)) then
      return false
    end
    self.pw:sleep(0)
  until bytes <= high or not self.held[path]
  return true
end


--- A step down for who has most, while somebody else waits.
function Balance:tighten(greedy, current, due, waiting, percent)
  local limits = self.pw.cgroup.limits(greedy) or {}
  local held = self.held[greedy]
  local least = math.max(due, limits.low or 0, limits.min or 0)
  local high = math.max(current * (1 - self.o.step / 100), least) // PAGE_BYTES * PAGE_BYTES
  if high >= (limits.high or math.huge) or high >= current then
    return
  end
  self.balanced = self.pw:now()
  self.held[greedy] = { high = high, original = held and held.original or limits.high or math.huge,
    since = held and held.since or self.balanced }
  self.pw:task(function()
    if self:lower(greedy, current, high) then
      self.pw.log("held_back", { cgroup = greedy, current = current, high = math.tointeger(high),
        waiting = waiting, percent = percent,
        message = ("%s has %s, and is held to %s: %s waits for memory for %s of the time"):format(
          greedy, size(current), size(high), waiting, format.percent(percent)) })
    end
  end)
end


--- A step up for one that is held back; in the end its limit is what it was.
function Balance:loosen(path, held, reason)
  local high = held.high * GIVE_BACK // PAGE_BYTES * PAGE_BYTES
  if high >= math.min(held.original, self.memory.MemTotal) then
    self:release(path, held)
  elseif self:limit(path, math.tointeger(high)) then
    held.high = high
    self.pw.log("loosened", { cgroup = path, high = math.tointeger(high),
      message = ("%s may have %s: %s"):format(path, size(high), reason) })
  end
end


--- Looks at all that are held back, while there are any.
function Balance:look()
  local now = self.pw:now()
  if self:find_waiting(self:find_units()) then
    self.waited = now
  end
  local is_calm = now - self.waited >= self.o.calm
  for path, held in pairs(self.held) do
    if not self.pw.cgroup.current(path) then
      self.held[path] = nil
    elseif is_calm then
      self:loosen(path, held, "nobody else has waited for " .. format.duration(self.o.calm))
    elseif (waits(self.pw, path, "full") or 0) > SUFFERS then
      self:loosen(path, held, "it hardly gets anything done")
    end
  end
  if is_calm then
    self.waited = now
  end
  if not next(self.held) and self.timer then
    self.timer:cancel()
    self.timer = false
  end
end


--- Work waits for memory somewhere on the machine.
function Balance:balance()
  local now = self.pw:now()
  if now - self.balanced < self.o.hold then
    return
  end
  self.memory = assert(self.pw.proc.meminfo(self.memory))
  local found = self:find_units()
  local greedy, current, due = self:find_greedy(found)
  local waiting, percent = self:find_waiting(found, greedy)
  if waiting then
    self.waited = now
  end
  if waiting and greedy then
    self:tighten(greedy, current, due, waiting, percent)
  end
  if next(self.held) and not self.timer then
    self.timer = self.pw:every(self.o.hold, function() self:look() end)
  end
end


local function start(pw, o)
  if pw.cgroup.version() ~= 2 then
    return nil, "memory.high is in cgroups of version 2, which are not here"
  end
  local self = setmetatable({
    pw = pw, o = o, held = {}, untouchable = {}, memory = assert(pw.proc.meminfo()),
    balanced = -math.huge, waited = -math.huge, timer = false, own = pw.cgroup.own(),
    snapshot = assert(pw.proc.processes { "pid", "cgroup" }),
  }, Balance)
  local found, count = units.find(self.snapshot, o, pw.cgroup.current)
  if count == 0 then
    return nil, units.explain_none(o)
  elseif not waits(pw, (next(found)), "some") then
    return nil, "this kernel does not tell which cgroups wait for memory (PSI, Linux 4.20, psi=1)"
  end
  assert(pw:on_pressure({ resource = "memory", window = o.window,
    stall = o.window * o.stall / 100 }, function() self:balance() end))
  return true
end


return {
  api     = 1,
  name    = "cgroup-balance",
  summary = "Hold back the cgroup that has most memory while others wait for some",
  description = [[
When work waits for memory (the kernel says so, PSI), the cgroup that has most is given a
memory.high a step below what it has, if that is more than its share and another waits that is at
no limit. The kernel then reclaims from it first, and slows it down; nobody is killed.
It goes on step by step, never below the share nor below memory.low, and gives back in steps when
nobody else waits, or when what is held back stands still. Units of systemd are limited by
systemctl, for as long as this runs.

It needs cgroups of version 2 and PSI, and refuses without.]],
  examples = {
    "pagewarden run cgroup-balance --dry-run",
    "pagewarden run cgroup-balance -o share=40% -o stall=5%",
    "pagewarden run cgroup-balance -o cgroup=/user.slice -o 'ignore=gnome-shell|plasmashell'",
  },
  tags    = { "pressure", "cgroup", "reversible" },
  options = units.options({
    opt.percent { "share", default = "25%", min = "1%",
      help = "of memory, what each cgroup may have in any case" },
    opt.percent { "stall", default = "10%", min = "0.1%",
      help = "act when another cgroup waits for more of the time than this" },
    opt.duration { "window", default = "2s", min = "1s", max = "10s",
      help = "see whether work waits over so long; without CAP_SYS_RESOURCE a multiple of 2s" },
    opt.percent { "step", default = "10%", min = "1%", max = "50%",
      help = "hold it to so much less than it has" },
    opt.duration { "hold", default = "10s", min = "1s", max = "10m", help = "time between steps" },
    opt.duration { "calm", default = "1m", min = "1s", max = "1d",
      help = "give back a step when nobody else has waited for this long" },
  }, PROTECTED),
  needs = function(o) return { process = "read", pressure = { "memory" }, cgroup = o.cgroup } end,
  check = function(o) return #o.cgroup > 0, "there is no cgroup to look at" end,
  start = start,
}
