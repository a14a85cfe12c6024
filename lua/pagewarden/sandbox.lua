-- SPDX-License-Identifier: MIT
--- What the code of a policy sees: text chunks, in an environment of pure functions. The limits are
-- those of the state it runs in. Mistakes are contained; hostile code is not promised.
-- @module pagewarden.sandbox
local text = require "pagewarden.text"

local sandbox = {}

--- What `require` gives to a policy besides the modules in its own folder, and besides those that
--- recipes share, which are pure.
local PURE = { "pagewarden.format", "pagewarden.option", "pagewarden.pattern", "pagewarden.text",
  "pagewarden.trend" }

local FUNCTIONS = { "assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget",
  "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall" }

local LIBRARIES = { coroutine = true, math = true, string = true, table = true, utf8 = true }


--- Each environment has its own tables, so that nothing a policy puts into one reaches the host's.
local function copy(module)
  local result = {}
  for name, value in pairs(module) do
    result[name] = value
  end
  return result
end


--- The metatables of strings and of the host's objects are the host's.
local function get_metatable(value)
  return type(value) == "table" and getmetatable(value) or nil
end


--- A library is copied when it is first used: most policies never use most of them.
local function find_library(environment, name)
  if not LIBRARIES[name] then
    error(("global '%s' is not available here"):format(tostring(name)), 2)
  end
  local library = copy(_G[name])
  library.dump = nil -- of string
  rawset(environment, name, library)
  return library
end


local function refuse_new(_, name)
  error(("global '%s' is assigned: say local"):format(tostring(name)), 2)
end


local function is_pure(name)
  if name:find "^pagewarden%.recipe%." then
    return package.searchpath(name, package.path) ~= nil
  end
  for _, pure in ipairs(PURE) do
    if pure == name then
      return true
    end
  end
  return false
end


--- Reads a chunk as text.
---@param path string
---@param environment table
---@return function? chunk
---@return string? message naming the file
function sandbox.load(path, environment)
  local chunk, message = loadfile(path, "t", environment)
  if chunk then
    return chunk
  end
  message = tostring(message):gsub("^cannot %a+ ", "")
  return nil, message:find(path, 1, true) and message or ("%s: %s"):format(path, message)
end


--- Whether one of the names, which may end in ".*", is that of the module.
local function names_it(names, name)
  for _, known in ipairs(names) do
    local stem = known:match "^(.*%.)%*$"
    if known == name or stem and name:sub(1, #stem) == stem then
      return true
    end
  end
  return false
end


--- `require` for the files of one folder. Each module is loaded once an environment.
local function new_require(folder, environment, may_load, outside)
  local loaded = {}
  local pure = setmetatable({}, { __mode = "v" }) -- a policy may be done with one
  local function load_own(name)
    local path = ("%s/%s.lua"):format(folder, name:gsub("%.", "/"))
    local chunk, message = sandbox.load(path, environment)
    if chunk and may_load then
      local ok, problem = may_load(path)
      chunk, message = ok and chunk or nil, problem
    end
    if not chunk then
      error(("module '%s' is neither pure nor in the policy's folder: %s"):format(text.escape(name),
        message), 3)
    end
    return chunk(name)
  end
  return function(name)
    if type(name) ~= "string" or not name:find "^[%w_-]+[%w_.-]*$" or name:find("..", 1, true) then
      error("require: a module's name expected", 2)
    end
    if is_pure(name) then
      local module = pure[name] or copy(require(name))
      pure[name] = module
      return module
    elseif names_it(outside, name) then
      return require(name)
    elseif loaded[name] == nil then
      loaded[name] = load_own(name) or true
    end
    return loaded[name]
  end
end


--- An environment for the chunks of one policy.
---@param folder string where the policy's own modules are
---@param may_load? fun(path: string): boolean, string? has a say in each of them
---@return table environment
---@return string[] outside the modules that it may load besides, such as "posix.*": none yet
function sandbox.environment(folder, may_load)
  local outside = {}
  local environment = { _VERSION = _VERSION, getmetatable = get_metatable }
  environment._G = environment
  for _, name in ipairs(FUNCTIONS) do
    environment[name] = _G[name]
  end
  environment.require = new_require(folder, environment, may_load, outside)
  return setmetatable(environment, {
    __index = find_library, __newindex = refuse_new, __metatable = false,
  }), outside
end


return sandbox
