-- SPDX-License-Identifier: MIT
-- The functions that users may call: those of each module, as "pagewarden.proc.meminfo", and the
-- methods of its objects, as "snapshot:refresh".
local proc = require "pagewarden.proc"
local pw = require "pagewarden.pw"
local trend = require "pagewarden.trend"

local public = {}

--- Modules in Lua that programs and policies require; those in C are all of theirs.
local LUA_MODULES = { "pagewarden.format", "pagewarden.option", "pagewarden.testing" }

--- Objects whose methods are the functions of their module, and `close`.
local VIEWS = { reader = true, cgroup = true, exec = true, kill = true, kmsg = true, mm = true,
  oom = true, psi = true, reclaim = true, swap = true, sysctl = true, sysrq = true }


--- The modules that the executable has in it.
function public.c_modules()
  local file <close> = assert(io.open "core/host/modules.c")
  local names = {}
  for name in file:read("a"):gmatch '{"(pagewarden%.%w+)",' do
    names[#names + 1] = name
  end
  return names
end


--- The table of methods behind a metatable's __index, be it a table or a function with one.
local function methods_of(metatable)
  local index = rawget(metatable, "__index")
  for i = 1, type(index) == "function" and 255 or 0 do
    local name, value = debug.getupvalue(index, i)
    if not name or type(value) == "table" then
      return value
    end
  end
  return index
end


local function add(names, prefix, container)
  for name, value in pairs(container) do
    if type(value) == "function" and not name:find "^__" then
      names[#names + 1] = prefix .. name
    end
  end
end


local function add_classes(names)
  for name, metatable in pairs(debug.getregistry()) do
    local class = type(name) == "string" and name:match "^pagewarden%.([%w_]+)$"
    if VIEWS[class] then
      names[#names + 1] = class .. ":close"
    elseif class then
      local methods = methods_of(metatable)
      add(names, class .. ":", type(methods) == "table" and methods or {})
    end
  end
end


--- What a policy's `pw` has, beside the modules that it was granted.
local function add_pw(names)
  add(names, "pw:", methods_of(debug.getmetatable(pw.new(proc.open(), {}, {}))))
  add(names, "state:", require "pagewarden.kept")
end


--- The methods of a test world that are not marked as its own business.
local function add_world(names)
  local path = package.searchpath("pagewarden.testing", package.path)
  local file <close> = assert(io.open(path))
  local source = file:read "a"
  for before, name in source:gmatch "(%C*)\nfunction World:([%w_]+)" do
    if before ~= "---@private" then
      names[#names + 1] = "world:" .. name
    end
  end
end


--- All names, sorted.
---@return string[]
function public.functions()
  local names = {}
  for _, module in ipairs(public.c_modules()) do
    add(names, module .. ".", require(module))
  end
  for _, module in ipairs(LUA_MODULES) do
    add(names, module .. ".", require(module))
  end
  trend.envelope { bucket = 1 } -- its class, and the next one's, are known from now on
  trend.history()
  add_classes(names)
  add_world(names)
  add_pw(names)
  table.sort(names)
  return names
end


return public
