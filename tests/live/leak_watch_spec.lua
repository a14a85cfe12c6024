-- SPDX-License-Identifier: MIT
-- leak-watch on this machine, beside a program that leaks 1 MiB a second and one that only warms
-- up. Takes 100 seconds of real time.
local json = require "dkjson"

local WATCH = [[
"$PW_BUILD_DIR/tests/fixtures/leak" 130 & leak=$!
"$PW_BUILD_DIR/tests/fixtures/warm_up" 130 & warm_up=$!
echo $leak $warm_up
"$PW_BUILD_DIR/bin/pagewarden" run leak-watch --for 100s --json
status=$?
kill $leak $warm_up
exit $status
]]

--- Runs the three, and gives the events of each of the two programs.
local function watch()
  local output <close> = assert(io.popen(WATCH))
  local leak, warm_up = output:read("n", "n", "L")
  local events = { [leak] = {}, [warm_up] = {} }
  for line in output:lines() do
    local event = assert(json.decode(line), line)
    table.insert(events[event.pid] or {}, event)
  end
  assert.is_true(output:close())
  return events[leak], events[warm_up], leak
end

describe("leak-watch on a live machine", function()
  local leak, warm_up, pid

  setup(function()
    leak, warm_up, pid = watch()
  end)

  it("names the program that leaks, and its slope within a fifth", function()
    local event = assert(leak[1], "nothing was said about it")
    assert.equal("real", event.kind)
    assert.equal("leak", event.comm)
    assert.equal(1, event.message:find(("leak (pid %d) grew"):format(pid), 1, true))
    assert.is_true(math.abs(event.slope / (1 << 20) - 1) < 0.2, "slope " .. event.slope)
    assert.is_true(event.exhaustion > 0)
  end)

  it("does not call a warm-up a leak", function()
    for _, event in ipairs(warm_up) do
      assert.not_equal("leak", event.event)
    end
  end)
end)
