-- SPDX-License-Identifier: MIT
--- Paths in a tree of folders, of cgroups for instance: absolute, "/" for its root. Pure.
-- @module pagewarden.recipe.paths
local paths = {}


--- Whether a path is another one or below it; one that is not known is within the root only.
---@param path string?
---@param top string with or without a slash behind it
---@return boolean
function paths.is_within(path, top)
  if top:find "./$" then
    top = top:gsub("/+$", "")
  end
  return top == "/" or path ~= nil and (path == top or path:sub(1, #top + 1) == top .. "/")
end


--- The folder that a path is in; nil for the root.
---@param path string
---@return string?
function paths.above(path)
  if path ~= "/" then
    return path:match "^(.+)/[^/]*$" or "/"
  end
end


return paths
