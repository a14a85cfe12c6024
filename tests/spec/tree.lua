-- SPDX-License-Identifier: MIT
-- Small roots for specs: a table of paths and texts becomes files in a fresh directory.

local tree = {}

local made = {}

local function quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- Makes a root with these files; a path that ends in "/" is an empty directory.
---@param files table<string, string>
---@return string root
function tree.new(files)
  local root = os.tmpname()
  os.remove(root)
  local folders = { quoted(root) }
  for path in pairs(files) do
    folders[#folders + 1] = quoted(root .. "/" .. path:match("^(.*)/"))
  end
  assert(os.execute("mkdir -p " .. table.concat(folders, " ")))
  for path, text in pairs(files) do
    if not path:find("/$") then write(root .. "/" .. path, text) end
  end
  made[#made + 1] = root
  return root
end

--- Writes a file of a root anew, in place, as the kernel would change it.
---@param root string
---@param path string
---@param text string
function tree.write(root, path, text)
  write(root .. "/" .. path, text)
end

--- Removes a file of a root.
---@param root string
---@param path string
function tree.delete(root, path)
  assert(os.remove(root .. "/" .. path))
end

--- Removes every root that was made.
function tree.remove_all()
  for _, root in ipairs(made) do os.execute("rm -rf " .. quoted(root)) end
  made = {}
end

return tree
