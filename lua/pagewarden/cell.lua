-- SPDX-License-Identifier: MIT
--- The host's side of a policy's own state: what it calls there by name, with plain values. There
-- is one policy in a state, so this module keeps it.
-- @module pagewarden.cell
local declaration = require "pagewarden.declaration"
local host = require "pagewarden.host"
local needs = require "pagewarden.needs"
local option_values = require "pagewarden.option_values"
local proc = require "pagewarden.proc"
local pw = require "pagewarden.pw"

local cell = { fire = pw.fire, stop = pw.stop }

local policy ---@type pagewarden.Declaration
local values = {} ---@type table<string, any>

--- Modules that a policy is done with once it has started, as with those that recipes share, unless
--- it keeps them itself: two thirds of the memory of a small one.
local FOR_LOADING = { "pagewarden.declaration", "pagewarden.needs", "pagewarden.option",
  "pagewarden.option_types", "pagewarden.option_values", "pagewarden.sandbox", "pagewarden.unit" }


local function may_load(path)
  return host.ask("may_load", path)
end


--- Loads the policy.
---@param path string
---@return pagewarden.Description?
---@return string? message
function cell.load(path)
  local loaded, message = declaration.load(path, may_load)
  if not loaded then
    return nil, message
  end
  policy = loaded
  return declaration.describe(policy)
end


--- Sets its options.
---@param sources pagewarden.OptionSource[]
---@return boolean ok
---@return string? message
---@return string[]? problems when it is not the policy's own check that refuses them
function cell.set_options(sources)
  local resolved, message, problems = option_values.resolve(policy.options, sources)
  if not resolved then
    return false, ("%s: %s"):format(policy.name, message), problems
  end
  values = resolved.values
  return declaration.check_options(policy, values)
end


--- What it needs with the options it has.
---@return table? needs
---@return string? message
function cell.needs()
  return declaration.needs_of(policy, values)
end


--- Whether the options it has agree to what cannot be undone.
---@return boolean
function cell.is_agreed()
  return declaration.is_agreed(policy, values)
end


--- Lets modules go that nobody holds on to: who wants one again loads it again.
local function forget_modules()
  for _, name in ipairs(FOR_LOADING) do
    package.loaded[name] = nil
  end
  for name in pairs(package.loaded) do
    if name:find "^pagewarden%.recipe%." then
      package.loaded[name] = nil
    end
  end
end


local function let_go()
  policy, values, declaration, needs, option_values = nil, nil, nil, nil, nil
  cell.load, cell.set_options, cell.needs, cell.is_agreed, cell.start = nil, nil, nil, nil, nil
  forget_modules()
end


--- Starts it, after which there is no more to ask about it.
---@param root string the folder to read from
---@param units { page_size: integer, clock_ticks: integer }
---@param modules string[] those that act on what it was granted
---@param outside { names: string[], cpath: string }? the modules outside the sandbox that it was
--- granted, and where such are found
function cell.start(root, units, modules, outside)
  local start, options = policy.start, values
  if outside then
    package.cpath = outside.cpath
    table.move(outside.names, 1, #outside.names, 1, policy.outside)
  end
  local needed = assert(declaration.needs_of(policy, values))
  for _, module in ipairs(needs.reading(needed)) do
    modules[#modules + 1] = module
  end
  let_go()
  local done, reason = start(pw.new(assert(proc.open(root, units)), needed, modules), options)
  if not done and type(reason) == "string" then
    error(reason, 0)
  end
end


--- Gives back what is not used any more, most of which loading and starting left.
function cell.collect()
  forget_modules()
  cell.collect, forget_modules = collectgarbage, nil
  collectgarbage()
end


return cell
