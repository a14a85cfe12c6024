---@meta pagewarden.sysrq
-- SPDX-License-Identifier: MIT

---@class pagewarden.SysrqLetter
---@field letter string
---@field name string the kernel's word for it
---@field does string
---@field group string? the part of the mask that it belongs to
---@field never string? why it is not triggered

---@class pagewarden.SysrqResult
---@field confirmed boolean whether the kernel is known to have done it
---@field why string? if not
---@field seconds number
---@field expected table? of "f": whom the kernel was expected to kill, as `oom.victims` has it
---@field killed table? of "f": the kernel's report

local sysrq = {}


--- What a letter does.
---@param letter string
---@return pagewarden.SysrqLetter?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysrq.describe(letter) end


--- What the keyboard may.
---@return { value: integer, groups: string[] }?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysrq.mask() end


--- Whether letters can be triggered here.
---@return boolean?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysrq.available() end


--- Triggers a letter, and waits until the kernel has done it.
---@param letter "f"|"h"|"l"|"m"|"p"|"q"|"s"|"t"|"w"
---@param options? { limit?: number, force?: boolean, cooldown?: number }
---@return pagewarden.SysrqResult?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysrq.trigger(letter, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Sysrq?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function sysrq.open(root) end


--- The functions of `pagewarden.sysrq` for one root.
---@class pagewarden.Sysrq
---@field describe fun(self, letter: string): pagewarden.SysrqLetter?, string?
---@field mask fun(self): table?, string?
---@field available fun(self): boolean?, string?
---@field trigger fun(self, letter: string, options?: table): pagewarden.SysrqResult?, string?
local Sysrq = {}


--- Frees what it opened; `<close>` does the same.
function Sysrq:close() end


return sysrq
