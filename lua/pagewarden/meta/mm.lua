---@meta pagewarden.mm
-- SPDX-License-Identifier: MIT

---@class pagewarden.HugePages counts of pages
---@field size integer bytes
---@field nr_hugepages integer
---@field free_hugepages integer
---@field resv_hugepages integer
---@field surplus_hugepages integer
---@field nr_overcommit_hugepages integer

---@class pagewarden.Zram
---@field name string
---@field disksize integer bytes
---@field orig_data_size? integer bytes
---@field compr_data_size? integer bytes
---@field mem_used_total? integer bytes
---@field mem_limit? integer bytes
---@field mem_used_max? integer bytes
---@field comp_algorithm? string
---@field initstate? integer 1 when set up
---@field [string] any


---@class pagewarden.mm
local mm = {}


--- One setting, and what can be chosen where the kernel says so.
---@param name string such as "transparent_hugepage/enabled"
---@return integer|boolean|string|nil value
---@return string[]|string|nil choices or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.get(name) end


--- Changes a setting, and gives what the kernel has now.
---@param name string
---@param value integer|boolean|string
---@param options? pagewarden.ActOptions
---@return integer|boolean|string|nil value
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.set(name, value, options) end


--- What there is to know of a setting, on the kernel whose root is read.
---@param name string
---@return pagewarden.Description
function mm.describe(name) end


--- The names that `get` takes on this machine.
---@return string[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.list() end


--- Kernel same-page merging.
---@return table<string, integer>?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.ksm() end


--- The pools of huge pages, one a size.
---@return pagewarden.HugePages[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.hugepages() end


--- The zram devices.
---@return pagewarden.Zram[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.zram() end


--- The parameters of zswap.
---@return table<string, any>?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.zswap() end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Mm?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function mm.open(root) end


--- The functions of `pagewarden.mm` for one root.
---@class pagewarden.Mm
---@field get fun(self, name: string): integer|boolean|string|nil, string[]|string|nil
---@field set fun(self, name: string, value: any, options?: table): any
---@field describe fun(self, name: string): pagewarden.Description
---@field list fun(self): string[]?, string?
---@field ksm fun(self): table<string, integer>?, string?
---@field hugepages fun(self): pagewarden.HugePages[]?, string?
---@field zram fun(self): pagewarden.Zram[]?, string?
---@field zswap fun(self): table<string, any>?, string?
local Mm = {}


--- Frees what it opened; `<close>` does the same.
function Mm:close() end


return mm
