---@meta pagewarden.sysctl
-- SPDX-License-Identifier: MIT

---@class pagewarden.ActOptions
---@field lifetime? "lease"|"keep"
---@field cooldown? number seconds before the policy may set it again
---@field dangerous? boolean of `sysctl.set`: a value that is refused for what it does is meant
---@field self? boolean of `oom.set_adj`: the caller's own process may be meant

---@alias pagewarden.Setting integer|integer[]|string


---@class pagewarden.Description what there is to know of a setting
---@field key string
---@field known boolean false for one that pagewarden has never heard of
---@field present boolean whether this kernel has it
---@field kind? "number"|"list"|"word"|"trigger" a trigger has no value
---@field unit? string
---@field min? integer
---@field max? integer
---@field default? pagewarden.Setting
---@field since? string release
---@field removed? string release
---@field danger? integer 0 harmless to 4: it can kill the machine
---@field note? string
---@field partner? string the key that the kernel makes 0 when this one is written
---@field action? boolean writing it does something at once
---@field replaced_by? string where it is gone
---@field choices? string[] of `mm.describe`: what there is to choose from

---@class pagewarden.SysctlFinding
---@field key string
---@field value pagewarden.Setting
---@field danger integer 0 to 4
---@field problem string
---@field advice string


local sysctl = {}


--- A setting.
---@param key string such as "vm.swappiness"
---@return pagewarden.Setting?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.get(key) end


--- Changes a setting, and gives what the kernel has now; or several as one: all of them, or none.
---@overload fun(values: table, options?: pagewarden.ActOptions): table?, string?
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


--- What settings are now, for `restore`; of a pair both.
---@param keys string[]
---@return table<string, pagewarden.Setting>?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.save(keys) end


--- Puts back what `save` gave: all of it, or nothing.
---@param saved table<string, pagewarden.Setting>
---@param options? pagewarden.ActOptions
---@return table<string, pagewarden.Setting>?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.restore(saved, options) end


--- What there is to know of a setting, on the kernel whose root is read.
---@param key string
---@return pagewarden.Description
function sysctl.describe(key) end


--- What is a mistake among the settings.
---@return pagewarden.SysctlFinding[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysctl.lint() end


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
---@field save fun(self, keys: string[]): table<string, pagewarden.Setting>?, string?
---@field restore fun(self, saved: table, options?: pagewarden.ActOptions): table?, string?
---@field list fun(self, folder?: string): string[]?, string?
---@field describe fun(self, key: string): pagewarden.Description
---@field lint fun(self): pagewarden.SysctlFinding[]?, string?
local Sysctl = {}


--- Frees what it opened; `<close>` does the same.
function Sysctl:close() end


return sysctl
