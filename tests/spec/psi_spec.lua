-- SPDX-License-Identifier: MIT
local psi = require "pagewarden.psi"
local tree = require "tree"

local SOME = "some avg10=0.10 avg60=2.00 avg300=3.85 total=15\n"

describe("psi", function()
  local view

  before_each(function()
    view = assert(psi.open(tree.new {
      ["proc/pressure/memory"] = SOME,
      ["sys/fs/cgroup/cgroup.controllers"] = "memory\n",
      ["sys/fs/cgroup/web/io.pressure"] = SOME,
    }))
  end)

  after_each(tree.remove_all)

  it("reads the pressure of the machine and of a cgroup", function()
    local expected = { some = { avg10 = 0.1, avg60 = 2, avg300 = 3.85, total = 15 } }
    assert.same(expected, (view:read "memory"))
    assert.same(expected, (view:read("io", "/web")))
  end)

  it("tells a kernel without pressure from a cgroup that is gone", function()
    assert.equal("unsupported", select(4, view:read "cpu"))
    assert.equal("gone", select(4, view:read("io", "/db")))
    local without = psi.open(tree.new {})
    assert.equal("unsupported", select(4, without:read("io", "/web")))
  end)

  it("makes triggers on this machine only", function()
    local trigger, message, _, kind = view:trigger { resource = "memory", stall = 0.1 }
    assert.is_nil(trigger)
    assert.equal("proc/pressure/memory: only this machine's own root has triggers", message)
    assert.equal("unsupported", kind)
  end)

  it("names the argument that is wrong", function()
    local function fails(pattern, request)
      assert.error_matches(function() view:trigger(request) end, pattern)
    end
    fails("unknown field 'stal' %(did you mean 'stall'%?%)", { resource = "memory", stal = 1 })
    fails("unknown resource 'memroy'", { resource = "memroy", stall = 1 })
    fails("unknown kind 'most'", { resource = "memory", kind = "most", stall = 1 })
    fails("field 'stall' must be", { resource = "memory" })
    fails("field 'stall' must be", { resource = "memory", stall = 3, window = 2 })
    fails("field 'window' must be", { resource = "memory", stall = 0.1, window = 20 })
    fails("must be a path from '/'", { resource = "memory", stall = 0.1, cgroup = "web" })
    fails("must be a path from '/'", { resource = "memory", stall = 0.1, cgroup = "/../web" })
    assert.error_matches(function() view:read "memroy" end, "invalid option 'memroy'")
    assert.error_matches(function() view:read("memory", 7) end, "a path expected")
  end)

  it("has triggers whose time can be over, and which can be closed", function()
    local trigger, _, _, kind = psi.trigger { resource = "memory", stall = 2, window = 2 }
    if not trigger then
      assert.is_true(kind == "unsupported" or kind == "denied")
      return
    end
    assert.is_false(trigger:wait(0))
    assert.is_true(trigger:fd() > 2)
    assert.error_matches(function() trigger:wait(-1) end, "seconds expected")
    trigger:close()
    trigger:close()
    assert.error_matches(function() trigger:wait(0) end, "trigger is closed")
  end)
end)
