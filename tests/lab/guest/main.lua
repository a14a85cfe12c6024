-- SPDX-License-Identifier: MIT
-- main.lua NAME: makes the guest as the script needs it, and runs its checks one after another.
local script = require "script"
local setup = require "setup"
local lab = require "lab"

assert = require "luassert" -- luacheck: ignore 121


--- Says what went wrong, in lines that belong to no check.
local function explain(problem)
  print((("\n" .. tostring(problem)):gsub("\n", "\n# "):sub(2)))
end


local function run(number, check)
  local passed, problem = xpcall(check[2], function(message)
    return debug.traceback(tostring(message), 2)
  end)
  local cleaned, trouble = pcall(lab.clean_up)
  print(("%s %d - %s"):format(passed and cleaned and "ok" or "not ok", number, check[1]))
  if not passed or not cleaned then
    explain(passed and trouble or problem)
  end
end


local function main(name)
  io.stdout:setvbuf "line"
  local loaded = script.load(name)
  local checks = {}
  for _, check in ipairs(loaded) do
    if not check.kernel or check.kernel == lab.kernel then
      checks[#checks + 1] = check
    end
  end
  lab.adopt(setup.guest(loaded.needs))
  print("1.." .. #checks)
  for number, check in ipairs(checks) do
    run(number, check)
  end
end


main(arg[1])
