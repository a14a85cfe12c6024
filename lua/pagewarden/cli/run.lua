-- SPDX-License-Identifier: MIT
--- `pagewarden run NAME|FILE`: runs one policy in the foreground, until it has nothing left to wait
-- for, its time is up, or SIGINT or SIGTERM ends it in an orderly way. All three are exit status 0.
-- @module pagewarden.cli.run
local errno = require "posix.errno"
local exit = require "pagewarden.cli.exit"
local host = require "pagewarden.host"
local log = require "pagewarden.log"
local log_target = require "pagewarden.log_target"
local loops = require "pagewarden.loop"
local policies = require "pagewarden.cli.policies"
local posture = require "pagewarden.cli.posture"
local resident = require "pagewarden.resident"
local root = require "pagewarden.cli.root"
local runtime = require "pagewarden.runtime"
local sorted_keys = require "pagewarden.sorted_keys"
local text = require "pagewarden.text"
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
  parser:option "--csv"
    :argname "EVENT"
    :description "Write only events of this name, as rows of CSV."
  parser:flag "--dry-run"
    :description "Decide and log every change, and make none."
  parser:flag "--yes"
    :description "Agree to what cannot be undone, such as killing."
  parser:option "--config"
    :argname "DIR"
    :description "Look for what is granted in this configuration, not the system's."
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


--- What is wrong with how events are to be written, or nil.
local function check_format(arguments)
  if arguments.csv and arguments.json then
    return exit.complain(exit.USAGE, "--csv and --json: events are written one way")
  elseif arguments.csv and not arguments.csv:find "^%l[%l%d_-]*$" then
    return exit.complain(exit.USAGE, ("--csv: expected the name of an event, found '%s'"):format(
      text.escape(arguments.csv)))
  end
end


--- Gives the policy the options of this run, which it is to agree to. Returns what it is granted,
--- or the status to exit with.
local function prepare(policy, arguments, context)
  local ok, message = policy:set_options { { name = "-o", words = arguments.option } }
  if not ok then
    return nil, exit.complain(exit.USAGE, message)
  end
  local needed
  needed, message = policy:needs_now()
  if not needed then
    return nil, exit.complain(exit.USAGE, message)
  end
  return posture.grant(policy, needed, arguments, context)
end


--- The gate for a policy that may change something. What dead processes left is undone first, but
--- by a dry run, which writes nothing.
local function open_gate(grant, arguments, context)
  if next(grant) == nil then
    return
  end
  local gate, message, _, kind = host.gate(root.of(arguments, context))
  local undone
  if gate and not arguments.dry_run then
    undone, message, _, kind = gate:recover()
  end
  if not gate or message and not undone then
    return nil, exit.complain(kind == "denied" and exit.DENIED or exit.FAILED, message)
  end
  return gate
end


local function wall_clock()
  local now = time.clock_gettime(time.CLOCK_REALTIME)
  return now.tv_sec + now.tv_nsec // 1000000 / 1000
end


--- Writes each event. When that fails there is no point in going on, and `outlet.lost` says why; a
--- failure of the policy is for the end of the run to say, to people.
local function new_sink(outlet, loop, as_json)
  return function(event)
    outlet.seen[event.event] = true
    if event.event == "failed" and not as_json then
      return
    end
    local ok, message, number = outlet.target:say(event)
    if not ok and number ~= errno.ENOBUFS then
      outlet.lost = { message = message, number = number }
      loop:stop()
    end
  end
end


--- Says when rows are missing: of none of the events that were asked for, or of some.
local function check_rows(outlet, csv)
  local dropped = outlet.target:dropped()
  if dropped > 0 then
    return exit.complain(exit.FAILED, ("--csv: %d rows were lost, since nobody read them in time")
      :format(dropped))
  elseif not outlet.seen[csv] then
    local names = sorted_keys(outlet.seen)
    exit.complain(exit.DONE, ("--csv: there was no event '%s'%s"):format(csv,
      #names > 0 and ", but " .. table.concat(names, ", ") or ""))
  end
  return exit.DONE
end


--- Waits for whoever reads the events. That nobody does any more is no failure.
local function finish_output(outlet)
  local ok, message, number = outlet.target:finish()
  local lost = outlet.lost or not ok and { message = message, number = number }
  if lost and lost.number ~= errno.EPIPE then
    return exit.complain(exit.FAILED, "standard output: " .. lost.message:gsub("^log: ", ""))
  end
  return exit.DONE
end


--- Runs the loop until the policy is done, its time is up or a signal comes. From then on a signal
--- is no longer waited for, and ends the program.
local function run_loop(loop, seconds, start, settle)
  local function stop()
    loop:stop()
  end
  local _ <close> = loop:on_signal({ "SIGINT", "SIGTERM" }, stop)
  if seconds then
    loop:after(seconds, stop, { background = true })
  end
  local instance = start()
  if not instance.stopped then
    settle()
    assert(loop:run())
  end
  instance:stop()
  return instance
end


--- Who goes on and may kill, or says whom it would, has to be able to when memory is short.
local function new_settle(policy, reader, arguments, sink)
  local needed = policy:needs_now()
  return function()
    if needed.kill and not arguments.dry_run then
      resident.settle(reader, log.new(policy.name, wall_clock, sink))
    end
  end
end


local function run_policy(policy, grant, gate, reader, arguments, seconds)
  local loop <close> = assert(loops.new { reader = reader })
  local target <close> = assert(log_target.open(loop, {
    json = arguments.json, csv = arguments.csv, journal_stream = os.getenv "JOURNAL_STREAM",
  }))
  local outlet = { target = target, seen = {} }
  local sink = new_sink(outlet, loop, arguments.json)
  local instance = run_loop(loop, seconds, function()
    return runtime.start(policy, {
      loop = loop, reader = reader, now = wall_clock, sink = sink, gate = gate,
      dry = arguments.dry_run,
    }, { grant = grant })
  end, new_settle(policy, reader, arguments, sink))
  local status = finish_output(outlet)
  if arguments.csv and status == exit.DONE then
    status = check_rows(outlet, arguments.csv)
  end
  if instance.failure then
    if os.getenv "PAGEWARDEN_DEBUG" == "1" and instance.trace then
      io.stderr:write(instance.trace, "\n")
    end
    return exit.complain(exit.FAILED, ("%s: %s"):format(policy.name, instance.failure))
  end
  return status
end


function run.run(arguments, context)
  local seconds, failed = duration_of(arguments)
  failed = failed or check_format(arguments)
  if failed then
    return failed
  end
  local policy, reader
  policy, failed = policies.load(arguments.name, arguments, context)
  if not policy then
    return failed
  end
  local grant, gate
  grant, failed = prepare(policy, arguments, context)
  if not grant then
    return failed
  end
  reader, failed = root.open(arguments, context)
  if not reader then
    return failed
  end
  gate, failed = open_gate(grant, arguments, context)
  if failed then
    return failed
  end
  return run_policy(policy, grant, gate, reader, arguments, seconds)
end


return run
