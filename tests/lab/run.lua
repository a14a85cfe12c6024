-- SPDX-License-Identifier: MIT
-- run.lua NAME@KERNEL: boots a guest for tests/lab/NAME_lab.lua and prints what that says. Exits 1
-- when a check failed, or the guest panicked, hung or ended before its time, and then shows the end
-- of its console. PW_BUILD_DIR is the build tree.
package.path = "tests/lab/?.lua;" .. package.path
local boot = require "boot"

local name, kernel = arg[1]:match "^(.*)@(.*)$"
local obstacle = boot.obstacle(name, kernel)
if obstacle then
  print("skipped: " .. obstacle)
  os.exit(true)
end
io.stdout:setvbuf "line"
os.exit(not boot.run({ name = name, kernel = kernel }, print))
