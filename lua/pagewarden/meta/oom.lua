---@meta pagewarden.oom
-- SPDX-License-Identifier: MIT

local oom = {}

---@class pagewarden.Victim what the kernel rates a process by; sizes in bytes
---@field pid integer
---@field start_time integer clock ticks after boot
---@field comm string
---@field badness integer what the kernel compares: the sum of the next five
---@field rss integer
---@field swap integer
---@field page_tables integer
---@field from_adj? integer nil before Linux 2.6.36, whose badness is not of these
---@field from_root? integer the bonus of root's processes, 0 since Linux 4.17
---@field oom_score_adj integer
---@field oom_score integer what its file says of the badness
---@field instead? integer the child that dies for it, before Linux 5.1

---@class pagewarden.Tree exactly one of the first five; in place of a table of these, a list
---@field name? string
---@field unit? string of systemd; ".service" may be left out
---@field cgroup? string
---@field pid_file? string
---@field port? integer TCP
---@field all? boolean several trees may be meant
---@field except? (pagewarden.Process|integer)[] left out, with all that they started

---@class pagewarden.TreeMember sizes in bytes
---@field pid integer
---@field ppid integer
---@field start_time integer
---@field comm string
---@field rss integer
---@field swap? integer
---@field oom_score_adj? integer
---@field main? true

---@class pagewarden.ProtectOptions
---@field adj? integer -1000 to -1; -900 when left out
---@field children? "keep"|"reset"|"protect"
---@field reset? (pagewarden.Process|integer)[] of the children, to be reset whatever `children` is
---@field lifetime? "lease"|"keep"

---@class pagewarden.Protection
---@field mains integer how many main processes are protected
---@field children integer how many there are below them
---@field changed integer how many were set now
---@field bytes integer memory and swap of all that are protected
---@field failed integer
---@field message? string why the first failed

---@class pagewarden.Unprotection
---@field changed integer how many were set
---@field failed integer
---@field message? string why the first failed

---@class pagewarden.Spared a process that cannot be killed
---@field pid integer
---@field start_time integer
---@field comm string
---@field reason "init"|"kernel thread"|"adj"|"no memory"|"kernel"


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
---@return string? message or "oom_adj -15", where that is what was set
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.set_adj(process, adj, options) end


--- A daemon and all that it started, the main processes first.
---@param description pagewarden.Tree|(pagewarden.Process|integer)[]
---@return pagewarden.TreeMember[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.tree(description) end


--- Protects the main processes of a tree; to be called again and again.
---@param description pagewarden.Tree|(pagewarden.Process|integer)[]
---@param options? pagewarden.ProtectOptions
---@return pagewarden.Protection?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.protect(description, options) end


--- Puts back what there was before `protect`, of those that have inherited it too.
---@param description pagewarden.Tree|(pagewarden.Process|integer)[]
---@param options? { adj?: integer } what `protect` was given; -900 when left out
---@return pagewarden.Unprotection?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.unprotect(description, options) end


--- Whom the kernel would kill next for memory. The list's `total` is what `from_adj` is a share of.
---@param options? { top?: integer, cgroup?: string, spared?: boolean }
---@return pagewarden.Victim[]?
---@return pagewarden.Spared[]|string|nil spared or a message
---@return integer? errno
---@return pagewarden.Kind? kind
function oom.victims(options) end


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
---@field tree fun(self, description: table): pagewarden.TreeMember[]?, string?
---@field protect fun(self, description: table, options?: table): pagewarden.Protection?, string?
---@field unprotect fun(self, description: table, options?: table): pagewarden.Unprotection?, any
---@field victims fun(self, options?: table): pagewarden.Victim[]?, any
local Oom = {}


--- Frees what it opened; `<close>` does the same.
function Oom:close() end


return oom
