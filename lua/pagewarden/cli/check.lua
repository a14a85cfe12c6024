-- SPDX-License-Identifier: MIT
--- `pagewarden check [NAME|FILE] [--config DIR]`: whether policies load and declare what they
-- should, and whether the daemon could start what its configuration has.
-- @module pagewarden.cli.check
local configuration = require "pagewarden.configuration"
local exit = require "pagewarden.cli.exit"
local policies = require "pagewarden.cli.policies"
local root = require "pagewarden.cli.root"
local terminal = require "pagewarden.cli.terminal"

local check = { summary = "Check a policy, all there are, or a configuration" }


function check.define(parser)
  parser:argument "name"
    :args "?"
    :description "A policy or its file."
  parser:option "--config"
    :argname "DIR"
    :description "Check this configuration of the daemon: a folder of *.lua, or one with a conf.d."
end


--- What can only be seen with values for the options: its own defaults are to be accepted.
local function find_problem(policy)
  local ok, message = policy:set_options {}
  if not ok then
    return message
  end
  ok, message = policy:needs_now()
  return not ok and message or nil
end


local function check_one(name, arguments, context, paint)
  local policy, status = policies.load(name, arguments, context)
  if not policy then
    return status
  end
  local problem = find_problem(policy)
  policy:close()
  if problem then
    return exit.complain(exit.USAGE, problem)
  end
  print(("%s: %s"):format(policy.path, paint("green", "ok")))
  return exit.DONE
end


local function check_configuration(arguments, context, paint)
  local found = configuration.load(root.configuration(arguments, context), function(configured)
    configured.policy:close()
    print(("%s: %s: %s"):format(configured.origin, configured.as, paint("green", "ok")))
  end)
  local status = exit.DONE
  for _, problem in ipairs(found.problems) do
    status = math.max(status, exit.complain(problem.denied and exit.DENIED or exit.USAGE,
      problem.message))
  end
  if #found.files == 0 and status == exit.DONE then
    print(("%s: no *.lua in it: the daemon would only observe"):format(arguments.config))
  end
  return status
end


function check.run(arguments, context)
  local paint = terminal.painter(arguments)
  local worst = exit.DONE
  if arguments.name then
    worst = check_one(arguments.name, arguments, context, paint)
  end
  if arguments.config then
    worst = math.max(worst, check_configuration(arguments, context, paint))
  end
  if arguments.name or arguments.config then
    return worst
  end
  for _, script in ipairs(policies.list(arguments, context)) do
    worst = math.max(worst, check_one(script.path, arguments, context, paint))
  end
  return worst
end


return check
