-- SPDX-License-Identifier: MIT
--- `pagewarden check [NAME|FILE]`: whether policies load and declare what they should.
-- @module pagewarden.cli.check
local exit = require "pagewarden.cli.exit"
local policies = require "pagewarden.cli.policies"
local terminal = require "pagewarden.cli.terminal"

local check = { summary = "Check a policy's file, or all there are" }


function check.define(parser)
  parser:argument "name"
    :args "?"
    :description "A policy or its file."
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


function check.run(arguments, context)
  local paint = terminal.painter(arguments)
  if arguments.name then
    return check_one(arguments.name, arguments, context, paint)
  end
  local worst = exit.DONE
  for _, script in ipairs(policies.list(arguments, context)) do
    worst = math.max(worst, check_one(script.path, arguments, context, paint))
  end
  return worst
end


return check
