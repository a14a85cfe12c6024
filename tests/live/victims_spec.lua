-- SPDX-License-Identifier: MIT
-- This machine's own kernel is asked: whatever its version, its scores are ours.
local oom = require "pagewarden.oom"

describe("oom.victims", function()
  it("rates processes as the kernel does", function()
    local compared = 0
    for _, victim in ipairs(assert(oom.victims { top = 1000 })) do
      local score = oom.score(victim.pid)
      if score and score > 0 then -- else it has ended
        assert.near(score, victim.oom_score, 2, victim.comm) -- it may have grown meanwhile
        compared = compared + 1
      end
    end
    assert.is_true(compared > 0)
  end)
end)
