-- SPDX-License-Identifier: MIT
--- The policies of a daemon: starts those that are configured, swaps those whose configuration
-- changed, and remembers what each of them logged last. One that fails is stopped, and the others
-- go on.
-- @module pagewarden.fleet
local log = require "pagewarden.log"
local needs = require "pagewarden.needs"
local runtime = require "pagewarden.runtime"

local fleet = {}

--- Events of a policy that are remembered, to explain it.
local REMEMBERED = 32


---@class pagewarden.Member a policy of the fleet
---@field configured pagewarden.Configured
---@field instance pagewarden.Instance
---@field since number when it came into its state
---@field events integer how many it logged
---@field recent pagewarden.Event[] the last of them
---@field parting string? what is to be logged when it ends

---@class pagewarden.Fleet
---@field private host pagewarden.Host without `ended`
---@field private members table<string, pagewarden.Member> by the name they run as
---@field private problems pagewarden.ConfigurationProblem[] of the configuration as last read
local Fleet = {}
Fleet.__index = Fleet


---@alias pagewarden.MemberState "running"|"done"|"stopped"|"failed"

---@param member pagewarden.Member
---@return pagewarden.MemberState
local function state_of(member)
  if not member.instance.stopped then
    return "running"
  elseif member.instance.failure then
    return "failed"
  end
  return member.parting and "stopped" or "done"
end


local function remember(member, event)
  member.events = member.events + 1
  table.insert(member.recent, event)
  if #member.recent > REMEMBERED then
    table.remove(member.recent, 1)
  end
end


--- The sink of what is logged for a member, by itself or about it.
---@private
function Fleet:sink_of(member)
  return function(event)
    remember(member, event)
    self.host.sink(event)
  end
end


--- Logs something about a member.
---@private
function Fleet:note(member, event, message)
  log.new(member.configured.as, self.host.now, self:sink_of(member))(event, { message = message })
end


---@private
function Fleet:start_member(configured, replaces)
  local member = { configured = configured, since = self.host.now(), events = 0, recent = {} }
  self:note(member, "started", configured.origin)
  member.instance = runtime.start(configured.policy, {
    loop = self.host.loop, reader = self.host.reader, now = self.host.now, gate = self.host.gate,
    watchdog = self.host.watchdog,
    sink = self:sink_of(member),
    ended = function(instance)
      member.since = self.host.now()
      if not instance.failure then
        self:note(member, member.parting and "stopped" or "done",
          member.parting or "it has nothing left to wait for")
      end
      configured.policy:close()
    end,
  }, { name = configured.as, grant = configured.grant, replaces = replaces })
  if not member.instance.stopped then
    configured.policy:collect()
  end
  return member
end


---@private
function Fleet:stop_member(member, reason, handed_on)
  if not member.instance.stopped then
    member.parting = reason
    member.instance:stop(handed_on)
  end
end


--- Starts what is configured in the place of what runs under its name. When it fails at once, what
--- ran goes on.
---@private
---@return "started"|"replaced"|"kept"|"failed"
function Fleet:put(configured)
  local old, gate = self.members[configured.as], self.host.gate
  if old and gate then
    gate:offer(configured.as)
  end
  local new = self:start_member(configured, old and not old.instance.stopped)
  local failed = new.instance.failure
  if old and failed and not old.instance.stopped then
    self:note(old, "kept", "the new one failed: " .. failed)
    return "kept"
  end
  self.members[configured.as] = new
  if old then
    self:stop_member(old, "another takes its place", true)
  end
  if old and gate then
    gate:settle(configured.as)
  end
  return failed and "failed" or old and "replaced" or "started"
end


--- Whether the configuration has nothing new for what runs already, or has come to its end.
local function is_unchanged(member, configured)
  if not member or member.configured.fingerprint ~= configured.fingerprint then
    return false
  end
  local state = state_of(member)
  return state == "running" or state == "done"
end


---@class pagewarden.Reloading the names of policies, by what happened to them
---@field started string[]
---@field replaced string[]
---@field unchanged string[]
---@field kept string[] whose new version failed: the old one goes on
---@field failed string[]
---@field stopped string[] no longer configured
---@field problems string[]


--- Stops what is no longer configured. When something is wrong with the configuration nobody knows
--- what it was to be, and all stay.
---@private
function Fleet:stop_others(configured, result)
  for name, member in pairs(self.members) do
    if not configured[name] and #self.problems == 0 then
      self:stop_member(member, "it is no longer configured")
      self.members[name] = nil
      table.insert(result.stopped, name)
    end
  end
  table.sort(result.stopped)
end


--- Puts one that is configured into the fleet, unless it is there already.
---@private
function Fleet:take(configured, result)
  local name, member = configured.as, self.members[configured.as]
  if is_unchanged(member, configured) then
    configured.policy:close()
    member.configured.origin = configured.origin
    table.insert(result.unchanged, name)
  else
    table.insert(result[self:put(configured)], name)
  end
end


--- Makes the fleet what a configuration says. Each policy is started before the next is loaded, so
--- that what loading one needed serves the next.
---@param load fun(take: fun(configured: pagewarden.Configured)): pagewarden.Configuration
---@return pagewarden.Reloading
function Fleet:apply(load)
  local names = {}
  local result = { started = {}, replaced = {}, unchanged = {}, kept = {}, failed = {},
    stopped = {}, problems = {} }
  local configuration = load(function(configured)
    names[configured.as] = true
    self:take(configured, result)
  end)
  self.problems = configuration.problems
  self:stop_others(names, result)
  for i, problem in ipairs(self.problems) do
    result.problems[i] = problem.message
  end
  collectgarbage()
  return result
end


--- Stops one, until it is configured anew or `apply` starts it again.
---@param name string
---@return boolean? stopped whether it ran
---@return string? message
function Fleet:stop(name)
  local member = self.members[name]
  if not member then
    return nil, ("no policy runs as '%s'"):format(name)
  end
  local ran = not member.instance.stopped
  self:stop_member(member, "it was told to")
  return ran
end


--- Stops all, in an orderly way.
---@param reason string
function Fleet:stop_all(reason)
  for _, name in ipairs(self:names()) do
    self:stop_member(self.members[name], reason)
  end
end


---@return string[] names sorted
function Fleet:names()
  local names = {}
  for name in pairs(self.members) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


---@class pagewarden.MemberStatus
---@field name string
---@field policy string
---@field state pagewarden.MemberState
---@field since number
---@field events integer
---@field memory integer? bytes
---@field timers integer
---@field watches integer events it waits for, timers apart
---@field origin string
---@field path string
---@field failure string?

---@param member pagewarden.Member
---@return pagewarden.MemberStatus
local function describe(member)
  local configured, instance = member.configured, member.instance
  local timers, watches = instance:count_waiting()
  return {
    name = configured.as, policy = configured.policy.name, state = state_of(member),
    since = member.since, events = member.events, timers = timers, watches = watches,
    memory = not instance.stopped and configured.policy:memory() or nil,
    origin = configured.origin, path = configured.policy.path, failure = instance.failure,
  }
end


--- All of them, by name, and what is wrong with the configuration.
---@return pagewarden.MemberStatus[]
---@return string[] problems
function Fleet:status()
  local list, problems = {}, {}
  for i, name in ipairs(self:names()) do
    list[i] = describe(self.members[name])
  end
  for i, problem in ipairs(self.problems) do
    problems[i] = problem.message
  end
  return list, problems
end


--- How many are in each state, in words.
---@return string
function Fleet:summary()
  local counts, words = {}, {}
  for _, member in pairs(self.members) do
    local state = state_of(member)
    counts[state] = (counts[state] or 0) + 1
  end
  for _, state in ipairs { "running", "done", "stopped", "failed" } do
    words[#words + 1] = counts[state] and ("%d %s"):format(counts[state], state)
  end
  return #words == 0 and "no policies" or "policies: " .. table.concat(words, ", ")
end


--- Why one did or did not act: what it logged last, what it may do, and what is wrong with its
--- configuration.
---@param name string
---@return table? explanation its status with `recent`, `grants` and `problems`
---@return string? message
function Fleet:explain(name)
  local member, problems = self.members[name], {}
  for _, problem in ipairs(self.problems) do
    problems[#problems + 1] = problem.as == name and problem.message or nil
  end
  if not member and #problems == 0 then
    return nil, ("no policy runs as '%s'"):format(name)
  elseif not member then
    return { name = name, state = "refused", problems = problems, recent = {}, grants = {} }
  end
  local explanation = describe(member)
  explanation.recent, explanation.problems = member.recent, problems
  explanation.grants = needs.describe(member.configured.grant)
  return explanation
end


--- A fleet without policies.
---@param environment pagewarden.Host without `ended`
---@return pagewarden.Fleet
function fleet.new(environment)
  return setmetatable({ host = environment, members = {}, problems = {} }, Fleet)
end


return fleet
