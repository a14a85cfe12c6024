-- SPDX-License-Identifier: MIT
local boot = require "boot"
local tap = require "tap"

local UP = "lab: the guest is up"
local HUNG = "the guest hung: it did not end within 180 seconds"

--- As the kernel says it, 6.12 and before.
local TORN = {
  { UP, "[    1.813318] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI", "[    1.9] Kernel panic" },
  { UP, "[    2.100000] int3: 0000 [#1] PREEMPT SMP NOPTI" },
}

describe("a guest is booted again", function()
  it("when the emulator ran half of an instruction before the script began", function()
    for _, console in ipairs(TORN) do
      assert.is_true(boot.is_broken(tap.SAID_NOTHING, console))
    end
  end)

  it("when its kernel stood still or panicked before there was any process", function()
    assert.is_true(boot.is_broken(HUNG, {}))
    assert.is_true(boot.is_broken(tap.SAID_NOTHING, { "Kernel panic - not syncing: IO-APIC" }))
  end)

  it("for nothing else that goes wrong once it is up", function()
    assert.is_false(boot.is_broken(tap.SAID_NOTHING, { UP, "Kernel panic - not syncing: Fatal" }))
    assert.is_false(boot.is_broken(HUNG, { UP }))
  end)

  it("never once its script has begun, nor when all is good", function()
    assert.is_false(boot.is_broken("1 of 2 checks failed", TORN[1]))
    assert.is_false(boot.is_broken(nil, TORN[1]))
  end)
end)
