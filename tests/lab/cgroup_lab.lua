-- SPDX-License-Identifier: MIT
-- What is read of cgroups and done to them, where a kernel keeps them.
local cgroup = require "pagewarden.cgroup"
local lab = require "lab"

local MIB = 1 << 20
local UNIT = "/system.slice/web.service"


--- The processor time of a program, which stands still while it is frozen.
local function ticks(program)
  local stat = assert(program.process:stat())
  return stat.utime + stat.stime
end


--- A program that never sleeps, in a cgroup of its own.
local function spinner()
  lab.cgroup "/web"
  local program = lab.start({ "sh", "-c", "while :; do :; done" }, "/web")
  lab.await("it runs", 20, function() return ticks(program) > 0 end)
  return program
end


local function is_frozen()
  return assert(cgroup.state "/web").frozen
end


--- Whether it goes on.
local function runs(program)
  local before = ticks(program)
  lab.await("it goes on", 20, function() return ticks(program) > before end)
end


--- A unit's cgroup on a machine whose first process seems to be systemd (guest/systemctl).
local function as_if_under_systemd()
  lab.cgroup "/system.slice"
  lab.write("/sys/fs/cgroup/system.slice/cgroup.subtree_control", "+memory")
  lab.cgroup(UNIT)
  lab.write("/sys/fs/cgroup" .. UNIT .. "/cgroup.subtree_control", "+memory")
  assert.equal(0, (lab.run "rm -f /run/systemctl.log; mkdir -p /run/systemd/system"))
  lab.defer(function() lab.run "rmdir /run/systemd/system" end)
end


--- The values that it was told, in bytes where they are numbers.
local function told_to_systemd()
  local values = {}
  for line in lab.read("/run/systemctl.log"):gmatch "[^\n]+" do
    local value = line:match(
      "^%-%-no%-ask%-password set%-property %-%-runtime %-%- web.service MemoryHigh=(%w+)$")
    values[#values + 1] = math.tointeger(value) or value
  end
  return values
end


return {
  { "a cgroup is frozen, and goes on when it is thawed", function()
    local program = spinner()
    assert.is_true(cgroup.freeze("/web", true))
    lab.await("it is frozen", 20, is_frozen)
    local before = ticks(program)
    lab.sleep(0.5)
    assert.equal(before, ticks(program))
    assert.is_false(cgroup.freeze("/web", false))
    runs(program)
    assert.is_false(is_frozen())
  end },

  { "one that a killed policy left frozen is thawed by undo", function()
    lab.hog(1, lab.cgroup "/web")
    local policy = lab.run_policy("icebox", '{ cgroup = { "/web" } }',
      'assert(pw.cgroup.freeze("/web", true))')
    lab.await("it is frozen", 20, is_frozen)
    policy:signal "SIGKILL"
    policy:wait()
    assert.is_true(is_frozen())
    local status, output = lab.run "pagewarden undo"
    assert.equal(0, status, output)
    assert.matches("cgroup /web cgroup.freeze is 0 again", output, 1, true)
    lab.await("it is thawed", 20, function() return not is_frozen() end)
  end },

  { "all that is in a cgroup is killed, with those below it and what is forked", function()
    lab.cgroup "/web"
    lab.cgroup "/web/a"
    local parent = lab.start({ "sh", "-c", "while :; do sleep 0.01; done" }, "/web")
    local child = lab.hog(1, "/web/a")
    assert.is_true(cgroup.kill "/web")
    assert.same({ "killed", 9 }, { parent:wait() })
    assert.same({ "killed", 9 }, { child:wait() })
    lab.await("it is empty", 20, function() return not cgroup.state("/web").populated end)
    assert.same({ nil, "gone" }, { (cgroup.kill "/web"), (select(4, cgroup.kill "/web")) })
  end },

  { "what we are in is never frozen, nor killed", function()
    local own = assert(cgroup.own())
    local value, message = cgroup.freeze(own, true)
    assert.is_nil(value)
    assert.matches("is in it$", message)
    assert.is_nil((cgroup.kill(own)))
  end },

  { "the most memory there was stays when it is given back", function()
    lab.cgroup "/web"
    lab.hog(16, "/web"):stop()
    lab.await("it is given back", 20, function() return cgroup.current "/web" < 4 * MIB end)
    assert.is_true(cgroup.peak "/web" >= 16 * MIB)
  end },

  { "kills below a cgroup are told apart from its own", function()
    lab.cgroup "/web"
    lab.write("/sys/fs/cgroup/web/cgroup.subtree_control", "+memory")
    lab.cgroup "/web/a"
    lab.write("/sys/fs/cgroup/web/a/memory.max", 8 * MIB)
    lab.start({ "hog", "32" }, "/web/a"):wait()
    assert.same({ 1, 0, 1 }, { cgroup.events("/web").oom_kill,
      cgroup.events("/web", "local").oom_kill, cgroup.events("/web/a", "local").oom_kill })
    assert.equal(0, cgroup.events("/web", "swap").max)
  end },

  { "processes of a pid namespace above are 0 in it", function()
    lab.cgroup "/web"
    local hog = lab.hog(1, "/web")
    assert.same({ hog.pid }, cgroup.procs "/web")
    local status, output = lab.run([[unshare -p -f lua5.4 -e '
      print(table.concat(require("pagewarden.cgroup").procs "/web", " "))']])
    assert.same({ 0, "0\n" }, { status, output })
  end },

  { "a cgroup that was made again is another", function()
    assert.equal(0, (lab.run "mkdir /sys/fs/cgroup/brief"))
    local id = assert(cgroup.id "/brief")
    assert.equal(0, (lab.run "rmdir /sys/fs/cgroup/brief"))
    assert.equal("gone", select(4, cgroup.id "/brief"))
    assert.equal("gone", select(4, cgroup.set("/brief", "memory.high", MIB)))
    assert.equal("gone", select(4, cgroup.freeze("/brief", true)))
    assert.equal(0, (lab.run "mkdir /sys/fs/cgroup/brief"))
    assert.are_not.equal(id, cgroup.id "/brief")
    assert.equal(0, (lab.run "rmdir /sys/fs/cgroup/brief"))
  end },

  { "this guest is no container", function()
    assert.is_nil(cgroup.container())
    local _, output = lab.run(
      [[unshare -p -f lua5.4 -e 'print(require("pagewarden.cgroup").container())']])
    assert.equal("a pid namespace of its own\n", output)
  end },

  { "a limit of a unit goes to systemd, and so does what undoes it", function()
    as_if_under_systemd()
    assert.equal(64 * MIB, cgroup.set(UNIT, "memory.high", 64 * MIB))
    assert.equal(math.huge, cgroup.set(UNIT, "memory.high", math.huge))
    local policy = lab.run_policy("limit", ('{ cgroup = { "%s" } }'):format(UNIT),
      ('assert(pw.cgroup.set("%s", "memory.high", %d))'):format(
        UNIT, 32 * MIB))
    lab.await("the limit is set", 20, function() return cgroup.limits(UNIT).high == 32 * MIB end)
    policy:signal "SIGKILL"
    policy:wait()
    assert.equal(0, (lab.run "pagewarden undo"))
    assert.equal(math.huge, cgroup.limits(UNIT).high)
    assert.same({ 64 * MIB, "infinity", 32 * MIB, "infinity" }, told_to_systemd())
  end },

  { "what systemd refuses is refused, and what it has delegated is not its", function()
    as_if_under_systemd()
    lab.cgroup(UNIT .. "/a.service")
    local value, message, errno = cgroup.set(UNIT .. "/a.service", "memory.high", MIB)
    assert.is_nil(value)
    assert.matches("systemd manages this cgroup, and did not take it", message, 1, true)
    assert.equal(121, errno)
    assert.equal(0, (lab.run("delegate /sys/fs/cgroup" .. UNIT)))
    assert.equal(MIB, cgroup.set(UNIT .. "/a.service", "memory.high", MIB))
  end },
}
