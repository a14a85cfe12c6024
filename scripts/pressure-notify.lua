-- SPDX-License-Identifier: MIT
--- Says when work has to wait for memory, disks or processors, and who is likely to be the cause.
--
-- The kernel wakes it (a trigger of PSI, Linux 5.2): at rest it does nothing at all. Each threshold
-- is said once when it is crossed and taken back when the pressure is over, which is at half of it.

local desktop = require "pagewarden.recipe.desktop"
local format = require "pagewarden.format"
local gauges = require "pagewarden.recipe.pressure"
local opt = require "pagewarden.option"
local suspects = require "pagewarden.recipe.suspects"

local CALM_WINDOWS = 3 -- without a crossing before a pressure is over
local SAYING_S = 30    -- that it may take to say something: programs are run
local SHORT = 0.1      -- without PSI: of memory, and less than that is short
local ENOMEM <const> = 12

local TITLES = { memory = "Memory is short", io = "Disks are slow", cpu = "Processors are busy",
  irq = "Interrupts take long" }


--- A threshold, and what is remembered of it: when it was crossed last and said last, since when it
--- counts as crossed and whether that was told, until when it may be being said, and how often it
--- was not. All fields are there from the beginning: a table that need not grow has room when
--- memory is short.
local function new_watched(resource, kind, percent)
  return { resource = resource, kind = kind, percent = percent, crossed = -math.huge,
    said = -math.huge, since = false, told = false, saying = 0, unsaid = 0, looking = false }
end


--- "io full 15%" as a threshold.
local function parse(words)
  local resource, kind, percent = words:match "^%s*(%l+)%s+(%l+)%s+([%d.]+)%%%s*$"
  percent = tonumber(percent)
  if TITLES[resource] and (kind == "some" or kind == "full") and percent and percent > 0
    and percent <= 100 then
    return new_watched(resource, kind, percent)
  end
  return nil, ("watch: expected something like 'memory some 10%%', found '%s'"):format(words)
end


--- The programs that are run with what is said: the administrator's own, and notify-send.
local function send(pw, o, title, message, urgent)
  local commands = o.desktop and desktop.commands(pw, title, message, urgent) or {}
  if o.desktop and #commands == 0 then
    pw.log("no_desktop", { message = "nobody with a session bus of their own is logged in" })
  end
  if #o.command > 0 then
    local words = table.move(o.command, 1, #o.command, 1, {})
    words[#words + 1], words[#words + 2] = title, message
    commands[#commands + 1] = words
  end
  for _, words in ipairs(commands) do
    local ended, problem = pw.exec.run(words)
    problem = ended and (ended.status ~= 0 and ended.said or nil) or problem
    if problem then
      pw.log("not_sent", { program = words[1], message = ("%s: %s"):format(words[1], problem) })
    end
  end
end


--- Says that a threshold was crossed; in a task, since it takes two looks.
local function say_pressed(pw, o, watched, percent, reason)
  local suspect = suspects.find(pw, watched.resource)
  local message = suspect and ("%s; %s"):format(reason, suspect.message) or reason
  pw.log("pressure", {
    resource = watched.resource, kind = watched.kind, avg10 = percent, threshold = watched.percent,
    pid = suspect and suspect.pid, comm = suspect and suspect.comm, unit = suspect and suspect.unit,
    used = suspect and suspect.used, unsaid = watched.unsaid, message = message,
  })
  watched.said, watched.told, watched.unsaid = pw:now(), true, 0
  send(pw, o, TITLES[watched.resource], message, true)
end


local function say_over(pw, o, watched)
  local message = ("work no longer waits for %s, after %s"):format(watched.resource,
    format.duration(pw:now() - watched.since))
  pw.log("over", { resource = watched.resource, kind = watched.kind,
    seconds = pw:now() - watched.since, message = message })
  if o.relief then
    pw:task(function() send(pw, o, "It is over", message, false) end)
  end
end


--- A threshold was crossed, maybe again: `percent` is how much time was lost lately. Where saying
--- it fails, the next crossing is said.
local function cross(pw, o, watched, percent, reason)
  local now = pw:now()
  watched.crossed = now
  watched.since = watched.since or now
  if now < watched.saying then
    return
  elseif now - watched.said < o.again then
    watched.unsaid = watched.unsaid + 1
    return
  end
  watched.saying = now + SAYING_S
  pw:task(function()
    say_pressed(pw, o, watched, percent, reason)
    watched.saying = 0
  end)
end


--- Looks again and again, while a threshold counts as crossed, whether that is over.
local function await_relief(pw, o, watched, is_low)
  if watched.looking then
    return
  end
  watched.looking = pw:every(o.window, function()
    local now = pw:now()
    if now >= watched.saying and now - watched.crossed >= CALM_WINDOWS * o.window and is_low() then
      watched.looking:cancel()
      watched.looking = false
      if watched.told then
        say_over(pw, o, watched)
      end
      watched.since, watched.told = false, false
    end
  end)
end


local function watch_pressure(pw, o, watched)
  local request = { resource = watched.resource, kind = watched.kind, window = o.window,
    stall = o.window * watched.percent / 100 }
  return pw:on_pressure(request, function(event)
    cross(pw, o, watched, event.avg10, ("%s waited for %s for over %s of %s (%s of the last 10s)")
      :format(watched.kind == "full" and "all work" or "work", watched.resource,
        format.percent(watched.percent), format.duration(o.window), format.percent(event.avg10)))
    await_relief(pw, o, watched, function()
      local now = pw.proc.pressure(watched.resource)
      return now ~= nil and now[watched.kind] ~= nil
        and now[watched.kind].avg10 < watched.percent / 2
    end)
  end)
end


--- Without PSI: looks at every window who had to free memory before getting any while little is
--- available, and whether writers are slowed down. Before Linux 3.14 nothing tells what is
--- available.
local function watch_counters(pw, o)
  local gauge = gauges.new(pw.proc)
  local waiting = { memory = new_watched("memory", "some", 0), io = new_watched("io", "some", 0) }
  pw:every(o.window, function()
    local verdict, memory = gauge:look(pw:now()), pw.proc.meminfo()
    local available = memory and memory.MemAvailable
    local is_short = not available or available < SHORT * memory.MemTotal
    if verdict.level == "some" and (verdict.resource == "io" or is_short) then
      local watched = waiting[verdict.resource]
      cross(pw, o, watched, nil, verdict.reason)
      await_relief(pw, o, watched, function() return true end)
    end
  end)
end


local function has_pressure(pw, watched)
  local pressure, message, errno = pw.proc.pressure(watched.resource)
  assert(pressure or errno ~= ENOMEM, message)
  return pressure and pressure[watched.kind] ~= nil
end


local function start(pw, o)
  local count = 0
  for _, words in ipairs(o.watch) do
    local watched = parse(words)
    if has_pressure(pw, watched) then
      assert(watch_pressure(pw, o, watched))
      count = count + 1
    else
      pw.log("not_watched", { resource = watched.resource, kind = watched.kind,
        message = ("this kernel does not tell how long work waits (%s %s)"):format(
          watched.resource, watched.kind) })
    end
  end
  if count == 0 then
    pw.log("without_pressure", { message = ("without PSI (Linux 4.20, psi=1) counters are "
      .. "compared every %s: whether memory had to be freed for who wanted some, and whether "
      .. "writers are slowed down"):format(format.duration(o.window)) })
    watch_counters(pw, o)
  end
  return true
end


local function needs(o)
  local resources, programs, seen = {}, {}, {}
  for _, words in ipairs(o.watch) do
    local watched = parse(words)
    if watched and not seen[watched.resource] then
      seen[watched.resource] = true
      resources[#resources + 1] = watched.resource
    end
  end
  if o.desktop then
    table.move(desktop.PROGRAMS, 1, #desktop.PROGRAMS, 1, programs)
  end
  programs[#programs + 1] = o.command[1]
  return { process = "read", pressure = resources[1] and resources,
    exec = programs[1] and programs }
end


local function check(o)
  for _, words in ipairs(o.watch) do
    local watched, message = parse(words)
    if not watched then
      return false, message
    end
  end
  if #o.watch == 0 then
    return false, "there is nothing to watch"
  end
  return #o.command == 0 or o.command[1]:find "^/" ~= nil, "command: a whole path expected"
end


return {
  api     = 1,
  name    = "pressure-notify",
  summary = "Say when work waits for memory, disks or processors, and who is likely the cause",
  description = [[
The kernel wakes it when more time than a threshold was lost to waiting: at rest it costs nothing.
Each crossing is logged with the process that is likely at fault, the one that used most within a
second, and its unit; not again before `again` is over, and when the pressure is over that is said
as well. A desktop gets a notification at every user that has a session bus, by notify-send and
without a shell; `command` is run with a title and a text as its last two arguments.

Without PSI (before Linux 4.20, or booted with psi=0) it compares counters every window: whether
memory had to be freed for who wanted some while little is available, and whether writers are slowed
down.]],
  examples = {
    "pagewarden run pressure-notify",
    "pagewarden run pressure-notify -o desktop=yes -o relief=yes",
    "pagewarden run pressure-notify -o 'watch=memory full 5%,io full 30%'",
    "pagewarden run pressure-notify -o command=/usr/bin/logger,-t,pressure,-p,daemon.warning",
  },
  tags    = { "pressure", "notification", "reading" },
  options = {
    opt.list { "watch", of = opt.string,
      default = { "cpu some 50%", "memory some 10%", "io full 15%" },
      help = "a resource, some or full, and how much of a window may be lost to waiting for it" },
    opt.duration { "window", default = "10s", min = "1s", max = "10s",
      help = "how long a window is; without CAP_SYS_RESOURCE a multiple of 2s" },
    opt.duration { "again", default = "10m", min = "10s", max = "7d",
      help = "say the same not again for this long" },
    opt.boolean { "desktop", default = false,
      help = "notify the users that are logged in to a desktop" },
    opt.list { "command", of = opt.string, default = {},
      help = "a program by its whole path, and its first arguments" },
    opt.boolean { "relief", default = false,
      help = "send it as well when it is over, not only log that" },
  },
  needs = needs,
  check = check,
  start = start,
}
