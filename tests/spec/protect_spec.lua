-- SPDX-License-Identifier: MIT
local folders = require "folder"
local oom = require "pagewarden.oom"
local testing = require "pagewarden.testing"
local tree = require "tree"

local MIB = 1 << 20

local function add(files, pid, ppid, comm, adj)
  local folder = ("proc/%d/"):format(pid)
  local stat = "%d (%s) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 8192 256\n"
  files[folder .. "stat"] = stat:format(pid, comm, ppid)
  files[folder .. "status"] = "Uid:\t0\t0\t0\t0\nVmSwap:\t1024 kB\n"
  files[folder .. "oom_score_adj"] = adj .. "\n"
end

local function number_in(path)
  local file <close> = assert(io.open(path))
  return file:read "n"
end


describe("oom.protect", function()
  local root, view

  before_each(function()
    local files = {}
    add(files, 1, 0, "init", 0)
    add(files, 812, 1, "postgres", 0)
    add(files, 813, 812, "postgres", -900)
    add(files, 814, 812, "postgres", 300)
    add(files, 815, 814, "sh", 0)
    root = tree.new(files)
    view = assert(oom.open(root))
  end)

  after_each(tree.remove_all)

  local function adj(pid)
    return view:adj(pid)
  end

  it("sets the main process to -900, and leaves its children", function()
    assert.same({ mains = 1, children = 3, changed = 1, bytes = 4 * MIB, failed = 0 },
      view:protect { name = "postgres" })
    assert.same({ -900, -900, 300, 0 }, { adj(812), adj(813), adj(814), adj(815) })
  end)

  it("sets to 0 the children that inherited a protection, and no others", function()
    local done = assert(view:protect({ name = "postgres" }, { children = "reset" }))
    assert.equal(2, done.changed)
    assert.equal(2 * MIB, done.bytes)
    assert.same({ -900, 0, 300, 0 }, { adj(812), adj(813), adj(814), adj(815) })
  end)

  it("sets to 0 those that are to be, whatever becomes of other children", function()
    assert(view:protect({ name = "postgres" }, { children = "protect", reset = { 813, 4711 } }))
    assert.same({ -900, 0, -900, -900 }, { adj(812), adj(813), adj(814), adj(815) })
    assert(view:protect({ 812 }, { reset = { 812, 815 } }))
    assert.same({ -900, 0, -900, 0 }, { adj(812), adj(813), adj(814), adj(815) })
  end)

  it("protects the children too", function()
    local done = assert(view:protect({ name = "postgres" }, { children = "protect", adj = -500 }))
    assert.equal(8 * MIB, done.bytes)
    assert.same({ -500, -900, -500, -500 }, { adj(812), adj(813), adj(814), adj(815) })
  end)

  it("changes nothing the second time", function()
    view:protect({ name = "postgres" }, { children = "reset" })
    assert.equal(0, view:protect({ name = "postgres" }, { children = "reset" }).changed)
  end)

  it("protects nobody less than he is, nor at -1000 unless it is said", function()
    tree.write(root, "proc/812/oom_score_adj", "-950\n")
    assert.equal(0, view:protect({ name = "postgres" }).changed)
    assert.equal(-950, adj(812))
    view:protect({ name = "postgres" }, { adj = -1000 })
    assert.equal(-1000, adj(812))
  end)

  it("protects every process of a list", function()
    assert.equal(2, view:protect({ 813, 815 }).mains)
    assert.equal(-900, adj(815))
  end)

  it("never touches init, and says so", function()
    local done, message, _, kind = view:protect { 1 }
    assert.is_nil(done)
    assert.equal("oom 1:9: init is never touched", message)
    assert.equal("denied", kind)
  end)

  it("says of whom it failed when others are protected", function()
    local done = assert(view:protect { 1, 815 })
    assert.equal(1, done.mains)
    assert.equal(1, done.failed)
    assert.equal("oom 1:9: init is never touched", done.message)
  end)

  it("says that there is nobody", function()
    local done, message, _, kind = view:protect { name = "mysqld" }
    assert.is_nil(done)
    assert.equal("name mysqld: no process has this name", message)
    assert.equal("gone", kind)
  end)

  it("names the argument that is wrong", function()
    local function raises(options, message)
      assert.error_matches(function() view:protect({ name = "postgres" }, options) end, message)
    end
    raises({ adj = 0 }, "adj: %-1000 to %-1 expected")
    raises({ adj = -1001 }, "adj: %-1000 to %-1 expected")
    raises({ children = "kept" }, "children: 'keep', 'reset' or 'protect' expected")
    raises({ child = "keep" }, "unknown option 'child'")
    raises({ reset = 813 }, "bad argument #2.*reset: a list of processes expected")
    raises({ reset = { "sshd" } }, "bad argument #2.*a list of processes expected")
    raises({ lifetime = "lease" }, "only pagewarden's host")
    assert.equal(0, adj(812))
  end)
end)


describe("oom.unprotect", function()
  after_each(tree.remove_all)

  local function new_view()
    local files = {}
    add(files, 812, 1, "postgres", -900)
    return assert(oom.open(tree.new(files)))
  end

  it("changes nothing without a host that knows what there was", function()
    local view = new_view()
    assert.same({ changed = 0, failed = 0 }, view:unprotect { name = "postgres" })
    assert.equal(-900, view:adj(812))
  end)

  it("says that there is nobody, and names the argument that is wrong", function()
    local view = new_view()
    local done, message, _, kind = view:unprotect { name = "mysqld" }
    assert.is_nil(done)
    assert.equal("name mysqld: no process has this name", message)
    assert.equal("gone", kind)
    for _, wrong in ipairs { { { adj = 0 }, "adj: %-1000 to %-1 expected" },
      { { children = "keep" }, "unknown option 'children'" } } do
      assert.error_matches(function() view:unprotect({ 812 }, wrong[1]) end, wrong[2])
    end
  end)
end)


describe("a policy that protects a tree", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local POLICY = [[
    return { api = 1, name = "guard", summary = "A test", needs = { oom = true },
      start = function(pw)
        pw:every(10, function() pw.oom.protect({ name = "postgres" }, { children = %q }) end)
      end }]]

  local function new(children, given)
    given = given or {}
    given.script = folder:write("guard.lua", POLICY:format(children))
    return testing.new(given)
  end

  local function adj(world, process)
    return number_in(("%s/proc/%d/oom_score_adj"):format(world.path, process.pid))
  end

  it("puts all back when it stops, and gives children nothing that they had only inherited",
    function()
      local world <close> = new "reset"
      local main = world:spawn { comm = "postgres", oom_score_adj = -100 }
      world:advance "10s"
      assert.equal(-900, adj(world, main))
      local child = world:spawn { comm = "postgres", ppid = main.pid, oom_score_adj = -900 }
      local grandchild = world:spawn { comm = "sh", ppid = child.pid, oom_score_adj = -900 }
      world:advance "10s"
      assert.same({ 0, 0 }, { adj(world, child), adj(world, grandchild) })
      world.instance:stop() -- they have what they would have inherited without us
      assert.same({ -100, -100, -100 },
        { adj(world, main), adj(world, child), adj(world, grandchild) })
    end)

  it("keeps no record of a child where there is nothing to put back", function()
    local world <close> = new "reset"
    local main = world:spawn { comm = "postgres" }
    world:advance "10s"
    local child = world:spawn { comm = "postgres", ppid = main.pid, oom_score_adj = -900 }
    world:advance "10s"
    assert.act(world, { key = ("oom %d:%d"):format(child.pid, child.start_time), value = "0" })
    local owners = io.popen("ls " .. world.path .. "/run/pagewarden/owners | wc -l")
    assert.equal(1, owners:read "n")
    owners:close()
    world.instance:stop()
    assert.equal(0, adj(world, child))
  end)

  it("protects the daemon when it is started again, and forgets the one that ended", function()
    local world <close> = new "keep"
    local main = world:spawn { comm = "postgres" }
    world:advance "10s"
    world:exit(main)
    local again = world:spawn { comm = "postgres" }
    world:advance "10s"
    assert.equal(-900, adj(world, again))
    local owners = io.popen("ls " .. world.path .. "/run/pagewarden/owners | wc -l")
    assert.equal(1, owners:read "n")
    owners:close()
    world:stop()
    assert.no_trace(world)
  end)

  --- A policy that protects a tree at first, and after 15 seconds no longer.
  local function new_turncoat(given)
    given.script = folder:write("turncoat.lua", [[
      return { api = 1, name = "turncoat", summary = "A test", needs = { oom = true },
        start = function(pw)
          local seconds = 0
          pw:every(5, function()
            seconds = seconds + 5
            if seconds <= 15 then
              pw.oom.protect({ name = "postgres" }, { adj = -500, children = "protect" })
            else
              pw.log("unprotected", pw.oom.unprotect({ name = "postgres" }, { adj = -500 }))
            end
          end)
        end }]])
    return testing.new(given)
  end

  it("puts back what there was when it protects it no longer, of heirs too", function()
    local world <close> = new_turncoat {}
    local main = world:spawn { comm = "postgres", oom_score_adj = -100 }
    local child = world:spawn { comm = "postgres", ppid = main.pid, oom_score_adj = 300 }
    local safe = world:spawn { comm = "postgres", ppid = main.pid, oom_score_adj = -900 }
    world:advance "15s"
    local heir = world:spawn { comm = "sh", ppid = child.pid, oom_score_adj = -500 }
    local function adjs()
      return { adj(world, main), adj(world, child), adj(world, safe), adj(world, heir) }
    end
    world:advance "5s"
    assert.same({ -100, 300, -900, 300 }, adjs())
    assert.same({ 3, 0 }, { world:logged("unprotected")[1].changed,
      world:logged("unprotected")[1].failed })
    world:advance "5s"
    assert.equal(0, world:logged("unprotected")[2].changed)
    world.instance:stop()
    assert.same({ -100, 300, -900, 300 }, adjs())
  end)

  it("leaves what somebody else has set meanwhile", function()
    local world <close> = new_turncoat {}
    local main = world:spawn { comm = "postgres", oom_score_adj = -100 }
    world:advance "15s"
    main.oom_score_adj = -700
    world:advance "10s"
    assert.equal(-700, adj(world, main))
  end)

  it("would put back in dry run what there is", function()
    local world <close> = new_turncoat { dry_run = true }
    local main = world:spawn { comm = "postgres", oom_score_adj = -100 }
    world:spawn { comm = "postgres", ppid = main.pid, oom_score_adj = -500 }
    world:advance "1m"
    assert.same({ "-500", "-100" }, { world.acts[1].value, world.acts[2].value })
    assert.equal(2, #world.acts)
    world:stop()
    assert.no_trace(world)
  end)

  it("sees whom the kernel would kill then, in dry run too", function()
    local world <close> = testing.new { dry_run = true, script = folder:write("look.lua", [[
      return { api = 1, name = "look", summary = "A test", needs = { oom = true },
        start = function(pw)
          pw:every(10, function()
            pw.log("next", { comm = pw.oom.victims({ top = 1 })[1].comm })
            pw.oom.protect { name = "postgres" }
          end)
        end }]]) }
    world:spawn { comm = "postgres", rss = "900M" }
    world:spawn { comm = "cron", rss = "2M", oom_score_adj = -100 }
    world:spawn { comm = "sshd", rss = "3M", oom_score_adj = -1000 }
    world:advance "10s"
    assert.event(world, "next", { comm = "postgres" })
    world:advance "10s"
    assert.event(world, "next", { comm = "cron" })
  end)

  it("writes nothing in dry run, and decides the same but once", function()
    local world <close> = new("keep", { dry_run = true })
    local main = world:spawn { comm = "postgres" }
    world:advance "30s"
    assert.equal(1, #world.acts)
    assert.equal(0, adj(world, main))
    world:stop()
    assert.no_trace(world)
  end)
end)
