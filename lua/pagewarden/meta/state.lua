---@meta
-- SPDX-License-Identifier: MIT

--- What a policy keeps from one start to the next, as `pw.state` where its needs ask for it:
-- `state = "4K"` is room for so many bytes. A change is there at once, and on the disk ten seconds
-- later or when the policy stops; a dry run writes nothing.
-- @classmod state

---@class pagewarden.Kept
local State = {}


--- The value of a key: a copy, which is the policy's to change.
---@param key string
---@return any value nil when there is none
function State:get(key) end


--- Keeps a value: a string, number or boolean, or a table of them. Anything else is an error that
--- names its path.
---@param key string
---@param value any
---@return boolean? ok nil when there is no room for it, or the disk took nothing when last asked
---@return string? message
---@return integer? errno
---@return string? kind
function State:put(key, value) end


--- Forgets a key.
---@param key string
---@return boolean? ok nil when the disk took nothing when last asked
---@return string? message
---@return integer? errno
---@return string? kind
function State:delete(key) end


--- Waits until the disk has all that was put: for what must not be done before it is noted. Only a
--- task may.
---@return boolean? ok
---@return string? message such as that the disk is full
---@return integer? errno
---@return string? kind
function State:flush() end


return State
