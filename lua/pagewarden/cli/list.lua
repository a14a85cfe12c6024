-- SPDX-License-Identifier: MIT
--- `pagewarden list`: the policies there are.
-- @module pagewarden.cli.list
local exit = require "pagewarden.cli.exit"
local format = require "pagewarden.format"
local json = require "dkjson"
local policies = require "pagewarden.cli.policies"
local terminal = require "pagewarden.cli.terminal"

local list = { summary = "List the policies there are" }


local function print_json(found)
  for _, policy in ipairs(found) do
    local tags = setmetatable(policy.tags, { __jsontype = "array" })
    print(json.encode({ name = policy.name, summary = policy.summary, tags = tags,
      path = policy.path }, { keyorder = { "name", "summary", "tags", "path" } }))
  end
end


local function print_table(found, arguments)
  local rows = {}
  for i, policy in ipairs(found) do
    rows[i] = { policy.name, policy.summary, table.concat(policy.tags, ", ") }
  end
  local paint = terminal.painter(arguments)
  local columns = { { "NAME" }, { "SUMMARY", flexible = true }, { "TAGS" } }
  local width = terminal.width()
  if width < 80 then
    columns[3] = nil
  end
  for _, line in ipairs(format.table(columns, rows, width, function(row, column, cell)
    return (row == 0 or column == 1) and paint("bold", cell) or cell
  end)) do
    print(line)
  end
end


function list.run(arguments, context)
  local found, worst = {}, exit.DONE
  for _, script in ipairs(policies.list(arguments, context)) do
    local policy, status = policies.load(script.path, arguments, context)
    found[#found + 1] = policy
    if policy then
      policy:close()
    end
    worst = math.max(worst, status or exit.DONE)
  end
  if arguments.json then
    print_json(found)
  elseif #found > 0 then
    print_table(found, arguments)
  end
  return worst
end


return list
