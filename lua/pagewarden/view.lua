-- SPDX-License-Identifier: MIT
--- A module's functions, reading from one root: what policies and eval get in place of the modules
-- themselves.
-- @module pagewarden.view
local host = require "pagewarden.host"

local view = {}


--- The methods of what a module's `open` returned, as a module. They may be called with a dot, as
--- the module's functions are, or with a colon.
---@param opened userdata
---@return table
function view.module_of(opened)
  local module = {}
  for name, method in pairs(getmetatable(opened)) do
    if type(method) == "function" and not name:find "^__" and name ~= "close" then
      module[name] = host.bind(method, opened, module)
    end
  end
  return module
end


return view
