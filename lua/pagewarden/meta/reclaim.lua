---@meta pagewarden.reclaim
-- SPDX-License-Identifier: MIT

---@class pagewarden.ReclaimOptions
---@field force? boolean in a container too, and whatever the pressure
---@field threshold? number of `drop_caches` and `compact`: the percentage of time that may have
--- been lost to waiting
---@field cooldown? number seconds before the policy may do it again
---@field sync? boolean of `drop_caches`: false drops without writing first
---@field swappiness? integer of `cgroup`

---@class pagewarden.ReclaimResult
---@field before table<string, integer>
---@field after table<string, integer>
---@field seconds number
---@field freed integer? of `drop_caches`: bytes
---@field advised integer? of `pageout` and `cold`: bytes
---@field refused integer? of `pageout` and `cold`: bytes
---@field complete boolean? of `cgroup`: it was as much as asked for
---@field reclaimed integer? of `cgroup`: bytes

local reclaim = {}


--- Writes all that is dirty to disk.
---@param options? { cooldown?: number }
---@return pagewarden.ReclaimResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.sync(options) end


--- The same for the file system that a folder is in.
---@param path string
---@param options? { cooldown?: number }
---@return pagewarden.ReclaimResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.syncfs(path, options) end


--- Drops what the kernel has cached: 1 the page cache, 2 dentries and inodes, 3 both.
---@param mode 1|2|3
---@param options? pagewarden.ReclaimOptions
---@return pagewarden.ReclaimResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.drop_caches(mode, options) end


--- Makes large blocks of what is free.
---@param options? pagewarden.ReclaimOptions
---@return pagewarden.ReclaimResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.compact(options) end


--- Pages out the anonymous memory of a process.
---@param process pagewarden.Process|integer
---@param options? pagewarden.ReclaimOptions
---@return pagewarden.ReclaimResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.pageout(process, options) end


--- Makes the anonymous memory of a process the first to go.
---@param process pagewarden.Process|integer
---@param options? pagewarden.ReclaimOptions
---@return pagewarden.ReclaimResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.cold(process, options) end


--- Reclaims so many bytes of a cgroup.
---@param path string
---@param bytes integer
---@param options? pagewarden.ReclaimOptions
---@return pagewarden.ReclaimResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.cgroup(path, bytes, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Reclaim?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function reclaim.open(root) end


--- The functions of `pagewarden.reclaim` for one root.
---@class pagewarden.Reclaim
---@field sync fun(self, options?: table): pagewarden.ReclaimResult?, string?
---@field syncfs fun(self, path: string, options?: table): pagewarden.ReclaimResult?, string?
---@field drop_caches fun(self, mode: integer, options?: table): pagewarden.ReclaimResult?, string?
---@field compact fun(self, options?: table): pagewarden.ReclaimResult?, string?
---@field pageout fun(self, process: any, options?: table): pagewarden.ReclaimResult?, string?
---@field cold fun(self, process: any, options?: table): pagewarden.ReclaimResult?, string?
---@field cgroup fun(self, path: string, bytes: integer, options?: table): table?, string?
local Reclaim = {}


--- Frees what it opened; `<close>` does the same.
function Reclaim:close() end


return reclaim
