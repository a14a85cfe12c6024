-- SPDX-License-Identifier: MIT
local fcntl = require "posix.fcntl"
local folders = require "folder"
local json = require "dkjson"
local program = require "program"
local service = require "service"
local socket = require "posix.sys.socket"
local unistd = require "posix.unistd"

local TICKS = [[
return { api = 1, name = "ticks", summary = "A test", needs = { process = "read" },
  start = function(pw)
    pw.log("hello", { message = "here I am" })
    pw:defer(function() pw.log "farewell" end)
    pw:every(60, function() end)
  end }
]]

local LOOPS = [[
return { api = 1, name = "loops", summary = "A test",
  start = function(pw) pw:every(0.01, function() while true do end end) end }
]]

describe("the daemon", function()
  local folder

  before_each(function()
    folder = folders.new()
    for _, name in ipairs { "proc", "conf.d", "scripts" } do
      folder:mkdir(name)
    end
    folder:write("scripts/ticks.lua", TICKS)
    folder:write("scripts/loops.lua", LOOPS)
  end)
  after_each(function() folder:remove() end)

  local function start(environment)
    return service.start(folder.path,
      { "--config", folder.path, "-S", folder.path .. "/scripts", "--json" }, environment)
  end

  local function configure(text)
    folder:write("conf.d/a.lua", text)
  end

  local function status_of(daemon)
    local status, output = daemon:run "status --json"
    assert.equal(0, status)
    return json.decode(output)
  end

  it("runs what is configured, tells the service manager, and stops in an orderly way", function()
    configure 'policy "ticks" {}'
    local daemon <close> = start()
    assert.equal("READY=1\nSTATUS=policies: 1 running", daemon:hear())
    local answer = status_of(daemon)
    assert.equal(daemon.pid, answer.pid)
    assert.same({ "ticks", "running", 1, 2 }, { answer.policies[1].name, answer.policies[1].state,
      answer.policies[1].timers, answer.policies[1].events })
    assert.is_true(answer.policies[1].memory > 1000)
    daemon:signal "SIGTERM"
    assert.equal("STOPPING=1", daemon:hear())
    local status, output, errors = daemon:finish()
    assert.same({ 0, "" }, { status, errors })
    local events = {}
    for line in output:gmatch "[^\n]+" do
      local event = json.decode(line)
      events[#events + 1] = ("%s %s"):format(event.policy, event.event)
    end
    assert.same({ "ticks started", "ticks hello", "pagewarden stopping", "ticks farewell",
      "ticks stopped", "pagewarden stopped" }, events)
    assert.is_nil(unistd.access(folder.path .. "/run/pagewarden/control"))
  end)

  it("only observes when nothing is configured", function()
    local daemon <close> = start()
    daemon:await "READY=1"
    local answer = status_of(daemon)
    assert.equal("leak-watch", answer.policies[1].name)
    local _, output = daemon:finish "SIGINT"
    assert.matches('"event":"observing"', output)
  end)

  it("runs what is right when something is wrong, and says what", function()
    configure 'policy "ticks" {}\npolicy "tickz" {}\npolicy "ticks" { as = "b", x = 1 }'
    local daemon <close> = start()
    assert.equal("READY=1\nSTATUS=policies: 1 running", daemon:hear())
    local _, output = daemon:run "status"
    assert.matches("problem: .-a.lua:2: no policy 'tickz' %(did you mean 'ticks'%?%)", output)
    assert.matches("problem: .-a.lua:3: ticks: unknown option 'x'", output)
    _, output = daemon:run "explain b"
    assert.matches("^b: refused\nproblem: .*unknown option 'x'", output)
    local _, logged = daemon:finish "SIGTERM"
    assert.equal(2, select(2, logged:gsub('"event":"misconfigured"', "")))
  end)

  it("stops a policy that loops without end, and the others do not notice", function()
    configure 'policy "ticks" {} policy "loops" {}'
    local daemon <close> = start()
    daemon:await "READY=1"
    local tries, explanation = 0, ""
    while tries < 2000 and not explanation:find "^loops: failed" do
      tries, explanation = tries + 1, select(2, daemon:run "explain loops")
    end
    assert.matches("^loops: failed.*failure: it ran for more than 0.25 s", explanation)
    assert.equal("running", status_of(daemon).policies[2].state)
  end)

  it("explains a policy by what it logged and what it is granted", function()
    configure 'policy "ticks" {}'
    local daemon <close> = start()
    daemon:await "READY=1"
    local status, output = daemon:run "explain ticks"
    assert.equal(0, status)
    assert.matches("^ticks: running since ", output)
    assert.matches("configured at: .*/conf.d/a.lua:1\ngranted: reading only\n", output)
    assert.matches("ticks: hello: here I am\n$", output)
    assert.same({ 1, "", "pagewarden: no policy runs as 'tick'\n" }, { daemon:run "explain tick" })
  end)

  it("reloads on SIGHUP and on 'reload', keeping what ran when something is wrong", function()
    configure 'policy "ticks" {}'
    local daemon <close> = start()
    daemon:await "READY=1"
    local since = status_of(daemon).policies[1].since
    configure 'policy "ticks" {}\npolicy "ticks" { as = "more" }'
    daemon:signal "SIGHUP"
    assert.matches("^RELOADING=1\nMONOTONIC_USEC=%d+$", daemon:hear())
    assert.equal("READY=1\nSTATUS=policies: 2 running", daemon:hear())
    configure 'policy "tick" {}'
    local status, output, errors = daemon:run "reload"
    assert.same({ 1, "" }, { status, output })
    assert.matches("^pagewarden: .*a.lua:1: no policy 'tick'", errors)
    local policies = status_of(daemon).policies
    assert.same({ "more", "ticks", since }, { policies[1].name, policies[2].name,
      policies[2].since })
    configure 'policy "ticks" {}'
    status, output = daemon:run "reload"
    assert.same({ 0, "unchanged: ticks\nstopped: more\n" }, { status, output })
  end)

  it("stops one policy, until the next reload", function()
    configure 'policy "ticks" {}'
    local daemon <close> = start()
    daemon:await "READY=1"
    assert.equal("ticks: stopped\n", select(2, daemon:run "stop ticks"))
    assert.equal("ticks: had stopped already\n", select(2, daemon:run "stop ticks"))
    assert.equal("stopped", status_of(daemon).policies[1].state)
    assert.equal("replaced: ticks\n", select(2, daemon:run "reload"))
    assert.equal("running", status_of(daemon).policies[1].state)
    assert.equal(1, (daemon:run "stop nobody"))
  end)

  it("is alone: a second one says who has the lock", function()
    local daemon <close> = start()
    daemon:await "READY=1"
    local status, _, errors = program.run("daemon --root " .. folder.path)
    assert.equal(1, status)
    assert.equal(("pagewarden: a daemon is running already (pid %d has locked %s)\n"):format(
      daemon.pid, folder.path .. "/run/pagewarden/daemon.lock"), errors)
  end)

  it("starts again after one that was killed", function()
    do
      local killed <close> = start()
      killed:await "READY=1"
      killed:finish "SIGKILL"
    end
    os.remove(folder.path .. "/notify")
    local status, _, errors = program.run("status --root " .. folder.path)
    assert.equal(1, status)
    assert.matches("^pagewarden: no daemon is running %(.*Connection refused%)\n$", errors)
    local daemon <close> = start()
    daemon:await "READY=1"
  end)

  it("leaves off a policy that held it up when it last ran", function()
    configure 'policy "ticks" {}; policy "ticks" { as = "other" }'
    folder:mkdir "run"
    folder:mkdir "run/pagewarden"
    folder:write("run/pagewarden/stuck", "other\n")
    local daemon <close> = start()
    assert.equal("READY=1\nSTATUS=policies: 1 running", daemon:hear())
    local _, output = daemon:finish "SIGTERM"
    assert.matches('"event":"left-off","message":"other held the daemon up when it last ran; remove'
      .. ' it from ' .. folder.path .. '/run/pagewarden/stuck to run it again"', output, 1, true)
    assert.is_nil(output:find('"policy":"other"', 1, true))
  end)

  it("has a watchdog beside its loop", function()
    configure 'policy "ticks" {}'
    local daemon <close> = start()
    daemon:hear()
    local file <close> = assert(io.open(("/proc/%d/status"):format(daemon.pid)))
    assert.equal("2", file:read("a"):match "Threads:%s*(%d+)")
    assert.equal(0, (daemon:finish "SIGTERM"))
  end)

  it("goes on with what a killed one had changed, and undoes what nobody goes on with", function()
    local function swappiness()
      local file <close> = assert(io.open(folder.path .. "/proc/sys/vm/swappiness"))
      return file:read "n"
    end
    os.execute("mkdir -p " .. folder.path .. "/proc/sys/vm")
    folder:write("proc/sys/vm/swappiness", "60\n")
    folder:write("scripts/sets.lua", [[
return { api = 1, name = "sets", summary = "A test", needs = { sysctl = { "vm.swappiness" } },
  start = function(pw)
    assert(pw.sysctl.set("vm.swappiness", 40))
    pw:every(60, function() end)
  end }]])
    local function kill_one()
      local killed <close> = start()
      killed:await "READY=1"
      local value = swappiness()
      local _, output = killed:finish "SIGKILL"
      os.remove(folder.path .. "/notify")
      return value, output
    end
    configure 'policy "sets" { grant = { sysctl = { "vm.swappiness" } } }'
    assert.equal(40, kill_one())
    assert.equal(40, kill_one())
    configure 'policy "ticks" {}'
    local value, output = kill_one()
    assert.equal(60, value)
    assert.matches('"policy":"sets","event":"undone"', output, 1, true)
  end)

  it("gives signs of life as often as it is asked to, at an abstract address too", function()
    local name = ("@pagewarden-spec-%d"):format(unistd.getpid())
    local daemon <close> = start { NOTIFY_SOCKET = name, WATCHDOG_USEC = "20000" }
    daemon:await "READY=1"
    daemon:await "WATCHDOG=1"
    daemon:await "WATCHDOG=1"
  end)

  it("gives no signs of life that are for another process", function()
    local daemon <close> = start { WATCHDOG_USEC = "2000", WATCHDOG_PID = "1" }
    daemon:await "READY=1"
    daemon:run "reload"
    assert.matches("^RELOADING=1", daemon:hear())
  end)

  describe("answers at its socket", function()
    --- Sends bytes as another user if there is one, and returns what comes back.
    local function ask(line, uid)
      local code = ([[
        local socket, unistd = require "posix.sys.socket", require "posix.unistd"
        if %d > 0 then assert(unistd.setpid("u", %d)) end
        local fd = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0)
        assert(socket.connect(fd, { family = socket.AF_UNIX, path = %q }))
        socket.send(fd, %q)
        io.write(socket.recv(fd, 65536))
      ]]):format(uid or 0, uid or 0, folder.path .. "/run/pagewarden/control", line .. "\n")
      local path = folder:write("ask.lua", code)
      local pipe <close> = assert(io.popen(("LUA_PATH=%s LUA_CPATH=%s lua5.4 %s"):format(
        program.quote(package.path), program.quote(package.cpath), path)))
      return json.decode(pipe:read "a")
    end

    it("what it does not understand with what it does", function()
      local daemon <close> = start()
      daemon:await "READY=1"
      assert.same({ ok = false, kind = "usage", error = "unknown command 'statu' "
        .. "(did you mean 'status'?)" }, ask '{"command":"statu"}')
      assert.equal("usage", ask("{").kind)
      assert.equal("usage", ask('["status"]').kind)
      assert.equal("explain: the name of a policy is missing", ask('{"command":"explain"}').error)
    end)

    it("other users only what changes nothing", function()
      if unistd.geteuid() ~= 0 then
        pending "needs root"
        return
      end
      local daemon <close> = start()
      daemon:await "READY=1"
      os.execute("chmod 755 " .. folder.path)
      assert.is_true(ask('{"command":"status"}', 65534).ok)
      assert.is_true(ask('{"command":"explain","name":"leak-watch"}', 65534).ok)
      for _, line in ipairs { '{"command":"reload"}', '{"command":"stop","name":"leak-watch"}' } do
        local answer = ask(line, 65534)
        assert.same({ false, "denied" }, { answer.ok, answer.kind })
      end
      assert.is_true(ask('{"command":"stop","name":"leak-watch"}').ok)
    end)

    it("while somebody keeps a connection open and says nothing", function()
      local daemon <close> = start()
      daemon:await "READY=1"
      local silent = {}
      for i = 1, 20 do
        silent[i] = assert(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0))
        assert(socket.connect(silent[i], { family = socket.AF_UNIX,
          path = folder.path .. "/run/pagewarden/control" }))
      end
      assert.equal(0, (daemon:run "status"))
      for _, fd in ipairs(silent) do
        unistd.close(fd)
      end
    end)
  end)

  describe("says in one line", function()
    local function check_complaint(expected_status, expected, line)
      local status, output, errors = program.run(line)
      assert.same({ expected_status, "" }, { status, output })
      assert.equal(1, select(2, errors:gsub("\n", "")), errors)
      assert.matches(expected, errors, 1, true)
    end

    it("that nobody runs one", function()
      for _, command in ipairs { "status", "reload", "stop x", "explain x" } do
        check_complaint(1, "no daemon is running", ("%s --root %s"):format(command, folder.path))
      end
    end)

    it("that the path of its socket is too long", function()
      local deep = folder.path .. "/" .. ("x"):rep(100)
      os.execute("mkdir -p " .. deep .. "/proc")
      local expected = deep
        .. "/run/pagewarden/control: the path of a unix socket has at most 107 bytes"
      check_complaint(2, expected, "daemon --root " .. deep)
      check_complaint(2, expected, "status --root " .. deep)
    end)

    it("that its folder cannot be made", function()
      folder:write("run", "a file")
      check_complaint(1, folder.path .. "/run/pagewarden: Not a directory",
        "daemon --root " .. folder.path)
    end)

    it("that it may not write to its folder", function()
      folder:mkdir "run"
      local prefix = ""
      if unistd.geteuid() == 0 then
        prefix = "setpriv --reuid=65534 --clear-groups "
        if not os.execute(prefix .. program.path .. " --version >/dev/null 2>&1") then
          pending "nobody else can run this build"
          return
        end
      end
      os.execute(("chmod 755 %s; chmod 555 %s/run"):format(folder.path, folder.path))
      local status, _, errors = program.run("daemon --root " .. folder.path, prefix)
      assert.equal(3, status)
      assert.matches("/run/pagewarden: Permission denied", errors, 1, true)
    end)

    it("as root, that others may write to its folder", function()
      if unistd.geteuid() ~= 0 then
        pending "needs root"
        return
      end
      os.execute(("mkdir -p %s/run/pagewarden; chmod 777 %s/run/pagewarden"):format(folder.path,
        folder.path))
      check_complaint(3, "/run/pagewarden may be written by others (mode 777)",
        "daemon --root " .. folder.path)
    end)

    it("that its lock cannot be opened", function()
      os.execute(("mkdir -p %s/run/pagewarden/daemon.lock"):format(folder.path))
      assert.is_nil(fcntl.open(folder.path .. "/run/pagewarden/daemon.lock", fcntl.O_RDWR))
      check_complaint(1, "daemon.lock: Is a directory", "daemon --root " .. folder.path)
    end)
  end)
end)
