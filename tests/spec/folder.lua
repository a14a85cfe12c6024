-- SPDX-License-Identifier: MIT
--- A temporary folder of files, for the specs.
local dirent = require "posix.dirent"
local stat = require "posix.sys.stat"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"

local Folder = {}
Folder.__index = Folder


--- Writes a file and returns its path.
function Folder:write(name, contents)
  local path = self.path .. "/" .. name
  local file <close> = assert(io.open(path, "w"))
  file:write(contents)
  return path
end


function Folder:mkdir(name)
  local path = self.path .. "/" .. name
  assert(stat.mkdir(path))
  return path
end


local function remove(path)
  for _, name in ipairs(dirent.dir(path)) do
    if name ~= "." and name ~= ".." then
      local inner = path .. "/" .. name
      local status = stat.lstat(inner)
      if stat.S_ISDIR(status.st_mode) ~= 0 then
        remove(inner)
      else
        unistd.unlink(inner)
      end
    end
  end
  unistd.rmdir(path)
end


function Folder:remove()
  remove(self.path)
end


Folder.__close = Folder.remove


return {
  new = function()
    return setmetatable({ path = assert(stdlib.mkdtemp "/tmp/pagewarden-XXXXXX") }, Folder)
  end,
}
