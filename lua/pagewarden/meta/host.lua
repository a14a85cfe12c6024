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


---@class pagewarden.CellOptions
---@field answer fun(...): any what the policy asks
---@field path? string for `require` in it
---@field memory? integer bytes
---@field deadline? number seconds of CPU time for each call

---@class pagewarden.Cell
local Cell = {}


--- Opens a Lua state for one policy.
---@param options pagewarden.CellOptions
---@return pagewarden.Cell?
---@return string? message
---@return integer? errno
function host.cell(options) end


--- From inside a cell: asks whoever opened it.
---@param ... any plain values
---@return any ...
function host.ask(...) end


--- Calls a function of a module inside, within the limits of the policy.
---@param module string
---@param name string
---@param ... any plain values
---@return boolean ok
---@return any ... what it returned, or the message and the outcome
function Cell:call(module, name, ...) end


--- How much memory it has now.
---@return integer bytes
function Cell:memory() end


--- Gives back all it held.
function Cell:close() end


return host
