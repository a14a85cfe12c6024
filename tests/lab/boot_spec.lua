-- SPDX-License-Identifier: MIT
local boot = require "boot"
local tap = require "tap"

--- As the kernel says it, 6.12 and before.
local CONSOLES = {
  { "[    1.813318] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI", "[    1.9] Kernel panic" },
  { "[    2.100000] int3: 0000 [#1] PREEMPT SMP NOPTI" },
}

describe("a guest is booted again", function()
  it("when the emulator ran half of an instruction before the script began", function()
    for _, console in ipairs(CONSOLES) do
      assert.is_true(boot.is_torn(tap.SAID_NOTHING, console))
    end
  end)

  it("for nothing else that is on its console", function()
    assert.is_false(boot.is_torn(tap.SAID_NOTHING, { "Kernel panic - not syncing: Fatal" }))
  end)

  it("never once its script has begun, nor when all is good", function()
    assert.is_false(boot.is_torn("1 of 2 checks failed", CONSOLES[1]))
    assert.is_false(boot.is_torn(nil, CONSOLES[1]))
  end)
end)
