-- SPDX-License-Identifier: MIT
--- early-oom deciding as another daemon does, by that daemon's own settings: what they mean, and
-- which of early-oom's own options do not go with them. Pure.
-- @module pagewarden.recipe.early_oom.preset
local preset = {}

--- Options that are not about when and who.
local ALLOWED = { preset = true, settings = true, beside = true, observe = true, before = true,
  after = true, restart = true, unit_wait = true }

--- Seconds that earlyoom sleeps at least between two looks.
local SLEEP <const> = 0.1

local MODULES = { earlyoom = "earlyoom", ["systemd-oomd"] = "systemd_oomd" }


--- What the daemon's settings mean.
---@param o table the options of scripts/early-oom.lua
---@return table? settings
---@return string? message
function preset.compile(o)
  local daemon = require("pagewarden.recipe.early_oom." .. MODULES[o.preset])
  local settings, message = daemon.parse(o.settings)
  return settings, message and "settings: " .. message
end


local function is_default(value, default)
  if type(value) ~= "table" or type(default) ~= "table" then
    return value == default
  end
  return table.concat(value, "\n") == table.concat(default, "\n")
end


--- Whether a preset's settings make sense, and nothing else says when to end whom.
---@param o table
---@param options pagewarden.Option[] as the script declares them
---@return boolean
---@return string? message
function preset.check(o, options)
  for _, option in ipairs(options) do
    if not ALLOWED[option.name] and not is_default(o[option.name], option.default) then
      return false, ("%s: with preset=%s its settings decide that"):format(option.name, o.preset)
    end
  end
  if o.observe and o.preset == "systemd-oomd" then
    return false, "observe: whole cgroups are not compared; --dry-run says which would be killed"
  end
  local settings, message = preset.compile(o)
  return settings ~= nil, message
end


--- The options of early-oom that are earlyoom's settings, and how it compares processes.
---@param o table
---@param memory table? meminfo
---@param why string? why there is none
---@return table? options
---@return string? message
function preset.as_earlyoom(o, memory, why)
  if not memory or not memory.MemTotal then
    return nil, why or "meminfo has no MemTotal"
  end
  local earlyoom = require "pagewarden.recipe.early_oom.earlyoom"
  local settings = assert(earlyoom.parse(o.settings))
  local limits, message = earlyoom.limits(settings, memory.MemTotal, memory.SwapTotal or 0)
  if not limits then
    return nil, message
  end
  local options = setmetatable({
    warn = {}, kill = settings.group and "group" or "process", least = 0, grace = 3600,
    rule = {
      may_end = function(p) return earlyoom.may_end(settings, p) end,
      is_larger = function(p, other) return earlyoom.is_larger(settings, p, other) end,
      score = function(p) return (earlyoom.badness(settings, p)) end,
    },
    settle = { force = SLEEP, act = SLEEP }, patience = settings.wait,
  }, { __index = o })
  for level, signal in pairs { act = "term", force = "kill" } do
    options[level] = { ("available<=%.10f%% and swap<=%.10f%%"):format(limits.memory[signal],
      limits.swap[signal]) }
  end
  return options
end


return preset
