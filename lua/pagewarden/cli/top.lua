-- SPDX-License-Identifier: MIT
--- `pagewarden top`: the processes with most memory, again and again, until q is pressed. Where
-- there is no terminal they are shown once.
-- @module pagewarden.cli.top
local exit = require "pagewarden.cli.exit"
local log = require "pagewarden.log"
local loops = require "pagewarden.loop"
local page = require "pagewarden.top.page"
local pwd = require "posix.pwd"
local root = require "pagewarden.cli.root"
local sampler = require "pagewarden.top.sampler"
local screens = require "pagewarden.top.screen"
local signal = require "posix.signal"
local terminal = require "pagewarden.cli.terminal"
local unistd = require "posix.unistd"
local unit = require "pagewarden.unit"

local top = { summary = "Show the processes with most memory, live" }

--- How many processes are shown where there is no terminal.
local ROWS_WITHOUT_TERMINAL = 20

local SHORTEST_SECONDS = 0.1

--- The order that a key asks for.
local ORDERS = { r = "rss", s = "swap", g = "growth", p = "pss" }


function top.define(parser)
  parser:option "--by"
    :argname "ORDER"
    :choices(sampler.ORDERS)
    :default "rss"
    :description "Largest first by rss, swap, growth or pss."
  parser:option "--interval"
    :argname "TIME"
    :default "1s"
    :description "Time between two looks."
  parser:option "--rows"
    :argname "N"
    :convert(function(word) return math.tointeger(tonumber(word)) end)
    :description "Show at most so many processes."
end


---@class pagewarden.top.Top
---@field private reader table
---@field private loop table
---@field private sampler pagewarden.top.Sampler
---@field private by string
---@field private rows integer?
---@field private interval number seconds
---@field private paint fun(style: string, text: string): string
---@field private user fun(uid: integer?): string
---@field private failure table? why it cannot go on: a message and its kind
local Top = {}
Top.__index = Top


--- Names of users, each looked up once.
local function new_user_names()
  local names = {}
  return function(uid)
    if uid and not names[uid] then
      local entry = pwd.getpwuid(uid)
      names[uid] = entry and entry.pw_name or ("%d"):format(uid)
    end
    return names[uid] or "-"
  end
end


--- Keeps why it cannot go on.
---@private
function Top:check(value, message, _, kind)
  if not value then
    self.failure = { message, kind }
  end
  return value
end


--- The machine, and the processes that come first; nil when they cannot be read.
---@private
function Top:look(count)
  local memory = self:check(self.reader:meminfo())
  if not memory then
    return nil
  end
  local function clock()
    return self.loop:now()
  end
  local sample = self:check(self.sampler:look(clock(), {
    by = self.by, count = count, clock = clock,
    swap_used = (memory.SwapTotal or 0) > (memory.SwapFree or 0),
  }))
  local pressure = { memory = self.reader:pressure "memory", io = self.reader:pressure "io" }
  return sample, { memory = memory, pressure = next(pressure) and pressure or nil }
end


--- Shows what there is now; nothing is measured that does not fit.
---@private
function Top:draw(screen)
  local width, height = screen:size()
  local room = math.max(height - page.FRAME, 1)
  local sample, machine = self:look(math.min(self.rows or room, room))
  if not sample or not screen:draw(page.lines(sample, machine, {
    by = self.by, width = width, height = height, user = self.user, paint = self.paint,
  }, self.loop:now() - sample.since)) then
    self.loop:stop()
  end
end


--- Does what keys ask for. An escape sequence is none of ours.
---@private
function Top:press(screen)
  local keys = screen:keys()
  if not keys or keys:lower():find("q", 1, true) then
    self.loop:stop()
    return
  end
  for key in keys:gsub("\27.*", ""):gmatch "." do
    self.by = ORDERS[key:lower()] or self.by
    if key == "0" then
      self.sampler:forget()
    end
  end
  self:draw(screen)
  self:await_keys(screen)
end


---@private
function Top:await_keys(screen)
  assert(self.loop:on_readable(unistd.STDIN_FILENO, function() self:press(screen) end))
end


--- Stops this process as the terminal's Ctrl-Z would, with the terminal given back meanwhile.
local function suspend(screen)
  screen:leave()
  signal.kill(unistd.getpid(), signal.SIGSTOP)
end


--- Draws until q is pressed, a signal ends it, or the terminal is gone.
---@private
function Top:live()
  local screen <close> = screens.new()
  local ok, message = screen:enter()
  if not ok then
    return exit.complain(exit.FAILED, "standard input: " .. message)
  end
  local function resume()
    screen:leave()
    screen:enter()
    self:draw(screen)
  end
  self.loop:on_signal({ "SIGINT", "SIGTERM", "SIGHUP" }, function() self.loop:stop() end)
  self.loop:on_signal({ "SIGTSTP" }, function() suspend(screen) end)
  self.loop:on_signal({ "SIGCONT" }, resume)
  self.loop:on_signal({ "SIGWINCH" }, function() self:draw(screen) end)
  self:await_keys(screen)
  self:draw(screen)
  self.loop:every(self.interval, function() self:draw(screen) end)
  if not self.failure then
    assert(self.loop:run())
  end
  screen:leave()
  return self:status()
end


---@private
function Top:status()
  if self.failure then
    return exit.complain(exit.status_of(self.failure[2]), self.failure[1])
  end
  return exit.DONE
end


--- Shows one look. Growth wants two.
---@private
function Top:once(as_json)
  local count = self.rows or ROWS_WITHOUT_TERMINAL
  local sample = self:look(count)
  if sample and self.by == "growth" then
    self.loop:after(self.interval, function() sample = self:look(count) end)
    assert(self.loop:run())
  end
  if not sample then
    return self:status()
  elseif as_json then
    for _, row in ipairs(sample.rows) do
      print(log.to_json(row))
    end
  else
    for _, line in ipairs(page.processes(sample, self.by, terminal.width(), self.user,
      self.paint)) do
      print(line)
    end
  end
  return exit.DONE
end


--- What is wrong with the arguments, or nil; and the interval in seconds.
local function check(arguments)
  local seconds = unit.parse_duration(arguments.interval)
  if not seconds or seconds < SHORTEST_SECONDS then
    return ("--interval: expected a duration of at least 100ms, found '%s'"):format(
      arguments.interval)
  elseif arguments.rows and arguments.rows < 1 then
    return ("--rows: expected at least 1, found %d"):format(arguments.rows)
  end
  return nil, seconds
end


function top.run(arguments, context)
  local problem, seconds = check(arguments)
  if problem then
    return exit.complain(exit.USAGE, problem)
  end
  local reader, failed = root.open(arguments, context)
  if not reader then
    return failed
  end
  local loop <close> = assert(loops.new())
  local self = setmetatable({
    reader = reader, loop = loop, sampler = sampler.new(reader), by = arguments.by,
    rows = arguments.rows, interval = seconds, paint = terminal.painter(arguments),
    user = new_user_names(),
  }, Top)
  local is_live = not arguments.json and terminal.is_terminal()
    and unistd.isatty(unistd.STDIN_FILENO) == 1
  return is_live and self:live() or not is_live and self:once(arguments.json) or exit.DONE
end


return top
