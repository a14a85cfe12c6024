-- SPDX-License-Identifier: MIT
-- pagewarden.recipe.choose: which processes are meant by what a user says.
local choose = require "pagewarden.recipe.choose"
local folders = require "folder"
local testing = require "pagewarden.testing"

local POLICY = [[
local choose = require "pagewarden.recipe.choose"
return {
  api = 1, name = "chooser", summary = "Says whom it was told", options = choose.options {},
  needs = { process = "read", oom = "read" },
  start = function(pw, o)
    local rows, message = choose.find(pw, o, { "rss", "comm" })
    for _, row in ipairs(rows or {}) do pw.log("row", row) end
    pw.log("done", { message = message })
  end,
}]]


describe("recipe.choose", function()
  local folder

  before_each(function()
    folder = folders.new()
    folder:write("chooser.lua", POLICY)
  end)

  after_each(function() folder:remove() end)

  --- A world in which a daemon has a child, and a stranger a name made to deceive.
  local function world_with(options)
    local world = testing.new { script = folder.path .. "/chooser.lua", options = options }
    world:spawn { pid = 812, comm = "sshd", uid = 0, rss = "4M",
      cgroup = "/system.slice/ssh.service", cmdline = { "/usr/sbin/sshd", "-D" } }
    world:spawn { pid = 900, ppid = 812, comm = "bash", uid = 1000, rss = "2M" }
    world:spawn { pid = 901, comm = "evil) R 1\n\27[2J", uid = 1000, rss = "1M" }
    world:spawn { pid = 2, comm = "kthreadd", uid = 0, rss = 0, vsize = 0 }
    return world
  end

  --- The pids that were chosen, in order, and what was said when there were none.
  local function chosen(options, furnish)
    local world <close> = world_with(options)
    if furnish then
      furnish(world)
    end
    world:run()
    local pids = {}
    for i = 1, #world.events - 1 do
      pids[i] = world.events[i].pid
    end
    table.sort(pids)
    return pids, world.events[#world.events].message
  end

  it("takes all with memory when nothing is said", function()
    assert.same({ 812, 900, 901 }, (chosen {}))
  end)

  it("chooses by name, command line and user", function()
    assert.same({ 812 }, (chosen { name = { "^ssh", "^nginx" } }))
    assert.same({ 901 }, (chosen { name = { "^evil. R" } }))
    assert.same({ 812 }, (chosen { command = { "sbin/sshd -D" } }))
    assert.same({ 900, 901 }, (chosen { uid = { 1000 } }))
  end)

  it("wants all kinds to fit that are said", function()
    assert.same({ 900 }, (chosen { uid = { 1000 }, name = { "sshd", "bash" } }))
    assert.same({ 900 }, (chosen { uid = { 1000 }, unit = { "ssh" } }))
  end)

  it("takes a daemon with what it started, by unit, cgroup, pid file and port", function()
    assert.same({ 812, 900 }, (chosen { unit = { "ssh" } }))
    assert.same({ 812, 900 }, (chosen { cgroup = { "/system.slice" } }))
    assert.same({ 812, 900 }, (chosen({ pid_file = { "/run/sshd.pid" } }, function(world)
      world:write("run/sshd.pid", "812\n")
    end)))
    assert.same({ 812, 900 }, (chosen({ port = { 22 } }, function(world)
      world:write("proc/net/tcp", "   0: 00000000:0016 00000000:0000 0A 0:0 00:0 0 0 0 904 1\n")
      world:write("proc/812/fd/.none", "")
      assert(os.execute(("ln -s 'socket:[904]' %s/proc/812/fd/3"):format(world.path)))
    end)))
  end)

  it("leaves out itself and who started it, whose command lines have the pattern", function()
    assert.same({ 901 }, (chosen({ command = { "evil|bash|sshd" } }, function(world)
      world:write("proc/self/stat", "900 (bash) S 812 1 1\n")
    end)))
  end)

  it("says why nobody is meant", function()
    local function nobody(options, expected)
      local pids, message = chosen(options)
      assert.same({}, pids)
      assert.equal(expected, message)
    end
    nobody({ name = { "^nobody$" } }, "no process fits what was said")
    nobody({ unit = { "nginx" } }, "unit nginx: no process is in this unit")
    nobody({ port = { 5432 } }, "port 5432: nobody here listens on it")
    nobody({ uid = { 0 }, pid_file = { "/run/x" } },
      "pid file /run/x: No such file or directory")
  end)

  it("finds the one daemon that is there when another is not", function()
    assert.same({ 812, 900 }, (chosen { unit = { "nginx", "ssh" } }))
  end)

  it("knows whether anything was said, and of which daemons", function()
    local o = {}
    for _, spec in ipairs(choose.options {}) do
      o[spec.name] = spec.default
    end
    assert.is_false(choose.given(o))
    o.port = { 22, 80 }
    assert.is_true(choose.given(o))
    assert.same({ { port = 22, all = true }, { port = 80, all = true } }, choose.trees(o))
  end)
end)
