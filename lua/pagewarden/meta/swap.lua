---@meta pagewarden.swap
-- SPDX-License-Identifier: MIT

local swap = {}


---@class pagewarden.SwapArea
---@field path string
---@field type "partition"|"file"
---@field size integer bytes
---@field used integer bytes
---@field priority integer
---@field deleted boolean


---@class pagewarden.SwapHeader
---@field page_size integer bytes
---@field size? integer bytes
---@field bad_pages? integer
---@field uuid? string
---@field label? string
---@field swapped? boolean
---@field hibernated boolean
---@field problem? string


---@class pagewarden.SwapAdvice
---@field source string
---@field rule string
---@field size? integer bytes
---@field caveat? string
---@field jumps { at: integer, below: integer?, above: integer? }[]


---@class pagewarden.SwapMachine
---@field ram? integer bytes
---@field hibernation? boolean
---@field free? integer bytes
---@field swap? integer bytes
---@field disk? integer bytes


---@class pagewarden.SwapRoom
---@field path string the folder's, through no link
---@field filesystem string
---@field free integer bytes
---@field room integer bytes, without the reserve
---@field refusal? string


---@class pagewarden.SwapMaking
---@field size integer bytes
---@field label? string
---@field uuid? string
---@field reserve? integer bytes to be left free on the disk
---@field written? boolean
---@field algorithm? string of a zram device
---@field limit? integer bytes of memory that a zram device takes at most
---@field progress? fun(bytes: integer)
---@field lifetime? "keep"
---@field cooldown? number seconds


---@class pagewarden.SwapOn
---@field priority? integer 0 to 32767
---@field discard? "once"|"pages"|"both"
---@field progress? fun(bytes: integer)
---@field lifetime? "keep"
---@field cooldown? number seconds


---@class pagewarden.SwapOff
---@field force? boolean
---@field progress? fun(bytes: integer)
---@field lifetime? "keep"
---@field cooldown? number seconds


---@class pagewarden.SwapFstab
---@field priority? integer 0 to 32767
---@field discard? "once"|"pages"|"both"
---@field required? boolean
---@field write? boolean
---@field remove? boolean


---@class pagewarden.SwapResize
---@field total integer bytes
---@field file? integer bytes
---@field priority? integer 0 to 32767
---@field discard? "once"|"pages"|"both"
---@field reserve? integer bytes
---@field progress? fun(bytes: integer)


--- The areas that are on.
---@param folder? string whose files have their path there, whatever the kernel has for them
---@return pagewarden.SwapArea[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.areas(folder) end


--- What the header of a swap file or disk says.
---@param path string
---@return pagewarden.SwapHeader?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.header(path) end


--- How large swap should be, as guides, distributions and tools have it.
---@param machine? pagewarden.SwapMachine
---@return pagewarden.SwapAdvice[]?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.advise(machine) end


--- How much room a folder has for swap files.
---@param folder string
---@param options? { reserve: integer? } bytes to be left free
---@return pagewarden.SwapRoom?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.room(folder, options) end


--- Makes a swap file, whole or not at all. In a policy, only a task may call it.
---@param path string
---@param options pagewarden.SwapMaking
---@return { size: integer, uuid: string, label: string }?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.make(path, options) end


--- Puts a swap file or disk on. In a policy, only a task may call it.
---@param path string
---@param options? pagewarden.SwapOn
---@return boolean?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.on(path, options) end


--- Takes an area off. In a policy, only a task may call it.
---@param path string
---@param options? pagewarden.SwapOff
---@return boolean?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.off(path, options) end


--- Takes an area off, if it is on, and removes its file. In a policy, only a task may call it.
---@param path string
---@param options? pagewarden.SwapOff
---@return boolean?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.remove(path, options) end


--- The line of /etc/fstab for an area, which is written or removed only when asked.
---@param path string
---@param options? pagewarden.SwapFstab
---@return string? line
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.fstab(path, options) end


--- Grows or shrinks swap by whole files in a folder. In a policy, only a task may call it.
---@param folder string
---@param options pagewarden.SwapResize
---@return integer? total bytes
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.resize(folder, options) end


--- Puts several areas on with one priority, all of them or none. In a policy, only a task may call
--- it.
---@param paths string[]
---@param options pagewarden.SwapOn
---@return boolean?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.group(paths, options) end


--- These functions for another root.
---@param root? string|pagewarden.Reader
---@return pagewarden.Swap?
---@return string? message
---@return integer? errno
---@return pagewarden.Kind? kind
function swap.open(root) end


--- The functions of `pagewarden.swap` for one root.
---@class pagewarden.Swap
---@field areas fun(self): pagewarden.SwapArea[]?, string?
---@field header fun(self, path: string): pagewarden.SwapHeader?, string?
---@field advise fun(self, machine?: pagewarden.SwapMachine): pagewarden.SwapAdvice[]?, string?
---@field room fun(self, folder: string, options?: table): pagewarden.SwapRoom?, string?
---@field make fun(self, path: string, options: pagewarden.SwapMaking): table?, string?
---@field on fun(self, path: string, options?: pagewarden.SwapOn): boolean?, string?
---@field off fun(self, path: string, options?: pagewarden.SwapOff): boolean?, string?
---@field remove fun(self, path: string, options?: pagewarden.SwapOff): boolean?, string?
---@field fstab fun(self, path: string, options?: pagewarden.SwapFstab): string?, string?
---@field resize fun(self, folder: string, options: pagewarden.SwapResize): integer?, string?
---@field group fun(self, paths: string[], options: pagewarden.SwapOn): boolean?, string?
local Swap = {}


--- Frees what it opened; `<close>` does the same.
function Swap:close() end


return swap
