-- SPDX-License-Identifier: MIT
--- Where the files of policies are.
-- @module pagewarden.scripts
local dirent = require "posix.dirent"
local stat = require "posix.sys.stat"
local text = require "pagewarden.text"
local trust = require "pagewarden.trust"

local scripts = {}


---@class pagewarden.ScriptSearch
---@field first string[]? folders named on the command line
---@field prefix string? where pagewarden is installed
---@field privileged boolean? the environment is not to be trusted


--- The folders to look in, first wins. Never the working directory.
---@param search pagewarden.ScriptSearch
---@return string[]
function scripts.folders(search)
  local folders = {}
  for i, folder in ipairs(search.first or {}) do
    folders[i] = folder
  end
  local path = not search.privileged and os.getenv "PAGEWARDEN_PATH" or ""
  for folder in path:gmatch "[^:]+" do
    folders[#folders + 1] = folder
  end
  folders[#folders + 1] = "/etc/pagewarden/scripts"
  if search.prefix then
    folders[#folders + 1] = search.prefix .. "/share/pagewarden/scripts"
  end
  for _, share in ipairs { "/usr/local/share", "/usr/share" } do
    if not search.prefix or search.prefix .. "/share" ~= share then
      folders[#folders + 1] = share .. "/pagewarden/scripts"
    end
  end
  return folders
end


--- Where the bundled policies lie, in what is installed and in the sources: beside these modules.
---@return string[]
function scripts.beside_modules()
  local own = package.searchpath("pagewarden.scripts", package.path) or ""
  local share = own:match "^(.*)/lua/[%d.]+/pagewarden/" or own:match "^(.*)/lua/pagewarden/"
  return share and { share .. "/pagewarden/scripts", share .. "/scripts" } or {}
end


local function is_file(path)
  local status = stat.stat(path)
  return status ~= nil and stat.S_ISREG(status.st_mode) ~= 0
end


--- The names of the policies in a folder, sorted; none when it is not there. A spec may lie
--- beside it.
local function names_in(folder)
  local names = {}
  for _, file in ipairs(dirent.dir(folder) or {}) do
    local name = file:match "^([%w_-]+)%.lua$"
    if name and not name:find "_spec$" and is_file(folder .. "/" .. file) then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end


--- Folders that cannot be listed are as good as absent, which most of them are.
local function can_list(folder)
  local status = stat.stat(folder)
  return status ~= nil and stat.S_ISDIR(status.st_mode) ~= 0
end


--- The policies that come with pagewarden.
---@param search pagewarden.ScriptSearch
---@return { name: string, path: string }[]
function scripts.bundled(search)
  local found, folder = {}, (search.prefix or "/usr") .. "/share/pagewarden/scripts"
  for i, name in ipairs(can_list(folder) and names_in(folder) or {}) do
    found[i] = { name = name, path = ("%s/%s.lua"):format(folder, name) }
  end
  return found
end


--- Every policy there is, by name; of two with one name, the one found first.
---@param search pagewarden.ScriptSearch
---@return { name: string, path: string }[]
function scripts.list(search)
  local found, seen = {}, {}
  for _, folder in ipairs(scripts.folders(search)) do
    for _, name in ipairs(can_list(folder) and names_in(folder) or {}) do
      if not seen[name] then
        seen[name] = true
        found[#found + 1] = { name = name, path = ("%s/%s.lua"):format(folder, name) }
      end
    end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end


local function explain_unknown(name, search)
  local names = {}
  for i, script in ipairs(scripts.list(search)) do
    names[i] = script.name
  end
  local nearest = text.nearest(name, names)
  return ("no policy '%s'%s"):format(name,
    nearest and (" (did you mean '%s'?)"):format(nearest) or "; pagewarden list shows them")
end


local function path_of(name, search)
  if name:find "/" or name:find "%.lua$" then
    return name
  end
  for _, folder in ipairs(scripts.folders(search)) do
    local path = ("%s/%s.lua"):format(folder, name)
    if is_file(path) then
      return path
    end
  end
end


--- The file of a policy, given by name or by path.
---@param name string a path when it has a "/" or ends in ".lua"
---@param search pagewarden.ScriptSearch
---@return string? path
---@return string? message
function scripts.locate(name, search)
  local path = path_of(name, search)
  if not path then
    return nil, explain_unknown(name, search)
  end
  local status, message = stat.stat(path)
  if not status then
    return nil, message
  elseif not is_file(path) then
    return nil, path .. ": not a file"
  end
  return path
end


--- The file of a policy that this process may run.
---@param name string as for `locate`
---@param search pagewarden.ScriptSearch
---@return string? path
---@return string? message
---@return "denied"|nil kind
function scripts.find(name, search)
  local path, message = scripts.locate(name, search)
  if not path then
    return nil, message
  end
  local ok, problem = trust.check(path)
  if not ok then
    return nil, problem, "denied"
  end
  return path
end


return scripts
