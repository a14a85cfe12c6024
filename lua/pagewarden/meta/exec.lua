---@meta pagewarden.exec
-- SPDX-License-Identifier: MIT

---@class pagewarden.Ended
---@field status integer? that it exited with
---@field signal integer? that it was killed by
---@field said string the last line that it printed, or the beginning of that
---@field seconds number

local exec = {}


--- Runs a program and waits for its end.
---@param words string[] the program's whole path, and what it is called with
---@param options? { timeout: number?, cooldown: number? } in seconds
---@return pagewarden.Ended?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function exec.run(words, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Exec?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function exec.open(root) end


--- The functions of `pagewarden.exec` for one root.
---@class pagewarden.Exec
---@field run fun(self, words: string[], options?: table): pagewarden.Ended?, string?
local Exec = {}


--- Frees what it opened; `<close>` does the same.
function Exec:close() end


return exec
