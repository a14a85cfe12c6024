---@meta
-- SPDX-License-Identifier: MIT

---@class pagewarden.Mapping
---@field start integer
---@field end_ integer the first address behind it
---@field perms string
---@field offset integer bytes
---@field major integer
---@field minor integer
---@field inode integer
---@field path? string
---@field raw_path? string as the kernel wrote it
---@field deleted? boolean

---@class pagewarden.Stat proc(5); missing trailing fields are nil
---@field pid integer
---@field comm string
---@field state string
---@field ppid integer
---@field minflt integer
---@field majflt integer
---@field utime integer clock ticks
---@field stime integer clock ticks
---@field num_threads integer
---@field starttime integer clock ticks after boot
---@field vsize integer bytes
---@field rss integer pages
---@field [string] any

---@class pagewarden.Membership
---@field id integer
---@field controllers string[]
---@field path string

--- One process: its pid and its start time. Every method looks again whether the pid still belongs
--- to it, and says "gone" when it does not.
---@class pagewarden.Process
---@field pid integer
---@field start_time integer clock ticks after boot
local Process = {}


--- Whether it is still there.
---@return boolean
function Process:alive() end


--- The fields of stat, under the names of proc(5).
---@param into? table a table of an earlier call to fill again
---@return pagewarden.Stat?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:stat(into) end


--- Pages: size, resident, shared, text, lib, data, dt.
---@param into? table a table of an earlier call to fill again
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:statm(into) end


--- Under the kernel's keys; what it prints in kB in bytes.
---@param into? table a table of an earlier call to fill again
---@return table<string, any>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:status(into) end


--- What it maps, in sums of bytes. Expensive.
---@param into? table<string, integer>
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:rollup(into) end


--- The mappings with what each holds. Expensive.
---@param options? { [integer]: string, least?: integer } the fields that are wanted, and how many
--- bytes of Rss and Swap a mapping must have
---@return pagewarden.Mapping[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:smaps(options) end


--- The mappings.
---@return pagewarden.Mapping[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:maps() end


--- What it read and wrote.
---@param into? table a table of an earlier call to fill again
---@return table<string, integer>?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:io(into) end


--- How the OOM killer sees it.
---@param into? table a table of an earlier call to fill again
---@return { oom_score?: integer, oom_score_adj?: integer, oom_adj?: integer }?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:oom(into) end


--- The cgroups it is in.
---@return pagewarden.Membership[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:cgroup() end


--- Its arguments; none for a kernel thread.
---@return string[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:cmdline() end


--- The program's file; " (deleted)" at its end when that is another by now, or none.
---@return string?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:exe() end


--- The function of the kernel in which it waits; empty when it runs, or one may not know.
---@return string?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:wchan() end


--- The functions of the kernel in which it is, the innermost first. Root's.
---@return string[]?
---@return pagewarden.Flaws|string flaws or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:stack() end


--- Its threads, by number, the first of which has its pid; `proc.process` knows each.
---@param states? string only those in one of these states: "D"
---@return integer[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Process:threads(states) end
