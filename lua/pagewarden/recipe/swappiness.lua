-- SPDX-License-Identifier: MIT
--- What vm.swappiness reaches. Pure.
-- @module pagewarden.recipe.swappiness
local swappiness = {}


--- Why a change of vm.swappiness does not reach everything, or nil where it does. In the first
--- version of cgroups each has a memory.swappiness, which it copies from its parent when made; that
--- of the root is vm.swappiness (mem_cgroup_swappiness() and mem_cgroup_css_alloc() of 6.1).
---@param cgroup pagewarden.cgroup
---@return string? sentence
function swappiness.shortfall(cgroup)
  if cgroup.version() ~= 1 then
    return nil
  end
  return "memory is in cgroups of version 1, each of which has a memory.swappiness of its own: "
    .. "vm.swappiness reaches what is in none of them, and those made below the root from now on"
end


return swappiness
