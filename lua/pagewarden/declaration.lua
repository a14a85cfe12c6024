-- SPDX-License-Identifier: MIT
--- What the file of a policy declares, checked. Runs in the policy's own state, within its limits.
-- @module pagewarden.declaration
local needs = require "pagewarden.needs"
local option = require "pagewarden.option"
local sandbox = require "pagewarden.sandbox"
local text = require "pagewarden.text"
local types = require "pagewarden.option_types"

local declaration = {}

--- The version of what a policy and its host expect of each other.
declaration.API = 1

---@class pagewarden.Declaration
---@field path string
---@field name string
---@field summary string
---@field description string?
---@field examples string[]
---@field tags string[]
---@field options pagewarden.Option[]
---@field needs table|fun(options: table): table
---@field check? fun(options: table): boolean, string?
---@field agreed? fun(options: table): boolean
---@field start fun(pw: table, options: table)
---@field outside string[] the modules outside the sandbox that it may load


local function is_string_list(value)
  return type(value) == "table" and (next(value) == nil or types.is_list_of_strings(value))
end


--- Each option comes from a function of pagewarden.option, and no two have one name.
local function check_options(value)
  if type(value) ~= "table" then
    return "expected a list of options"
  end
  local seen, count = {}, 0
  for _ in pairs(value) do
    count = count + 1
  end
  for i, spec in ipairs(value) do
    if getmetatable(spec) ~= types.SPEC then
      return ("element %d: expected an option such as opt.size { \"name\" }"):format(i), spec
    elseif seen[spec.name] then
      return ("option '%s' is declared twice"):format(spec.name), false
    end
    seen[spec.name] = true
  end
  if count ~= #value then
    return "expected a list of options and nothing else"
  end
end


local function check_needs(value)
  if type(value) == "function" then
    return nil
  elseif type(value) ~= "table" then
    return "expected a table, or a function of the options"
  end
  local ok, problem = needs.check(value)
  return not ok and problem or nil, false
end


--- A check that needs only a type.
local function of_type(name, expected)
  return function(value)
    return type(value) ~= name and "expected " .. expected or nil
  end
end


local function list_of_strings(what)
  return function(value)
    return not is_string_list(value) and "expected a list of " .. what or nil
  end
end


--- In the order that messages look at them. A check returns what it expected, and what it found
--- when that is not the value itself (false: the message says it all).
local FIELDS = {
  { "name", required = true, check = function(value)
    local fits = type(value) == "string" and value:find "^%l[%l%d-]*$"
    return not fits and "expected a name of lower-case letters, digits and hyphens" or nil
  end },
  { "summary", required = true, check = of_type("string", "a line of text") },
  { "start", required = true, check = of_type("function", "a function of pw and the options") },
  { "description", check = of_type("string", "a text") },
  { "examples", check = list_of_strings "command lines" },
  { "tags", check = list_of_strings "words" },
  { "options", check = check_options },
  { "needs", check = check_needs },
  { "check", check = of_type("function", "a function of the options") },
  { "agreed", check = of_type("function", "a function of the options") },
}

local FIELD_NAMES = { "api" }
for i, field in ipairs(FIELDS) do
  FIELD_NAMES[i + 1] = field[1]
end


local function shown(value)
  if type(value) == "string" then
    return ("'%s'"):format(text.escape(value))
  elseif type(value) == "table" or type(value) == "function" then
    return "a " .. type(value)
  end
  return tostring(value)
end


local function check_api(declared)
  if declared.api == nil then
    return "missing field 'api': the version of the interface, now api = " .. declaration.API
  elseif declared.api ~= declaration.API then
    return ("field 'api': it asks for %s, this pagewarden has %d"):format(shown(declared.api),
      declaration.API)
  end
end


local function check_known(declared)
  for name in pairs(declared) do
    if type(name) ~= "string" then
      return ("unknown field %s"):format(shown(name))
    elseif not types.has(FIELD_NAMES, name) then
      local nearest = text.nearest(name, FIELD_NAMES)
      return ("unknown field '%s'%s"):format(text.escape(name),
        nearest and (" (did you mean '%s'?)"):format(nearest) or "")
    end
  end
end


local function check_field(field, declared)
  local name, value = field[1], rawget(declared, field[1])
  if value == nil then
    return field.required and ("missing field '%s'"):format(name) or nil
  end
  local problem, found = field.check(value)
  if problem and found == false then
    return ("field '%s': %s"):format(name, problem)
  elseif problem then
    return ("field '%s': %s, found %s"):format(name, problem, shown(found or value))
  end
end


--- What is wrong with a declaration, or nil.
local function find_problem(declared)
  if type(declared) ~= "table" then
    return ("a policy returns a table; this file returns %s"):format(shown(declared))
  end
  local problem = check_api(declared) or check_known(declared)
  for _, field in ipairs(FIELDS) do
    problem = problem or check_field(field, declared)
  end
  return problem
end


--- Runs a policy's chunk and looks at what it returns, whatever metatables that has.
---@return string? problem
---@return pagewarden.Declaration?
local function declare(chunk)
  local declared = chunk()
  local problem = find_problem(declared)
  if problem then
    return problem
  end
  return nil, {
    name = declared.name, summary = declared.summary, description = declared.description,
    examples = declared.examples or {}, start = declared.start, check = declared.check,
    agreed = declared.agreed, tags = declared.tags or {}, options = declared.options or {},
    needs = declared.needs or {},
  }
end


--- Loads a policy from a file, and starts nothing.
---@param path string
---@param may_load? fun(path: string): boolean, string? has a say in each file that it requires
---@return pagewarden.Declaration?
---@return string? message that names the file, the field, what was expected and what was found
function declaration.load(path, may_load)
  local folder = path:match "^(.*)/" or "."
  local environment, outside = sandbox.environment(folder, may_load)
  local chunk, message = sandbox.load(path, environment)
  if not chunk then
    return nil, message
  end
  local ok, problem, declared = pcall(declare, chunk)
  if not ok then
    message = tostring(problem)
    return nil, message:find(path, 1, true) and message or ("%s: %s"):format(path, message)
  elseif problem then
    return nil, ("%s: %s"):format(path, problem)
  end
  declared.path, declared.outside = path, outside
  return declared
end


local function describe_option(spec)
  return {
    name = spec.name, type = spec.type, of = spec.of, help = spec.help, choices = spec.choices,
    min = spec.min, max = spec.max,
    default = spec.default ~= nil and option.show(spec, spec.default) or nil,
  }
end


--- What there is to know about a policy without running it, as plain values.
---@param self pagewarden.Declaration
---@return pagewarden.Description
function declaration.describe(self)
  local options = {}
  for i, spec in ipairs(self.options) do
    options[i] = describe_option(spec)
  end
  return {
    name = self.name, summary = self.summary, description = self.description,
    examples = self.examples, tags = self.tags, options = options,
    needs = type(self.needs) == "table" and self.needs or nil,
  }
end


--- What a policy needs with these options.
---@param self pagewarden.Declaration
---@param options table
---@return table? needs
---@return string? message
function declaration.needs_of(self, options)
  if type(self.needs) == "table" then
    return self.needs --[[@as table]]
  end
  local ok, declared = pcall(self.needs --[[@as function]], options)
  local problem = not ok and tostring(declared)
  if ok and type(declared) ~= "table" then
    problem = "expected a table, found " .. shown(declared)
  elseif ok then
    ok, problem = needs.check(declared)
    problem = not ok and problem
  end
  if problem then
    return nil, ("%s: needs: %s"):format(self.path, problem)
  end
  return declared
end


--- Whether its options agree to what cannot be undone, as --yes does.
---@param self pagewarden.Declaration
---@param options table
---@return boolean
function declaration.is_agreed(self, options)
  if not self.agreed then
    return false
  end
  local ok, agreed = pcall(self.agreed, options)
  return ok and agreed == true
end


--- Asks the policy's own check about its options.
---@param self pagewarden.Declaration
---@param options table
---@return boolean ok
---@return string? message
function declaration.check_options(self, options)
  if not self.check then
    return true
  end
  local ok, accepted, reason = pcall(self.check, options)
  if not ok then
    return false, ("%s: check: %s"):format(self.name, tostring(accepted))
  elseif not accepted then
    return false, ("%s: %s"):format(self.name, reason or "its check refuses these options")
  end
  return true
end


return declaration
