-- SPDX-License-Identifier: MIT
--- What is done about a finding, besides logging it: to tell somebody, to run a program, and to
-- restart a unit.
-- @module pagewarden.recipe.ladder
local ladder = {}


--- Runs programs, one after the other.
local function run(pw, commands)
  pw:task(function()
    for _, words in ipairs(commands) do
      local ended, problem = pw.exec.run(words)
      problem = ended and (ended.status ~= 0 and ended.said or nil) or problem
      if problem then
        pw.log("not_run", { program = words[1], message = ("%s: %s"):format(words[1], problem) })
      end
    end
  end)
end


local function with(words, ...)
  return table.move({ ... }, 1, select("#", ...), #words + 1, table.move(words, 1, #words, 1, {}))
end


--- Tells somebody with one program, and runs another one.
---@param pw pagewarden.Pw with `exec`
---@param notify string[] its words, to which what is said is added; none when it is empty
---@param command string[] to which the kind, the name and the pid are added
---@param said table the fields of the event
function ladder.react(pw, notify, command, said)
  local commands = {}
  commands[1] = #notify > 0 and with(notify, said.message) or nil
  commands[#commands + 1] = #command > 0
    and with(command, said.kind, said.comm or "", tostring(said.pid or "")) or nil
  run(pw, commands)
end


---@param pw pagewarden.Pw with `exec`
---@param unit string
function ladder.restart(pw, unit)
  pw.log("restart", { unit = unit, message = ("%s is restarted, as it leaks"):format(unit) })
  run(pw, { { "/usr/bin/systemctl", "--no-block", "restart", "--", unit } })
end


return ladder
