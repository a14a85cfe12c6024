-- SPDX-License-Identifier: MIT
--- The processes that matter for memory: the largest by each measure, the next victims of the OOM
-- killer, and those that cannot be killed though they hold much.
-- @module pagewarden.report.processes
local oom = require "pagewarden.oom"
local text = require "pagewarden.text"

local processes = {}

local FIELDS = {
  "pid", "ppid", "comm", "state", "uid", "vsize", "rss", "swap", "oom_score", "oom_score_adj",
}

local SHOWN = 8

--- How many of those that may be killed are told of.
local VICTIMS = 5

--- Of how many processes, the largest by rss, pss is read. It costs the more the larger they are.
local PSS_CANDIDATES = 16


local function by(field)
  return function(a, b)
    if a[field] ~= b[field] then
      return (a[field] or -1) > (b[field] or -1)
    end
    return a.pid < b.pid
  end
end


local function largest(rows, field)
  local some = {}
  for _, row in ipairs(rows) do
    if (row[field] or 0) > 0 then
      some[#some + 1] = row
    end
  end
  table.sort(some, by(field))
  return table.move(some, 1, math.min(SHOWN, #some), 1, {})
end


--- A row as the report holds it: names printable, nothing that this part does not tell.
local function told(rows, ...)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { pid = row.pid, comm = text.escape(row.comm or "") }
    for _, field in ipairs { ... } do
      list[i][field] = row[field]
    end
  end
  return list
end


--- The largest by pss among the largest by rss, and of how many of those it could not be read.
local function by_pss(reader, budget)
  local snapshot <close> = reader:processes {
    "pid", "comm", "vsize", "rss", "swap", where = { vsize = { min = 1 } },
    by = "rss", top = PSS_CANDIDATES,
  }
  if not snapshot then
    return {}, 0, 0
  end
  local _, left = snapshot:enrich({ "pss", "uss" }, { budget = budget })
  local rows, unread = snapshot:table(), 0
  for _, row in ipairs(rows) do
    unread = unread + (row.pss and 0 or 1)
  end
  return largest(rows, "pss"), math.max(0, unread - (left or 0)), left or 0
end


local function unkillable(rows)
  local some = {}
  for _, row in ipairs(rows) do
    if row.oom_score_adj == -1000 and (row.rss or 0) > 0 then
      some[#some + 1] = row
    end
  end
  return largest(some, "rss")
end


--- How many processes with memory there are, and of how many of them the oom_score is known.
local function count_users(rows)
  local users, scored = 0, 0
  for _, row in ipairs(rows) do
    local is_user = (row.vsize or 0) > 0
    users = users + (is_user and 1 or 0)
    scored = scored + (is_user and row.oom_score and 1 or 0)
  end
  return users, scored
end


--- Whether /proc shows kernel threads. Where it shows only others, it is a container's.
local function shows_kernel_threads(rows)
  if #rows == 0 then
    return nil
  end
  for _, row in ipairs(rows) do
    if row.pid == 2 then
      return row.comm == "kthreadd" and row.ppid == 0
    end
  end
  return false
end


--- What the report tells of processes.
---@param reader table as `proc.open` makes it
---@param budget number seconds that reading pss may take
---@return table? processes
---@return string? message
function processes.collect(reader, budget)
  local snapshot <close>, message = reader:processes(FIELDS)
  if not snapshot then
    return nil, message
  end
  local rows = snapshot:table()
  local view <close> = assert(oom.open(reader))
  local victims = view:victims { top = VICTIMS } or {}
  local pss, unreadable, left = by_pss(reader, budget)
  local user_count, scored_count = count_users(rows)
  return {
    count = #rows,
    user_count = user_count,
    scored_count = scored_count,
    kernel_threads_shown = shows_kernel_threads(rows),
    flaws = snapshot:flaws(),
    by_rss = told(largest(rows, "rss"), "rss", "swap", "vsize", "oom_score_adj"),
    by_swap = told(largest(rows, "swap"), "swap", "rss"),
    by_pss = told(pss, "pss", "uss", "rss"),
    pss_unreadable = unreadable,
    pss_left = left,
    victims = told(victims, "badness", "from_adj", "oom_score", "oom_score_adj", "rss", "swap",
      "page_tables"),
    unkillable = told(unkillable(rows), "rss", "swap"),
  }
end


return processes
