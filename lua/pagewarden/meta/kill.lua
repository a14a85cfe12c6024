---@meta pagewarden.kill
-- SPDX-License-Identifier: MIT

---@class pagewarden.KillOptions
---@field whole? "process"|"tree"|"group"|"cgroup" what besides the process is meant
---@field protected? boolean processes with an oom_score_adj of -900 or less may be meant
---@field racy? boolean before Linux 5.3: the pid will do, which may be another's by then
---@field interval? number seconds before the next kill, at least 0.1; 1 when left out

---@class pagewarden.SignalOptions: pagewarden.KillOptions
---@field cooldown? number seconds before the policy may signal it again

---@class pagewarden.TerminateOptions: pagewarden.KillOptions
---@field signal? string "TERM" when left out
---@field grace? number seconds until it is killed; 10 when left out
---@field reap? boolean false: its memory is not taken when it does not end

---@class pagewarden.KillOutcome
---@field ended boolean
---@field signal? string the last one sent; nil when it had ended before
---@field seconds number
---@field processes? integer how many were signalled
---@field freed? integer bytes, of one process
---@field reaped? boolean its memory was taken
---@field state? string the letter of its state, when it has not ended


local kill = {}


--- Sends a process, or all in a cgroup, one signal, and does not wait for what comes of it.
---@param process pagewarden.Process|integer|string
---@param name string such as "TERM"
---@param options? pagewarden.SignalOptions
---@return boolean? done
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function kill.signal(process, name, options) end


--- Ends a process, or all in a cgroup: asks, waits, kills. A policy calls it in a task.
---@param process pagewarden.Process|integer|string
---@param options? pagewarden.TerminateOptions
---@return pagewarden.KillOutcome?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function kill.terminate(process, options) end


--- Leaves word of whom to kill if the policy fails when memory is short; an empty list takes it
--- back.
---@param processes pagewarden.Process[] who goes first first
---@param options { available?: number, swap?: number } bytes
---@return boolean? done
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function kill.fallback(processes, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Kill?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function kill.open(root) end


--- The functions of `pagewarden.kill` for one root.
---@class pagewarden.Kill
---@field signal fun(self, process: any, name: string, options?: table): boolean?, string?
---@field fallback fun(self, processes: table, options: table): boolean?, string?
---@field terminate fun(self, process: any, options?: table): pagewarden.KillOutcome?, string?
local Kill = {}


--- Frees what it opened; `<close>` does the same.
function Kill:close() end


return kill
