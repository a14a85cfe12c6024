local folders = require "folder"
local json = require "dkjson"
local log_target = require "pagewarden.log_target"
local loops = require "pagewarden.loop"
local program = require "program"
local socket = require "posix.sys.socket"
local stat = require "posix.sys.stat"
local unistd = require "posix.unistd"

local EVENT = { time = 1700000000.5, policy = "demo", event = "seen", pid = 7, comm = "a\nb\255" }

describe("events", function()
  local loop, folder, ends

  before_each(function()
    loop, folder, ends = loops.new(), folders.new(), { unistd.pipe() }
  end)

  after_each(function()
    loop:close()
    folder:remove()
    for _, fd in ipairs(ends) do unistd.close(fd) end
  end)

  --- Where a test listens as journald does.
  local function new_journal()
    local path = folder.path .. "/socket"
    local fd = assert(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM, 0))
    assert(socket.bind(fd, { family = socket.AF_UNIX, path = path }))
    ends[#ends + 1] = fd
    return path, function() return (assert(socket.recv(fd, 65536))) end
  end

  --- The environment of a service whose standard output goes to journald.
  local function journal_stream(fd)
    local status = assert(stat.fstat(fd))
    return ("%d:%d"):format(status.st_dev, status.st_ino)
  end

  local function open(given)
    given.fd = ends[2]
    return assert(log_target.open(loop, given))
  end

  it("are lines of text for people", function()
    local target <close> = open {}
    assert.is_true(target:say(EVENT))
    assert.matches("^%d%d:%d%d:%d%d demo: seen: comm=a\\nb\\xFF pid=7\n$",
      unistd.read(ends[1], 4096))
  end)

  it("are JSON objects for machines, also under systemd", function()
    local target <close> = open { json = true, journal_stream = journal_stream(ends[2]) }
    assert.is_true(target:say(EVENT))
    local line = unistd.read(ends[1], 4096)
    assert.same({ time = 1700000000.5, policy = "demo", event = "seen", pid = 7,
      comm = "a\\nb\\xFF" }, json.decode(line))
  end)

  it("are fields for journald when that reads the stream", function()
    local path, receive = new_journal()
    local target <close> = open { socket = path, journal_stream = journal_stream(ends[2]) }
    assert.is_true(target:say(EVENT))
    assert.equal(table.concat {
      "MESSAGE=demo: seen: comm=a\\nb\\xFF pid=7\n", "PRIORITY=6\n",
      "SYSLOG_IDENTIFIER=pagewarden\n", "PAGEWARDEN_POLICY=demo\n", "PAGEWARDEN_EVENT=seen\n",
      "PAGEWARDEN_COMM\n", ("<s8"):pack "a\nb\255", "\n", "PAGEWARDEN_PID=7\n",
    }, receive())
    target:say { time = 1, policy = "demo", event = "failed", message = "it broke" }
    assert.matches("^MESSAGE=demo: failed: it broke\nPRIORITY=3\n", receive())
  end)

  it("cannot forge a field of the journal", function()
    local path, receive = new_journal()
    local target <close> = open { socket = path, journal_stream = journal_stream(ends[2]) }
    target:say { time = 1, policy = "demo", event = "seen", ["a=b\nPRIORITY"] = "0",
      message = "x\nPAGEWARDEN_POLICY=other" }
    local datagram = receive()
    assert.matches("MESSAGE=demo: seen: x\\nPAGEWARDEN_POLICY=other\n", datagram, 1, true)
    assert.matches("PAGEWARDEN_A_B_PRIORITY=0\n", datagram, 1, true)
    assert.is_nil(datagram:find("\nPRIORITY=0", 1, true))
  end)

  it("go to the stream when journald reads another", function()
    local path = new_journal()
    for _, other in ipairs { "", "1:2", "nonsense", journal_stream(ends[1]) .. "0" } do
      local target <close> = open { socket = path, journal_stream = other }
      target:say(EVENT)
      assert.matches("demo: seen", unistd.read(ends[1], 4096), 1, true)
    end
  end)

  it("are dropped and counted when nobody reads them", function()
    local target <close> = open { queue = 1024 }
    local taken, message, number
    repeat
      taken, message, number = target:say(EVENT)
    until not taken
    assert.matches("No buffer space", message)
    assert.equal(require("posix.errno").ENOBUFS, number)
    assert.equal(1, target:dropped())
    assert.is_nil((target:finish(0.001)))
    while unistd.read(ends[1], 65536):find "^" and not target:finish(0.001) do end
    assert.matches("pagewarden: dropped: count=1\n", unistd.read(ends[1], 65536), 1, true)
  end)

  it("are dropped from rows without a word among them, which a run says at its end", function()
    local target <close> = open { csv = "seen", queue = 1024 }
    repeat until not target:say(EVENT)
    assert.is_true(target:say { time = 1, policy = "demo", event = "other" })
    assert.equal(1, target:dropped())
    local rows = ""
    repeat
      rows = rows .. unistd.read(ends[1], 65536)
    until target:finish(0.001)
    assert.matches("^time,comm,pid\n", rows)
    assert.is_nil(rows:find "dropped")
  end)

  it("are all there when a run ends, however slow their reader is", function()
    local path = folder:write("demo.lua", [[
      return { api = 1, name = "demo", summary = "Says much", start = function(pw)
        for i = 1, 500 do pw.log("seen", { i = i }) end
      end }]])
    local status, output = program.run(("run %s | (sleep 0.2; cat)"):format(path))
    assert.equal(0, status)
    assert.equal(500, select(2, output:gsub("demo: seen", "")))
  end)

  it("end a run that nobody reads any more, and fail one whose disk is full", function()
    local path = folder:write("demo.lua", [[
      return { api = 1, name = "demo", summary = "Says much", start = function(pw)
        pw:every(0.001, function() pw.log "seen" end)
      end }]])
    assert.equal(0, (program.run(("run %s | head -1"):format(path))))
    local status, _, errors = program.run(("run %s >/dev/full"):format(path))
    assert.equal(1, status)
    assert.matches("standard output: No space left on device", errors, 1, true)
  end)
end)
