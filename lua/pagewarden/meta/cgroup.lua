---@meta pagewarden.cgroup
-- SPDX-License-Identifier: MIT

---@class pagewarden.Limits bytes; math.huge for none, nil for what this version or kernel lacks
---@field max? number
---@field high? number
---@field low? number
---@field min? number
---@field swap_max? number
---@field swap_high? number
---@field soft? number
---@field memsw_max? number


---@class pagewarden.cgroup
local cgroup = {}


--- The version of the hierarchy that accounts memory.
---@return 1|2|nil
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.version() end


--- The cgroup that accounts a process's memory.
---@param pid? integer this process when left out
---@return string? path
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.own(pid) end


--- The memory that a cgroup and those below it use.
---@param path string
---@return integer? bytes
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.current(path) end


--- The most memory that a cgroup and those below it have used.
---@param path string
---@return integer? bytes
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.peak(path) end


--- What tells that this is a container; nil outside.
---@return string? sign
function cgroup.container() end


--- The processes in a cgroup itself; 0 for one of another pid namespace.
---@param path string
---@return integer[]? pids
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.procs(path) end


--- How it is with a cgroup.
---@param path string
---@return { populated: boolean?, frozen: boolean?, oom_group: boolean? }?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.state(path) end


--- A number that a cgroup keeps as long as it is there.
---@param path string
---@return integer?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.id(path) end


--- What was written at a cgroup, or one above it, for those who end programs for memory.
---@param path string
---@param watched? string only what systemd-oomd would go by that watches this cgroup above
---@return "prefer"|"avoid"|"omit"|false|nil
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.preference(path, watched) end


--- The swap that a cgroup and those below it use.
---@param path string
---@return integer? bytes
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.swap(path) end


--- The limits and protections set on a cgroup itself.
---@param path string
---@return pagewarden.Limits?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.limits(path) end


--- The limit in effect: the smallest from the cgroup up to the root, and which cgroup sets it.
---@param path string
---@param limit? "max"|"high"|"swap_max"|"memsw_max"
---@return number? bytes
---@return string? setter or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.effective(path, limit) end


--- memory.stat.
---@param path string
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.stat(path) end


--- How often a cgroup met its limits.
---@param path string
---@param which? "all"|"local"|"swap"
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.events(path, which) end


--- A cgroup's memory by node.
---@param path string
---@return table<string, table<integer|string, integer>>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.numa_stat(path) end


--- How much of the time a cgroup's tasks waited for a resource.
---@param path string
---@param resource pagewarden.Resource
---@return pagewarden.Pressure?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.pressure(path, resource) end


--- Changes a setting of a cgroup, and gives what the kernel has now.
---@param path string
---@param file string such as "memory.high"
---@param value number|string bytes for sizes; `math.huge` for no limit
---@param options? pagewarden.ActOptions
---@return number|string|nil
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.set(path, file, value, options) end


--- Stops all processes of a cgroup and those below it, or lets them go on.
---@param path string
---@param frozen boolean
---@param options? pagewarden.ActOptions
---@return boolean? frozen
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.freeze(path, frozen, options) end


--- Kills all processes of a cgroup and of those below it.
---@param path string
---@param options? table as for `kill.signal`
---@return boolean? done
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.kill(path, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Cgroup?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function cgroup.open(root) end


--- The functions of `pagewarden.cgroup` for one root.
---@class pagewarden.Cgroup
---@field version fun(self): 1|2|nil, string?
---@field own fun(self, pid?: integer): string?, string?
---@field current fun(self, path: string): integer?, string?
---@field swap fun(self, path: string): integer?, string?
---@field limits fun(self, path: string): pagewarden.Limits?, string?
---@field effective fun(self, path: string, limit?: string): number?, string?
---@field stat fun(self, path: string): table<string, integer>?, pagewarden.Flaws|string
---@field events fun(self, path: string, which?: string): table<string, integer>?, any
---@field peak fun(self, path: string): integer?, string?
---@field container fun(self): string?
---@field procs fun(self, path: string): integer[]?, string?
---@field state fun(self, path: string): table<string, boolean>?, string?
---@field id fun(self, path: string): integer?, string?
---@field preference fun(self, path: string, watched?: string): string|boolean|nil, string?
---@field kill fun(self, path: string, options?: table): boolean?, string?
---@field freeze fun(self, path: string, frozen: boolean, options?: table): boolean?, string?
---@field numa_stat fun(self, path: string): table<string, table>?, pagewarden.Flaws|string
---@field pressure fun(self, path: string, resource: pagewarden.Resource): pagewarden.Pressure?, any
---@field set fun(self, path: string, file: string, value: any, options?: table): any
local Cgroup = {}


--- Frees what it opened; `<close>` does the same.
function Cgroup:close() end


return cgroup
