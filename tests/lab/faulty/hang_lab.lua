-- SPDX-License-Identifier: MIT
local lab = require "lab"

return {
  needs = { timeout = 10 },
  { "nothing happens", function() lab.sleep(1000) end },
}
