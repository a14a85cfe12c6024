---@meta pagewarden.trend
-- SPDX-License-Identifier: MIT

---@class pagewarden.Growth since the series last stood at its floor
---@field points integer finished buckets
---@field seconds number
---@field first number
---@field last number
---@field slope number a second
---@field low number lower end of the slope's 95 % interval
---@field high number upper end
---@field early number slope of the first half
---@field late number slope of the second half
---@field kept number 0 to 1: the part of all buckets that no later one fell below
---@field p number whether it could be chance


---@class pagewarden.trend
local trend = {}


--- The Theil-Sen line through points.
---@param times number[] 2 to 128
---@param values number[]
---@return number slope
---@return number intercept
---@return number low lower end of the slope's 95 % interval
---@return number high
function trend.slope(times, values) end


--- The Mann-Kendall test for an upward trend.
---@param values number[] 2 to 128
---@return number p small means that it rises
---@return number z
---@return integer S
---@return number variance
function trend.mann_kendall(values) end


--- Makes an empty envelope: the least value of each bucket of time.
---@param options { bucket: number, capacity?: integer, window?: number }
---@return pagewarden.Envelope
function trend.envelope(options) end


---@class pagewarden.HistoryOptions
---@field columns? integer series of each process, 1 to 8
---@field screen? number a rise from which on the series of a process are kept
---@field finest? number width of the finest buckets in seconds, at most 11.1
---@field processes? integer most that are followed at a time
---@field series? integer most of them whose series are kept
---@field least? number|number[] rise that is worth a word, of all columns or of each
---@field patience? number seconds in which what doubles is called a leak
---@field share? number least growth of a leak, as a part of what was there before
---@field false_finding? number part of the leaks found together that may be chance

--- Makes an empty history: the sizes of many processes over time, and which of them leak.
---@param options? pagewarden.HistoryOptions
---@return pagewarden.History
function trend.history(options) end


---@class pagewarden.Envelope
local Envelope = {}


--- Takes a sample; false for a time of the past.
---@param time number
---@param value number
---@return boolean
function Envelope:add(time, value) end


--- By how much the newest finished bucket is above the least.
---@return number
function Envelope:rise() end


--- How the series grows; nil while it is too short to say.
---@return pagewarden.Growth?
function Envelope:growth() end


--- The finished buckets, oldest first.
---@return number[] times
---@return number[] minima
function Envelope:points() end


---@class pagewarden.Finding since the series last stood at its floor
---@field bucket number seconds
---@field points integer buckets
---@field seconds number
---@field first number median of the first sixth
---@field last number median of the last sixth
---@field slope number a second
---@field low number lower end of the slope's 95 % interval
---@field high number upper end
---@field early number rise of the first two fifths
---@field late number rise of the last two fifths
---@field rises integer of 5, from one sixth to the next
---@field kept number 0 to 1: the part of the buckets that no later one fell below
---@field grounds number times as large, times seconds
---@field p number could it be chance? 1 where nothing else speaks for a leak
---@field confidence number 0 to 1

--- `#history` is how many processes are followed.
---@class pagewarden.History
---@operator len: integer
local History = {}


--- Takes a sample of each column of a process.
---@param time number
---@param pid integer
---@param start_time integer
---@param ... number
---@return boolean? added false: no room for its series; nil: none for the process
function History:add(time, pid, start_time, ...) end


--- Judges what is new in all series.
function History:judge() end


--- The series that are more than calm.
---@return fun(history: pagewarden.History, number: integer): integer?, integer, integer, integer,
--- string that gives a number, pid, start time, column, and "growing" or "leak"
---@return pagewarden.History
---@return integer
function History:suspects() end


--- What speaks for the verdict on a series; nil when it is calm.
---@param pid integer
---@param start_time integer
---@param column? integer
---@return pagewarden.Finding?
function History:finding(pid, start_time, column) end


--- The finished buckets of a series, at the scale that the finding speaks of.
---@param pid integer
---@param start_time integer
---@param column? integer
---@return number[]? times
---@return number[] minima
function History:points(pid, start_time, column) end


--- Stops following every process that was last added before a time.
---@param time number
---@return integer how_many
function History:expire(time) end


--- Stops following a process.
---@param pid integer
---@param start_time integer
---@return boolean whether it was followed
function History:forget(pid, start_time) end


--- What is worth remembering, for `load`.
---@param most? integer bytes
---@return string
function History:save(most) end


--- Follows processes as `save` wrote them.
---@param time number
---@param saved string
---@return integer how_many
function History:load(time, saved) end


return trend
