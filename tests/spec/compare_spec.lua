-- SPDX-License-Identifier: MIT
-- pagewarden compare reads events from files, and says what there is to say of them.
local json = require "dkjson"
local log = require "pagewarden.log"
local program = require "program"
local tree = require "tree"


--- A policy's events, seconds after 11:00.
local function lines(policy)
  local function line(seconds, event, fields)
    fields.time, fields.policy, fields.event = 1732359600 + seconds, policy, event
    return log.to_json(fields) .. "\n"
  end
  return line(0, "watching", { uptime = 10, observing = true })
    .. line(127, "would-end", { uptime = 100, pid = 4102, start_time = 77, comm = "hog",
      size = 2 << 30, signal = "TERM", level = "act", available = 310 << 20, swap = 90 << 20 })
    .. line(130, "seen-kill", { uptime = 103.2, pid = 4102, start_time = 77, comm = "hog",
      size = 2 << 30, by = "earlyoom", certain = false, level = "force", available = 120 << 20,
      swap = 4 << 20 })
    .. line(230, "seen-kill", { uptime = 203, pid = 5102, comm = "x\27[2J\n", by = "kernel",
      certain = true })
    .. line(400, "would-end", { uptime = 400, pid = 6102, comm = "cc1plus", signal = "KILL",
      level = "force" })
    .. line(412, "relieved", { uptime = 412 })
end

local LOG = lines "early-oom" .. '{"time":1732360013,"policy":"leak-watch","event":"leak"}\n'


--- Compares what these files have, and standard input.
local function compare(files, words, input)
  local placed, paths = {}, {}
  for name, contents in pairs(files) do
    placed["var/log/" .. name] = contents
  end
  local folder = tree.new(placed) .. "/var/log"
  for name in pairs(files) do
    paths[#paths + 1] = folder .. "/" .. name
  end
  table.sort(paths)
  local from = input and (" < %s/%s"):format(folder, input) or ""
  return program.run(("compare %s %s%s"):format(words or "", input and "" or table.concat(paths,
    " "), from), "TZ=UTC COLUMNS=120")
end


describe("pagewarden compare", function()
  after_each(tree.remove_all)

  it("shows each kill with ours, and what is without the other", function()
    local status, output, errors = compare { log = LOG }
    assert.equal("", errors)
    assert.equal(0, status)
    local shown = {}
    for line in output:gmatch "[^\n]+" do
      shown[#shown + 1] = line:gsub("  +", "  ")
    end
    assert.same({
      "TIME  KILLED  BY  WE WOULD  EARLIER  SAME  LEFT  LEFT AT OURS",
      "11-23 11:02:10  hog (4102)  earlyoom?  TERM hog (4102)  3.2s  yes  120M + 4M  310M + 90M",
      "11-23 11:03:50  x\\x1B[2J\\n (5102)  kernel  nothing",
      "11-23 11:06:40  nobody: it was over in 12s  KILL cc1plus (6102)",
      "2 killed by others: earlyoom 1, kernel 1; of 1 nobody can say it for certain (?)",
      "2 that we would have ended: 1 beside theirs, 1 of them the same, 3.2s earlier in the median",
      "1 without ours, 1 of ours without theirs",
    }, shown)
  end)

  it("fits into 80 columns", function()
    local folder = tree.new { ["var/log"] = LOG }
    local _, output = program.run(("compare %s/var/log"):format(folder), "COLUMNS=80")
    for line in output:match "^(.-)\n%d+ killed":gmatch "[^\n]+" do
      assert.is_true(utf8.len(line) <= 80, line)
    end
  end)

  it("writes rows and the summary for machines", function()
    local status, output = compare({ log = LOG }, "--json")
    assert.equal(0, status)
    local objects = {}
    for line in output:gmatch "[^\n]+" do
      objects[#objects + 1] = assert(json.decode(line))
    end
    assert.same({ "both", "theirs", "ours", "summary" },
      { objects[1].kind, objects[2].kind, objects[3].kind, objects[4].kind })
    assert.same({ 4102, 4102, true, "earlyoom", 125829120 }, { objects[1].theirs_pid,
      objects[1].ours_pid, objects[1].same, objects[1].theirs_by, objects[1].theirs_available })
    assert.equal("x\27[2J\n", objects[2].theirs_comm)
    assert.same({ 2, 1, 1 }, { objects[4].theirs, objects[4].both, objects[4].by.kernel })
  end)

  it("reads standard input", function()
    local status, output = compare({ log = LOG }, "-", "log")
    assert.equal(0, status)
    assert.matches("2 killed by others", output)
  end)

  it("keeps files apart, whose clocks may be those of two machines", function()
    local one, two = LOG:gsub("%C*seen%-kill%C*\n", ""), LOG:gsub("%C*would%-end%C*\n", "")
    local _, output = compare { a = one, b = two }
    assert.matches("2 without ours, 2 of ours without theirs", output)
  end)

  it("names the policy where several looked on", function()
    local _, output = compare { log = LOG .. lines "web" }
    assert.matches("^POLICY +TIME", output)
    assert.matches("\nweb +11%-23", output)
  end)

  it("says so when nobody was killed", function()
    local status, output = compare { log = LOG:match "^%C*\n" }
    assert.equal(0, status)
    assert.matches("^0 killed by others\n0 that we would have ended", output)
  end)

  it("takes a pair for one only within the time that it is told", function()
    local _, output = compare({ log = LOG }, "--within 3s")
    assert.matches("2 without ours, 2 of ours without theirs", output)
  end)

  it("leaves out what is older than it is told", function()
    local status, _, errors = compare({ log = LOG }, "--since 7d")
    assert.equal(1, status)
    assert.equal("pagewarden: there are no events of early-oom to compare\n", errors)
  end)
end)


describe("pagewarden compare survives", function()
  after_each(tree.remove_all)

  it("a last line that was cut off", function()
    local status, output, errors = compare { log = LOG .. '{"time":1732360013,"policy":"ear' }
    assert.equal(0, status)
    assert.matches("2 killed by others", output)
    assert.matches("the last line was cut off and is left out", errors)
  end)

  it("a line that does not end", function()
    local status, output, errors = program.run("compare -", "head -c 8M /dev/zero | env")
    assert.equal(1, status)
    assert.equal("", output)
    assert.equal("pagewarden: there are no events of early-oom to compare\n",
      errors:match "[^\n]*\n$")
    local longer = LOG .. ("x"):rep(3 << 20) .. "\n" .. LOG:gsub("4102", "4103")
    output = select(2, compare { log = longer })
    assert.matches("4 killed by others", output)
  end)

  it("lines that are no events", function()
    local status, output, errors = compare { log = "\n" .. LOG .. "\0\xff\nnonsense\n" }
    assert.equal(0, status)
    assert.matches("2 killed by others", output)
    assert.matches("log: line 9 is no event and is left out, and 1 more\n$", errors)
  end)

  for what, case in pairs {
    ["a log for people"] = { "11:02:00 early-oom: watching: x\n", "has no events" },
    ["nothing"] = { "", "there are no events of early-oom" },
    ["other policies' events"] = { '{"policy":"a","event":"leak","time":1}\n', "no events of ear" },
  } do
    it("a file with " .. what .. ", and says what is wrong", function()
      local status, output, errors = compare { log = case[1] }
      assert.equal(1, status)
      assert.equal("", output)
      assert.matches(case[2], errors, 1, true)
      assert.equal(1, select(2, errors:gsub("\n", "")))
    end)
  end

  it("a file that is not there, a folder, and no journal", function()
    local folder = tree.new {}
    for _, words in ipairs { folder .. "/none", folder } do
      local status, output, errors = program.run("compare " .. words)
      assert.equal(1, status)
      assert.equal("", output)
      assert.matches("^pagewarden: %C+\n$", errors)
    end
    local status, _, errors = program.run("--root " .. folder .. " compare")
    assert.equal(1, status)
    assert.matches("^pagewarden: %C+\n$", errors)
  end)

  it("an option that makes no sense", function()
    local status, _, errors = program.run "compare --within 5"
    assert.equal(2, status)
    assert.matches("expected a duration with a unit, such as 30s or 7d, found '5'", errors, 1, true)
  end)
end)
