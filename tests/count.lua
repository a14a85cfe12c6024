-- SPDX-License-Identifier: MIT
-- count.lua RESULTS.xml…: sums what ctest reported (--output-junit) to one line, counting every
-- cmocka case, busted spec and check of the lab for itself and anything else as one test. Exits 1
-- when one failed.

local function attribute(tag, name)
  return tag:match(" " .. name .. '="([^"]*)"')
end

-- cmocka: "[  PASSED  ] 7 test(s)."
local function cases(output, verdict)
  local sum, found = 0, false
  for count in output:gmatch("%[%s*" .. verdict .. "%s*%] (%d+) test%(s%)") do
    sum, found = sum + count, true
  end
  return sum, found
end

-- busted: "12 successes / 0 failures / 0 errors / 1 pending : 0.1 seconds"
local function specs(output)
  local passed, failed, errors, pending =
    output:match "(%d+) success%a* / (%d+) failures? / (%d+) errors? / (%d+) pending"
  if passed then
    return tonumber(passed), failed + errors, tonumber(pending)
  end
end

-- The Test Anything Protocol: "1..2", "ok 1 - …", "not ok 2 - …"
local function checks(output)
  local passed, failed = 0, 0
  if output:match "[>\n]1%.%.%d+\n" then
    for verdict in output:gmatch "\n(%l*%s?ok) %d+ " do
      passed = passed + (verdict == "ok" and 1 or 0)
      failed = failed + (verdict == "ok" and 0 or 1)
    end
    return passed, failed, 0
  end
end

local function count_inside(output)
  local passed, failed, skipped = specs(output)
  if not passed then
    passed, failed, skipped = checks(output)
  end
  if not passed then
    local found
    passed, found = cases(output, "PASSED")
    failed, skipped = cases(output, "FAILED"), cases(output, "SKIPPED")
    if not found then return 0, 0, 0 end
  end
  return passed, failed, skipped
end

-- The status of the whole counts too: a test may fail after its last case, or before its first.
local function count(tag, output)
  local passed, failed, skipped = count_inside(output)
  local status = attribute(tag, "status")
  if status == "fail" then
    return passed, math.max(failed, 1), skipped
  elseif status ~= "run" then
    return 0, 0, 1
  elseif passed + failed + skipped == 0 then
    return 1, 0, 0
  end
  return passed, failed, skipped
end

local total = { passed = 0, failed = 0, skipped = 0 }

local function add(passed, failed, skipped)
  total.passed = total.passed + passed
  total.failed = total.failed + failed
  total.skipped = total.skipped + skipped
end

for _, path in ipairs(arg) do
  local file <close> = assert(io.open(path))
  local found = false
  for tag, output in file:read("a"):gmatch "(<testcase [^>]*>)(.-)</testcase>" do
    add(count(tag, output))
    found = true
  end
  if not found then add(0, 1, 0) end
end

print(("%d passed, %d failed%s"):format(total.passed, total.failed,
  total.skipped > 0 and (", %d skipped"):format(total.skipped) or ""))
os.exit(total.failed == 0)
