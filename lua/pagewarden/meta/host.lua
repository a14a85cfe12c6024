---@meta pagewarden.host
-- SPDX-License-Identifier: MIT

---@class pagewarden.host
---@field lua string the version of Lua
---@field version string the version of pagewarden
local host = {}


--- How large a terminal's window is; nil when it is not one.
---@param fd integer
---@return integer? columns
---@return integer? rows
function host.window(fd) end


--- A method written in C as a function of a module.
---@param method function
---@param object userdata
---@param module table
---@return function
function host.bind(method, object, module) end


--- Refuses every change that code in this Lua state would make, for good.
function host.only_read() end


--- Makes a coroutine of a policy one in which functions that take long may be called.
---@param coroutine thread
function host.allow_waiting(coroutine) end


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


--- Lets the policy change what it was granted. Once, before it starts.
---@param gate pagewarden.Gate
---@param options { name: string, grants?: string[], dry_run?: boolean }
function Cell:grant(gate, options) end


--- Gives each call from now on another deadline.
---@param seconds number of CPU time
function Cell:set_deadline(seconds) end


--- Gives back all it held.
function Cell:close() end


---@class pagewarden.Gate
local Gate = {}


--- Opens the gate that all changes of a host's policies go through, over one root.
---@param root string
---@param options? { imagined: boolean?, loop: pagewarden.Loop? } a test's world, and its clock
---@return pagewarden.Gate?
---@return string? message
---@return integer? errno
function host.gate(root, options) end


--- Undoes the leases that dead processes left.
---@return integer? count
---@return string? message
---@return integer? errno
function Gate:recover() end


--- Takes over the leases that dead processes left.
---@return integer? count
---@return string? message
---@return integer? errno
function Gate:adopt() end


--- Marks a policy's leases to be handed on.
---@param policy string
function Gate:offer(policy) end


--- Undoes what was handed on and not taken up.
---@param policy string? all policies when it is nil
function Gate:settle(policy) end


--- Makes what a policy that took the place of another and failed has changed what that other had
--- made of it.
---@param policy string
function Gate:retract(policy) end


--- Makes keeps of the leases of a policy that did not say how long they are for.
---@param policy string
function Gate:keep(policy) end


--- Ends a policy: undoes its leases and gives up its keys.
---@param policy string
function Gate:stop(policy) end


--- What was done, refused or undone since this was last asked.
---@return table<string, string>[] events
---@return integer lost
function Gate:events() end


--- Forgets whom a policy said to kill in its place.
---@param policy string
function Gate:forget_fallback(policy) end


--- Kills in the place of a policy that has failed, if memory is as short as it said.
---@param policy string
---@param first boolean? it has failed just now
---@return false|"not short"|"nobody"|"would"|"killed"
function Gate:fall_back(policy, first) end


--- Gives up all keys.
function Gate:close() end


return host
