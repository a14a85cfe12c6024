-- SPDX-License-Identifier: MIT
local journal = require "pagewarden.journal"
local program = require "program"
local tree = require "tree"

local SWAPPINESS = "proc/sys/vm/swappiness"
local FOLDER = "run/pagewarden/journal/"

local function checksum(bytes)
  local sum = 0xffffffff
  for i = 1, #bytes do
    sum = sum ~ bytes:byte(i)
    for _ = 1, 8 do sum = sum >> 1 ~ (sum & 1) * 0xedb88320 end
  end
  return sum ~ 0xffffffff
end

--- A line of a journal, as the C code writes it.
local function line(id, lifetime, key, was, last)
  local body = ("id=%d state=held lifetime=%s policy=tuner key=%s was=%s partner-was= last=%s "
    .. "partner-last= next= target=0 foreign=0"):format(id, lifetime, key:gsub(" ", "\\x20"), was,
    last)
  return ("%08x %s\n"):format(checksum(body), body)
end

local HEADER = "pagewarden-journal 1 this-boot\n"

local function new_root(journal_text)
  return tree.new {
    ["proc/sys/kernel/random/boot_id"] = "this-boot\n",
    [SWAPPINESS] = "40\n",
    ["proc/sys/vm/page-cluster"] = "0\n",
    [FOLDER .. "812-45678"] = journal_text,
  }
end

local function value_of(root, path)
  local file = io.open(root .. "/" .. path)
  if not file then return nil end
  local text = file:read "l"
  file:close()
  return text
end

local function undo(root, words)
  return program.run(("--root %s undo %s"):format(root, words or ""))
end

describe("pagewarden undo", function()
  after_each(tree.remove_all)

  local lease = line(1, "lease", "sysctl vm.swappiness", "60", "40")
  local keep = line(2, "keep", "sysctl vm.page-cluster", "3", "0")

  it("has nothing to do where nothing was changed", function()
    local status, output = undo(tree.new {})
    assert.equal(0, status)
    assert.equal("", output)
  end)

  it("undoes the leases of a dead process, and lists what was kept", function()
    local root = new_root(HEADER .. lease .. keep)
    local status, output = undo(root)
    assert.equal(0, status)
    assert.equal("60", value_of(root, SWAPPINESS))
    assert.equal("0", value_of(root, "proc/sys/vm/page-cluster"))
    assert.matches("^sysctl vm.swappiness is 60 again %(policy tuner%)\n", output)
    assert.matches("2 +sysctl vm.page%-cluster +3 +0 +tuner\n$", output)
  end)

  it("undoes what was kept by its number, and then forgets it", function()
    local root = new_root(HEADER .. keep)
    assert.equal(0, (undo(root, "2")))
    assert.equal("3", value_of(root, "proc/sys/vm/page-cluster"))
    assert.is_nil(value_of(root, FOLDER .. "812-45678"))
    local status, _, errors = undo(root, "2")
    assert.equal(1, status)
    assert.equal("pagewarden: entry 2: there is no such entry\n", errors)
  end)

  it("leaves what somebody else has changed since, and says so", function()
    local root = new_root(HEADER .. lease)
    tree.write(root, SWAPPINESS, "70\n")
    local status, output = undo(root)
    assert.equal(1, status)
    assert.equal("70", value_of(root, SWAPPINESS))
    assert.equal("sysctl vm.swappiness is left at 70: somebody else wrote it after our last write, "
      .. "40 (policy tuner)\n", output)
  end)

  it("touches neither another boot's values nor a journal of another version", function()
    local root = new_root((HEADER .. lease):gsub("this%-boot", "last-boot"))
    local status, output = undo(root)
    assert.equal(0, status)
    assert.matches("^journal 812%-45678 is dropped: ", output)
    assert.equal("40", value_of(root, SWAPPINESS))
    root = new_root((HEADER .. lease):gsub(" 1 ", " 2 ", 1))
    status, output = undo(root)
    assert.equal(1, status)
    assert.matches("is not touched: it is of another version of pagewarden\n$", output)
    assert.truthy(value_of(root, FOLDER .. "812-45678"))
  end)

  it("undoes what stands before a torn end", function()
    local root = new_root(HEADER .. lease .. keep:sub(1, 30))
    local status, output = undo(root)
    assert.equal(0, status)
    assert.matches("^journal 812%-45678: a torn end of 30 bytes was cut off\n", output)
    assert.equal("60", value_of(root, SWAPPINESS))
  end)

  it("writes one object a line for machines", function()
    local status, output = program.run(("--root %s --json undo"):format(new_root(HEADER .. lease)))
    assert.equal(0, status)
    assert.matches('^{"policy":"tuner","event":"undone","id":1,', output)
  end)

  it("wants a number", function()
    local status, _, errors = undo(tree.new {}, "all")
    assert.equal(2, status)
    assert.matches("id: expected the number of an entry, found 'all'", errors)
  end)
end)

describe("the journal", function()
  after_each(tree.remove_all)

  it("lists entries without undoing them", function()
    local root = new_root(HEADER .. line(1, "lease", "sysctl vm.swappiness", "60", "40"))
    local entries = assert(journal.list(root))
    assert.same({ {
      event = "entry", id = 1, policy = "tuner", key = "sysctl vm.swappiness", was = "60",
      value = "40", lifetime = "lease", state = "held", journal = "812-45678", process = "dead",
    } }, entries)
    assert.equal("40", value_of(root, SWAPPINESS))
  end)

  it("follows no path out of its root, whatever a journal says", function()
    local root = new_root(HEADER .. line(1, "lease", "sysctl vm/../../../etc/passwd", "x", "y")
      .. line(2, "lease", "cgroup /../../etc passwd", "x", "y"))
    for _, note in ipairs(assert(journal.undo(root))) do
      assert.equal("left", note.event)
    end
  end)
end)
