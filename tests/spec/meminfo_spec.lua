local proc = require "pagewarden.proc"

describe("proc.meminfo", function()
  it("runs under Lua 5.4", function()
    assert.equal("Lua 5.4", _VERSION)
  end)

  it("reads this machine in bytes", function()
    local memory, flaws = assert(proc.meminfo())
    assert.is_true(memory.MemTotal > memory.MemFree)
    assert.equal(0, memory.MemTotal % 1024)
    assert.same({ skipped = 0, clamped = 0 }, flaws)
  end)
end)
