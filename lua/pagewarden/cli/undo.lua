-- SPDX-License-Identifier: MIT
--- `pagewarden undo [ID]`: puts back what policies of dead processes changed, says what was left
-- and why, and lists what was set to be kept.
-- @module pagewarden.cli.undo
local exit = require "pagewarden.cli.exit"
local format = require "pagewarden.format"
local journal = require "pagewarden.journal"
local log = require "pagewarden.log"
local root = require "pagewarden.cli.root"
local terminal = require "pagewarden.cli.terminal"
local text = require "pagewarden.text"

local undo = { summary = "Undo what policies that died changed" }

--- What has become of an entry, and what there is to say of a journal.
local SENTENCES = {
  undone = "%key is %value again (policy %policy)",
  left = "%key is left at %value: %reason (policy %policy)",
  gone = "%key is gone: %reason (policy %policy)",
  journal_cut = "journal %journal: a torn end of %bytes bytes was cut off",
  journal_discarded = "journal %journal is dropped: %reason",
  journal_refused = "journal %journal is not touched: %reason",
}


function undo.define(parser)
  parser:argument "id"
    :args "?"
    :description "Undo this entry alone, also one that was to be kept."
    :convert(function(word)
      local id = word:match "^%d+$" and math.tointeger(tonumber(word))
      if not id or id == 0 then
        return nil, ("id: expected the number of an entry, found '%s'"):format(text.escape(word))
      end
      return id
    end)
end


local function say(note, arguments)
  if arguments.json then
    print(log.to_json(note))
    return
  end
  local sentence = SENTENCES[note.event]:gsub("%%(%a+)", function(name)
    return text.escape(note[name] or "")
  end)
  local remark = note.event == "undone" and note.reason
  print(remark and ("%s; %s"):format(sentence, text.escape(remark)) or sentence)
end


local function newest_first(a, b)
  return a.id > b.id
end


--- The entries that nobody undoes by himself: kept ones, and leases that could not be undone.
local function remaining(folder)
  local entries = {}
  for _, note in ipairs(journal.list(folder) or {}) do
    if note.event == "entry" and (note.lifetime == "keep" or note.process == "dead") then
      entries[#entries + 1] = note
    end
  end
  table.sort(entries, newest_first)
  return entries
end


--- A value as one reads it: what tells one swap area from another is for the journal.
local function brief(value)
  return text.escape((value:gsub(" uuid=%S+", ""):gsub("size=(%d+)", function(bytes)
    return format.size(tonumber(bytes))
  end)))
end


local function show(entries, arguments)
  local rows = {}
  for i, entry in ipairs(entries) do
    rows[i] = { tostring(entry.id), text.escape(entry.key), brief(entry.was),
      brief(entry.value), text.escape(entry.policy) }
    if arguments.json then
      print(log.to_json(entry))
    end
  end
  if #rows == 0 or arguments.json then
    return
  end
  local columns = { { "ID" }, { "KEPT" }, { "WAS" }, { "SET TO" }, { "POLICY" } } -- none is cut
  local paint = terminal.painter(arguments)
  for _, line in ipairs(format.table(columns, rows, terminal.width(), function(row, _, cell)
    return row == 0 and paint("bold", cell) or cell
  end)) do
    print(line)
  end
end


function undo.run(arguments, context)
  local folder = root.of(arguments, context)
  local notes, message, _, kind = journal.undo(folder, arguments.id)
  if not notes then
    return exit.complain(exit.status_of(kind), message)
  end
  local status = exit.DONE
  for _, note in ipairs(notes) do
    say(note, arguments)
    if note.event == "left" or note.event == "journal_refused" then
      status = exit.FAILED
    end
  end
  if not arguments.id then
    show(remaining(folder), arguments)
  end
  return status
end


return undo
