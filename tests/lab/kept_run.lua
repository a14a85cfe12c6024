-- SPDX-License-Identifier: MIT
--- Runs of a bench in guests, each kept in a file and not done again. What a guest measures it says
--- in lines "# result NAME VALUE".
local boot = require "boot"

local kept_run = {}


--- What was measured in a run that is over: values by name, or nil.
---@param path string
---@param last string a name without which it was not over
---@return table<string, number|string>?
function kept_run.recall(path, last)
  local values = {}
  local file <close> = io.open(path)
  for name, value in (file and file:read "a" or ""):gmatch "# result (%S+) (%S+)" do
    values[name] = tonumber(value) or value
  end
  return values[last] and values or nil
end


--- Boots a guest and keeps what it says; shows it instead when something went wrong.
---@param path string
---@param guest lab.Guest
function kept_run.measure(path, guest)
  local lines = {}
  local problem = boot.run(guest, function(line) lines[#lines + 1] = line end)
  if problem then
    print(table.concat(lines, "\n"))
    return
  end
  local file <close> = assert(io.open(path, "w"))
  file:write(table.concat(lines, "\n"), "\n")
end


return kept_run
