-- SPDX-License-Identifier: MIT
--- What a policy may change when it is run by hand. Root grants a bundled recipe what it declares,
-- and is told; what cannot be undone wants --yes, or options that agree to it. A dry run writes
-- nothing and may try anything; everything else is for the administrator's configuration to say.
-- @module pagewarden.cli.posture
local acts = require "pagewarden.acts"
local configuration = require "pagewarden.configuration"
local exit = require "pagewarden.cli.exit"
local grants = require "pagewarden.grants"
local needs = require "pagewarden.needs"
local policies = require "pagewarden.cli.policies"
local root = require "pagewarden.cli.root"
local scripts = require "pagewarden.scripts"
local stdlib = require "posix.stdlib"

local posture = {}


local function same_file(a, b)
  return stdlib.realpath(a) == stdlib.realpath(b)
end


local function is_bundled(policy, arguments, context)
  for _, script in ipairs(scripts.bundled(policies.search(arguments, context))) do
    if same_file(script.path, policy.path) then
      return true
    end
  end
  return false
end


--- What the configuration grants to this file, and what is wrong with the configuration.
local function configured_grant(policy, arguments, context)
  local grant = {}
  local found = configuration.load(root.configuration(arguments, context), function(configured)
    if same_file(configured.policy.path, policy.path) then
      grant = configured.grant
    end
    configured.policy:close()
  end)
  return grant, found.problems
end


--- What is wrong with the configuration may be why it grants nothing.
local function refuse(policy, missing, problems)
  for _, problem in ipairs(problems) do
    exit.complain(exit.DENIED, problem.message)
  end
  return exit.complain(exit.DENIED, ("%s needs %s; to grant it, add to "
    .. "/etc/pagewarden/conf.d: policy %q { %s }"):format(policy.name,
    table.concat(needs.describe(missing), "; "), policy.path, grants.to_lua(missing)))
end


--- What root grants to a bundled recipe, or the status to exit with.
local function grant_bundled(policy, wanted, arguments)
  local irreversible = acts.irreversible(wanted)
  if irreversible and not arguments.yes and not policy:is_agreed() then
    return nil, exit.complain(exit.DENIED, ("%s may do what cannot be undone: %s; --yes agrees to "
      .. "that, and --dry-run shows it"):format(policy.name,
      table.concat(needs.describe(irreversible), "; ")))
  end
  io.stderr:write(("pagewarden: %s may change: %s\n"):format(policy.name,
    table.concat(needs.describe(wanted), "; ")))
  return wanted
end


--- The grant that a policy runs with, or the status to exit with.
---@param policy pagewarden.Policy
---@param needed table
---@param arguments table
---@param context pagewarden.Context
---@return table? grant
---@return integer? status
function posture.grant(policy, needed, arguments, context)
  local wanted = needs.acting(needed)
  if arguments.dry_run and wanted.modules then
    return nil, exit.complain(exit.DENIED, ("%s loads modules from outside the sandbox, which "
      .. "could get round a dry run: %s"):format(policy.name, table.concat(wanted.modules, ", ")))
  elseif next(wanted) == nil or arguments.dry_run then
    return wanted
  elseif context.privileged and is_bundled(policy, arguments, context) then
    return grant_bundled(policy, wanted, arguments)
  end
  local grant, problems = configured_grant(policy, arguments, context)
  local missing = grants.missing(grant, needed)
  if missing then
    return nil, refuse(policy, missing, problems)
  end
  return grant
end


return posture
