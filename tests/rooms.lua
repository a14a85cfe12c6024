-- SPDX-License-Identifier: MIT
-- What each room of the core may include, as docs/architecture.md says: lua5.4 tests/rooms.lua
local ROOMS = {
  { name = "read", may = { "read" } },
  { name = "trend", may = { "trend" } },
  { name = "act", may = { "act", "read" } },
  { name = "bind", may = { "bind", "act", "read", "trend" }, lua = true },
  { name = "host", may = { "host", "bind", "act", "read", "trend" }, lua = true },
}

local LUA_HEADERS = { ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true }


--- What is wrong with a header that a file of the room includes, or nil.
local function problem_with(room, mark, header)
  if mark == "<" then
    return LUA_HEADERS[header] and not room.lua and "knows Lua" or nil
  end
  local other = header:match "^(%l+)/"
  for _, allowed in ipairs(room.may) do
    if other == allowed then
      return nil
    end
  end
  return "may not include core/" .. header
end


local function check_file(room, path)
  local file <close> = assert(io.open(path))
  local problems, number = 0, 0
  for line in file:lines() do
    number = number + 1
    local mark, header = line:match '^#include ([<"])([^>"]+)'
    local problem = header and problem_with(room, mark, header)
    if problem then
      problems = problems + 1
      print(("%s:%d: core/%s %s"):format(path, number, room.name, problem))
    end
  end
  return problems
end


local problems, files = 0, 0
for _, room in ipairs(ROOMS) do
  local list <close> = assert(io.popen(("ls core/%s/*.[ch]"):format(room.name)))
  for path in list:lines() do
    problems, files = problems + check_file(room, path), files + 1
  end
end
assert(files > 100, "run this in the top folder")
os.exit(problems == 0)
