---@meta pagewarden.psi
-- SPDX-License-Identifier: MIT

---@class pagewarden.TriggerRequest
---@field resource pagewarden.Resource
---@field kind? "some"|"full"
---@field stall number seconds
---@field window? number seconds; 2 when left out
---@field cgroup? string


---@class pagewarden.psi
local psi = {}


--- How much of the time tasks waited for a resource, of the machine or of a cgroup.
---@param resource pagewarden.Resource
---@param cgroup? string
---@return pagewarden.Pressure?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function psi.read(resource, cgroup) end


--- Asks the kernel to tell when so much time was lost within a window.
---@param request pagewarden.TriggerRequest
---@return pagewarden.Trigger?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function psi.trigger(request) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Psi?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function psi.open(root) end


--- The functions of `pagewarden.psi` for one root.
---@class pagewarden.Psi
---@field read fun(self, resource: pagewarden.Resource, cgroup?: string): pagewarden.Pressure?, any
---@field trigger fun(self, request: pagewarden.TriggerRequest): pagewarden.Trigger?, string?
local Psi = {}


--- Frees what it opened; `<close>` does the same.
function Psi:close() end


--- What waits for pressure.
---@class pagewarden.Trigger
local Trigger = {}


--- Waits until time was lost.
---@param timeout? number seconds
---@return boolean? lost
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Trigger:wait(timeout) end


--- Its descriptor, to poll for POLLPRI.
---@return integer
function Trigger:fd() end


--- Ends it; `<close>` does the same.
function Trigger:close() end


return psi
