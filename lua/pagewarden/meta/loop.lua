---@meta pagewarden.loop
-- SPDX-License-Identifier: MIT

---@class pagewarden.LoopOptions
---@field virtual? boolean the caller moves its clock
---@field now? number where that clock starts, seconds
---@field reader? pagewarden.Reader the root that events come from

---@class pagewarden.PressureRequest
---@field resource pagewarden.Resource
---@field kind? "some"|"full"
---@field stall number seconds
---@field window? number seconds
---@field cgroup? string

---@class pagewarden.PressureEvent
---@field resource pagewarden.Resource
---@field kind "some"|"full"
---@field cgroup? string
---@field total? integer microseconds
---@field avg10? number percent
---@field synthetic boolean
---@field gone? boolean the cgroup was removed

---@class pagewarden.OomEvent a synthetic one has only the count
---@field kills integer
---@field lost integer records of the log that were overwritten unread
---@field synthetic boolean
---@field pid? integer
---@field comm? string
---@field uid? integer
---@field constraint? string
---@field cgroup? string
---@field oom_cgroup? string the one at its limit
---@field total_vm? integer bytes
---@field anon_rss? integer bytes
---@field file_rss? integer bytes
---@field shmem_rss? integer bytes
---@field pgtables? integer bytes
---@field oom_score_adj? integer

---@class pagewarden.ChangeEvent
---@field path string
---@field change "create"|"delete"|"moved_from"|"moved_to"|"modify"|"close_write"|"overflow"|"gone"
---@field name? string in a folder

---@class pagewarden.MemoryEvent
---@field cgroup string
---@field changed table<string, integer> how much counters have grown since the last event
---@field counters? table<string, integer>
---@field gone boolean the cgroup was removed


---@class pagewarden.loop
local loop = {}


--- Makes a loop.
---@param options? pagewarden.LoopOptions
---@return pagewarden.Loop?
---@return string? message
---@return integer? errno
function loop.new(options) end


--- What a loop waits for.
---@class pagewarden.Handle
local Handle = {}


--- Stops waiting; `<close>` does the same.
function Handle:cancel() end


---@class pagewarden.Loop
local Loop = {}


--- Calls a function once.
---@param seconds number
---@param fn fun()
---@param options? { background?: boolean } `run` does not wait for a background timer
---@return pagewarden.Handle
function Loop:after(seconds, fn, options) end


--- Calls a function again and again.
---@param seconds number at least 0.001
---@param fn fun()
---@param options? { background?: boolean }
---@return pagewarden.Handle
function Loop:every(seconds, fn, options) end


--- Calls a function with the name of each of these signals that arrives.
---@param names string[]
---@param fn fun(name: string)
---@return pagewarden.Handle
function Loop:on_signal(names, fn) end


--- Calls a function once, when a process has exited.
---@param process pagewarden.Process|integer
---@param fn fun(event: { pid: integer, start_time: integer })
---@return pagewarden.Handle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Loop:on_exit(process, fn) end


--- Calls a function once, when a descriptor can be read or its other end is closed.
---@param fd integer
---@param fn fun()
---@return pagewarden.Handle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Loop:on_readable(fd, fn) end


--- Calls a function when so much time was lost to waiting within a window.
---@param request pagewarden.PressureRequest
---@param fn fun(event: pagewarden.PressureEvent)
---@return pagewarden.Handle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Loop:on_pressure(request, fn) end


--- Calls a function whenever the kernel has killed a process for memory.
---@param fn fun(event: pagewarden.OomEvent)
---@return pagewarden.Handle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Loop:on_oom(fn) end


--- Calls a function whenever a file, or an entry of a folder, changes.
---@param path string
---@param fn fun(event: pagewarden.ChangeEvent)
---@return pagewarden.Handle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Loop:on_change(path, fn) end


--- Calls a function whenever a counter of a cgroup's memory.events has grown.
---@param cgroup string
---@param fn fun(event: pagewarden.MemoryEvent)
---@return pagewarden.Handle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Loop:on_memory_events(cgroup, fn) end


--- Listens on a unix socket, and answers each line with the line that a function returns for it.
---@param path string a socket that is there already is replaced
---@param fn fun(request: string, sender: { pid: integer, uid: integer }): string?
---@return pagewarden.Handle?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Loop:serve(path, fn) end


--- Lets a virtual loop hear of what the kernel would have said.
---@param kind "exit"|"pressure"|"oom"
---@param event table
---@return integer called how many functions
function Loop:inject(kind, event) end


--- Runs until `stop`, or until nothing is left to wait for.
---@return boolean?
---@return string? message
---@return integer? errno
function Loop:run() end


--- Moves a virtual loop on.
---@param seconds number
---@return boolean
function Loop:advance(seconds) end


--- Ends `run` or `advance` when the running callback returns.
function Loop:stop() end


--- Seconds since boot, or a virtual loop's own time.
---@return number
function Loop:now() end


--- Cancels every handle; `<close>` does the same.
function Loop:close() end


return loop
