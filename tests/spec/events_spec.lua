-- SPDX-License-Identifier: MIT
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"
local tree = require "tree"

local STAT = "%d (cat) S 1 %d 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 450 0 0\n"

--- A virtual loop over a root with these files.
local function on(files)
  local reader = assert(proc.open(tree.new(files)))
  return assert(loops.new { virtual = true, reader = reader }), reader
end

describe("the end of a process", function()
  teardown(tree.remove_all)

  local function with_process()
    return on { ["proc/200/stat"] = STAT:format(200, 200) }
  end

  it("calls the function once, with who it was", function()
    local loop, reader = with_process()
    local seen = {}
    assert(loop:on_exit(reader:process(200), function(event) seen[#seen + 1] = event end))
    assert.equal(0, loop:inject("exit", { pid = 200, start_time = 451 }))
    assert.equal(1, loop:inject("exit", { pid = 200, start_time = 450 }))
    assert.equal(0, loop:inject("exit", { pid = 200, start_time = 450 }))
    assert.same({ { pid = 200, start_time = 450 } }, seen)
    loop:close()
  end)

  it("is that of whoever has the pid when a pid is given", function()
    local loop = with_process()
    local seen
    assert(loop:on_exit(200, function(event) seen = event.start_time end))
    loop:inject("exit", { pid = 200, start_time = 450 })
    assert.equal(450, seen)
  end)

  it("is not waited for any more after cancel, nor after a scope", function()
    local loop = with_process()
    local handle = assert(loop:on_exit(200, error))
    handle:cancel()
    handle:cancel()
    do
      local scoped <close> = assert(loop:on_exit(200, error))
      assert.is_not_nil(scoped)
    end
    assert.equal(0, loop:inject("exit", { pid = 200, start_time = 450 }))
  end)

  it("says when the process is gone already", function()
    local loop = with_process()
    local handle, message, _, kind = loop:on_exit(999, print)
    assert.is_nil(handle)
    assert.equal("process 999: No such process", message)
    assert.equal("gone", kind)
  end)

  it("cannot be waited for in a captured tree by a loop on real time", function()
    local _, reader = with_process()
    local loop <close> = assert(loops.new { reader = reader })
    local handle, _, _, kind = loop:on_exit(200, print)
    assert.is_nil(handle)
    assert.equal("unsupported", kind)
  end)

  it("raises out of inject what the function raised", function()
    local loop = with_process()
    loop:on_exit(200, function() error "broken on purpose" end)
    assert.error_matches(function() loop:inject("exit", { pid = 200, start_time = 450 }) end,
      "broken on purpose.*stack traceback")
    assert.is_true(loop:advance(1))
  end)

  it("raises out of the loop that a timer injected it in", function()
    local loop = with_process()
    loop:on_exit(200, function() error "broken on purpose" end)
    loop:after(1, coroutine.wrap(function()
      loop:inject("exit", { pid = 200, start_time = 450 })
    end))
    assert.error_matches(function() loop:advance(2) end, "broken on purpose")
  end)
end)

describe("inject", function()
  it("names what is wrong", function()
    local loop <close> = loops.new { virtual = true }
    assert.error_matches(function() loop:inject("exits", {}) end, "unknown event 'exits'")
    assert.error_matches(function() loop:inject("exit", { pod = 1 }) end, "did you mean 'pid'")
    assert.error_matches(function() loop:inject("exit", { pid = 1 }) end,
      "field 'start_time' must be an integer")
    local real <close> = assert(loops.new())
    assert.error_matches(function() real:inject("exit", {}) end, "not virtual")
  end)
end)
