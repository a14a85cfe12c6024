-- SPDX-License-Identifier: MIT
-- leak-watch on this machine, beside real programs of which one leaks and the others take memory as
-- programs do. A patience of half a minute instead of a day and a half: what they do within seconds
-- stands for hours. Takes 90 seconds of real time.
local json = require "dkjson"

--- Starts all programs, prints the pid of each, and the events of leak-watch.
local WATCH = [[
fixtures=$PW_BUILD_DIR/tests/fixtures
folder=$(mktemp -d)
programs=
trap 'kill $programs; wait; rm -rf "$folder"' EXIT
start() {
  name=$1
  shift
  "$@" >/dev/null &
  programs="$programs $!"
  echo "$name $!"
}
sort_again_and_again() {
  trap 'over=true' TERM
  while [ -z "$over" ]; do
    sort --parallel=1 -S 24M -T "$folder" -o "$folder/sorted" "$folder/lines"
  done
}
export LC_ALL=C MALLOC_MMAP_THRESHOLD_=65536 # what is free goes back to the kernel
lua5.4 -e 'for i = 1, 1200000 do print(i * 48271 % 2147483647, "and what the line says") end' \
  >"$folder/lines"
start leak "$fixtures/leak" 120
start cache "$fixtures/cache" 120
start fork_server "$fixtures/fork_server" 120
start lua lua5.4 tests/fixtures/collected.lua
start sort sort_again_and_again
if command -v python3 >/dev/null; then
  start python python3 tests/fixtures/collected.py
fi
echo
"$PW_BUILD_DIR/bin/pagewarden" run leak-watch --for 90s --json -o patience=30s -o interval=200ms
]]

--- Runs them all: the events, and the pids by the names of the programs.
local function watch()
  local output <close> = assert(io.popen(WATCH))
  local events, pids = {}, {}
  for line in output:lines() do
    local name, pid = line:match "^([%l_]+) (%d+)$"
    if name then
      pids[name] = math.tointeger(pid)
    elseif line ~= "" then
      events[#events + 1] = assert(json.decode(line), line)
    end
  end
  assert.is_true(output:close())
  return events, pids
end

describe("leak-watch on a live machine", function()
  local events, pids

  setup(function()
    events, pids = watch()
  end)

  --- What was said of a program, or of all processes of its command.
  local function leaks_of(name)
    local found = {}
    for _, event in ipairs(events) do
      if event.event == "leak" and (event.pid == pids[name] or event.name == name) then
        found[#found + 1] = event.message
      end
    end
    return found
  end

  it("calls a program a leak that takes a MiB a second, with its slope within a fifth", function()
    local event
    for _, said in ipairs(events) do
      event = said.event == "leak" and said.pid == pids.leak and said or event
    end
    assert(event, "nothing was said about it")
    assert.equal("real", event.kind)
    assert.equal("leak", event.comm)
    assert.equal(1, event.message:find(("leak (pid %d) grew"):format(pids.leak), 1, true))
    assert.is_true(math.abs(event.slope / (1 << 20) - 1) < 0.2, "slope " .. event.slope)
    assert.is_true(event.exhaustion > 0)
  end)

  for name, what in pairs {
    cache = "a cache that fills and stops", fork_server = "a fork server",
    lua = "a Lua program with garbage", sort = "a sort of a large file",
  } do
    it("does not call a leak: " .. what, function()
      assert.same({}, leaks_of(name))
    end)
  end

  it("does not call a leak: a Python program with garbage", function()
    if not pids.python then
      return pending "there is no python3"
    end
    assert.same({}, leaks_of "python")
  end)
end)
