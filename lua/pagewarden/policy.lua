-- SPDX-License-Identifier: MIT
--- Policies, each in a Lua state of its own. Loading one is safe on any file: it has no side
-- effects, and comes to an end within the policy's limits.
-- @module pagewarden.policy
local host = require "pagewarden.host"

local policy = {}


---@class pagewarden.Description what there is to know about a policy without running it
---@field name string
---@field summary string
---@field description string? paragraphs, divided by empty lines
---@field examples string[] whole command lines
---@field tags string[]
---@field options pagewarden.Option[] with each default as it would be written
---@field needs table? nil when it depends on the options

---@class pagewarden.Policy: pagewarden.Description
---@field path string
---@field answer fun(question: string, ...): any what the policy asks its host goes here
---@field package state pagewarden.Cell
local Policy = {}
Policy.__index = Policy


---@class pagewarden.LoadOptions
---@field may_load? fun(path: string): boolean, string? has a say in each file that it requires
---@field memory integer? bytes, when they are not to be 4 MiB
---@field deadline number? seconds of CPU time for each call into it, when they are not to be 0.25


local function refuse_question()
  error("a policy may do this only once it has started", 0)
end


--- What the policy's state asks: about files at any time, the rest once somebody runs it.
local function new_answer(self, may_load)
  return function(question, ...)
    if question ~= "may_load" then
      return self.answer(question, ...)
    elseif may_load then
      return may_load(...)
    end
    return true
  end
end


--- What went wrong in one line, from a message with a traceback. Lua has the reason why a module
--- could not be loaded on a line of its own.
---@param message string
---@return string
function policy.reason(message)
  return (message:gsub(":\n\t", ": ", 1):match "^[^\n]*")
end


--- Calls into the policy's state.
---@param name string of a function of pagewarden.cell
---@return boolean ok
---@return any ... what it returns, or what went wrong, with a traceback after the first line
function Policy:call(name, ...)
  return self.state:call("pagewarden.cell", name, ...)
end


--- The same where a failure is only worth a line.
---@private
function Policy:ask(name, ...)
  local ok, value, message, more = self:call(name, ...)
  if not ok then
    return nil, ("%s: %s"):format(self.path, policy.reason(value))
  end
  return value, message, more
end


--- Gives its options their values, which its own check has a say in. Once, before it starts.
---@param sources pagewarden.OptionSource[] later wins
---@return boolean? ok
---@return string? message
---@return string[]? problems all there are, without the policy's name
function Policy:set_options(sources)
  return self:ask("set_options", sources)
end


--- What it needs with its options.
---@return table? needs
---@return string? message
function Policy:needs_now()
  return self:ask "needs"
end


--- Whether its options agree to what cannot be undone, as --yes does.
---@return boolean
function Policy:is_agreed()
  return self:ask "is_agreed" == true
end


--- Lets it change what it was granted, through the gate. Once, before it starts.
---@param gate pagewarden.Gate
---@param options { name: string, grants: string[], dry_run: boolean? }
function Policy:grant(gate, options)
  self.state:grant(gate, options)
end


--- Gives each call into it another deadline.
---@param seconds number of CPU time
function Policy:set_deadline(seconds)
  self.state:set_deadline(seconds)
end


--- How much memory it has.
---@return integer bytes
function Policy:memory()
  return self.state:memory()
end


--- Has it give back the memory that it does not use any more.
function Policy:collect()
  self:call "collect"
end


--- Gives back all it has. No code of the policy runs.
function Policy:close()
  self.state:close()
end


Policy.__close = Policy.close


--- Loads a policy from a file, and starts nothing.
---@param path string
---@param given pagewarden.LoadOptions?
---@return pagewarden.Policy?
---@return string? message that names the file, the field, what was expected and what was found
function policy.load(path, given)
  given = given or {}
  local self = setmetatable({ path = path, answer = refuse_question }, Policy)
  local state, message = host.cell {
    path = package.path, memory = given.memory, deadline = given.deadline,
    answer = new_answer(self, given.may_load),
  }
  if not state then
    return nil, ("%s: %s"):format(path, message)
  end
  self.state = state
  local described
  described, message = self:ask("load", path)
  if not described then
    state:close()
    return nil, message
  end
  for name, value in pairs(described) do
    self[name] = value
  end
  return self
end


return policy
