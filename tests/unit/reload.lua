-- SPDX-License-Identifier: MIT
-- Reloads a fleet 100 times, with timers, events, a setting that is changed, state that is kept, a
-- policy that fails to start and one that fails later. Descriptors and the host's own memory stay
-- where they were after the first ten.
local configuration = require "pagewarden.configuration"
local dirent = require "posix.dirent"
local fleets = require "pagewarden.fleet"
local folders = require "folder"
local host = require "pagewarden.host"
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"

local RELOADS, FIRST = 100, 10
local NOISE_BYTES = 16 << 10

local POLICY = [[
local opt = require "pagewarden.option"
return { api = 1, name = "%s", summary = "A test", options = { opt.integer { "n", default = 0 } },
  needs = %s, start = function(pw, o) %s end }]]

local BODIES = {
  busy = { "{}", [[pw:every(1, function() pw.log "tick" end) pw:after(3600, function() end)
    pw:task(function() pw:sleep(3600) end) pw:defer(function() pw.log "farewell" end)
    assert(pw:on_pressure({ resource = "memory", stall = 0.1 }, function() end))
    assert(pw:on_memory_events("/web", function() end))
    local held = assert(pw.proc.processes { "pid", "comm" })
    pw:every(7, function() assert(held:refresh()) end)]] },
  acts = { '{ sysctl = { "vm.swappiness" } }',
    'assert(pw.sysctl.set("vm.swappiness", 10)) pw:every(1, function() end)' },
  keeps = { '{ state = "4K" }', 'pw:every(1, function() pw.state:put("n", o.n) end)' },
  fails = { "{}", 'pw:every(1, function() end) error "no"' },
  errs = { "{}", 'pw:every(1, function() error "later" end)' },
}

local CONFIGURATION = [[
policy "busy" { n = %d } policy "busy" { as = "untouched" } policy "keeps" { n = %d }
policy "acts" { n = %d, grant = { sysctl = { "vm.swappiness" } } }
policy "fails" { n = %d } policy "errs" { n = %d } policy "misspelt" {}
]]

local folder <close> = folders.new()
for _, path in ipairs { "conf.d", "scripts", "proc", "proc/sys", "proc/sys/vm", "proc/pressure",
  "sys", "sys/fs", "sys/fs/cgroup", "sys/fs/cgroup/web" } do
  folder:mkdir(path)
end
folder:write("proc/sys/vm/swappiness", "60\n")
folder:write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
folder:write("sys/fs/cgroup/cgroup.controllers", "memory\n")
folder:write("sys/fs/cgroup/web/memory.events", "low 0\nhigh 4\n")
for name, policy in pairs(BODIES) do
  folder:write(("scripts/%s.lua"):format(name), POLICY:format(name, policy[1], policy[2]))
end

local reader <close> = assert(proc.open(folder.path))
local loop <close> = assert(loops.new { virtual = true, reader = reader })
local gate <close> = assert(host.gate(folder.path))
local fleet = fleets.new {
  loop = loop, reader = reader, gate = gate, now = function() return loop:now() end,
  sink = function() end,
}

local function reload(n)
  folder:write("conf.d/all.lua", CONFIGURATION:format(n, n, n, n, n))
  fleet:apply(function(take)
    return configuration.load({ config = folder.path, root = folder.path,
      search = { first = { folder.path .. "/scripts" } } }, take)
  end)
  folder:write("sys/fs/cgroup/web/memory.events", ("low 0\nhigh %d\n"):format(n))
  loop:inject("pressure", { resource = "memory", total = n, avg10 = 1.0 })
  loop:advance(10)
end

--- How many descriptors are open, and how much memory the host's Lua has. A thread writes what is
--- kept, and ends with the policy.
local function measure()
  fleet:stop "keeps"
  collectgarbage()
  collectgarbage()
  return #dirent.dir "/proc/self/fd", collectgarbage "count" * 1024 // 1 | 0
end

for n = 1, FIRST do
  reload(n)
end
local descriptors, bytes = measure()
for n = FIRST + 1, RELOADS do
  reload(n)
end
local descriptors_now, bytes_now = measure()
assert(descriptors_now == descriptors, ("%d descriptors were open, %d are"):format(descriptors,
  descriptors_now))
assert(bytes_now - bytes <= NOISE_BYTES, ("the host's Lua has grown from %d to %d bytes"):format(
  bytes, bytes_now))
fleet:stop_all "the test is over"
