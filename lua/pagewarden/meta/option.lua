---@meta pagewarden.option
-- SPDX-License-Identifier: MIT

--- Typed options of policies. Each function declares one.
--
-- Values with a unit are written with it everywhere, a bare number being an error, and reach the
-- policy in one kind each: bytes, seconds, 0 to 100, compiled patterns. A declaration is the name,
-- and what it needs of `default`, `min`, `max` and `help`; without a default the option is nil
-- until it is set. An unknown field, and a default that does not fit, are errors.
-- @module pagewarden.option
-- @usage
-- local opt = require "pagewarden.option"
-- local window = opt.duration { "window", default = "2s", min = "500ms", help = "pressure window" }

---@class pagewarden.option
local option = {}


---@class pagewarden.OptionDeclaration
---@field [1] string the name: a lower-case letter, then letters, digits and underscores
---@field default? any as configuration writes it
---@field help? string one line for `pagewarden help`

---@class pagewarden.RangedOption: pagewarden.OptionDeclaration
---@field min? string|number
---@field max? string|number

---@class pagewarden.ChoiceOption: pagewarden.OptionDeclaration
---@field choices string[]

---@class pagewarden.ListOption: pagewarden.OptionDeclaration
---@field of string|function the type of its elements, such as `opt.pattern`
---@field min? string|number of each element
---@field max? string|number of each element
---@field choices? string[] when the elements are choices


--- Bytes, written `"64M"` with powers of 1024. `0` needs no unit.
---@param declaration pagewarden.RangedOption
---@return pagewarden.Option
function option.size(declaration) end


--- Seconds, written `"500ms"`, `"2s"`, `"5m"`, `"1h30m"` or `"7d"`. `0` needs no unit.
---@param declaration pagewarden.RangedOption
---@return pagewarden.Option
function option.duration(declaration) end


--- 0 to 100, written `"25%"`. `0` needs no sign.
---@param declaration pagewarden.RangedOption
---@return pagewarden.Option
function option.percent(declaration) end


--- A whole number.
---@param declaration pagewarden.RangedOption
---@return pagewarden.Option
function option.integer(declaration) end


--- Any number.
---@param declaration pagewarden.RangedOption
---@return pagewarden.Option
function option.number(declaration) end


--- Written `yes`, `on` or `true`, `no`, `off` or `false` on a command line; false by default.
---@param declaration pagewarden.OptionDeclaration
---@return pagewarden.Option
function option.boolean(declaration) end


--- Any text.
---@param declaration pagewarden.OptionDeclaration
---@return pagewarden.Option
function option.string(declaration) end


--- One of the strings in `choices`.
---@param declaration pagewarden.ChoiceOption
---@return pagewarden.Option
function option.choice(declaration) end


--- A regular expression as `grep -E` has them; the policy gets it compiled, with `match(text)`.
---@param declaration pagewarden.OptionDeclaration
---@return pagewarden.Option
function option.pattern(declaration) end


--- An absolute path.
---@param declaration pagewarden.OptionDeclaration
---@return pagewarden.Option
function option.path(declaration) end


--- Several values of one type, divided by commas on a command line. A list of patterns has
--- `any(text)`, whether one of them matches.
---@param declaration pagewarden.ListOption
---@return pagewarden.Option
function option.list(declaration) end


--- A value as the policy gets it.
---@param spec pagewarden.Option
---@param value any what configuration has, or a text
---@param written? boolean the text comes from a command line, where all values are texts
---@return any? value nil when it is wrong
---@return string? problem
function option.convert(spec, value, written) end


--- A value as it would be written.
---@param spec pagewarden.Option
---@param value any converted
---@return string
function option.show(spec, value) end


return option
