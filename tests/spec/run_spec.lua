local folders = require "folder"
local json = require "dkjson"
local program = require "program"

local HEAD = [[
local opt = require "pagewarden.option"
return { api = 1, name = "demo", summary = "Shows how", tags = { "demo" },
]]

describe("pagewarden", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  --- Writes demo.lua from the fields of its declaration and runs a command on it.
  local function run(command, fields)
    local path = folder:write("demo.lua", HEAD .. fields .. "}")
    return program.run((command:gsub("DEMO", path)))
  end

  local function check_complaint(expected_status, expected, status, output, errors)
    assert.equal("", output)
    assert.equal(1, select(2, errors:gsub("\n", "")), errors)
    assert.matches(expected, errors, 1, true)
    assert.equal(expected_status, status)
  end

  local EMPTY = "start = function() end"
  local WINDOW = [[options = { opt.duration { "window", default = "2s", max = "10s",
    help = "how far back to look" } }, ]]

  describe("run", function()
    it("ends with status 0 when the policy has nothing left to wait for", function()
      local status, output, errors = run("run DEMO", [[start = function(pw)
        pw:after(0.01, function() pw.log("done", { message = "all is well" }) end)
      end]])
      assert.matches("^%d%d:%d%d:%d%d demo: done: all is well\n$", output)
      assert.equal("", errors)
      assert.equal(0, status)
    end)

    it("writes one JSON object a line with --json", function()
      local status, output = run("run DEMO --json", [[start = function(pw)
        pw.log("seen", { comm = "a\255\27b", n = 1, kernel = pw.proc.uptime() > 0 })
      end]])
      assert.equal(0, status)
      local event = json.decode(output)
      assert.is_true(event.time > 1e9)
      event.time = nil
      assert.same({ policy = "demo", event = "seen", comm = "a\\xFF\\x1Bb", n = 1, kernel = true },
        event)
    end)

    describe("with --csv", function()
      local SEEN = [[start = function(pw)
        pw.log("seen", { n = 1, comm = 'a "b", c\27[2J\n\255', ok = true, message = "for people" })
        pw.log("other", { n = 9 })
        pw.log("seen", { n = 2.5, later = 1 })
      end]]

      it("writes one kind of event as rows under the names of its fields", function()
        local status, output, errors = run("run DEMO --csv seen", SEEN)
        assert.same({ 0, "" }, { status, errors })
        local head, first, second = output:match "^([^\n]*)\n([^\n]*)\n([^\n]*)\n$"
        assert.equal("time,comm,n,ok", head)
        assert.matches('^1%d%d%d%d%d%d%d%d%d%.?%d*,"a ""b"", c\\x1B%[2J\\n\\xFF",1,true$', first)
        assert.matches("^1%d+%.?%d*,,2.5,$", second)
      end)

      it("says which events there were when there were none of those", function()
        local status, output, errors = run("run DEMO --csv sene", SEEN)
        assert.same({ 0, "" }, { status, output })
        assert.equal("pagewarden: --csv: there was no event 'sene', but other, seen\n", errors)
      end)

      it("is refused without an event's name, and beside --json", function()
        check_complaint(2, "--csv: expected the name of an event, found 'A,b'",
          run("run DEMO --csv A,b", EMPTY))
        check_complaint(2, "--csv and --json: events are written one way",
          run("run DEMO --csv seen --json", EMPTY))
      end)
    end)

    it("stops after --for with status 0", function()
      local status, output = run("run DEMO --for 50ms --json", [[start = function(pw)
        pw:every(3600, function() end)
        pw:defer(function() pw.log "stopped" end)
      end]])
      assert.equal(0, status)
      assert.equal("stopped", json.decode(output).event)
    end)

    it("stops in an orderly way on SIGTERM", function()
      local path = folder:write("demo.lua", HEAD .. [[start = function(pw)
        pw:every(3600, function() end)
        pw:defer(function() pw.log "stopped" end)
        pw.log "started"
      end }]])
      local command = ("%s run %s --json & sleep 0.3; kill $!; wait $!"):format(program.path, path)
      local pipe <close> = io.popen(command)
      local first, second = json.decode(pipe:read "l"), json.decode(pipe:read "l")
      assert.same({ "started", "stopped" }, { first.event, second.event })
      assert.is_true(pipe:close())
    end)

    it("stops when nobody reads its events any more", function()
      local path = folder:write("demo.lua", HEAD .. [[start = function(pw)
        pw:every(0.01, function() pw.log("tick", { message = ("x"):rep(1000) }) end)
      end }]])
      local line = ("timeout 20 %s run %s --json 2>&1 | head -1"):format(program.path, path)
      local command = ("bash -o pipefail -c %s >/dev/null"):format(program.quote(line))
      local _, _, status = os.execute(command)
      assert.equal(0, status)
    end)

    it("gives the policy its options in one kind each", function()
      local status, output = run("run DEMO -o window=500ms --json", WINDOW .. [[
        start = function(pw, o) pw.log("got", { window = o.window }) end]])
      assert.equal(0, status)
      assert.equal(0.5, json.decode(output).window)
    end)

    it("says in one line why a policy failed, with status 1", function()
      local status, output, errors = run("run DEMO", [[start = function(pw)
        pw:every(0.01, function() local x = nil; x.y = 1 end)
      end]])
      assert.matches("^pagewarden: demo: /tmp/[^:]+/demo%.lua:%d+: attempt to index a nil value",
        errors)
      assert.equal(1, select(2, errors:gsub("\n", "")))
      assert.equal(2, select(2, output:gsub(" demo: error: [^\n]*attempt to index", "")))
      assert.equal(1, status)
    end)

    it("is a failure, too, when its time is up while a timer still fails", function()
      local status, _, errors = run("run DEMO --for 500ms", [[start = function(pw)
        pw:every(0.1, function() error "not yet" end)
      end]])
      assert.matches("^pagewarden: demo: [^\n]*not yet\n$", errors)
      assert.equal(1, status)
    end)

    it("lets a policy wait for what happens in the root it is given, and nowhere else", function()
      folder:mkdir "root"
      check_complaint(1, "demo: proc/pressure/memory: No such file or directory\n",
        run("run DEMO --root " .. folder.path .. "/root", [[start = function(pw)
          return pw:on_pressure({ resource = "memory", stall = 0.1 }, function() end)
        end]]))
    end)

    it("lets a one-shot policy say that it could not", function()
      check_complaint(1, "demo: there is no swap\n",
        run("run DEMO", [[start = function() return nil, "there is no swap" end]]))
    end)

    local usage = {
      ["an unknown option"] = { "run DEMO -o windw=2s",
        "demo: -o: unknown option 'windw' (did you mean 'window'?)" },
      ["a bare number where a unit matters"] = { "run DEMO -o window=2",
        "-o: option 'window': expected a duration with a unit, such as 500ms, 2s, 5m, 1h or 7d, "
          .. "found '2'" },
      ["a value outside the limits"] = { "run DEMO -o window=1h",
        "option 'window': expected at most 10s, found 1h" },
      ["an option without a value"] = { "run DEMO -o window", "-o window: expected key=value" },
      ["a bare number for --for"] = { "run DEMO --for 60",
        "--for: expected a duration with a unit, such as 30s or 5m, found '60'" },
      ["a missing root"] = { "run DEMO --root /nonexistent",
        "root /nonexistent: No such file or directory" },
      ["a missing file"] = { "run ./nonexistent.lua",
        "./nonexistent.lua: No such file or directory" },
      ["a folder for a file"] = { "run /tmp/", "/tmp/: not a file" },
    }
    for what, case in pairs(usage) do
      it("answers " .. what .. " with one line and status 2", function()
        check_complaint(2, case[2], run(case[1], WINDOW .. EMPTY))
      end)
    end

    it("answers a mistyped name with the nearest", function()
      folder:write("leak-hunt.lua", HEAD .. EMPTY .. "}")
      check_complaint(2, "no policy 'leak-hnt' (did you mean 'leak-hunt'?)",
        program.run("run leak-hnt -S " .. folder.path))
    end)

    it("answers a file with a syntax error with its line and status 2", function()
      check_complaint(2, "demo.lua:3:", run("run DEMO", "start = = 1"))
    end)

    it("asks the policy's own check", function()
      check_complaint(2, "demo: never enough", run("run DEMO",
        EMPTY .. [[, check = function() return false, "never enough" end]]))
    end)

    it("refuses with status 3 what was not granted, all at once", function()
      check_complaint(3,
        "demo needs sysctl vm.swappiness; kill; to grant it, add to /etc/pagewarden/conf.d",
        run("run DEMO", EMPTY .. [[, needs = { kill = true, process = "read",
          sysctl = { "vm.swappiness" } }]]))
    end)

    it("has nothing for the policy that was not granted", function()
      check_complaint(1, "pw has no 'sysctl'",
        run("run DEMO", [[start = function(pw) pw.sysctl.get "vm.swappiness" end]]))
    end)
  end)

  describe("check", function()
    it("is content with a good file", function()
      local status, output = run("check DEMO", WINDOW .. EMPTY)
      assert.matches("demo.lua: ok\n$", output)
      assert.equal(0, status)
    end)

    it("names file, field, expected and found", function()
      check_complaint(2, "demo.lua: field 'tags': expected a list of words, found 12",
        run("check DEMO", EMPTY .. ", tags = 12"))
    end)

    it("refuses defaults that the policy's own check refuses", function()
      check_complaint(2, "demo: too short", run("check DEMO",
        WINDOW .. EMPTY .. [[, check = function(o) return o.window > 5, "too short" end]]))
    end)

    it("checks every policy there is when none is named", function()
      folder:write("broken.lua", "return {")
      folder:write("good.lua", HEAD .. EMPTY .. "}")
      local status, output, errors = program.run("check -S " .. folder.path)
      assert.matches("good.lua: ok", output)
      assert.matches("broken.lua:1:", errors)
      assert.equal(2, status)
    end)
  end)

  describe("list and help", function()
    it("list policies with what they do", function()
      run("list", EMPTY)
      local status, output = program.run("list -S " .. folder.path)
      assert.matches("demo +Shows how +demo", output)
      assert.equal(0, status)
      status, output = program.run("list --json -S " .. folder.path)
      assert.equal(0, status)
      assert.matches('"name":"demo","summary":"Shows how","tags":%["demo"%]', output)
    end)

    it("explain a policy from its declaration", function()
      local status, output = run("help DEMO", WINDOW .. EMPTY .. ', needs = { process = "read" }')
      assert.equal(0, status)
      assert.matches("demo: Shows how", output)
      assert.matches("-o window=DURATION\n +how far back to look %(default: 2s; at most 10s%)",
        output)
      assert.matches("Needs: process read", output)
    end)

    it("describe a policy in paragraphs, with examples to copy", function()
      local _, output = run("help DEMO", EMPTY .. [[, description = "One\nline.\n\nAnother.",
        examples = { "pagewarden run demo --for 1m" }]])
      assert.matches("\nOne line.\n\nAnother.\n\nExamples\n  pagewarden run demo %-%-for 1m\n",
        output)
    end)

    it("fit into 40 columns", function()
      run("list", WINDOW .. EMPTY)
      for _, line in ipairs { "list", "help demo" } do
        local status, output = program.run(("%s -S %s"):format(line, folder.path), "COLUMNS=40")
        assert.equal(0, status)
        for shown in output:gmatch "[^\n]+" do
          assert.is_true(utf8.len(shown) <= 40 or not shown:find " ", shown)
        end
      end
    end)

    it("colour only when asked or on a terminal", function()
      run("list", EMPTY)
      local _, plain = program.run("list -S " .. folder.path)
      local _, coloured = program.run("list --color always -S " .. folder.path)
      assert.is_nil(plain:find "\27")
      assert.is_truthy(coloured:find "\27")
    end)
  end)

  describe("eval", function()
    local function eval(code, options)
      return program.run(("eval %s %s"):format(options or "", program.quote(code)))
    end

    it("prints the values of an expression", function()
      local status, output = eval "proc.meminfo().MemTotal > 0, 6 * 7"
      assert.equal("true\n42\n", output)
      assert.equal(0, status)
    end)

    it("prints a table by its sorted keys, or as JSON", function()
      assert.equal("a = { 1, 2 }\nb = \"x\"\n", select(2, eval "{ b = 'x', a = { 1, 2 } }"))
      assert.equal('[1,"x"]\n', select(2, eval("{ 1, 'x' }", "--json")))
    end)

    it("takes statements too", function()
      assert.equal("3\n", select(2, eval "local a = 1; return a + 2"))
    end)

    it("escapes what the system named", function()
      assert.equal("\\x1B[2J\n", select(2, eval [["\27[2J"]]))
    end)

    it("says that a pid is gone, with status 1", function()
      check_complaint(1, "No such process", eval "proc.process(4194305)")
    end)

    it("only reads, whoever runs it", function()
      check_complaint(3, "sysctl vm.swappiness: nothing was granted",
        eval "sysctl.set('vm.swappiness', sysctl.get 'vm.swappiness')")
    end)

    it("answers a syntax error with status 2 and an error with status 1", function()
      check_complaint(2, "eval: ", eval "1 +")
      check_complaint(1, "eval: global 'os' is not available here", eval "os.exit()")
      check_complaint(1, "did you mean 'rss'", eval "proc.processes { 'rsss' }")
    end)

    it("reads from another root, and refuses one that is not there", function()
      folder:mkdir "proc"
      folder:write("proc/uptime", "12.5 3.0\n")
      assert.equal("12.5\n", select(2, eval("proc.uptime()", "--root " .. folder.path)))
      check_complaint(2, "No such file", eval("1", "--root /nonexistent"))
      check_complaint(2, "Not a directory", eval("1", "--root /etc/passwd"))
    end)
  end)

  it("says with status 3 that a root may not be read", function()
    local closed = folder:mkdir "closed"
    folder:mkdir "closed/root"
    local prefix = ""
    if require("posix.unistd").geteuid() == 0 then
      prefix = "setpriv --reuid=65534 --clear-groups "
      if not os.execute(prefix .. program.path .. " --version >/dev/null 2>&1") then
        pending "nobody else can run this build"
        return
      end
    end
    os.execute("chmod 000 " .. closed)
    local status, output, errors = program.run(("eval 1 --root %s/root"):format(closed), prefix)
    os.execute("chmod 700 " .. closed)
    assert.same({ 3, "" }, { status, output })
    assert.equal(("pagewarden: root %s/root: Permission denied\n"):format(closed), errors)
  end)

  describe("as root", function()
    local is_root = require("posix.unistd").geteuid() == 0

    it("refuses a file or folder that others may write, and names it", function()
      if not is_root then
        pending "needs root"
        return
      end
      local inner = folder:mkdir "inner"
      local path = folder:write("inner/demo.lua", HEAD .. EMPTY .. "}")
      assert.equal(0, (program.run("check " .. path)))
      os.execute("chmod 666 " .. path)
      check_complaint(3, path .. " may be written by others (mode 666)",
        program.run("check " .. path))
      os.execute(("chmod 644 %s; chmod 777 %s"):format(path, inner))
      check_complaint(3, inner .. " may be written by others (mode 777)",
        program.run("run " .. path))
    end)

    it("refuses what a policy requires beside it as well", function()
      if not is_root then
        pending "needs root"
        return
      end
      local helper = folder:write("helper.lua", "return {}")
      local path = folder:write("demo.lua", 'require "helper" ' .. HEAD .. EMPTY .. "}")
      assert.equal(0, (program.run("check " .. path)))
      os.execute("chmod 666 " .. helper)
      check_complaint(2, "helper.lua may be written by others", program.run("check " .. path))
    end)

    it("ignores PAGEWARDEN_PATH", function()
      if not is_root then
        pending "needs root"
        return
      end
      folder:write("demo.lua", HEAD .. EMPTY .. "}")
      check_complaint(2, "no policy 'demo'",
        program.run("run demo", "PAGEWARDEN_PATH=" .. folder.path))
    end)
  end)
end)
