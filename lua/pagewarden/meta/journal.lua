---@meta pagewarden.journal
-- SPDX-License-Identifier: MIT

---@class pagewarden.JournalNote
---@field event string "entry", "undone", "left", "gone", or what there is to say of a journal
---@field id? integer
---@field policy? string
---@field key? string such as "sysctl vm.swappiness"
---@field was? string what it was before
---@field value? string of an entry what was written last, else what the kernel has now
---@field lifetime? "lease"|"keep"
---@field state? "held"|"writing"|"undoing"|"let_go"
---@field process? "alive"|"dead"
---@field journal? string its name
---@field reason? string


local journal = {}


--- What was changed and not undone yet.
---@param root? string
---@return pagewarden.JournalNote[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function journal.list(root) end


--- Undoes the leases that dead processes left, or one of their entries.
---@param root? string
---@param id? integer
---@return pagewarden.JournalNote[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function journal.undo(root, id) end


return journal
