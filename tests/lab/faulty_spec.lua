-- SPDX-License-Identifier: MIT
-- Guests that fail, each in its own way, and what the lab says of them: these boot.
local PREFIX = "lua5.4 tests/lab/run.lua faulty/%s@6.12 2>&1"


--- Runs a script of tests/lab/faulty, and returns what is printed; it must fail.
local function run(name)
  local pipe = assert(io.popen(PREFIX:format(name)))
  local output = pipe:read "a"
  local passed = pipe:close()
  if output:match "^skipped: " then
    return pending(output)
  end
  assert.is_falsy(passed)
  return output
end


describe("a guest that", function()
  it("fails a check is said to, and why, and goes on with the next", function()
    local output = run "failing"
    assert.matches("not ok 2 %- two is three\n# tests/lab/faulty/failing_lab.lua", output)
    assert.matches("# Expected:\n# %(number%) 3", output)
    assert.matches("ok 3 %- three is three", output)
    assert.matches("faulty/failing@6.12: 1 of 3 checks failed", output, 1, true)
  end)

  it("ends its script early is not taken for one that is done", function()
    assert.matches("2 checks were planned, and 1 reported", run "short", 1, true)
  end)

  it("panics shows the panic", function()
    local output = run "panic"
    assert.matches("ended by itself, or not at all, after 0 of 1 checks", output, 1, true)
    assert.matches("Kernel panic - not syncing: sysrq triggered crash", output, 1, true)
  end)

  it("reboots is not waited for", function()
    local output = run "reboot"
    assert.matches("ended by itself, or not at all, after 1 of 2 checks", output, 1, true)
    assert.matches("reboot: Restarting system", output, 1, true)
  end)

  it("hangs is ended", function()
    assert.matches("the guest hung: it did not end within 10 seconds", run "hang", 1, true)
  end)
end)
