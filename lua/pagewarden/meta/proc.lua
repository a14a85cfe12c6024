---@meta pagewarden.proc
-- SPDX-License-Identifier: MIT

---@alias pagewarden.Kind "gone"|"denied"|"unsupported"|"broken" why a reader gives nil
---@alias pagewarden.Resource "cpu"|"memory"|"io"|"irq"

---@class pagewarden.Flaws what a reader skipped, and numbers too large that it cut
---@field skipped integer
---@field clamped integer

---@class pagewarden.Stall
---@field avg10 number percent
---@field avg60 number
---@field avg300 number
---@field total integer microseconds since boot

---@class pagewarden.Pressure
---@field some? pagewarden.Stall
---@field full? pagewarden.Stall

---@class pagewarden.Zone counts are pages; more of them under the kernel's names
---@field node integer
---@field zone string
---@field free integer
---@field min integer
---@field low integer
---@field high integer
---@field promo? integer
---@field spanned integer
---@field present integer
---@field managed? integer
---@field protection integer[]
---@field per_node? table<string, integer> of the first zone of a node
---@field pagesets { cpu: integer, count: integer, high: integer, batch: integer }[]
---@field [string] any

---@class pagewarden.FreeBlocks
---@field node integer
---@field zone string
---@field free integer[] [1] counts single pages, [i] blocks of 2^(i-1)

---@class pagewarden.FreeBlocksOfType: pagewarden.FreeBlocks
---@field type string
---@field capped? boolean a count stands for more than 100000

---@class pagewarden.Slab
---@field name string
---@field active_objs integer
---@field num_objs integer
---@field objsize integer bytes
---@field objperslab integer
---@field pagesperslab integer
---@field limit? integer
---@field batchcount? integer
---@field sharedfactor? integer
---@field active_slabs? integer
---@field num_slabs? integer
---@field sharedavail? integer

---@class pagewarden.SwapArea
---@field filename string
---@field type "partition"|"file"
---@field size integer bytes
---@field used integer bytes
---@field priority integer
---@field deleted boolean

---@class pagewarden.Disk
---@field major integer
---@field minor integer
---@field name string
---@field [string] integer

---@class pagewarden.ReaderOptions
---@field page_size? integer bytes
---@field clock_ticks? integer a second

---@alias pagewarden.Field "pid"|"ppid"|"pgrp"|"comm"|"state"|"uid"|"threads"|"start_time"|"vsize"
---| "rss"|"rss_anon"|"rss_file"|"rss_shmem"|"swap"|"pss"|"uss"|"oom_score"|"oom_score_adj"|"minflt"
---| "majflt"|"cgroup"|"unit"|"cmdline"

---@class pagewarden.ProcessesOptions: { [integer]: pagewarden.Field }
---@field where? table<pagewarden.Field, integer|string|string[]|{ min?: integer, max?: integer }>
---@field by? pagewarden.Field order by it, largest first
---@field top? integer keep so many

---@class pagewarden.WatchOptions: pagewarden.ProcessesOptions
---@field pids? (integer|pagewarden.Process)[]
---@field descriptors? integer at most so many are held

---@class pagewarden.TreeRow
---@field pid integer
---@field ppid integer
---@field comm string
---@field start_time integer
---@field depth integer


---@class pagewarden.proc
local proc = {}


--- Where the machine's memory is: bytes, in the kernel's names.
---@param into? table<string, integer> a table of an earlier call to fill again
---@return table<string, integer>? meminfo
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.meminfo(into) end


--- The same for one memory node.
---@param node integer
---@param into? table<string, integer>
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.node_meminfo(node, into) end


--- Counters of one memory node.
---@param node integer
---@param into? table<string, integer>
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.node_vmstat(node, into) end


--- How often a memory node could give pages where they were wanted.
---@param node integer
---@param into? table<string, integer>
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.node_numastat(node, into) end


--- The machine's counters: `nr_*` are pages now, others count from boot.
---@param into? table<string, integer>
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.vmstat(into) end


--- The zones of each memory node, in pages.
---@return pagewarden.Zone[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.zoneinfo() end


--- Free memory by size of block.
---@return pagewarden.FreeBlocks[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.buddyinfo() end


--- The same by kind of use; root's, and costly.
---@return pagewarden.FreeBlocksOfType[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.pagetypeinfo() end


--- The kernel's own object caches; root's.
---@return pagewarden.Slab[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.slabinfo() end


--- The swap areas that are on.
---@return pagewarden.SwapArea[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.swaps() end


--- What each block device did since boot.
---@return pagewarden.Disk[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.diskstats() end


--- How much time is lost waiting for a resource.
---@param resource pagewarden.Resource
---@return pagewarden.Pressure?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.pressure(resource) end


--- Seconds since boot.
---@return number?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.uptime() end


--- The bytes of any file under proc/ or sys/ of the root.
---@param path string such as "proc/sys/vm/swappiness"
---@return string?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.read(path) end


--- The directory that is read from.
---@return string
function proc.root() end


--- The page size in bytes.
---@return integer
function proc.page_size() end


--- Clock ticks per second.
---@return integer
function proc.clock_ticks() end


--- A process, which is its pid and its start time.
---@param pid integer
---@return pagewarden.Process?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.process(pid) end


--- Reads processes into a snapshot.
---@param options pagewarden.ProcessesOptions the fields as a list, and where, by, top
---@return pagewarden.Snapshot?
---@return string? message
---@return integer? errno
function proc.processes(options) end


--- Follows chosen processes, whose files stay open.
---@param options pagewarden.WatchOptions
---@return pagewarden.Snapshot?
---@return string? message
---@return integer? errno
function proc.watch(options) end


--- A process and its descendants, parents first.
---@param pid integer
---@return pagewarden.TreeRow[]?
---@return string? message
---@return integer? errno
function proc.tree(pid) end


--- A reader for another root.
---@param root? string
---@param options? pagewarden.ReaderOptions
---@return pagewarden.Reader?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function proc.open(root, options) end


---@alias pagewarden.Counters table<string, integer>

--- The functions of `pagewarden.proc` for one root. The second result is flaws, or a message.
---@class pagewarden.Reader
---@field meminfo fun(self, into?: table): pagewarden.Counters?, pagewarden.Flaws|string
---@field node_meminfo fun(self, node: integer, into?: table): pagewarden.Counters?, any
---@field node_vmstat fun(self, node: integer, into?: table): pagewarden.Counters?, any
---@field node_numastat fun(self, node: integer, into?: table): pagewarden.Counters?, any
---@field vmstat fun(self, into?: table): pagewarden.Counters?, pagewarden.Flaws|string
---@field zoneinfo fun(self): pagewarden.Zone[]?, pagewarden.Flaws|string
---@field buddyinfo fun(self): pagewarden.FreeBlocks[]?, pagewarden.Flaws|string
---@field pagetypeinfo fun(self): pagewarden.FreeBlocksOfType[]?, pagewarden.Flaws|string
---@field slabinfo fun(self): pagewarden.Slab[]?, pagewarden.Flaws|string
---@field swaps fun(self): pagewarden.SwapArea[]?, pagewarden.Flaws|string
---@field diskstats fun(self): pagewarden.Disk[]?, pagewarden.Flaws|string
---@field pressure fun(self, resource: pagewarden.Resource): pagewarden.Pressure?, any
---@field uptime fun(self): number?, string?
---@field read fun(self, path: string): string?, string?
---@field root fun(self): string
---@field page_size fun(self): integer
---@field clock_ticks fun(self): integer
---@field process fun(self, pid: integer): pagewarden.Process?, string?
---@field processes fun(self, options: pagewarden.ProcessesOptions): pagewarden.Snapshot?, string?
---@field watch fun(self, options: pagewarden.WatchOptions): pagewarden.Snapshot?, string?
---@field tree fun(self, pid: integer): pagewarden.TreeRow[]?, string?
local Reader = {}


--- Closes it and frees its memory; `<close>` does the same.
function Reader:close() end


return proc
