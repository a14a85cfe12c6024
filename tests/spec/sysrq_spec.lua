-- SPDX-License-Identifier: MIT
local folders = require "folder"
local sysrq = require "pagewarden.sysrq"
local testing = require "pagewarden.testing"
local tree = require "tree"

describe("sysrq", function()
  after_each(tree.remove_all)

  local function new(files)
    return assert(sysrq.open(tree.new(files)))
  end

  it("says what a letter does, and why some are never triggered", function()
    assert.same({ letter = "s", name = "sync", does = "write all that is dirty to disk",
      group = "sync" }, sysrq.describe "s")
    assert.equal("it restarts without writing anything to disk", sysrq.describe("b").never)
    assert.is_nil(sysrq.describe("q").group)
    assert.equal("unsupported", select(4, sysrq.describe "x"))
  end)

  it("triggers single letters of a list, and nothing else", function()
    local view = new { ["proc/sysrq-trigger"] = "" }
    for _, letter in ipairs { "b", "c", "e", "i", "o", "u" } do
      assert.error_matches(function() view:trigger(letter) end, "'%l' is never triggered: ")
    end
    for _, letters in ipairs { "_reisub", "sb", "" } do
      assert.error_matches(function() view:trigger(letters) end, "a single letter expected")
    end
    for _, letter in ipairs { "_", "S", "R", "\0", "1" } do
      assert.error_matches(function() view:trigger(letter) end, "one of 'fhlmpqstw' expected")
    end
  end)

  it("tells what the mask lets the keyboard do", function()
    local function groups_of(mask)
      return new({ ["proc/sys/kernel/sysrq"] = mask .. "\n" }):mask().groups
    end
    assert.same({ "loglevel", "keyboard", "sync", "remount", "boot", "nice" }, groups_of(438))
    assert.same({}, groups_of(0))
    assert.equal(8, #groups_of(1))
    assert.equal(438, new({ ["proc/sys/kernel/sysrq"] = "438\n" }):mask().value)
  end)

  it("tells a kernel without it", function()
    local view = new { ["proc/uptime"] = "1 1\n" }
    for _, name in ipairs { "available", "mask" } do
      local value, message, _, kind = view[name](view)
      assert.is_nil(value)
      assert.matches("this kernel was built without CONFIG_MAGIC_SYSRQ$", message)
      assert.equal("unsupported", kind)
    end
    assert.is_true(new({ ["proc/sysrq-trigger"] = "" }):available())
  end)

  it("does nothing to another root", function()
    local root = tree.new { ["proc/sysrq-trigger"] = "" }
    local view = assert(sysrq.open(root))
    for _, letter in ipairs { "s", "f", "m" } do
      local done, message = view:trigger(letter)
      assert.is_nil(done)
      assert.matches("^sysrq " .. letter .. ": it is done to this machine only", message)
    end
    local file <close> = assert(io.open(root .. "/proc/sysrq-trigger"))
    assert.equal("", file:read "a")
  end)

  it("does not ask for a kill where that would be a panic", function()
    local function reason(release, panic)
      return select(2, new({ ["proc/sysrq-trigger"] = "",
        ["proc/sys/kernel/osrelease"] = release .. "\n",
        ["proc/sys/vm/panic_on_oom"] = panic .. "\n" }):trigger "f")
    end
    assert.matches("it panics where vm.panic_on_oom is not 0", reason("2.6.32-279.el6", 1))
    assert.matches("it panics", reason("4.2.0", 2))
    assert.matches("this machine only", reason("2.6.32-279.el6", 0))
    assert.matches("this machine only", reason("4.3.0", 1))
  end)

  it("is not done in a container, where it would be done to the whole machine", function()
    local root = tree.new { ["proc/sysrq-trigger"] = "", ["proc/self/ns/"] = "" }
    assert(os.execute(("ln -s 'pid:[4026532301]' %s/proc/self/ns/pid"):format(root)))
    local inside = assert(sysrq.open(root))
    assert.matches("this is a container", select(2, inside:trigger "s"))
    assert.matches("this is a container", select(2, inside:trigger "f"))
    assert.matches("this machine only", select(2, inside:trigger("s", { force = true })))
  end)

  it("names the option that is wrong", function()
    local view = new { ["proc/sysrq-trigger"] = "" }
    assert.error_matches(function() view:trigger("s", { limmit = 1 }) end,
      "unknown option 'limmit' %(did you mean 'limit'%?%)")
    assert.error_matches(function() view:trigger("s", { limit = -1 }) end,
      "limit: a number of seconds expected")
  end)
end)

describe("a policy that triggers sysrq f", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function new(given)
    given = given or {}
    given.script = folder:write("last.lua", [[
return { api = 1, name = "last", summary = "A test", needs = { sysrq = { "f" }, kmsg = true },
  start = function(pw)
    pw:on_oom(function(event) pw.log("gone", { comm = event.comm }) end)
    pw:after(10, function()
      pw:task(function()
        local done = assert(pw.sysrq.trigger "f")
        pw.log("asked", { expected = done.expected.comm, killed = done.killed.comm })
      end)
    end)
  end }]])
    local world = testing.new(given)
    world:spawn { comm = "small", rss = "10M", oom_score = 670 }
    world:spawn { comm = "large", rss = "900M", oom_score = 800 }
    return world
  end

  it("is told first who will die, and then that it died", function()
    local world <close> = new()
    world:advance "1m"
    assert.act(world, { key = "sysrq f", value = "kill large (1001)" })
    assert.event(world, "asked", { expected = "large", killed = "large" })
    assert.event(world, "gone", { comm = "large" })
  end)

  it("kills nobody in dry run", function()
    local world <close> = new { dry_run = true }
    world:advance "1m"
    assert.act(world, { event = "would", key = "sysrq f" })
    assert.no_event(world, "gone")
  end)

  it("is refused at its declaration a letter that ends everything", function()
    folder:write("worse.lua", [[
return { api = 1, name = "worse", summary = "A test", needs = { sysrq = { "b" } },
  start = function() end }]])
    assert.error_matches(function() testing.new { script = folder.path .. "/worse.lua" } end,
      "sysrq: expected a list of letters out of fhlmpqstw, found 'b'")
  end)
end)
