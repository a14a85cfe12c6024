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
---@field bucket number width of a bucket at first, seconds
---@field capacity? integer buckets of each series, 4 to 128
---@field window? number seconds
---@field columns? integer series of each process, 1 to 8
---@field processes? integer most that are followed at a time

--- Makes an empty history: the envelopes of many processes.
---@param options pagewarden.HistoryOptions
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


--- `#history` is how many processes are followed.
---@class pagewarden.History
---@operator len: integer
local History = {}


--- Takes a sample of each column of a process; nil when the limit is reached.
---@param time number
---@param pid integer
---@param start_time integer
---@param ... number
---@return number? ... by how much the newest finished bucket of each column is above its least
function History:add(time, pid, start_time, ...) end


--- How one series grows.
---@param pid integer
---@param start_time integer
---@param column? integer
---@return pagewarden.Growth?
function History:growth(pid, start_time, column) end


--- Stops following every process that was last added before a time.
---@param time number
---@return integer how_many
function History:expire(time) end


return trend
