-- SPDX-License-Identifier: MIT
--- What `top` shows of a sample, as lines. Pure.
-- @module pagewarden.top.page
local format = require "pagewarden.format"
local text = require "pagewarden.text"

local page = {}

--- Lines above and below the processes.
page.FRAME = 5

local KEYS = "q quit   order: r rss  s swap  g growth  p pss   0 growth begins now"


local function signed(bytes)
  return bytes > 0 and "+" .. format.size(bytes) or bytes < 0 and format.size(bytes) or "0"
end


local function memory_line(memory)
  local available = memory.MemAvailable or memory.MemFree
  local swap = (memory.SwapTotal or 0) > 0
    and ("swap %s of %s used"):format(format.size(memory.SwapTotal - memory.SwapFree),
      format.size(memory.SwapTotal))
    or "no swap"
  return ("memory %s of %s %s   %s"):format(format.size(available), format.size(memory.MemTotal),
    memory.MemAvailable and "available" or "free", swap)
end


local function pressure_line(pressure)
  if not pressure then
    return "pressure: this kernel does not tell"
  end
  local shown = {}
  for _, resource in ipairs { "memory", "io" } do
    local of = pressure[resource]
    shown[#shown + 1] = of and of.some and ("%s some %s full %s"):format(resource,
      format.percent(of.some.avg10), format.percent(of.full and of.full.avg10 or 0))
  end
  return "pressure " .. table.concat(shown, "   ")
end


--- The columns in their order: what to put there, and how wide a terminal has to be for it.
local COLUMNS = {
  { "PID", right = true, least = 0, cell = function(row) return ("%d"):format(row.pid) end },
  { "USER", least = 64, cell = function(row, user) return text.escape(user(row.uid)) end },
  { "RSS", right = true, least = 0, cell = function(row) return format.size(row.rss) end },
  { "PSS", right = true, least = 0, by = "pss",
    cell = function(row) return row.pss and format.size(row.pss) or "-" end },
  { "SWAP", right = true, least = 40, cell = function(row) return format.size(row.swap) end },
  { "GROWTH", right = true, least = 50, cell = function(row) return signed(row.growth) end },
  { "CHANGE/s", right = true, least = 60, cell = function(row) return signed(row.change) end },
  { "COMMAND", flexible = true, least = 0, cell = function(row) return text.escape(row.comm) end },
}


--- The table of processes, with its heading.
---@param sample pagewarden.top.Sample
---@param by string the order
---@param width integer columns of the terminal
---@param user fun(uid: integer?): string
---@param paint fun(style: string, text: string): string
---@return string[]
function page.processes(sample, by, width, user, paint)
  local columns, rows = {}, {}
  for _, column in ipairs(COLUMNS) do
    local is_shown = width >= column.least and (not column.by or column.by == by)
    columns[#columns + 1] = is_shown and column or nil
  end
  for i, row in ipairs(sample.rows) do
    rows[i] = {}
    for j, column in ipairs(columns) do
      rows[i][j] = column.cell(row, user)
    end
  end
  local lines = format.table(columns, rows, width)
  for i, line in ipairs(lines) do
    lines[i] = format.fit(line, width)
  end
  lines[1] = paint("bold", lines[1])
  return lines
end


---@class pagewarden.top.View
---@field by string the order
---@field width integer columns of the terminal
---@field height integer its lines
---@field user fun(uid: integer?): string
---@field paint fun(style: string, text: string): string

---@class pagewarden.top.Machine
---@field memory table as `meminfo` has it
---@field pressure table<string, table>? by resource

--- A whole screen: no more lines than it has, and none longer than it is wide.
---@param sample pagewarden.top.Sample
---@param machine pagewarden.top.Machine
---@param view pagewarden.top.View
---@param seconds number since growth began
---@return string[]
function page.lines(sample, machine, view, seconds)
  local unread = (sample.pss_unread or 0) > 0
    and ("; pss of %d not read"):format(sample.pss_unread) or ""
  local lines = {
    memory_line(machine.memory), pressure_line(machine.pressure),
    ("%d %s by %s, growth of the last %s%s"):format(sample.processes,
      sample.processes == 1 and "process" or "processes", view.by,
      format.duration(math.floor(seconds)), unread),
  }
  for _, line in ipairs(page.processes(sample, view.by, view.width, view.user, view.paint)) do
    lines[#lines + 1] = line
  end
  lines = table.move(lines, 1, math.min(#lines, view.height - 1), 1, {})
  for i = 1, math.min(3, #lines) do
    lines[i] = format.fit(lines[i], view.width)
  end
  lines[#lines + 1] = view.paint("dim", format.fit(KEYS, view.width))
  return lines
end


return page
