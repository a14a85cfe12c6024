-- SPDX-License-Identifier: MIT
--- `pagewarden daemon`: runs the configured policies until SIGTERM or SIGINT. SIGHUP reads the
-- configuration again. Without one the daemon only observes.
-- @module pagewarden.cli.daemon
local configuration = require "pagewarden.configuration"
local control = require "pagewarden.control"
local exit = require "pagewarden.cli.exit"
local fleet = require "pagewarden.fleet"
local host = require "pagewarden.host"
local log = require "pagewarden.log"
local log_target = require "pagewarden.log_target"
local loops = require "pagewarden.loop"
local notify = require "pagewarden.notify"
local resident = require "pagewarden.resident"
local root = require "pagewarden.cli.root"
local run_folder = require "pagewarden.run_folder"
local time = require "posix.time"
local unistd = require "posix.unistd"

local daemon = { summary = "Run the configured policies" }


function daemon.define(parser)
  parser:option "--config"
    :argname "DIR"
    :description("Use this configuration, a folder of *.lua or one with a conf.d, instead of "
      .. "/usr/lib, /etc and /run/pagewarden/conf.d.")
end


local function wall_clock()
  local now = time.clock_gettime(time.CLOCK_REALTIME)
  return now.tv_sec + now.tv_nsec // 1000000 / 1000
end


--- Seconds that whoever reads the events has for the last of them.
local PARTING_SECONDS = 1


---@class pagewarden.Daemon: pagewarden.Controlled
---@field private root string
---@field private watchdog table?
---@field private source pagewarden.ConfigurationSource
---@field private notifier pagewarden.Notifier
---@field private sink fun(event: pagewarden.Event)
---@field private log fun(event: string, fields: table?) about itself
local Daemon = {}
Daemon.__index = Daemon


--- Says where things stand, to whoever supervises the daemon.
---@private
function Daemon:say_ready()
  self.notifier:say("READY=1", "STATUS=" .. self.fleet:summary())
end


--- Reads the configuration and makes the fleet what it says.
---@private
---@return pagewarden.Reloading
function Daemon:apply()
  local found
  local left_off, path = resident.left_off(self.root)
  local result = self.fleet:apply(function(take)
    found = configuration.load(self.source, function(configured)
      if left_off[configured.as] then
        configured.policy:close()
        self.log("left-off", { message = ("%s held the daemon up when it last ran; remove it from "
          .. "%s to run it again"):format(configured.as, path) })
      else
        take(configured)
      end
    end)
    return found
  end)
  for _, problem in ipairs(found.problems) do
    self.log("misconfigured", { message = problem.message })
  end
  if #found.files == 0 and #found.problems == 0 then
    self.log("observing", { message = "nothing is configured: only looking" })
  end
  return result
end


--- The same while it runs.
---@private
---@return pagewarden.Reloading
function Daemon:do_reload()
  self.notifier:say_reloading()
  local result = self:apply()
  self.log("reloaded", { message = ("%d started, %d replaced, %d unchanged, %d kept, %d failed, "
    .. "%d stopped, %d problems"):format(#result.started, #result.replaced, #result.unchanged,
    #result.kept, #result.failed, #result.stopped, #result.problems) })
  self:say_ready()
  return result
end


--- Logs what became of the changes of processes that died, for the policies that made them.
---@private
function Daemon:log_undone(gate)
  for _, event in ipairs((gate:events())) do
    local name, policy = event.event, event.policy or "pagewarden"
    event.event, event.policy = nil, nil
    log.new(policy, wall_clock, self.sink)(name, event)
  end
end


--- Takes over what a daemon that died had changed, for policies of the same names to go on with.
---@private
function Daemon:take_over(gate)
  local count, message = gate:adopt()
  if not count then
    self.log("journal-unread", { message = message })
  end
  self:log_undone(gate)
end


--- What the daemon hears of besides its policies' events.
---@private
---@param socket_path string
---@return boolean? ok
---@return string? message
function Daemon:listen(loop, socket_path)
  local handle, message = loop:serve(socket_path, function(line, peer)
    return control.answer(self, line, peer)
  end)
  if not handle then
    return nil, message
  end
  loop:on_signal({ "SIGINT", "SIGTERM" }, function(name)
    self.log("stopping", { message = "on " .. name })
    loop:stop()
  end)
  loop:on_signal({ "SIGHUP" }, function()
    self:do_reload()
  end)
  local period = notify.watchdog_period()
  if period then
    loop:every(period, function() self.notifier:say "WATCHDOG=1" end, { background = true })
  end
  return true
end


---@return pagewarden.Daemon
local function new_daemon(arguments, context, loop, reader, gate, target)
  local function sink(event)
    target:say(event) -- a daemon goes on when nobody reads them
  end
  local self = setmetatable({
    root = root.of(arguments, context),
    source = root.configuration(arguments, context), notifier = notify.new(), since = wall_clock(),
    sink = sink, log = log.new("pagewarden", wall_clock, sink),
  }, Daemon)
  self.watchdog = resident.watch(loop, reader, self.log)
  if self.watchdog then
    self.watchdog:attend(gate)
  end
  self.fleet = fleet.new {
    loop = loop, reader = reader, now = wall_clock, sink = sink, gate = gate,
    watchdog = self.watchdog,
  }
  self.reload = function() return self:do_reload() end
  return self
end


--- With the lock held.
local function run_daemon(arguments, context, reader, socket_path)
  local gate <close>, problem = host.gate(root.of(arguments, context))
  if not gate then
    return exit.complain(exit.FAILED, problem)
  end
  local loop <close> = assert(loops.new { reader = reader })
  local target <close> = assert(log_target.open(loop, {
    json = arguments.json, journal_stream = os.getenv "JOURNAL_STREAM",
  }))
  local self = new_daemon(arguments, context, loop, reader, gate, target)
  local _ <close> = self.watchdog
  local ok, message = self:listen(loop, socket_path)
  if not ok then
    return exit.complain(exit.FAILED, "control socket " .. message)
  end
  self:take_over(gate)
  self:apply()
  gate:settle()
  self:log_undone(gate)
  resident.settle(reader, self.log)
  self:say_ready()
  assert(loop:run())
  self.notifier:say("STOPPING=1")
  self.fleet:stop_all("the daemon stops")
  unistd.unlink(socket_path)
  self.log("stopped", { message = "all policies have stopped" })
  target:finish(PARTING_SECONDS)
  self.notifier:close()
  return exit.DONE
end


local function complain(kind, message)
  return exit.complain(kind == "denied" and exit.DENIED or exit.FAILED, message)
end


--- Lets go of the other commands: a process that stays has no use for their memory.
local function forget_commands(context)
  context.command_line = nil
  for name in pairs(package.loaded) do
    if name == "argparse" or name:find "^pagewarden%.cli%." or name:find "^pagewarden%.report" then
      package.loaded[name] = nil
    end
  end
  collectgarbage()
end


function daemon.run(arguments, context)
  forget_commands(context)
  local reader, status = root.open(arguments, context)
  if not reader then
    return status
  end
  local socket_path, fits = run_folder.control(root.of(arguments, context))
  if not fits then
    return exit.complain(exit.USAGE, run_folder.explain_long(socket_path))
  end
  local folder, message, kind = run_folder.make(root.of(arguments, context))
  if not folder then
    return complain(kind, message)
  end
  local lock
  lock, message, kind = run_folder.lock(folder)
  if not lock then
    return complain(kind, message)
  end
  return run_daemon(arguments, context, reader, socket_path)
end


return daemon
