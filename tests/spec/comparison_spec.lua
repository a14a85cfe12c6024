-- SPDX-License-Identifier: MIT
-- Kills by others are laid beside what early-oom would have done.
local comparison = require "pagewarden.comparison"
local event_lines = require "pagewarden.event_lines"
local log = require "pagewarden.log"
local testing = require "pagewarden.testing"

local WEEK = 7 * 86400


--- An event at a moment of the uptime, which is logged when the clock on the wall says as much more
--- as a week.
local function event(name, uptime, fields)
  local made = { event = name, policy = "early-oom", source = "log", uptime = uptime,
    time = WEEK + (tonumber(uptime) or 0) }
  for field, value in pairs(fields or {}) do
    made[field] = value
  end
  return made
end


local function ours(uptime, pid, fields)
  fields = fields or {}
  fields.pid, fields.comm, fields.signal = pid, fields.comm or "hog", fields.signal or "TERM"
  return event("would-end", uptime, fields)
end


local function theirs(uptime, pid, fields)
  fields = fields or {}
  fields.pid, fields.comm, fields.by = pid, fields.comm or "hog", fields.by or "earlyoom"
  return event("seen-kill", uptime, fields)
end


local function compare(events, within)
  local compared = comparison.new()
  for _, e in ipairs(events) do
    compared:add(e)
  end
  return compared:result(within)
end


describe("a comparison", function()
  it("pairs a kill with ours, and says which victims and how much earlier ours was", function()
    local rows, sum = compare {
      ours(100, 42, { start_time = 7, available = 300 }), theirs(103.5, 42, { start_time = 7 }),
      theirs(500, 43), ours(502, 44),
    }
    assert.equal(2, #rows)
    assert.same({ "both", 3.5, true, 42, 300 }, { rows[1].kind, rows[1].seconds, rows[1].same,
      rows[1].theirs.pid, rows[1].ours.available })
    assert.same({ "both", -2, false, 43, 44 }, { rows[2].kind, rows[2].seconds, rows[2].same,
      rows[2].theirs.pid, rows[2].ours.pid })
    assert.same({ 2, 2, 2, 1 }, { sum.theirs, sum.ours, sum.both, sum.same })
    assert.same({ 0.75, -2, 3.5 }, { sum.median, sum.least, sum.most })
  end)

  it("leaves a kill alone that is too long before or after ours", function()
    local rows, sum = compare { ours(100, 42), theirs(161, 42) }
    assert.same({ "ours", "theirs" }, { rows[1].kind, rows[2].kind })
    assert.equal(0, sum.both)
    rows = compare({ ours(100, 42), theirs(161, 42) }, 61)
    assert.equal("both", rows[1].kind)
  end)

  it("takes the same victim before the nearest moment, and each one once", function()
    local rows = compare { ours(100, 1), theirs(101, 2), theirs(110, 1), ours(130, 3) }
    assert.equal(2, #rows)
    assert.same({ 2, 3, -29, false },
      { rows[1].theirs.pid, rows[1].ours.pid, rows[1].seconds, rows[1].same })
    assert.same({ 1, 1, 10, true },
      { rows[2].theirs.pid, rows[2].ours.pid, rows[2].seconds, rows[2].same })
  end)

  it("does not take another with the same pid for the same", function()
    local rows = compare { ours(100, 1, { start_time = 5 }), theirs(101, 1, { start_time = 6 }) }
    assert.is_false(rows[1].same)
  end)

  it("cannot say whether a victim is the same that was only counted", function()
    local rows, sum = compare { ours(100, 1), event("seen-kill", 101, { by = "kernel" }) }
    assert.equal("both", rows[1].kind)
    assert.is_nil(rows[1].same)
    assert.equal(0, sum.same)
  end)

  it("takes to ask first and to kill then for one decision", function()
    local rows = compare { ours(100, 1), ours(104, 1, { signal = "KILL" }), theirs(106, 1) }
    assert.equal(1, #rows)
    assert.same({ "TERM, KILL", 6 }, { rows[1].ours.signal, rows[1].seconds })
  end)

  it("takes what ended together for one kill, of the largest", function()
    local unit = "web.service"
    local rows, sum = compare {
      ours(100, 3),
      theirs(101, 1, { comm = "master", unit = unit, size = 10 }),
      theirs(101.1, 2, { comm = "worker", unit = unit, size = 30 }),
      theirs(101.2, 3, { comm = "helper", unit = unit, size = 20 }),
      theirs(101.3, 4, { comm = "other", unit = "other.service", size = 90 }),
    }
    assert.equal(2, #rows)
    assert.same({ 2, 2, true }, { rows[1].theirs.pid, rows[1].theirs.others, rows[1].same })
    assert.same({ "theirs", 4 }, { rows[2].kind, rows[2].theirs.pid })
    assert.equal(2, sum.theirs)
  end)

  it("says what became of whom nobody ended", function()
    local rows = compare {
      ours(100, 1), event("relieved", 112), ours(300, 2), event("seen-end", 304, { pid = 2 }),
      event("relieved", 305), ours(500, 3),
    }
    assert.same({ "relieved", 12 }, { rows[1].outcome, rows[1].after })
    assert.same({ "ended", 4 }, { rows[2].outcome, rows[2].after })
    assert.is_nil(rows[3].outcome)
  end)

  it("counts by whom, and what is not certain", function()
    local _, sum = compare {
      theirs(1, 1, { by = "kernel", certain = true }), theirs(10, 2), theirs(20, 3),
    }
    assert.same({ kernel = 1, earlyoom = 2 }, sum.by)
    assert.equal(2, sum.uncertain)
  end)

  it("is of nothing when there was nothing", function()
    local rows, sum = compare { event("watching", 1) }
    assert.same({}, rows)
    assert.same({ 0, 0, 1 }, { sum.theirs, sum.ours, sum.watched })
    assert.is_nil(sum.median)
  end)
end)


describe("a comparison does not confuse", function()
  it("moments when the time of day is set meanwhile", function()
    for _, step in ipairs { -86400, 86400 } do
      local kill = theirs(103, 1)
      kill.time = kill.time + step
      local rows = compare { ours(100, 1), kill }
      assert.same({ "both", 3 }, { rows[1].kind, rows[1].seconds })
    end
  end)

  it("one boot with the next, in which the clock begins anew", function()
    local rows, sum = compare { ours(5000, 1), event("watching", 20), theirs(4990, 1) }
    assert.equal(2, #rows)
    assert.equal(0, sum.both)
  end)

  it("events that were written a moment late with another boot", function()
    local rows = compare { ours(100, 1), event("relieved", 101.3), theirs(101.2, 1) }
    assert.equal("both", rows[1].kind)
  end)

  it("policies, machines and boots with each other", function()
    for _, where in ipairs { { policy = "web" }, { source = "other" }, { boot = "b" } } do
      local kill = theirs(101, 1)
      for field, value in pairs(where) do
        kill[field] = value
      end
      local _, sum = compare { ours(100, 1), kill }
      assert.equal(0, sum.both)
    end
  end)

  it("events of other policies with early-oom's", function()
    local compared = comparison.new()
    for _, e in ipairs { event("kill", 1), event("ended", 2), event("killed", 3), {} } do
      assert.is_false(compared:add(e))
    end
    assert.same({}, (compared:result()))
  end)

  it("what fields hold with what they should hold", function()
    local rows = compare {
      ours(100, 1), theirs(101, { 1 }, { comm = { "x" }, size = "1e999", by = true }),
      event("seen-kill", "later", { time = {} }), event("would-end", 0 / 0, { time = 0 / 0 }),
    }
    assert.equal(1, #rows)
    assert.same({}, { rows[1].theirs.pid, rows[1].theirs.comm, rows[1].theirs.size,
      rows[1].theirs.by })
  end)
end)


describe("a comparison of a dry run", function()
  it("takes for ours what was not done, and leaves out what was", function()
    local ending = event("ending", 100, { pid = 1, comm = "hog", signal = "TERM" })
    local would = event("would", nil, { key = "kill 1:7", value = "SIGTERM" })
    local rows, sum
    for _, said in ipairs { { ending, would }, { would, ending } } do
      rows, sum = compare { said[1], said[2], theirs(102, 1) }
      assert.same({ "both", 0 }, { rows[1].kind, sum.acted })
    end
    rows, sum = compare { ending, event("act", nil, { key = "kill 1:7" }) }
    assert.same({ 0, 1 }, { #rows, sum.acted })
  end)
end)


describe("events that are read back", function()
  --- What a policy logged in a world, as lines of `run --json`.
  local function observed(given, happen)
    local world <close> = testing.new(given)
    local function memory(available, swap)
      world:write("proc/meminfo", ("MemTotal: 4194304 kB\nMemFree: 1000 kB\nMemAvailable: %d kB\n"
        .. "SwapTotal: 1048576 kB\nSwapFree: %d kB\n"):format(available << 10, swap << 10))
    end
    memory(3000, 1000)
    local hog = world:spawn { comm = "h\"o\ng\xff", rss = "2G" }
    world:advance "1s"
    memory(300, 50)
    world:advance "2s"
    happen(world, hog)
    world:advance "1s"
    local compared = comparison.new()
    for _, e in ipairs(world.events) do
      assert.is_true(e.event == "holding" or e.event == "warning" or e.event == "ended"
        or compared:add(event_lines.parse(log.to_json(e))))
    end
    return compared:result()
  end

  for name, given in pairs {
    ["observing"] = { script = "early-oom", options = { observe = true } },
    ["a dry run"] = { script = "early-oom", dry_run = true },
  } do
    it("from " .. name .. " pair the kernel's kill with ours", function()
      local rows, sum = observed(given, function(world, hog) world:oom(hog) end)
      assert.equal(1, #rows)
      assert.same({ "both", true, "kernel" }, { rows[1].kind, rows[1].same, rows[1].theirs.by })
      assert.is_true(rows[1].seconds > 0 and rows[1].seconds <= 2)
      assert.equal(0, sum.acted)
    end)

    it("from " .. name .. " say who ended without anybody", function()
      local rows = observed(given, function(world, hog) world:exit(hog) end)
      assert.same({ "ours", "ended" }, { rows[1].kind, rows[1].outcome })
    end)
  end

  it("are what journalctl shows of them", function()
    local read = event_lines.parse [[{"__REALTIME_TIMESTAMP":"1732359727500000","_BOOT_ID":"b",
      "_HOSTNAME":"h","MESSAGE":"m","PAGEWARDEN_POLICY":"web","PAGEWARDEN_EVENT":"seen-kill",
      "PAGEWARDEN_PID":"42","PAGEWARDEN_START_TIME":"7","PAGEWARDEN_UPTIME":"103.5",
      "PAGEWARDEN_COMM":[104,10,255],"PAGEWARDEN_BY":["kernel","x"],"PAGEWARDEN_UNIT":null,
      "PAGEWARDEN_CERTAIN":"true"}]]
    assert.same({ time = 1732359727.5, boot = "b", source = "h", policy = "web",
      event = "seen-kill", pid = "42", start_time = "7", uptime = "103.5", comm = "h\n\xff",
      by = "kernel", certain = "true" }, read)
    local rows = compare { read }
    assert.same({ 42, 7, true, 103.5 }, { rows[1].theirs.pid, rows[1].theirs.start_time,
      rows[1].theirs.certain, rows[1].theirs.at })
  end)

  it("are those of a line that was appended to one that was cut off", function()
    local line = log.to_json(ours(100, 1, { comm = '{"time":1' }))
    assert.equal("would-end", event_lines.parse('{"time":17323' .. line).event)
    assert.equal('{"time":1', event_lines.parse(line).comm)
  end)

  for what, line in pairs {
    ["text"] = "12:00:00 early-oom: watching", ["a part"] = '{"time":1,"policy":"early-oom","ev',
    ["a list"] = "[1,2]", ["a number"] = "1", ["nothing"] = "", ["no policy"] = '{"event":"x"}',
    ["an event that is no text"] = '{"policy":"x","event":["a"]}',
    ["bytes"] = "\0\xff\xfe", ["depth"] = ("["):rep(100000),
    ["bytes of no byte"] = '{"PAGEWARDEN_EVENT":[1e9],"PAGEWARDEN_POLICY":"x"}',
  } do
    it("are none in " .. what, function()
      assert.is_nil(event_lines.parse(line))
    end)
  end
end)
