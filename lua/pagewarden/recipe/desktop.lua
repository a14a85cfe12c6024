-- SPDX-License-Identifier: MIT
--- How to reach the desktops of who is logged in: notify-send, as that user, at that user's session
-- bus, without a shell. Pure: it makes command lines, and reads with what it is given.
-- @module pagewarden.recipe.desktop
local text = require "pagewarden.text"

local desktop = {}

local SETPRIV, ENV, NOTIFY = "/usr/bin/setpriv", "/usr/bin/env", "/usr/bin/notify-send"

--- Users that log in begin here (UID_MIN of login.defs): the system's bus and the login screen's
--- are below, and no desktop of anybody.
local FIRST_UID <const> = 1000
local NOBODY <const> = 65534

--- Who carries a session's messages, as the kernel cuts its name.
local BUSES = { ["dbus-daemon"] = true, ["dbus-broker"] = true, ["dbus-broker-lau"] = true }

--- The programs that `commands` starts, for a policy's needs.
desktop.PROGRAMS = { SETPRIV, ENV }


--- Notification servers take a text for markup.
local function plain(message)
  return (text.escape(message):gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end


--- /proc/PID/io is for who may trace the process: root, and the user it belongs to.
local function is_readable(process)
  return process ~= nil and process:io() ~= nil
end


--- The users with a session bus that we can reach: { uid =, gid = }, each once.
local function find_users(pw)
  local users, seen = {}, {}
  local rows = assert(pw.proc.processes { "pid", "comm", "uid" })
  for row in rows:each() do
    local uid = row.uid
    if BUSES[row.comm] and uid and uid >= FIRST_UID and uid ~= NOBODY and not seen[uid] then
      local process = row:process()
      local status = is_readable(process) and process:status()
      seen[uid] = status and true
      users[#users + 1] = status and { uid = uid, gid = status.Gid[1] } or nil
    end
  end
  rows:close()
  return users
end


--- The command lines that show a notification to each of them. Who is root becomes the user first,
--- with none of root's groups; who is not is that user already.
---@param pw pagewarden.Pw
---@param title string
---@param message string as `pw.log` would have it: names in it may hold any bytes
---@param urgent boolean
---@return string[][]
function desktop.commands(pw, title, message, urgent)
  local commands = {}
  local is_root = is_readable((pw.proc.process(1)))
  for i, user in ipairs(find_users(pw)) do
    local words = is_root and { SETPRIV, "--reuid", tostring(user.uid), "--regid",
      tostring(user.gid), "--clear-groups", "--" } or {}
    for _, word in ipairs { ENV,
      ("DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/%d/bus"):format(user.uid), NOTIFY,
      "--app-name=pagewarden", "--icon=dialog-warning",
      "--urgency=" .. (urgent and "critical" or "normal"), "--", title, plain(message) } do
      words[#words + 1] = word
    end
    commands[i] = words
  end
  return commands
end


return desktop
