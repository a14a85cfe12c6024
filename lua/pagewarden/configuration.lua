-- SPDX-License-Identifier: MIT
--- The daemon's configuration: which policies run, with which options and grants. Each entry is
-- checked as far as that goes without starting it, and what is wrong with one is no matter for the
-- others.
-- @module pagewarden.configuration
local dirent = require "posix.dirent"
local fingerprint = require "pagewarden.fingerprint"
local grants = require "pagewarden.grants"
local host = require "pagewarden.host"
local policy_module = require "pagewarden.policy"
local scripts = require "pagewarden.scripts"
local stat = require "posix.sys.stat"
local text = require "pagewarden.text"
local trust = require "pagewarden.trust"

local configuration = {}

--- A file in a later folder takes the place of one with its name in an earlier folder.
local LAYERS = { "usr/lib/pagewarden", "etc/pagewarden", "run/pagewarden" }


---@class pagewarden.ConfigurationSource
---@field config string? the folder that --config names
---@field root string where the usual folders are
---@field search pagewarden.ScriptSearch

---@class pagewarden.Configured a policy that is to run
---@field as string its name among those that run
---@field policy pagewarden.Policy loaded and given its options, in a state of its own
---@field grant table
---@field origin string where it is configured: "FILE:LINE"
---@field fingerprint integer differs when its files, options or grants do

---@class pagewarden.ConfigurationProblem
---@field message string with file and line
---@field as string? which policy it is about
---@field denied boolean? a matter of permission

---@class pagewarden.Configuration
---@field files string[] that were read
---@field problems pagewarden.ConfigurationProblem[]
---@field private take fun(configured: pagewarden.Configured)


local function is_folder(path)
  local status = stat.stat(path)
  return status ~= nil and stat.S_ISDIR(status.st_mode) ~= 0
end


local function folders_of(source)
  if source.config then
    local inner = source.config .. "/conf.d"
    return { is_folder(inner) and inner or source.config }
  end
  local folders = {}
  for i, layer in ipairs(LAYERS) do
    folders[i] = ("%s/%s/conf.d"):format(source.root:gsub("/$", ""), layer)
  end
  return folders
end


--- The names in a folder of *.lua files.
---@return string[]? names
---@return string? message
local function list(folder)
  local status, message = stat.stat(folder)
  if not status then
    return nil, message
  end
  local ok, names = pcall(dirent.dir, folder)
  if not ok then
    return nil, names:match "%((.*)%)$" or names
  end
  local files = {}
  for _, name in ipairs(names) do
    files[#files + 1] = name:find "^[^.].*%.lua$" and name or nil
  end
  return files
end


--- The files to read, in the order of their names. That a usual folder is not there is usual.
---@return string[] paths
---@return string? message when a folder cannot be read
local function find_files(source)
  local path_of, names, problem = {}, {}, nil
  for _, folder in ipairs(folders_of(source)) do
    local files, message = list(folder)
    problem = problem or (source.config or is_folder(folder)) and message or nil
    for _, name in ipairs(files or {}) do
      names[#names + 1] = not path_of[name] and name or nil
      path_of[name] = ("%s/%s"):format(folder:gsub("/$", ""), name)
    end
  end
  table.sort(names)
  local paths = {}
  for i, name in ipairs(names) do
    paths[i] = path_of[name]
  end
  return paths, problem
end


local function refuse_question()
  error("a configuration asks nothing", 0)
end


--- What a file says, read in a state of its own: it may loop or grow without end.
---@return pagewarden.ConfigurationReading
local function read_file(path)
  local function broken(message)
    return { entries = {}, problems = { { message = message } } }
  end
  local state <close>, message = host.cell { path = package.path, answer = refuse_question }
  if not state then
    return broken(message)
  end
  local ok, reading = state:call("pagewarden.configuration_file", "read", path)
  return ok and reading or broken(reading:match "^[^\n]*")
end


---@class pagewarden.EntryCheck what is found wrong with one entry goes here
---@field result pagewarden.Configuration
---@field origin string
---@field as string
---@field sound boolean
local EntryCheck = {}
EntryCheck.__index = EntryCheck


function EntryCheck:add(message, denied)
  self.sound = false
  table.insert(self.result.problems, {
    message = ("%s: %s"):format(self.origin, message), as = self.as, denied = denied or nil,
  })
end


--- The policy's file, loaded; nil when that fails. Which files that took is noted.
---@return pagewarden.Policy?
function EntryCheck:load(name, search, files)
  if name:find "/" and not name:find "^/" or name:find "%.lua$" and not name:find "/" then
    self:add(("policy '%s': a path begins with /"):format(text.escape(name)))
    return nil
  end
  local path, message, kind = scripts.find(name, search)
  if not path then
    self:add(message, kind == "denied")
    return nil
  end
  files[1] = path
  local loaded
  loaded, message = policy_module.load(path, { may_load = function(file)
    files[#files + 1] = file
    return trust.check(file)
  end })
  if not loaded then
    self:add(message)
  end
  return loaded
end


--- Gives the policy its options. A check of the policy's own names it already.
function EntryCheck:set_options(policy, options)
  local ok, message, problems = policy:set_options { { name = policy.name, values = options } }
  if ok then
    return
  end
  for _, problem in ipairs(problems or { message }) do
    self:add(problem)
  end
end


--- What is granted is to be needed, and what is needed beyond reading is to be granted. Needs that
--- depend on options which are wrong are not known.
function EntryCheck:check_grant(policy, grant)
  local needed, message = policy.needs, nil
  if self.sound then
    needed, message = policy:needs_now()
  end
  if message then
    self:add(message)
  end
  if not needed then
    return
  end
  local problems = grants.problems(grant, needed)
  for _, problem in ipairs(problems) do
    self:add(("%s: %s"):format(policy.name, problem))
  end
  local missing = #problems == 0 and grants.missing(grant, needed)
  if missing then
    self:add(("%s: needs what it is not granted; add %s"):format(policy.name,
      grants.to_lua(missing)), true)
  end
end


local function check_name(self, as, taken)
  if type(as) ~= "string" or not as:find "^%l[%l%d-]*$" then
    self:add(("as: expected a name of lower-case letters, digits and hyphens, found %s"):format(
      type(as) == "string" and ("'%s'"):format(text.escape(as)) or "a " .. type(as)))
  elseif taken[as] then
    self:add(("%s is configured twice; the other is at %s; name one with as = \"…\""):format(as,
      taken[as]))
  end
end


--- Makes of an entry a policy that can be started, or says all that is wrong with it.
---@param result pagewarden.Configuration
---@param entry pagewarden.ConfigurationEntry
---@param origin string
---@param search pagewarden.ScriptSearch
---@param taken table<string, string> the origin of each name that is taken
local function take_entry(result, entry, origin, search, taken)
  local as = type(entry.as) == "string" and entry.as or entry.policy:match "([^/]*)$"
  local check = setmetatable({ result = result, origin = origin, as = as, sound = true },
    EntryCheck)
  local files, grant = {}, entry.grant == nil and {} or entry.grant
  local policy = check:load(entry.policy, search, files)
  if not policy then
    return
  end
  check.as = type(entry.as) == "string" and entry.as or policy.name
  check_name(check, entry.as == nil and policy.name or entry.as, taken)
  check:set_options(policy, entry.options)
  check:check_grant(policy, grant)
  taken[check.as] = taken[check.as] or origin
  if not check.sound then
    policy:close()
    return
  end
  result.take {
    as = check.as, policy = policy, grant = grant, origin = origin,
    fingerprint = fingerprint.of(files, entry.options, grant),
  }
end


local function take_file(result, path, search, taken)
  local ok, problem = trust.check(path)
  if not ok then
    table.insert(result.problems, { message = problem, denied = true })
    return
  end
  local reading = read_file(path)
  for _, found in ipairs(reading.problems) do
    local place = found.line and ("%s:%d"):format(path, found.line) or path
    local message = found.message:find(path, 1, true) == 1 and found.message
      or ("%s: %s"):format(place, found.message)
    table.insert(result.problems, { message = message })
  end
  for _, entry in ipairs(reading.entries) do
    local place = entry.line and ("%s:%d"):format(path, entry.line) or path
    take_entry(result, entry, place, search, taken)
  end
end


--- Without configuration nothing is granted: the policies that come with pagewarden and only read.
local function take_bundled(result, search)
  local attempt = { problems = {}, take = result.take }
  for _, script in ipairs(scripts.bundled(search)) do
    take_entry(attempt, { policy = script.path, options = {} }, "no configuration", search, {})
  end
end


--- Reads the configuration and loads the policies it names, starting none.
---@param source pagewarden.ConfigurationSource
---@param take fun(configured: pagewarden.Configured) is called with each, to keep or to close
---@return pagewarden.Configuration
function configuration.load(source, take)
  local files, message = find_files(source)
  local result = { files = files, problems = {}, take = take }
  local taken = {}
  if message then
    table.insert(result.problems, { message = message })
  end
  for _, path in ipairs(result.files) do
    take_file(result, path, source.search, taken)
  end
  if #files == 0 and not message then
    take_bundled(result, source.search)
  end
  return result
end


return configuration
