-- SPDX-License-Identifier: MIT
--- A fake machine whose clock and memory the test moves: nothing here touches the real one.
local testing = require "pagewarden.testing"

local here = debug.getinfo(1, "S").source:match "^@(.*)/" or "."


describe("my-policy", function()
  local world

  before_each(function()
    world = testing.new { script = here .. "/my-policy.lua", options = { least = "10%" } }
  end)

  after_each(function() world:stop() end)

  local function set_available(kib)
    world:write("proc/meminfo", ("MemTotal: 4000000 kB\nMemAvailable: %d kB\n"):format(kib))
  end

  it("is silent while enough memory is available", function()
    world:advance "1h"
    assert.no_event(world, "low")
  end)

  it("speaks once when little is available, and once when that is over", function()
    set_available(300000)
    world:advance "1m"
    assert.event(world, "low", { available = 300000 << 10 })
    set_available(3000000)
    world:advance "1m"
    assert.event(world, "enough")
    assert.equal(2, #world.events)
  end)

  it("leaves nothing behind", function()
    world:advance "1m"
    world:stop()
    assert.no_trace(world)
  end)
end)
