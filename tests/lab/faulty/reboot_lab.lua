-- SPDX-License-Identifier: MIT
local lab = require "lab"

return {
  { "all is well", function() end },
  { "the guest reboots", function() lab.run "reboot -f" end },
}
