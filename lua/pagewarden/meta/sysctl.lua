---@meta pagewarden.sysctl
-- SPDX-License-Identifier: MIT

---@class pagewarden.ActOptions
---@field lifetime? "lease"|"keep"
---@field cooldown? number seconds before the policy may set it again
---@field self? boolean of `oom.set_adj`: the caller's own process may be meant

---@alias pagewarden.Setting integer|integer[]|string


local sysctl = {}


--- A setting.
---@param key string such as "vm.swappiness"
---@return pagewarden.Setting?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.get(key) end


--- Changes a setting, and gives what the kernel has now.
---@param key string
---@param value pagewarden.Setting
---@param options? pagewarden.ActOptions
---@return pagewarden.Setting?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.set(key, value, options) end


--- The keys there are on this kernel.
---@param folder? string "vm" when left out
---@return string[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.list(folder) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Sysctl?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.open(root) end


--- The functions of `pagewarden.sysctl` for one root.
---@class pagewarden.Sysctl
---@field get fun(self, key: string): pagewarden.Setting?, string?
---@field set fun(self, key: string, value: pagewarden.Setting, options?: table): any
---@field list fun(self, folder?: string): string[]?, string?
local Sysctl = {}


--- Frees what it opened; `<close>` does the same.
function Sysctl:close() end


return sysctl
