-- SPDX-License-Identifier: MIT
--- What of a grant can be acted on, in the words of the gate, and the modules that act. Pure.
-- @module pagewarden.acts
local mm = require "pagewarden.mm"
local sysctl = require "pagewarden.sysctl"

local acts = {}


--- The needs that acts go through the gate for, each by the module of `pw` with its name.
local GUARDED = { "sysctl", "mm", "cgroup", "oom", "kill", "sysrq", "swap", "reclaim", "exec" }


--- Letters of sysrq that print something or sync, and ways to reclaim that cost no more than
--- reading back what is missed.
local LETTERS = { h = true, l = true, m = true, p = true, q = true, s = true, t = true, w = true }
local WAYS = { sync = true, syncfs = true, pageout = true, cold = true, cgroup = true }

--- What leaves nothing that would have to be put back, or is put back.
local HARMLESS = {
  reclaim = function(way) return WAYS[way:match "^%S+"] end,
  mm = function(name) return mm.describe(name).kind ~= "trigger" end,
  sysctl = function(key) return sysctl.describe(key).kind ~= "trigger" end,
  sysrq = function(letter) return LETTERS[letter] end,
}


--- The part of the needs that, once done, cannot be undone.
---@param needed table
---@return table? irreversible nil when there is none
function acts.irreversible(needed)
  local irreversible = { kill = needed.kill }
  for name, is_harmless in pairs(HARMLESS) do
    local rest = {}
    for _, what in ipairs(needed[name] or {}) do
      rest[#rest + 1] = not is_harmless(what) and what or nil
    end
    irreversible[name] = rest[1] and rest or nil
  end
  return next(irreversible) and irreversible or nil
end


--- The modules that a policy gets in its `pw` for what it was granted.
---@param grant table
---@return string[]
function acts.modules(grant)
  local modules = {}
  for _, name in ipairs(GUARDED) do
    modules[#modules + 1] = grant[name] and name
  end
  return modules
end


--- A grant as the gate takes it: "sysctl vm.swappiness", "cgroup /user.slice", "oom".
---@param grant table
---@return string[]
function acts.words(grant)
  local words = {}
  for _, name in ipairs(GUARDED) do
    local granted = grant[name]
    for _, what in ipairs(type(granted) == "table" and granted or {}) do
      words[#words + 1] = ("%s %s"):format(name, what)
    end
    words[#words + 1] = granted == true and name or nil
  end
  return words
end


return acts
