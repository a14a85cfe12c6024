-- SPDX-License-Identifier: MIT
-- What a program does with the installed modules, those in C and those in Lua.
local option = require "pagewarden.option"
local proc = require "pagewarden.proc"

assert(_VERSION == "Lua 5.4")
assert(option.size)
assert(proc.meminfo().MemTotal > 1 << 20)
assert(proc.processes({ "pid" }):get(1))
