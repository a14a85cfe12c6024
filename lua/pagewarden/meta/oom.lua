---@meta pagewarden.oom
-- SPDX-License-Identifier: MIT

local oom = {}


--- How badly the kernel rates the process: the highest is killed first.
---@param process pagewarden.Process|integer
---@return integer?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.score(process) end


--- What is added to the process's score, in thousandths of all memory.
---@param process pagewarden.Process|integer
---@return integer?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.adj(process) end


--- Changes it, and gives what the kernel has now.
---@param process pagewarden.Process|integer
---@param adj integer -1000 to 1000
---@param options? pagewarden.ActOptions
---@return integer?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.set_adj(process, adj, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Oom?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.open(root) end


--- The functions of `pagewarden.oom` for one root.
---@class pagewarden.Oom
---@field score fun(self, process: pagewarden.Process|integer): integer?, string?
---@field adj fun(self, process: pagewarden.Process|integer): integer?, string?
---@field set_adj fun(self, process: any, adj: integer, options?: pagewarden.ActOptions): integer?
local Oom = {}


--- Frees what it opened; `<close>` does the same.
function Oom:close() end


return oom
