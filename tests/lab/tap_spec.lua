-- SPDX-License-Identifier: MIT
local tap = require "tap"

local function judge(text)
  local echoed = {}
  local problem = tap.judge(text:gmatch "[^\n]+", function(line) echoed[#echoed + 1] = line end)
  return problem, echoed
end

describe("what a guest said", function()
  it("is good when all that was planned is, and the guest ended as it should", function()
    local problem, echoed = judge "1..2\r\nok 1 - a\r\nok 2 - b\r\n# ended with status 0\r\n"
    assert.is_nil(problem)
    assert.same({ "1..2", "ok 1 - a", "ok 2 - b", "# ended with status 0" }, echoed)
  end)

  it("is not when a check failed", function()
    assert.equal("1 of 2 checks failed", judge "1..2\nnot ok 1\nok 2\n# ended with status 0")
  end)

  it("is not when nothing was planned, or nothing said", function()
    assert.matches("never said", judge "")
    assert.matches("never said", judge "ok 1\n# ended with status 0")
  end)

  it("is not when a check is missing, too many, or twice there", function()
    local function say(...)
      return judge(table.concat({ ... }, "\n") .. "\n# ended with status 0")
    end
    assert.equal("2 checks were planned, and 1 reported", say("1..2", "ok 1"))
    assert.equal("1 checks were planned, and 2 reported", say("1..1", "ok 1", "ok 2"))
    assert.equal("2 checks were planned, and 2 reported in another order",
      say("1..2", "ok 1", "ok 1"))
  end)

  it("is not without its end", function()
    assert.matches("ended by itself, or not at all, after 1 of 1 checks", judge "1..1\nok 1")
  end)

  it("is not when the script failed after its checks", function()
    assert.matches("status 3", judge "1..1\nok 1\n# ended with status 3")
  end)
end)
