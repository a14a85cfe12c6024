---@meta pagewarden.kmsg
-- SPDX-License-Identifier: MIT

---@class pagewarden.OomInvocation who ran out
---@field comm string
---@field pid? integer
---@field kernel? string its release
---@field gfp_mask? integer
---@field gfp_flags? string
---@field order? integer -1: sysrq f
---@field oom_adj? integer
---@field oom_score_adj? integer


---@class pagewarden.OomMemory
---@field pages? table<string, integer>
---@field nodes? table<integer, table<string, integer>> bytes
---@field zones? table<string, any>[] bytes; with `node`, `zone`, `lowmem_reserve` and `blocks`
---@field hugepages? table<string, integer>[]
---@field swap_free? integer bytes
---@field swap_total? integer bytes
---@field ram_pages? integer
---@field reserved_pages? integer
---@field highmem_pages? integer
---@field cma_pages? integer
---@field hwpoisoned_pages? integer
---@field pagecache_pages? integer
---@field swap_cache_pages? integer


---@class pagewarden.OomReport: pagewarden.OomVictim
---@field time? number seconds since the boot
---@field manual? true sysrq f was the reason
---@field invoked? pagewarden.OomInvocation
---@field cpuset? string
---@field mems_allowed? string
---@field memory? pagewarden.OomMemory
---@field usage? table<string, { usage: integer, limit: number, failcnt: integer }> bytes
---@field stats? { cgroup: string, stat: table<string, integer> }[]
---@field slabs? { name: string, used: integer, total: integer }[] bytes
---@field tasks? table<string, integer|string>[] the kernel's columns; sizes in pages
---@field chosen? { pid: integer, comm: string, score: integer }
---@field reaped? table<string, integer>|false
---@field group? string the cgroup with memory.oom.group
---@field others? pagewarden.OomVictim[] killed with the victim
---@field panic? string
---@field nobody? true there was nobody to kill
---@field missing string[] "invocation", "memory", "tasks", "kill"


---@class pagewarden.OomVictim bytes
---@field pid? integer
---@field comm? string
---@field uid? integer
---@field total_vm? integer
---@field anon_rss? integer
---@field file_rss? integer
---@field shmem_rss? integer
---@field pgtables? integer
---@field oom_score_adj? integer
---@field constraint? string
---@field cgroup? string
---@field oom_cgroup? string


---@class pagewarden.kmsg
local kmsg = {}


--- What the kernel wrote about the processes that its OOM killer killed, oldest first.
---@param text? string the log of this machine when left out
---@param options? { last?: integer } no more than the last so many
---@return pagewarden.OomReport[]? reports
---@return { lines: integer, lost: integer, file: string? }|string log or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function kmsg.reports(text, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Kmsg?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function kmsg.open(root) end


--- The functions of `pagewarden.kmsg` for one root.
---@class pagewarden.Kmsg
---@field reports fun(self, text?: string, options?: table): pagewarden.OomReport[]?, any
local Kmsg = {}


--- Frees what it opened; `<close>` does the same.
function Kmsg:close() end


return kmsg
