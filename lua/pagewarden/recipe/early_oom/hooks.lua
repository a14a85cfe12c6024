-- SPDX-License-Identifier: MIT
--- The user's programs that are run before and after somebody is ended, and at a warning.
-- @module pagewarden.recipe.early_oom.hooks
local hooks = {}

--- Seconds each may take. Memory runs out while the one before is waited for.
local PATIENCE <const> = { before = 0.2, after = 10, warning = 10 }


--- Runs a program, in a task: it is told what happens and, if there is somebody, pid and name.
---@param pw pagewarden.Pw
---@param path string? nothing is run without
---@param what "before"|"after"|"warning"
---@param victim { pid: integer, comm: string }?
function hooks.run(pw, path, what, victim)
  if path then
    pw.exec.run({ path, what, victim and tostring(victim.pid) or "", victim and victim.comm or "" },
      { timeout = PATIENCE[what] })
  end
end


return hooks
