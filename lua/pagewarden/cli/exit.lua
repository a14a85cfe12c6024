-- SPDX-License-Identifier: MIT
--- Exit statuses, and the one line on standard error that goes with each but the first.
-- @module pagewarden.cli.exit
local text = require "pagewarden.text"

local exit = {
  DONE = 0,
  FAILED = 1, -- could not do what it was asked
  USAGE = 2, -- a wrong command line, or a file that does not load
  DENIED = 3, -- not granted, or not permitted
}


--- Says what went wrong, in one line, and hands the status back.
---@param status integer
---@param message string
---@return integer status
function exit.complain(status, message)
  io.stdout:flush()
  io.stderr:write("pagewarden: ", text.escape(message), "\n")
  return status
end


--- The status for a reader's `nil, message, errno, kind`.
---@param kind "gone"|"denied"|"unsupported"|"broken"|nil
---@return integer status
function exit.status_of(kind)
  return kind == "denied" and exit.DENIED or exit.FAILED
end


return exit
