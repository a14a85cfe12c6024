-- SPDX-License-Identifier: MIT
-- A policy that goes wrong just when memory is short: the host kills whom the policy named for that
-- case, and nobody else, before the kernel kills. On a busy host a policy that does not come to an
-- end is the watchdog's to answer.
local lab = require "lab"
local proc = require "pagewarden.proc"

--- It grows by so little that a policy can fail three times while memory is short.
local HOG = { "hog", "-b", "200", "-r", "4", lab.ALL_MIB }

--- Names the largest process, and fails as long as less than that is available: `%s`.
local POLICY = [[
local SHORT = 160 << 20
local function look()
  local named = {}
  local largest = pw.proc.processes { "pid", "comm", "rss", by = "rss", top = 1 }
  for p in largest:each() do
    named[1] = p.comm == "hog" and pw.proc.process(p.pid) or nil
  end
  assert(pw.kill.fallback(named, { available = SHORT }))
  if named[1] and pw.proc.meminfo().MemAvailable < SHORT then
    %s
  end
end
pw:every(0.1, look)]]


--- Has a policy fail in this way while a hog takes all: the host kills the hog. Each policy has a
--- name of its own, since one that the watchdog ended is left off from then on.
local function fail(name, way)
  local kills, other = proc.vmstat().oom_kill, lab.hog(20)
  local warden = lab.run_policy(name, "{ kill = true }", POLICY:format(way))
  local hog = lab.start(HOG)
  assert.same({ "killed", 9 }, { hog:wait() })
  assert.equal(kills, proc.vmstat().oom_kill)
  assert.is_true(other:lives())
  return warden
end


return {
  needs = { timeout = 600 },

  { "who was named is killed when the policy stops because of errors", function()
    local warden = fail("erring", "error 'as it must not'")
    assert.matches("fallback: it has failed, and the host killed in its place",
      warden:hear "erring: fallback: ")
  end },

  { "who was named is killed when the policy does not come to an end", function()
    fail("endless", "while true do end")
  end },

  { "who was named is killed when the policy uses up its memory", function()
    fail("greedy", "local all = {} while true do all[#all + 1] = ('x'):rep(4096) .. #all end")
  end },
}
