-- SPDX-License-Identifier: MIT
--- What paging costs between two looks: what was read and written, swapped and faulted each second,
--- and for how much of the time programs waited for memory. Pure.
-- @module pagewarden.recipe.paging
local paging = {}

--- What is counted: a field of a trial, the counters of vmstat it adds up, and bytes of each (0 for
--- pages). What goes to zswap is not in pswpin and pswpout.
local COUNTED = {
  { "io", { "pgpgin", "pgpgout" }, 1024 },
  { "swapped_in", { "pswpin", "zswpin" }, 0 },
  { "swapped_out", { "pswpout", "zswpout" }, 0 },
  { "faults", { "pgmajfault" }, 1 },
  { "refaults",
    { "workingset_refault", "workingset_refault_anon", "workingset_refault_file" }, 1 },
}


--- All counters now, and the microseconds that somebody and that all have waited for memory.
---@param proc pagewarden.proc `pw.proc`
---@return table<string, number>
function paging.count(proc)
  local counters = assert(proc.vmstat())
  local pressure = proc.pressure "memory"
  counters.psi_some = pressure and pressure.some.total
  counters.psi_full = pressure and pressure.full and pressure.full.total
  return counters
end


--- What each came to a second: bytes of io, swapped_in and swapped_out, faults and refaults; and of
--- the time, in percent, stall and stall_full. What this kernel does not count is nil.
---@param before table<string, number>
---@param after table<string, number>
---@param seconds number between them
---@param page_size integer
---@return table<string, number>
function paging.between(before, after, seconds, page_size)
  local cost = {}
  for _, counted in ipairs(COUNTED) do
    local name, counters, bytes = table.unpack(counted)
    for _, counter in ipairs(counters) do
      if after[counter] and before[counter] then
        cost[name] = (cost[name] or 0)
          + (after[counter] - before[counter]) * (bytes > 0 and bytes or page_size) / seconds
      end
    end
  end
  for name, kind in pairs { stall = "psi_some", stall_full = "psi_full" } do
    cost[name] = after[kind] and before[kind] and (after[kind] - before[kind]) / seconds / 1e4
  end
  return cost
end


--- Pages that were reclaimed since boot, by whomever.
---@param counters table<string, number>
---@return integer
function paging.reclaimed(counters)
  local pages = 0
  for name, value in pairs(counters) do
    pages = pages + (name:find "^pgsteal_" and value or 0)
  end
  return pages
end


return paging
