---@meta pagewarden.host
-- SPDX-License-Identifier: MIT

---@class pagewarden.host
---@field lua string the version of Lua
---@field version string the version of pagewarden
local host = {}


--- How wide a terminal is; nil when it is not one.
---@param fd integer
---@return integer?
function host.columns(fd) end


--- A method written in C as a function of a module.
---@param method function
---@param object userdata
---@param module table
---@return function
function host.bind(method, object, module) end


--- Calls a function as `pcall` does, and lets it fail when it takes too much.
---@param limits { instructions: integer, bytes: integer }
---@param fn function
---@param ... any
---@return boolean ok
---@return any ...
function host.bounded(limits, fn, ...) end


return host
