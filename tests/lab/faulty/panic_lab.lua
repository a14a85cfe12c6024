-- SPDX-License-Identifier: MIT
local lab = require "lab"

return {
  { "the kernel panics", function() lab.write("/proc/sysrq-trigger", "c") end },
}
