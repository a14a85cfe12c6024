-- SPDX-License-Identifier: MIT
--- What keeps a daemon able to act when memory is short or a policy holds it up: its memory locked,
-- its priority, its standing with the OOM killer, and a watchdog thread (core/host/watchdog.h) that
-- ends it, to be started anew without the policy that did.
-- @module pagewarden.resident
local loop_watchdog = require "pagewarden.loop_watchdog"
local run_folder = require "pagewarden.run_folder"

local resident = {}

--- As sshd and udevd: killed after everything else that may be.
local OOM_SCORE_ADJ = -900


--- Says once what was not permitted; that is no reason not to run.
local function say(log, ok, message, kind)
  if not ok and kind ~= "gone" then
    log("not-resident", { message = message })
  end
end


--- Asks for what a daemon wants under pressure, once it has started. Elsewhere than on the
--- machine's own root there is nobody to stand before, and what is missing there is not said.
---@param reader table
---@param log fun(event: string, fields: table?)
function resident.settle(reader, log)
  local ok, message, _, kind = loop_watchdog.lock_memory()
  say(log, ok, message, kind)
  loop_watchdog.raise_priority() -- a host that may not is as good where there is no crowd
  local own = reader:read "proc/self/oom_score_adj"
  if own and tonumber(own) > OOM_SCORE_ADJ then
    ok, message, _, kind = loop_watchdog.set_oom_score_adj(reader, OOM_SCORE_ADJ)
    say(log, ok, message, kind)
  end
end


--- Watches the loop.
---@param loop table
---@param reader table
---@param log fun(event: string, fields: table?)
---@return table? watchdog with `name`, `begin_turn` and `end_turn`, and `<close>`
function resident.watch(loop, reader, log)
  local watchdog, message, _, kind = loop_watchdog.open(loop, reader)
  say(log, watchdog, message, kind)
  return watchdog
end


--- The policies that held up a daemon which was ended for it, by name.
---@param root string
---@return table<string, boolean> names
---@return string path of the file that says so
function resident.left_off(root)
  local path, names = run_folder.of(root) .. "/stuck", {}
  local file <close> = io.open(path)
  for name in file and file:lines() or function() end do
    names[name] = true
  end
  return names, path
end


return resident
