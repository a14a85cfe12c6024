-- SPDX-License-Identifier: MIT
-- adaptive-swappiness on a real kernel: the guide's experiment, in small.
local lab = require "lab"

local SLEEPING_MIB, FILE_MIB, HOT_MIB, PICKERS = 300, 300, 220, 4


local function swappiness()
  return lab.number "/proc/sys/vm/swappiness"
end


--- Memory that was touched once and sleeps, beside files that are read again and again.
local function start_load()
  local file = lab.scratch.ext4 .. "/file"
  assert.equal(0, lab.run(("dd if=/dev/zero of=%s bs=1M count=%d && sync"):format(file, FILE_MIB)))
  lab.hog(SLEEPING_MIB)
  for i = 1, PICKERS do
    lab.start { "worker", "/run/" .. i, "pick", file, tostring(HOT_MIB) }
  end
end


return {
  needs = { swap = { "512M" }, scratch = { ext4 = "400M" }, timeout = 400,
    throttle = { mib = 50, requests = 1500 } },

  { "memory that sleeps gives way to files that are read again, and it is put back", function()
    start_load()
    local line, program = lab.hear_recipe({ "adaptive-swappiness", "-o", "interval=1s" },
      "adaptive-swappiness: moved")
    assert.matches("vm.swappiness from 60 to %d+: programs wait", line)
    assert.is_true(swappiness() > 60)
    program:signal "SIGTERM"
    assert.same({ "exited", 0 }, { program:wait() })
    assert.equal(60, swappiness())
  end },
}
