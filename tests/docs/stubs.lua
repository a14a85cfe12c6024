-- SPDX-License-Identifier: MIT
-- What the stubs for editors declare: { ["snapshot:sum"] = "field", … }, the parameters by name.
local FOLDER = "lua/pagewarden/meta"

local stubs = {}


local function add_from(path, declared)
  local file <close> = assert(io.open(path))
  local source = file:read "a"
  local module = source:match "^%-%-%-@meta (pagewarden%.%w+)\n"
  assert(load(source, "=" .. path))
  for container, mark, name, parameters in source:gmatch "\nfunction (%w+)([.:])([%w_]+)(%b())" do
    local prefix = mark == "." and module or container:lower()
    declared[prefix .. mark .. name] = parameters:sub(2, -2)
  end
end


---@return table<string, string>
function stubs.declared()
  local declared = {}
  local files <close> = assert(io.popen(("ls %s/*.lua"):format(FOLDER)))
  for path in files:lines() do
    add_from(path, declared)
  end
  return declared
end


return stubs
