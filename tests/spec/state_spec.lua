local errno = require "posix.errno"
local folders = require "folder"
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"
local program = require "program"
local stat = require "posix.sys.stat"
local state = require "pagewarden.state"
local testing = require "pagewarden.testing"

local FILE = "/var/lib/pagewarden/state/demo"

local HEAD = [[return { api = 1, name = "demo", summary = "Shows how", needs = { state = "4K" }, ]]

describe("the state of a policy", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function contents(path)
    local file <close> = io.open(path, "rb")
    return file and file:read "a"
  end

  describe("as the policy sees it", function()
    local function new(start, given)
      given = given or {}
      given.script = folder:write("demo.lua",
        ("%s start = function(pw) %s end }"):format(HEAD, start))
      return testing.new(given)
    end

    --- The first line of why a start fails.
    local function failure(start)
      local world <close> = new(start)
      local ok, message = pcall(world.run, world)
      assert.is_false(ok)
      return message
    end

    it("is what it kept, in its kinds and nested", function()
      local world <close> = new([[
        pw.log("found", { runs = pw.state:get("runs"), worst = pw.state:get("worst").comm })
        pw.state:put("runs", pw.state:get "runs" + 1)
        pw.state:put("worst", { comm = "a\0b", sizes = { 1, 2.5 }, known = true })
        pw.state:delete "old"
      ]], { state = { runs = 41, worst = { comm = "x" }, old = "gone" } })
      world:run()
      assert.event(world, "found", { runs = 41, worst = "x" })
      assert.same({ runs = 42, worst = { comm = "a\0b", sizes = { 1, 2.5 }, known = true } },
        world:state())
      world:stop()
      assert.no_trace(world)
    end)

    it("is a copy, which changes only by put", function()
      local world <close> = new [[
        pw.state:put("list", { 1 })
        table.insert(pw.state:get "list", 2)
        pw.log("seen", { count = #pw.state:get "list", nothing = pw.state:get "other" == nil })
      ]]
      world:run()
      assert.event(world, "seen", { count = 1, nothing = true })
    end)

    it("takes plain data only, and errors name the path of what is not", function()
      assert.matches("demo.lua:1: pw.state:put: who.list[1]: expected a string, number, boolean or "
        .. "table, found a function", failure "pw.state:put('who', { list = { pw.log } })", 1, true)
      assert.matches("demo.lua:1: pw.state:put: x: expected a string, number, boolean or table, "
        .. "found a nil", failure "pw.state:put('x')", 1, true)
      assert.matches("demo.lua:1: pw.state:get: expected a key, a string that is not empty, "
        .. "found a nil", failure "pw.state:get()", 1, true)
      assert.matches("found an empty one", failure "pw.state:put('', 1)", 1, true)
    end)

    it("is on the disk once a task has flushed it, which tells when it is not", function()
      local world <close> = new [[
        pw:task(function()
          pw.state:put("a", 1)
          pw.log("flushed", { ok = pw.state:flush() })
          pw.log("again", { ok = pw.state:flush() })
        end)]]
      world:run()
      assert.event(world, "flushed", { ok = true })
      assert.event(world, "again", { ok = true })
      local kept = contents(world.path .. FILE)
      assert.is_truthy(kept and kept:find("i1", 1, true))
      local full <close> = new [[
        pw:task(function()
          pw.state:put("a", 1)
          local ok, message = pw.state:flush()
          pw.log("flushed", { ok = ok == nil, message = message })
        end)]]
      full:after(0, function() full:write("var", "a file, where a folder is to be") end)
      full:run()
      assert.event(full, "flushed", { ok = true, message = "state of demo: Not a directory" })
      assert.matches("only a task may wait", failure 'pw.state:flush()')
    end)

    it("has a quota, and shrinking it is always possible", function()
      local world <close> = new [[
        pw.state:put("small", 1)
        local ok, message, errno, kind = pw.state:put("large", ("x"):rep(5000))
        pw.log("refused", { ok = ok == nil, message = message, errno = errno, kind = kind })
        pw.log("less", { ok = pw.state:put("small", false) and pw.state:delete "small" })
      ]]
      world:run()
      assert.event(world, "refused", { ok = true, errno = errno.EDQUOT, kind = "denied",
        message = "state: 4.91 KiB would be more than its quota of 4 KiB" })
      assert.event(world, "less", { ok = true })
      assert.same({}, world:state())
    end)

    it("is not there unless needs ask for it", function()
      local world <close> = testing.new { script = folder:write("demo.lua", [[return { api = 1,
        name = "demo", summary = "Shows how", start = function(pw) pw.state:get "x" end }]]) }
      assert.has_error(function() world:run() end)
      assert.matches("pw has no 'state'", world.events[1].message, 1, true)
    end)

    it("lasts from run to run, beneath the root, without a grant", function()
      local path = folder:write("demo.lua", HEAD .. [[start = function(pw)
        local runs = (pw.state:get "runs" or 0) + 1
        pw.state:put("runs", runs)
        pw.log("run", { runs = runs })
      end }]])
      folder:mkdir "proc"
      for run = 1, 3 do
        local status, output, errors = program.run(("--root %s run %s"):format(folder.path, path))
        assert.same({ 0, "" }, { status, errors })
        assert.matches("runs=" .. run, output, 1, true)
      end
      assert.matches("^pagewarden%-state 1 10 %x+\n", contents(folder.path .. FILE))
    end)
  end)

  describe("on the disk", function()
    local loop, reader, events

    before_each(function()
      loop, reader, events = loops.new { virtual = true }, assert(proc.open(folder.path)), {}
    end)

    after_each(function()
      loop:close()
      reader:close()
    end)

    local function open(given)
      given = given or {}
      given.name, given.quota = "demo", given.quota or 4096
      given.log = function(event, fields) events[#events + 1] = { event, fields.message } end
      return state.open(reader, loop, given)
    end

    --- Moves on, ten seconds at a time, until something holds: writing is a thread's, which takes
    --- its own time.
    local function advance_until(holds)
      for _ = 1, 100000 do
        loop:advance(10)
        if holds() then
          return
        end
      end
      error("it does not come to hold", 2)
    end

    local function is_written(bytes)
      return function()
        return (contents(folder.path .. FILE) or ""):find(bytes, 1, true)
      end
    end

    it("is written once for all changes of ten seconds, and not at once", function()
      local kept <close> = open()
      kept:set("a", "i1;")
      loop:advance(5)
      kept:set("b", "i2;")
      loop:advance(4)
      assert.is_nil(contents(folder.path .. FILE))
      advance_until(is_written "i1;")
      assert.is_truthy(is_written "i2;"())
      kept:set("a", "i3;")
      advance_until(is_written "i3;")
      assert.same({}, events)
    end)

    it("is written when the policy stops, and not when nothing has changed", function()
      do
        local kept <close> = open()
        kept:set("a", "i1;")
      end
      local before = stat.stat(folder.path .. FILE)
      do
        local kept <close> = open()
        assert.equal("i1;", kept:get "a")
        kept:set("a", "i1;")
      end
      assert.equal(before.st_ino, stat.stat(folder.path .. FILE).st_ino)
    end)

    it("is written as soon as it is flushed", function()
      local kept <close> = open()
      kept:set("a", "i1;")
      local looks = 0
      while kept:flush() == false do
        looks = looks + 1
      end
      assert.is_true(looks > 0)
      assert.is_truthy(is_written "i1;"())
      assert.is_true(kept:flush())
    end)

    it("is not written in a dry run", function()
      do
        local kept <close> = open { dry = true }
        assert.is_true(kept:set("a", "i1;"))
        assert.equal("i1;", kept:get "a")
        loop:advance(60)
      end
      assert.is_nil(contents(folder.path .. FILE))
    end)

    it("is one while a policy takes the place of another of its name", function()
      local old = open()
      old:set("a", "i1;")
      local new <close> = open()
      assert.equal("i1;", new:get "a")
      old:close()
      new:set("b", "i2;")
      assert.equal("i2;", new:get "b")
    end)

    it("is kept aside when it is corrupt, with a warning, and begins anew", function()
      do
        local kept <close> = open()
        kept:set("a", "i1;")
      end
      folder:write("var/lib/pagewarden/state/demo", "rubbish")
      do
        local kept <close> = open()
        assert.same({ { "state-unreadable",
          "the state is not used: it is corrupt; it is kept beside, as .corrupt" } }, events)
        assert.is_nil(kept:get "a")
        assert.is_true(kept:set("a", "i2;"))
      end
      assert.equal("rubbish", contents(folder.path .. FILE .. ".corrupt"))
      assert.matches("i2;", contents(folder.path .. FILE), 1, true)
    end)

    it("is not used when another version wrote it", function()
      do
        local kept <close> = open()
        kept:set("a", "i1;")
      end
      folder:write("var/lib/pagewarden/state/demo", "pagewarden-state 9 of the future\n")
      local kept <close> = open()
      assert.matches("another version of pagewarden wrote it", events[1][2], 1, true)
      assert.is_nil(kept:get "a")
    end)

    it("refuses changes with the disk's reason while that takes none, and tries again", function()
      local kept <close> = open()
      folder:write("var", "a file, where a folder is to be")
      assert.is_true(kept:set("a", "i1;"))
      advance_until(function() return #events > 0 end)
      local ok, message, number = kept:set("b", "i2;")
      assert.is_nil(ok)
      assert.matches("state of demo: Not a directory", message, 1, true)
      assert.equal(errno.ENOTDIR, number)
      assert.equal("i1;", kept:get "a")
      loop:advance(30)
      assert.same({ { "state-failed", "state of demo: Not a directory" } }, events)
      os.remove(folder.path .. "/var")
      advance_until(is_written "i1;")
      advance_until(function() return kept:set("b", "i2;") end)
    end)
  end)
end)
