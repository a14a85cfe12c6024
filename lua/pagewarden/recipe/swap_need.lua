-- SPDX-License-Identifier: MIT
--- How much swap a machine wants by what it does, rather than by how much memory it has. Pure.
-- @module pagewarden.recipe.swap_need
local need = {}

local MIB <const> = 1 << 20
local GIB <const> = 1 << 30

--- Sizes are rounded up to this.
local STEP <const> = 64 * MIB


--- What could be given to somebody at once. MemAvailable is the kernel's own figure since 3.14;
--- before it, what is free and the caches without shared memory, which is a little too much.
---@param memory pagewarden.Counters /proc/meminfo
---@return integer bytes
function need.available(memory)
  return memory.MemAvailable or memory.MemFree + math.max((memory.Buffers or 0)
    + (memory.Cached or 0) - (memory.Shmem or 0), 0)
end


--- What only memory or swap can hold: what is taken of memory, and what is in swap alone.
---@param memory pagewarden.Counters
---@return integer bytes
function need.used(memory)
  local swapped = (memory.SwapTotal or 0) - (memory.SwapFree or 0) - (memory.SwapCached or 0)
  return memory.MemTotal - need.available(memory) + math.max(swapped, 0)
end


--- What had to be held if all that was promised were touched.
---@param memory pagewarden.Counters
---@return integer bytes
function need.committed(memory)
  return memory.Committed_AS or need.used(memory)
end


---@class pagewarden.SwapDemand
---@field used integer bytes, at most so far
---@field committed integer bytes, at most so far
---@field strict boolean? memory is not overcommitted (vm.overcommit_memory=2)
---@field hibernation boolean?


--- As much as memory, up to 4 GiB: so that the kernel can put away what nobody has touched for
--- long, however little is used. Distributions say as much (`swap.advise`).
---@param memory pagewarden.Counters
---@return integer bytes
function need.floor(memory)
  return math.min(memory.MemTotal, 4 * GIB)
end


--- What is lacking to commit a fifth more than there was at most: under strict accounting swap is
--- all that raises the limit, but for a share of memory (Documentation/mm/overcommit-accounting).
local function strict(memory, demand)
  local without_swap = (memory.CommitLimit or 0) - (memory.SwapTotal or 0)
  return demand.committed // 5 * 6 - without_swap
end


--- How much swap there should be, each reason with its size, and the largest of them. With
--- hibernation, memory besides, since the image has to fit into what is free of one area
--- (Documentation/power/swsusp.rst).
---@param memory pagewarden.Counters
---@param demand pagewarden.SwapDemand
---@return integer bytes
---@return string reason
function need.advise(memory, demand)
  local size, reason = need.floor(memory), "what nobody touches for long should have a place"
  local lacking = demand.used // 5 * 6 - memory.MemTotal
  if lacking > size then
    size, reason = lacking, "a fifth more than was used at most has to fit"
  end
  if demand.strict and strict(memory, demand) > size then
    size = strict(memory, demand)
    reason = "under strict accounting a fifth more than was promised at most has to fit"
  end
  if demand.hibernation then
    size, reason = size + memory.MemTotal, reason .. ", and memory besides to hibernate"
  end
  return (size + STEP - 1) // STEP * STEP, reason
end


return need
