---@meta
-- SPDX-License-Identifier: MIT

--- What a policy's `start` is given: the modules that it was granted, and ways to wait. An event is
-- logged with `pw.log(event, fields)`: a name of lower-case letters, and flat fields, of which
-- `message` is what people read. Modules, such as `pw.proc`, read from the host's root.
-- @classmod pw

---@class pagewarden.Pw
---@field proc pagewarden.proc reading from the host's root
---@field state pagewarden.Kept? what it keeps from one start to the next
---@field log fun(event: string, fields?: table<string, string|number|boolean>)
local Pw = {}

---@class pagewarden.PolicyHandle
local Handle = {}


--- Does no longer wait. `<close>` does the same.
function Handle:cancel() end


--- Calls a function again and again, the first time after one period; missed ticks come as one. A
--- tick may be late by a 64th of the period, at most 0.2 s: one wake-up does for many policies.
---@param seconds number at least 0.001
---@param fn fun()
---@return pagewarden.PolicyHandle handle with `cancel`, and `__close`
function Pw:every(seconds, fn) end


--- Calls a function once.
---@param seconds number
---@param fn fun()
---@return pagewarden.PolicyHandle handle with `cancel`, and `__close`
function Pw:after(seconds, fn) end


--- Calls a function when the policy stops, for whatever reason; the last deferred is called first.
---@param fn fun()
function Pw:defer(fn) end


--- Calls a function when so much time was lost to waiting for a resource within a window.
---@param request pagewarden.PressureRequest
---@param fn fun(event: pagewarden.PressureEvent)
---@return pagewarden.PolicyHandle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Pw:on_pressure(request, fn) end


--- Calls a function whenever the kernel has killed a process for memory.
---@param fn fun(event: pagewarden.OomEvent)
---@return pagewarden.PolicyHandle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Pw:on_oom(fn) end


--- Calls a function once, when a process has exited.
---@param process pagewarden.Process|integer
---@param fn fun(event: { pid: integer, start_time: integer })
---@return pagewarden.PolicyHandle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Pw:on_exit(process, fn) end


--- Calls a function whenever a counter of a cgroup's memory.events has grown.
---@param cgroup string
---@param fn fun(event: pagewarden.MemoryEvent)
---@return pagewarden.PolicyHandle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Pw:on_memory_events(cgroup, fn) end


--- Starts a coroutine, which may `pw:sleep`. It begins when the running callback has returned, or
--- at once, and then runs until it first waits before this returns.
---@param fn fun()
---@param options { at_once: boolean }?
---@return pagewarden.PolicyHandle task whose `cancel` closes the coroutine
function Pw:task(fn, options) end


--- Lets the task that calls it wait.
---@param seconds number
function Pw:sleep(seconds) end


--- Seconds on a clock that never goes back: since boot, or the test's.
---@return number
function Pw:now() end


--- The time of day where the machine is, as `os.date "*t"` has it. It may go back or jump: what is
-- to happen after so many seconds goes by `now`.
---@return osdate
function Pw:local_time() end


--- What a policy may touch, beyond which nothing is there for it.
---@class pagewarden.Needs
---@field process? "read"
---@field pressure? ("cpu"|"memory"|"io"|"irq")[]
---@field kmsg? boolean
---@field sysctl? string[] keys it may write
---@field mm? string[] knobs it may write
---@field cgroup? string[] paths it may write to
---@field oom? boolean
---@field kill? boolean|"read" "read" says whom it would end, and ends nobody
---@field sysrq? string[] letters
---@field swap? string[] paths
---@field reclaim? string[]
---@field exec? string[] programs
---@field state? string how much it may keep, such as "4K"
---@field modules? string[] names of modules outside the sandbox

--- What the file of a policy returns.
---@class pagewarden.PolicyFile
---@field api integer 1
---@field name string lower-case letters, digits and hyphens
---@field summary string one line for `pagewarden list`
---@field description? string what it does and what it lacks, in paragraphs divided by empty lines
---@field examples? string[] whole command lines
---@field tags? string[]
---@field options? pagewarden.Option[] in the order that help shows them
---@field needs? pagewarden.Needs|fun(options: table): pagewarden.Needs
---@field check? fun(options: table): boolean, string? refuses options, with a reason
---@field agreed? fun(options: table): boolean whether the options agree to what cannot be undone,
--- as --yes does; only a recipe that comes with pagewarden is asked
---@field start fun(pw: pagewarden.Pw, options: table) sets up timers; nothing in it blocks
