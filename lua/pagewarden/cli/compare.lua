-- SPDX-License-Identifier: MIT
--- `pagewarden compare [FILE...]`: who was killed while early-oom looked on, and whom it would have
--- ended, from the journal or from files of events.
-- @module pagewarden.cli.compare
local comparison = require "pagewarden.comparison"
local event_lines = require "pagewarden.event_lines"
local exit = require "pagewarden.cli.exit"
local format = require "pagewarden.format"
local json = require "dkjson"
local root = require "pagewarden.cli.root"
local terminal = require "pagewarden.cli.terminal"
local text = require "pagewarden.text"
local unistd = require "posix.unistd"
local unit = require "pagewarden.unit"

local compare = { summary = "Compare who was killed with whom we would have ended" }

local JOURNALCTL <const> = "/usr/bin/journalctl"

--- Columns from which on there is room for what memory was left.
local WIDE <const> = 104

--- What is read at once, and what no event is longer than.
local BLOCK_BYTES <const>, LONGEST_LINE <const> = 1 << 16, 1 << 20


local function to_seconds(word)
  local seconds = unit.parse_duration(word)
  if not seconds then
    return nil, ("expected a duration with a unit, such as 30s or 7d, found '%s'"):format(
      text.escape(word))
  end
  return seconds
end


function compare.define(parser)
  parser:argument "files"
    :args "*"
    :description "Events as JSON lines, of run --json or journalctl -o json; - is standard input."
  parser:option "--since"
    :argname "TIME"
    :convert(to_seconds)
    :description "Only what happened in this long before now, such as 7d."
  parser:option "--within"
    :argname "TIME"
    :convert(to_seconds)
    :description "Take a kill and ours for one if no more than this is between, instead of 1m."
end


--- Takes a line into the comparison. Nil when it is no event.
local function take_line(compared, line, source, since)
  local name = line:match '"event"%s*:%s*"([%l%d_-]+)"'
    or line:match '"PAGEWARDEN_EVENT"%s*:%s*"([%l%d_-]+)"'
  if not name or not comparison.counts(name) then
    return name
  end
  local event = event_lines.parse(line)
  if event and (tonumber(event.time) or math.huge) >= since then
    event.source = event.source or source
    compared:add(event)
  end
  return event
end


--- Hands on each line of a stream with its newline. Of one that is too long to be an event no more
--- than the end is kept.
---@return boolean done
---@return string? message
local function each_line(stream, take)
  local rest = ""
  while true do
    local block, message = stream:read(BLOCK_BYTES)
    if not block then
      take(rest)
      return not message, message
    end
    block = rest .. block
    local from, last = 1, block:find("\n", #rest + 1, true)
    while last do
      take(block:sub(from, last))
      from, last = last + 1, block:find("\n", last + 1, true)
    end
    rest = block:sub(from)
    rest = #rest <= LONGEST_LINE and rest or "?"
  end
end


--- Takes all lines of a stream; what is no event is counted, the last apart, which may be cut off.
---@return boolean done
---@return string? problem
local function take_lines(compared, stream, source, since)
  local number, events, strange, first_strange, cut = 0, 0, 0, nil, false
  local done, message = each_line(stream, function(line)
    number = number + 1
    if take_line(compared, line, source, since) then
      events = events + 1
    elseif line ~= "" and line:sub(-1) ~= "\n" then
      cut = true
    elseif line:find "%S" then
      strange, first_strange = strange + 1, first_strange or number
    end
  end)
  if not done then
    return false, message
  elseif strange > 0 and events == 0 then
    return false, "has no events: what is compared is what run --json or journalctl -o json writes"
  elseif strange > 0 then
    exit.complain(exit.DONE, ("%s: line %d is no event and is left out%s"):format(source,
      first_strange, strange > 1 and (", and %d more"):format(strange - 1) or ""))
  elseif cut then
    exit.complain(exit.DONE, source .. ": the last line was cut off and is left out")
  end
  return true
end


--- Reads a file. Returns the status to exit with when that cannot be done.
local function take_file(compared, path, since)
  local file, message, number = io.stdin, nil, nil
  if path ~= "-" then
    file, message, number = io.open(path)
  end
  if not file then
    return exit.complain(number == 13 and exit.DENIED or exit.FAILED, message)
  end
  local done
  done, message = take_lines(compared, file, path, since)
  if path ~= "-" then
    file:close()
  end
  if not done then
    return exit.complain(exit.FAILED, ("%s: %s"):format(path, message))
  end
end


--- A word for the shell.
local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end


--- Reads what journald keeps of policies.
local function take_journal(compared, folder, since)
  if not unistd.access(JOURNALCTL, "x") then
    return exit.complain(exit.FAILED,
      ("there is no %s: name files of events that run --json wrote"):format(JOURNALCTL))
  end
  local words = { JOURNALCTL, "--quiet", "--no-pager", "--all", "--output=json",
    folder ~= "/" and quote("--root=" .. folder) or nil }
  words[#words + 1] = since > 0 and ("--since=@%d"):format(math.floor(since)) or nil
  for _, name in ipairs(comparison.KINDS) do
    words[#words + 1] = "PAGEWARDEN_EVENT=" .. name
  end
  local pipe <close> = assert(io.popen(table.concat(words, " ") .. " 2>/dev/null"))
  local done, message = take_lines(compared, pipe, "the journal", since)
  local ok, _, status = pipe:close()
  if not done or not ok then
    return exit.complain(exit.FAILED, ("the journal: %s"):format(message
      or ("journalctl ended with status %d"):format(status)))
  end
end


--- Bytes in as few columns as there can be.
local function brief(bytes)
  return bytes and format.size(bytes):gsub(" (%a)%a*$", "%1") or "?"
end


local function left(moment)
  return moment and (moment.available or moment.swap)
    and ("%s + %s"):format(brief(moment.available), brief(moment.swap)) or ""
end


local function who(moment)
  local name = moment.pid and ("%s (%d)"):format(moment.comm or "?", moment.pid)
    or (moment.kills or 1) > 1 and ("%d processes"):format(moment.kills) or "somebody"
  return text.escape(name) .. (moment.others and (" +%d"):format(moment.others) or "")
end


--- What happened instead of a kill.
local OUTCOMES = { ended = "it ended in %s", relieved = "it was over in %s" }


local function cells_of(row)
  local theirs, ours = row.theirs, row.ours
  local time = (theirs or ours).time
  local outcome = OUTCOMES[row.outcome]
  return {
    time and os.date("%m-%d %H:%M:%S", math.floor(time)) or "",
    theirs and who(theirs) or outcome and "nobody: " .. outcome:format(format.duration(row.after))
      or "nobody",
    theirs and text.escape(theirs.by or "?") .. (theirs.certain and "" or "?") or "",
    ours and ("%s %s"):format(text.escape(ours.signal or "end"), who(ours))
      or theirs.level == "warn" and "only warn" or "nothing",
    row.seconds and format.duration(row.seconds) or "",
    row.same == true and "yes" or row.same == false and "no" or "",
    left(theirs), left(ours),
  }
end


local COLUMNS = { { "TIME" }, { "KILLED", flexible = true }, { "BY" }, { "WE WOULD" },
  { "EARLIER", right = true }, { "SAME" }, { "LEFT", right = true },
  { "LEFT AT OURS", right = true } }


local function print_table(rows, arguments)
  local cells, several = {}, false
  for i, row in ipairs(rows) do
    cells[i] = cells_of(row)
    several = several or row.policy ~= rows[1].policy
  end
  local width, paint = terminal.width(), terminal.painter(arguments)
  local columns = table.move(COLUMNS, 1, width < WIDE and #COLUMNS - 2 or #COLUMNS, 1, {})
  for i, row in ipairs(several and rows or {}) do
    table.insert(cells[i], 1, text.escape(row.policy))
  end
  if several then
    table.insert(columns, 1, { "POLICY" })
  end
  for _, line in ipairs(format.table(columns, cells, width, function(number, _, cell)
    return number == 0 and paint("bold", cell) or cell
  end)) do
    print(line)
  end
end


local function count_by(by)
  local words = {}
  for name, count in pairs(by) do
    words[#words + 1] = ("%s %d"):format(text.escape(name), count)
  end
  table.sort(words)
  return table.concat(words, ", ")
end


local function print_summary(sum)
  print(("%d killed by others%s%s"):format(sum.theirs,
    sum.theirs > 0 and ": " .. count_by(sum.by) or "",
    sum.uncertain > 0 and ("; of %d nobody can say it for certain (?)"):format(sum.uncertain)
      or ""))
  print(("%d that we would have ended: %d beside theirs, %d of them the same%s%s"):format(sum.ours,
    sum.both, sum.same, sum.median and (", %s earlier in the median"):format(
      format.duration(sum.median)) or "", sum.both > 1 and (" (%s to %s)"):format(
      format.duration(sum.least), format.duration(sum.most)) or ""))
  print(("%d without ours, %d of ours without theirs%s"):format(sum.theirs - sum.both,
    sum.ours - sum.both, sum.acted > 0
      and ("; %d that we ended in truth are left out"):format(sum.acted) or ""))
end


--- Fields of a row, in order.
local FIELDS = { "kind", "policy", "seconds", "same", "outcome", "after" }

--- Those of each of the two that a row is about.
local MOMENT_FIELDS = { "time", "pid", "start_time", "comm", "size", "unit", "cgroup", "by",
  "certain", "others", "kills", "oom_cgroup", "signal", "level", "score", "available", "swap" }


local function add_moment(object, order, whose, moment)
  for _, name in ipairs(moment and MOMENT_FIELDS or {}) do
    local value, field = moment[name], ("%s_%s"):format(whose, name)
    local is_bytes = type(value) == "string" and not utf8.len(value)
    object[field] = is_bytes and text.escape(value) or value
    order[#order + 1] = field
  end
end


local function print_json(rows, sum)
  for _, row in ipairs(rows) do
    local object, order = {}, table.move(FIELDS, 1, #FIELDS, 1, {})
    for _, name in ipairs(FIELDS) do
      object[name] = row[name]
    end
    add_moment(object, order, "theirs", row.theirs)
    add_moment(object, order, "ours", row.ours)
    print(json.encode(object, { keyorder = order }))
  end
  sum.kind = "summary"
  print(json.encode(sum, { keyorder = { "kind", "theirs", "by", "uncertain", "ours", "both", "same",
    "median", "least", "most", "acted", "watched" } }))
end


---@param arguments table
---@param context pagewarden.Context
---@return integer status
function compare.run(arguments, context)
  local compared = comparison.new()
  local since = arguments.since and os.time() - arguments.since or -math.huge
  local failed
  for _, path in ipairs(arguments.files) do
    failed = failed or take_file(compared, path, since)
  end
  if not arguments.files[1] then
    failed = take_journal(compared, root.of(arguments, context), since)
  end
  local rows, sum = compared:result(arguments.within)
  if failed then
    return failed
  elseif #rows == 0 and sum.watched == 0 and sum.acted == 0 then
    return exit.complain(exit.FAILED, "there are no events of early-oom to compare")
  elseif arguments.json then
    print_json(rows, sum)
    return exit.DONE
  end
  if #rows > 0 then
    print_table(rows, arguments)
  end
  print_summary(sum)
  return exit.DONE
end


return compare
