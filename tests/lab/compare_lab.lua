-- SPDX-License-Identifier: MIT
-- early-oom looks on while the kernel or another daemon kills, and `pagewarden compare` says whom
-- and when, beside whom and when it would have been. Who killed is what /proc/vmstat says.
local json = require "dkjson"
local lab = require "lab"
local proc = require "pagewarden.proc"

local LOG = "/root/early-oom.json"


--- Starts early-oom, and waits until it watches.
local function look_on(...)
  local line, warden = lab.hear_recipe({ "early-oom", "--json", ... }, '"event":"watching"')
  warden.heard = { line }
  return warden
end


--- Waits until it says something.
local function await_event(warden, name)
  for line in warden.output:lines() do
    table.insert(warden.heard, line)
    if line:find(('"event":"%s"'):format(name), 1, true) then
      return
    end
  end
  error("early-oom did not say " .. name)
end


--- What there is to say of what it said: rows, and then the summary.
local function compare(warden)
  lab.write(LOG, table.concat(warden.heard, "\n") .. "\n")
  local _, shown = lab.run("pagewarden compare " .. LOG)
  print("# " .. shown:gsub("\n", "\n# "))
  local status, output = lab.run("pagewarden compare --json " .. LOG)
  assert.equal(0, status)
  local rows = {}
  for line in output:gmatch "[^\n]+" do
    rows[#rows + 1] = assert(json.decode(line), line)
  end
  return rows
end


return {
  needs = { timeout = 600 },

  { "the kernel's kill stands beside ours, which was earlier, with the same victim", function()
    local kills = proc.vmstat().oom_kill
    local warden = look_on("-o", "observe=true")
    local hog = lab.start { "hog", "-r", "32", lab.ALL_MIB }
    hog:wait()
    assert.equal(kills + 1, proc.vmstat().oom_kill)
    await_event(warden, "seen-kill")
    local rows = compare(warden)
    local row, sum = rows[1], rows[2]
    assert.same({ "both", hog.pid, hog.pid, true }, { row.kind, row.theirs_pid, row.ours_pid,
      row.same })
    assert.same({ "kernel", true, "hog" }, { row.theirs_by, row.theirs_certain, row.theirs_comm })
    assert.is_true(row.seconds > 0)
    assert.is_true(row.ours_available > row.theirs_available)
    assert.same({ "summary", 1, 1, 1 }, { sum.kind, sum.theirs, sum.both, sum.same })
  end },

  { "so does another daemon's, which is told by the status that its victim leaves", function()
    assert.equal(0, (lab.run "cp $(command -v hog) /root/earlyoom"))
    assert.equal("full", lab.start({ "/root/earlyoom", "4" }):line())
    local kills = proc.vmstat().oom_kill
    local warden = look_on("--yes", "-o", "act=available<50%", "-o", "force=available<1%")
    local hog = lab.hog(250)
    await_event(warden, "would-end")
    hog:signal "SIGKILL"
    await_event(warden, "seen-kill")
    assert.equal(kills, proc.vmstat().oom_kill)
    local row = compare(warden)[1]
    assert.same({ "both", hog.pid, true, "earlyoom", true },
      { row.kind, row.theirs_pid, row.same, row.theirs_by, row.theirs_certain })
  end },
}
