-- SPDX-License-Identifier: MIT
-- Given the snippets, runs each once and returns the names of those functions in pagewarden modules
-- and methods of pagewarden classes that none of them called. A function of a module and the method
-- it wraps with a default object count as one. Finalizers are left out: closing a state runs them.
local snippets = ...

local called = {}

local function wrapped(func)
  for i = 1, 255 do
    local name, value = debug.getupvalue(func, i)
    if not name then return nil end
    if type(value) == "function" then return value end
  end
end

local function note_call()
  local func = debug.getinfo(2, "f").func
  called[func] = true
  called[wrapped(func) or func] = true
end

local function is_covered(func)
  return called[func] or called[wrapped(func)] or false
end

local function add_uncovered(uncovered, prefix, container)
  for name, value in pairs(container) do
    if type(value) == "function" and name ~= "__gc" and not is_covered(value) then
      uncovered[#uncovered + 1] = prefix .. name
    end
  end
end

for _, snippet in ipairs(snippets) do
  local chunk = assert(load(snippet, "=" .. snippet))
  debug.sethook(note_call, "c")
  chunk()
  debug.sethook()
end

-- The table of methods that an __index function has, or the __index that is one.
local function methods_of(class)
  local index = rawget(class, "__index")
  for i = 1, type(index) == "function" and 255 or 0 do
    local name, value = debug.getupvalue(index, i)
    if not name or type(value) == "table" then return value end
  end
  return index
end

local function add_uncovered_methods(uncovered, prefix, class)
  add_uncovered(uncovered, prefix, class)
  local methods = methods_of(class)
  if type(methods) == "table" and methods ~= class then
    add_uncovered(uncovered, prefix, methods)
  end
end

local uncovered = {}
for name in pairs(package.preload) do
  if name:find "^pagewarden%." then add_uncovered(uncovered, name .. ".", require(name)) end
end
for name, class in pairs(debug.getregistry()) do
  if type(name) == "string" and name:find "^pagewarden%." then
    add_uncovered_methods(uncovered, name .. ":", class)
  end
end
table.sort(uncovered)
return table.concat(uncovered, "\n  ")
