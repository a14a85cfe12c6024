-- SPDX-License-Identifier: MIT
--- A folder of files that stands for a machine: made in a temporary place, written as the world
-- goes on, compared with what was written, and removed.
-- @module pagewarden.testing.tree
local dirent = require "posix.dirent"
local stat = require "posix.sys.stat"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"

---@class pagewarden.testing.Tree
---@field path string
---@field private files table<string, string> what was written, by path below the tree's own
local Tree = {}
Tree.__index = Tree


local function is_folder(path)
  local status = stat.lstat(path)
  return status ~= nil and stat.S_ISDIR(status.st_mode) ~= 0
end


local function is_file(path)
  local status = stat.lstat(path)
  return status ~= nil and stat.S_ISREG(status.st_mode) ~= 0
end


--- The names in a folder, without the two that every folder has.
local function names_in(path)
  local names = {}
  for _, name in ipairs(assert(dirent.dir(path))) do
    if name ~= "." and name ~= ".." then
      names[#names + 1] = name
    end
  end
  return names
end


local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end


--- Makes the folders above a file, as far as they are missing.
function Tree:make_folders(path)
  local folder = self.path
  for name in path:gmatch "([^/]+)/" do
    folder = folder .. "/" .. name
    if not is_folder(folder) then
      assert(stat.mkdir(folder))
    end
  end
end


--- Writes a file, and its folders.
---@param path string below the tree
---@param contents string
function Tree:write(path, contents)
  if not self.files[path] then
    self:make_folders(path)
  end
  self.files[path] = contents
  local file <close> = assert(io.open(self.path .. "/" .. path, "wb"))
  assert(file:write(contents))
end


--- Copies the regular files of another folder.
---@param source string
---@param below string? a folder in it
function Tree:copy(source, below)
  local folder = below and source .. "/" .. below or source
  for _, name in ipairs(names_in(folder)) do
    local path = below and below .. "/" .. name or name
    if is_folder(source .. "/" .. path) then
      self:copy(source, path)
    elseif is_file(source .. "/" .. path) then
      self:write(path, read(source .. "/" .. path))
    end
  end
end


--- The files that are no longer as they were written.
---@return string[]
function Tree:changed()
  local changed = {}
  for path, contents in pairs(self.files) do
    local whole = self.path .. "/" .. path
    if not is_file(whole) or read(whole) ~= contents then
      changed[#changed + 1] = path
    end
  end
  table.sort(changed)
  return changed
end


local function remove(path)
  for _, name in ipairs(names_in(path)) do
    local inner = path .. "/" .. name
    if is_folder(inner) then
      remove(inner)
    else
      assert(unistd.unlink(inner))
    end
  end
  assert(unistd.rmdir(path))
end


--- Removes a folder in the tree, with all in it.
---@param path string below the tree
function Tree:remove_folder(path)
  remove(self.path .. "/" .. path)
  for file in pairs(self.files) do
    if file:sub(1, #path + 1) == path .. "/" then
      self.files[file] = nil
    end
  end
end


--- Removes the tree.
function Tree:remove()
  remove(self.path)
end


--- A folder in memory where there is one: a world writes some files at every tick, and a disk would
-- take forty times as long.
local function temporary_folder()
  return os.getenv "TMPDIR" or unistd.access("/dev/shm", "w") and "/dev/shm" or "/tmp"
end


local tree = {}


---@return pagewarden.testing.Tree
function tree.new()
  local path = assert(stdlib.mkdtemp(temporary_folder() .. "/pagewarden-world-XXXXXX"))
  return setmetatable({ path = path, files = {} }, Tree)
end


return tree
