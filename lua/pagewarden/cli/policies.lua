-- SPDX-License-Identifier: MIT
--- Policies as commands name them.
-- @module pagewarden.cli.policies
local exit = require "pagewarden.cli.exit"
local policy = require "pagewarden.policy"
local scripts = require "pagewarden.scripts"
local trust = require "pagewarden.trust"

local policies = {}


--- Where policies are looked for.
---@param arguments table
---@param context pagewarden.Context
---@return pagewarden.ScriptSearch
function policies.search(arguments, context)
  return { first = arguments.scripts, prefix = context.prefix, privileged = context.privileged }
end


--- Every policy that can be named.
---@return { name: string, path: string }[]
function policies.list(arguments, context)
  return scripts.list(policies.search(arguments, context))
end


--- Finds and loads a policy, or says why not.
---@param name string a name or a path
---@return pagewarden.Policy?
---@return integer? status of the exit when there is none
function policies.load(name, arguments, context)
  local path, message, kind = scripts.find(name, policies.search(arguments, context))
  if not path then
    return nil, exit.complain(kind == "denied" and exit.DENIED or exit.USAGE, message)
  end
  local loaded
  loaded, message = policy.load(path, { may_load = trust.check })
  if not loaded then
    return nil, exit.complain(exit.USAGE, message)
  end
  return loaded
end


return policies
