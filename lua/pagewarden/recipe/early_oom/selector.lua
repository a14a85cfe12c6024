-- SPDX-License-Identifier: MIT
--- Which processes a user means, for whom somebody chooses among them: `"^postgres$"`, `"uid=33"`,
--- `"unit=^docker-"`, `"age<10m"`. Pure.
-- @module pagewarden.recipe.early_oom.selector
local selector = {}


---@alias pagewarden.recipe.Selector fun(p: table, parent: fun(pid: integer): table?): boolean


--- What a list of selectors means: selector_parser.lua, of which is kept what they want.
---@param texts string[]
---@return pagewarden.recipe.Selector[]?
---@return string? message
function selector.compile(texts)
  if #texts == 0 then
    return {}
  end
  return require("pagewarden.recipe.early_oom.selector_parser").compile(texts)
end


--- Whether one of a list goes by the command line.
---@param texts string[]
---@return boolean
function selector.wants_command_line(texts)
  for _, text in ipairs(texts) do
    if text:find "^command=" then
      return true
    end
  end
  return false
end


--- Whether one of them means the process.
---@param selectors pagewarden.recipe.Selector[]
---@param p table with pid, ppid, comm, uid, age, cmdline, unit, cgroup
---@param parent fun(pid: integer): table?
---@return boolean
function selector.any(selectors, p, parent)
  for _, means in ipairs(selectors) do
    if means(p, parent) then
      return true
    end
  end
  return false
end


return selector
