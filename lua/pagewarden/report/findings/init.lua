-- SPDX-License-Identifier: MIT
--- What a report means, in sentences. Each finding is a small pure function over the report's
-- table; they stand in groups beside this file. To add one, add an entry to its group:
--
--     {
--       id = "no-swap",                     -- stable: scripts match it
--       severity = "note",                  -- "critical", "warning" or "note"
--       check = function(report)            -- returns nothing where it does not apply
--         return sentence, evidence         -- evidence: the values that it rests on, by name
--       end,
--     }
--
-- @module pagewarden.report.findings
local findings = {}

---@class pagewarden.report.Finding
---@field id string
---@field severity "critical"|"warning"|"note"
---@field sentence string
---@field evidence table<string, any>

local GROUPS = {
  require "pagewarden.report.findings.room",
  require "pagewarden.report.findings.kernel",
  require "pagewarden.report.findings.swap",
  require "pagewarden.report.findings.writeback",
  require "pagewarden.report.findings.oom",
  require "pagewarden.report.findings.container",
}

local RANK = { critical = 1, warning = 2, note = 3 }


--- All findings that apply, the gravest first.
---@param report table what `pagewarden.report.collect` returns
---@return pagewarden.report.Finding[]
function findings.of(report)
  local found = {}
  for _, group in ipairs(GROUPS) do
    for _, entry in ipairs(group) do
      local sentence, evidence = entry.check(report)
      if sentence then
        found[#found + 1] = {
          id = entry.id, severity = entry.severity, sentence = sentence, evidence = evidence,
          order = #found,
        }
      end
    end
  end
  table.sort(found, function(a, b)
    if a.severity ~= b.severity then
      return RANK[a.severity] < RANK[b.severity]
    end
    return a.order < b.order
  end)
  for _, finding in ipairs(found) do
    finding.order = nil
  end
  return found
end


return findings
