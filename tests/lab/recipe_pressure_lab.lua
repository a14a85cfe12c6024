-- SPDX-License-Identifier: MIT
-- The recipes about pressure on a real kernel, each as an administrator runs it.
local cgroup = require "pagewarden.cgroup"
local lab = require "lab"

local MIB = 1 << 20
local TRIES = 20


--- Starts a recipe, and waits for a line that has this in it. Tried again, since time that the host
--- takes from the guest passes for CPU time of the policy, which then overruns its deadline.
local function hear(words, part)
  for _ = 1, TRIES do
    local program = lab.start(words)
    for line in program.output:lines() do
      if line:find(part, 1, true) then
        return line, program
      end
    end
  end
  error(("nobody said '%s'; the console says why"):format(part), 2)
end


--- A cgroup in which a program goes through twice the memory that it may have.
local function thrash(path)
  lab.cgroup(path)
  assert(cgroup.set(path, "memory.high", 24 * MIB))
  return lab.start({ "hog", "-t", "48" }, path)
end


return {
  needs = { swap = { "256M" }, memory = "512M" },

  { "pressure-notify hears the kernel, and runs a command with what it has to say", function()
    local hog = thrash "/thrashing"
    local line, program = hear({ "pagewarden", "run", "pressure-notify", "-o",
      "watch=memory some 5%", "-o", "window=1s", "-o",
      'command=/bin/sh,-c,echo "$1: $2" >/run/told,sh' }, "pressure-notify: pressure")
    assert.matches("work waited for memory for", line, 1, true)
    assert.matches(("hog (pid %d)"):format(hog.pid), line, 1, true)
    local told = lab.await("the command ran", 20, function()
      local file = io.open "/run/told"
      return file and file:read "l"
    end)
    assert.matches("^Memory is short: work waited for memory", told)
    hog:stop()
    for said in program.output:lines() do
      if said:find("pressure-notify: over", 1, true) then
        return
      end
    end
    error "it never said that it was over"
  end },
}
