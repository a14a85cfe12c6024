-- SPDX-License-Identifier: MIT
--- The tree that commands read: --root, PAGEWARDEN_ROOT, or the machine's own.
-- @module pagewarden.cli.root
local exit = require "pagewarden.cli.exit"
local policies = require "pagewarden.cli.policies"
local proc = require "pagewarden.proc"

local root = {}


--- The folder to read from.
---@return string
function root.of(arguments, context)
  local named = not context.privileged and os.getenv "PAGEWARDEN_ROOT" or ""
  return arguments.root or named ~= "" and named or "/"
end


--- Where the daemon's configuration is.
---@return pagewarden.ConfigurationSource
function root.configuration(arguments, context)
  return { config = arguments.config, root = root.of(arguments, context),
    search = policies.search(arguments, context) }
end


--- Opens a reader, or says why not.
---@param arguments table
---@param context pagewarden.Context
---@return table? reader of pagewarden.proc
---@return integer? status of the exit when there is none
function root.open(arguments, context)
  local reader, message, _, kind = proc.open(root.of(arguments, context))
  if not reader then
    return nil, exit.complain(kind == "denied" and exit.DENIED or exit.USAGE, "root " .. message)
  end
  return reader
end


return root
