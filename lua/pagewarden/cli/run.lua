-- SPDX-License-Identifier: MIT
--- `pagewarden run NAME|FILE`: runs one policy in the foreground, until it has nothing left to wait
-- for, its time is up, or SIGINT or SIGTERM ends it in an orderly way. All three are exit status 0.
-- @module pagewarden.cli.run
local exit = require "pagewarden.cli.exit"
local log = require "pagewarden.log"
local loops = require "pagewarden.loop"
local needs = require "pagewarden.needs"
local policies = require "pagewarden.cli.policies"
local root = require "pagewarden.cli.root"
local runtime = require "pagewarden.runtime"
local time = require "posix.time"
local unit = require "pagewarden.unit"

local run = { summary = "Run a policy in the foreground" }


function run.define(parser)
  parser:argument "name"
    :description "A policy or its file."
  parser:option "-o --option"
    :argname "KEY=VALUE"
    :count "*"
    :description "Set one of the policy's options."
  parser:option "--for"
    :argname "TIME"
    :description "Stop after this long, such as 30s or 5m; the exit status is then 0."
end


--- Seconds from --for, when there is one.
local function duration_of(arguments)
  local written = arguments["for"]
  local seconds = written and unit.parse_duration(written)
  if written and not seconds then
    return nil, exit.complain(exit.USAGE,
      ("--for: expected a duration with a unit, such as 30s or 5m, found '%s'"):format(written))
  end
  return seconds
end


--- Gives the policy the options of this run, which it is to agree to; it may need only reading.
--- Returns the status to exit with when that fails.
local function prepare(policy, arguments)
  local ok, message = policy:set_options { { name = "-o", words = arguments.option } }
  if not ok then
    return exit.complain(exit.USAGE, message)
  end
  local needed
  needed, message = policy:needs_now()
  if not needed then
    return exit.complain(exit.USAGE, message)
  end
  local beyond = needs.beyond_reading(needed)
  if #beyond > 0 then
    return exit.complain(exit.DENIED, ("%s needs %s, which this version cannot grant"):format(
      policy.name, table.concat(beyond, "; ")))
  end
end


local function wall_clock()
  local now = time.clock_gettime(time.CLOCK_REALTIME)
  return now.tv_sec + now.tv_nsec // 1000000 / 1000
end


--- Writes each event at once. When nobody reads them any more there is no point in going on; a
--- failure is for the end of the run to say, to people.
local function new_sink(loop, as_json)
  local show = as_json and log.to_json or log.to_text
  return function(event)
    if event.event == "failed" and not as_json then
      return
    end
    local written = io.stdout:write(show(event), "\n") and io.stdout:flush()
    if not written then
      loop:stop()
    end
  end
end


local function run_policy(policy, reader, arguments, seconds)
  local loop <close> = assert(loops.new { reader = reader })
  local function stop()
    loop:stop()
  end
  loop:on_signal({ "SIGINT", "SIGTERM" }, stop)
  if seconds then
    loop:after(seconds, stop, { background = true })
  end
  local instance = runtime.start(policy, {
    loop = loop, reader = reader, now = wall_clock, sink = new_sink(loop, arguments.json),
  })
  if not instance.stopped then
    assert(loop:run())
  end
  instance:stop()
  if instance.failure then
    if os.getenv "PAGEWARDEN_DEBUG" == "1" and instance.trace then
      io.stderr:write(instance.trace, "\n")
    end
    return exit.complain(exit.FAILED, ("%s: %s"):format(policy.name, instance.failure))
  end
  return exit.DONE
end


function run.run(arguments, context)
  local seconds, failed = duration_of(arguments)
  if failed then
    return failed
  end
  local policy, reader
  policy, failed = policies.load(arguments.name, arguments, context)
  if not policy then
    return failed
  end
  failed = prepare(policy, arguments)
  if failed then
    return failed
  end
  reader, failed = root.open(arguments, context)
  if not reader then
    return failed
  end
  return run_policy(policy, reader, arguments, seconds)
end


return run
