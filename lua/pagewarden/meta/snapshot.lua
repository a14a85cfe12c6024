---@meta
-- SPDX-License-Identifier: MIT

--- One process of a snapshot. Only the fields that were asked for are there; memory is bytes.
---@class pagewarden.Row
---@field pid integer
---@field ppid? integer
---@field comm? string
---@field state? string
---@field uid? integer
---@field threads? integer
---@field start_time? integer clock ticks after boot
---@field vsize? integer
---@field rss? integer
---@field rss_anon? integer
---@field rss_file? integer
---@field rss_shmem? integer
---@field swap? integer
---@field pss? integer
---@field uss? integer
---@field oom_score? integer
---@field oom_score_adj? integer
---@field minflt? integer
---@field majflt? integer
---@field cgroup? string
---@field unit? string of systemd, "cron.service"
---@field cmdline? string
local Row = {}


--- An identity to keep.
---@return pagewarden.Process
function Row:process() end


---@class pagewarden.SnapshotFlaws
---@field gone integer
---@field denied integer
---@field unsupported integer
---@field broken integer
---@field skipped integer
---@field clamped integer

--- Many processes at once; `#snapshot` is how many. That of `proc.watch` can `add` and `remove`.
---@class pagewarden.Snapshot
---@operator len: integer
local Snapshot = {}


--- Reads everything anew into the same memory.
---@return pagewarden.Snapshot? snapshot itself
---@return string? message
---@return integer? errno
function Snapshot:refresh() end


--- The rows one after another; the row is reused, valid for its step only.
---@return fun(): pagewarden.Row?
function Snapshot:each() end


--- The row of a process, valid until the next refresh.
---@param pid integer
---@return pagewarden.Row?
function Snapshot:get(pid) end


--- The sum of a field over the rows, and how many rows have it.
---@param field pagewarden.Field
---@return integer sum
---@return integer count
function Snapshot:sum(field) end


--- One field of every row; `n` is the number of rows.
---@param field pagewarden.Field
---@return table
function Snapshot:column(field) end


--- All rows as plain tables.
---@return table<string, any>[]
function Snapshot:table() end


--- A process and its descendants; needs the field ppid.
---@param pid integer
---@return table<string, any>[]
function Snapshot:tree(pid) end


--- Orders the rows by a field, largest first, and keeps the first.
---@param field pagewarden.Field
---@param top? integer
---@return pagewarden.Snapshot
function Snapshot:sort(field, top) end


--- Adds expensive fields, for as long as the budget lasts.
---@param fields pagewarden.Field[]
---@param options? { budget?: number } seconds
---@return integer read
---@return integer left
function Snapshot:enrich(fields, options) end


--- What the last pass could not read.
---@return pagewarden.SnapshotFlaws
function Snapshot:flaws() end


--- What changed since an earlier snapshot.
---@param earlier pagewarden.Snapshot
---@return pagewarden.Snapshot
function Snapshot:since(earlier) end


--- Seconds between the two snapshots of a difference.
---@return number
function Snapshot:elapsed() end


--- Frees the memory; `<close>` does the same.
function Snapshot:close() end


--- Follows one more process; of a watch.
---@param process integer|pagewarden.Process
---@return boolean?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function Snapshot:add(process) end


--- Follows a process no more; of a watch.
---@param pid integer
---@return boolean
function Snapshot:remove(pid) end


--- How many processes are followed, and how many descriptors that holds; of a watch.
---@return integer processes
---@return integer descriptors
function Snapshot:held() end
