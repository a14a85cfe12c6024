-- SPDX-License-Identifier: MIT
local folders = require "folder"
local swap = require "pagewarden.swap"
local tree = require "tree"

local KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

local UUID = "c1b9d5a2-f162-11cf-9ece-0020afc76f16"

--- The first page of an area of this many pages, as mkswap(8) writes it on a little machine.
local function page_of(pages, fields)
  fields = fields or {}
  local size = fields.page_size or 4096
  local uuid = UUID:gsub("-", ""):gsub("%x%x", function(byte)
    return string.char(tonumber(byte, 16))
  end)
  local start = ("\0"):rep(1024) .. string.pack("=I4I4I4", 1, pages - 1, fields.bad_pages or 0)
    .. uuid .. string.pack("c16", fields.label or "")
  return start .. ("\0"):rep(size - 10 - #start) .. (fields.magic or "SWAPSPACE2")
end


local function area_of(pages, fields)
  return page_of(pages, fields) .. ("\1"):rep((pages - 1) * 4096)
end


describe("swap.areas", function()
  after_each(tree.remove_all)

  it("lists what is on, with names as they are on disk", function()
    local view = assert(swap.open(tree.new { ["proc/swaps"] =
      "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
      .. "/dev/dm-2                               partition\t131068\t\t176\t\t-2\n"
      .. "/var/a\\040b\\012c                      file\t\t1024\t\t0\t\t5\n"
      .. "/swapfile\\040(deleted)                 file\t\t1024\t\t4\t\t10\n" }))
    assert.same({
      { path = "/dev/dm-2", type = "partition", size = 131068 * KIB, used = 176 * KIB,
        priority = -2, deleted = false },
      { path = "/var/a b\nc", type = "file", size = MIB, used = 0, priority = 5, deleted = false },
      { path = "/swapfile", type = "file", size = MIB, used = 4 * KIB, priority = 10,
        deleted = true },
    }, view:areas())
  end)

  it("names the files of a folder as they are there, behind a link too", function()
    local root = tree.new { ["srv/a"] = "", ["srv/b"] = "", ["proc/swaps"] =
      "/srv/a file 1 0 -2\n/srv/none file 1 0 -3\n/dev/b partition 1 0 -4\n/b file 1 0 -5\n" }
    assert(os.execute(("ln -s srv %s/link"):format(root)))
    local view = assert(swap.open(root))
    for folder, path in pairs { ["/link//"] = "/link/a", ["/srv"] = "/srv/a", ["/"] = "/srv/a" } do
      local found = {}
      for i, area in ipairs(view:areas(folder)) do
        found[i] = area.path
      end
      local gone = path:gsub("a$", "none")
      assert.same({ path, gone, "/dev/b", "/b" }, found)
    end
    assert.equal("/srv/a", view:areas("/none")[1].path)
    assert.error_matches(function() view:areas "srv" end, "an absolute path expected")
  end)

  it("is unsupported on a kernel without swap", function()
    local view = assert(swap.open(tree.new { ["proc/meminfo"] = "" }))
    assert.equal("unsupported", select(4, view:areas()))
  end)

  it("reads this machine", function()
    assert.is_table(swap.areas())
  end)
end)


describe("swap.header", function()
  after_each(tree.remove_all)

  local function header_of(contents)
    local view = assert(swap.open(tree.new { ["a b/swap"] = contents }))
    return view:header "/a b/swap"
  end

  it("reads an area", function()
    assert.same({ page_size = 4096, size = 40 * KIB, bad_pages = 0, uuid = UUID, label = "spare",
      swapped = false, hibernated = false }, header_of(area_of(10, { label = "spare" })))
  end)

  it("says why the kernel would not swap to it", function()
    assert.matches("shorter than its header says", header_of(area_of(10):sub(1, -2)).problem)
    assert.matches("another page size", header_of(page_of(10, { page_size = 16384 })).problem)
    assert.matches("hibernates", header_of(area_of(10, { magic = "S1SUSPEND\0" })).problem)
    assert.matches("version 0", header_of(area_of(10, { magic = "SWAP-SPACE" })).problem)
    assert.matches("bad pages", header_of(area_of(10, { bad_pages = 1 })).problem)
  end)

  it("sees holes", function()
    local folder = folders.new()
    local path = folder:write("swap", page_of(10))
    assert(os.execute(("truncate -s 40K '%s'"):format(path)))
    assert.matches("holes", swap.header(path).problem)
    folder:remove()
  end)

  it("follows links within its root", function()
    local root = tree.new { ["var/swap"] = area_of(10) }
    assert(os.execute(("ln -s /var/swap %s/link"):format(root)))
    assert.equal(40 * KIB, assert(swap.open(root)):header("/link").size)
  end)

  it("says when it is no area, or not there", function()
    local none, message, errno = header_of "nothing"
    assert.is_nil(none)
    assert.equal("swap /a b/swap: it is no swap area", message)
    assert.equal(22, errno)
    assert.equal("gone", select(4, swap.header "/nonexistent/swap"))
    assert.is_nil((swap.header "/tmp"))
    assert.error_matches(function() swap.header "swap" end, "an absolute path expected")
  end)
end)


describe("swap.room", function()
  after_each(tree.remove_all)

  it("says what a folder has room for, with and without its reserve", function()
    local view = assert(swap.open(tree.new { ["var/a"] = "" }))
    local all, less = view:room("/var", { reserve = 0 }), view:room("/var", { reserve = MIB })
    assert.equal(all.free, all.room)
    assert.is_true(less.room < less.free)
    assert.equal(0, view:room("/var", { reserve = 1 << 60 }).room)
  end)

  it("says where a folder is, through no link", function()
    local root = tree.new { ["srv/swap/a"] = "" }
    assert(os.execute(("ln -s srv %s/var; ln -s ../srv/swap %s/srv/link"):format(root, root)))
    local view = assert(swap.open(root))
    for _, folder in ipairs { "/srv/swap", "/var/swap/", "/srv/link", "//var/./swap" } do
      assert.equal("/srv/swap", assert(view:room(folder)).path)
    end
    assert.equal("/", assert(view:room "/").path)
    assert.equal("/", assert(swap.room "/").path)
  end)

  it("says which file systems have no swap", function()
    local room = assert(swap.room "/proc")
    assert.equal("its file system", room.filesystem)
    assert.equal("tmpfs", assert(swap.room "/dev/shm").filesystem)
    assert.matches("in memory and swap", swap.room("/dev/shm").refusal)
  end)

  it("says that there is no such folder", function()
    local none, message, errno, kind = swap.room "/nonexistent"
    assert.is_nil(none)
    assert.same({ "swap /nonexistent: there is no such folder", 2, "gone" },
      { message, errno, kind })
    assert.error_matches(function() swap.room "var" end, "an absolute path expected")
    assert.error_matches(function() swap.room("/", { reserve = -1 }) end, "a number of bytes")
  end)
end)


describe("swap.advise", function()
  local function advice_of(source, machine)
    for _, advice in ipairs(swap.advise(machine)) do
      if advice.source == source then
        return advice
      end
    end
  end

  it("has every table for a machine", function()
    local sizes = {}
    for _, advice in ipairs(swap.advise { ram = 16 * GIB, free = 8 * GIB, swap = 0 }) do
      sizes[advice.source] = advice.size
    end
    assert.same({ guide = 12 * GIB, rhel3 = 2 * GIB, rhel4 = 18 * GIB, fedora20 = 8 * GIB,
      rhel9 = 4 * GIB, ["dphys-swapfile"] = 2 * GIB, ["zram-generator"] = 4 * GIB,
      ["systemd-swap"] = 4 * GIB, swapspace = 0 }, sizes)
  end)

  it("names where a table jumps", function()
    assert.same({
      { at = GIB, above = GIB * 3 // 2 },
      { at = 2 * GIB, below = 3 * GIB, above = 2 * GIB },
      { at = 8 * GIB, below = 8 * GIB, above = 6 * GIB },
    }, advice_of("guide", { ram = GIB }).jumps)
    assert.same({}, advice_of("rhel4", { ram = GIB }).jumps)
  end)

  it("counts for hibernation", function()
    assert.equal(24 * GIB, advice_of("rhel9", { ram = 16 * GIB, hibernation = true }).size)
    local advice = advice_of("rhel9", { ram = 128 * GIB, hibernation = true })
    assert.is_nil(advice.size)
    assert.matches("advises against", advice.caveat)
  end)

  it("takes what it is not told from the machine", function()
    local view = assert(swap.open(tree.new { ["proc/meminfo"] =
      "MemTotal: 4194304 kB\nMemAvailable: 1048576 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n" }))
    local sizes = {}
    for _, advice in ipairs(view:advise { hibernation = false }) do
      sizes[advice.source] = advice.size
    end
    assert.equal(4 * GIB, sizes.guide)
    assert.equal((4 * GIB * 3 // 10 - GIB) * 10 // 7, sizes.swapspace)
    tree.remove_all()
  end)

  it("refuses what is no size", function()
    for _, ram in ipairs { -1, 1.5, "much" } do
      assert.error_matches(function() swap.advise { ram = ram } end, "ram: a number of bytes")
    end
    assert.error_matches(function() swap.advise { hibernate = 1 } end, "did you mean 'hibernation'")
  end)
end)


--- A test, where the folder for temporary files can have swap at all: not in a container whose root
--- is an overlay.
local function it_makes(name, test)
  it(name, function()
    local folder <close> = folders.new()
    local _, message, _, kind = swap.make(folder.path .. "/1", { size = MIB })
    if kind == "unsupported" then
      return pending(message)
    end
    test()
  end)
end


describe("a swap file", function()
  local folder

  before_each(function() folder = folders.new() end)
  after_each(function() folder:remove() end)

  local function refuses(pattern, kind, ok, message, _, found)
    assert.is_nil(ok)
    assert.matches(pattern, message)
    assert.equal(kind, found)
  end

  local function entries()
    local names = {}
    for _, name in ipairs(require("posix.dirent").dir(folder.path)) do
      names[#names + 1] = not name:find "^%.%.?$" and name or nil
    end
    return names
  end

  it_makes("is made whole, for its owner alone, and is read again", function()
    local path = folder.path .. "/a b\nc"
    local made = assert(swap.make(path, { size = MIB + 5000, label = "spare", uuid = UUID }))
    assert.same({ size = MIB + 4096, uuid = UUID, label = "spare" }, made)
    local header = assert(swap.header(path))
    assert.is_nil(header.problem)
    assert.equal(MIB + 4096, header.size)
    assert.equal("spare", header.label)
    local status = require("posix.sys.stat").stat(path)
    assert.equal(384, status.st_mode & 511) -- 0600
    assert.equal(MIB + 4096, status.st_size)
    assert.is_true(status.st_blocks * 512 >= MIB + 4096)
  end)

  it_makes("has a UUID of its own", function()
    local first = assert(swap.make(folder.path .. "/1", { size = MIB }))
    local second = assert(swap.make(folder.path .. "/2", { size = MIB }))
    assert.not_equal(first.uuid, second.uuid)
    assert.matches("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$", first.uuid)
  end)

  it_makes("is written where that is wanted, and says how far it is", function()
    local told = {}
    assert(swap.make(folder.path .. "/1", { size = 3 * MIB, written = true,
      progress = function(bytes) told[#told + 1] = bytes end }))
    assert.equal(3 * MIB, told[#told])
    assert.is_nil(swap.header(folder.path .. "/1").problem)
  end)

  it_makes("is known to other programs", function()
    local path = folder.path .. "/1"
    assert(swap.make(path, { size = MIB, uuid = UUID, label = "spare" }))
    local output <close> = assert(io.popen(("/sbin/blkid -p -o export '%s' 2>&1"):format(path)))
    local text = output:read "a"
    if text:find "not found" then
      return pending "blkid is not installed"
    end
    assert.matches("TYPE=swap", text)
    assert.matches("UUID=" .. UUID, text, 1, true)
    assert.matches("LABEL=spare", text, 1, true)
  end)

  it("of mkswap's making is read", function()
    local path = folder:write("1", ("\0"):rep(MIB))
    if not os.execute(("/sbin/mkswap -q -L other -U %s '%s' 2>&-"):format(UUID, path)) then
      return pending "mkswap is not installed"
    end
    assert.same({ page_size = 4096, size = MIB, bad_pages = 0, uuid = UUID, label = "other",
      swapped = false, hibernated = false }, swap.header(path))
  end)

  it_makes("is not made over anything", function()
    local path = folder:write("1", "letters")
    refuses("there is already a file, which is no swap$", "broken", swap.make(path, { size = MIB }))
    assert(os.remove(path))
    assert(swap.make(path, { size = MIB }))
    refuses("it is already swap$", "broken", swap.make(path, { size = MIB }))
    assert(os.execute(("ln -s /nonexistent/file '%s/link'"):format(folder.path)))
    refuses("no such folder", "gone", swap.make(folder.path .. "/link", { size = MIB }))
  end)

  it_makes("leaves nothing behind when it cannot be made", function()
    refuses("the disk has room for", "denied", swap.make(folder.path .. "/1", { size = 1 << 46 }))
    refuses("room for 0 MiB only, without its reserve", "denied",
      swap.make(folder.path .. "/1", { size = MIB, reserve = 1 << 50 }))
    refuses("no such folder", "gone", swap.make(folder.path .. "/no/1", { size = MIB }))
    refuses("no swap on tmpfs", "unsupported", swap.make("/dev/shm/pagewarden", { size = MIB }))
    assert.same({}, entries())
  end)

  it("is not made where others may change it", function()
    assert(os.execute(("chmod 0777 '%s'"):format(folder.path)))
    refuses("others may change the folder", "denied",
      swap.make(folder.path .. "/1", { size = MIB }))
    assert.same({}, entries())
  end)

  it_makes("is removed", function()
    local path = folder.path .. "/1"
    assert(swap.make(path, { size = MIB }))
    assert.is_true(swap.remove(path))
    assert.is_nil(swap.header(path))
    assert.is_true(swap.remove(path))
    refuses("it is no swap area", "broken", swap.remove(folder:write("2", "letters")))
  end)

  it_makes("is made and removed beneath another root, and put on nowhere else", function()
    local view = assert(swap.open(tree.new { ["var/"] = "", ["proc/swaps"] = "" }))
    assert(view:make("/var/swap", { size = MIB }))
    refuses("swap /var/swap: it is done to this machine only", "denied", view:on "/var/swap")
    assert.is_true(view:off "/var/swap")
    assert.is_true(view:remove "/var/swap")
    tree.remove_all()
  end)

  it("is refused by name when it cannot be put on", function()
    local path = folder:write("1", area_of(10):sub(1, -2))
    refuses("shorter than its header says", "broken", swap.on(path))
    refuses("another page size", "broken",
      swap.on(folder:write("2", page_of(10, { page_size = 8192 }))))
    refuses("it is no swap area", "broken", swap.on(folder:write("3", "letters")))
    refuses("there is no such file or disk", "gone", swap.on(folder.path .. "/4"))
    refuses("it is no swap area", "broken", swap.off(folder:write("5", "letters")))
    assert(os.execute(("truncate -s 40K '%s'"):format(folder:write("6", page_of(10)))))
    refuses("it has holes", "broken", swap.on(folder.path .. "/6"))
  end)

  it("wants arguments that make sense", function()
    local path = folder.path .. "/1"
    local function errs(pattern, fn, ...)
      local ok, message = pcall(fn, ...)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    errs("an absolute path expected", swap.make, "swap", { size = MIB })
    errs("size: a number of bytes expected, at least ten pages", swap.make, path, { size = 4096 })
    errs("size: a number of bytes expected", swap.make, path, { size = "1M" })
    errs("label: a string of at most 16 bytes", swap.make, path,
      { size = MIB, label = ("a"):rep(17) })
    errs("uuid: one such as", swap.make, path, { size = MIB, uuid = "1" })
    errs("lifetime: only 'keep'", swap.make, path, { size = MIB, lifetime = "lease" })
    errs("did you mean 'size'", swap.make, path, { sise = MIB })
    errs("priority: 0 to 32767 expected", swap.on, path, { priority = -1 })
    errs("discard: 'once', 'pages' or 'both' expected", swap.on, path, { discard = "twice" })
    assert.same({}, entries())
  end)
end)


describe("swap.resize", function()
  it("wants arguments that make sense, and a folder", function()
    local function errs(pattern, ...)
      local ok, message = pcall(swap.resize, ...)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    errs("an absolute path expected", "swap", { total = 0 })
    errs("total: missing", "/tmp", {})
    errs("file: at least ten pages", "/tmp", { total = 0, file = 4096 })
    errs("did you mean 'total'", "/tmp", { totl = 0 })
    local ok, message, _, kind = swap.resize("/nonexistent", { total = 0 })
    assert.is_nil(ok)
    assert.equal("swap /nonexistent: there is no such folder", message)
    assert.equal("gone", kind)
  end)

  it("has nothing to do where there is nothing and nothing is wanted", function()
    local folder <close> = folders.new()
    assert.equal(0, swap.resize(folder.path, { total = 0 }))
  end)

  it_makes("removes again what it made and cannot put on", function()
    local view = assert(swap.open(tree.new { ["var/"] = "", ["proc/swaps"] = "" }))
    local ok, message, _, kind = view:resize("/var", { total = MIB, reserve = 0 })
    assert.is_nil(ok)
    assert.equal("swap /var/pagewarden-1: it is done to this machine only, not to another root",
      message)
    assert.equal("denied", kind)
    assert.equal("gone", select(4, view:header "/var/pagewarden-1"))
    tree.remove_all()
  end)
end)


describe("swap.group", function()
  it("wants a list of paths and a priority", function()
    local function errs(pattern, ...)
      local ok, message = pcall(swap.group, ...)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
    errs("a list of 1 to 32 paths", {}, { priority = 1 })
    errs("an absolute path expected", { "swap" }, { priority = 1 })
    errs("priority: missing", { "/swap" }, {})
  end)

  it("says which one could not be put on", function()
    local ok, message = swap.group({ "/nonexistent/1", "/nonexistent/2" }, { priority = 1 })
    assert.is_nil(ok)
    assert.equal("swap /nonexistent/1: there is no such folder", message)
  end)
end)


describe("swap.fstab", function()
  local root, view

  local OTHERS = "# made by hand\n/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n"

  before_each(function()
    root = tree.new { ["etc/fstab"] = OTHERS }
    assert(os.execute("chmod 0640 " .. root .. "/etc/fstab"))
    view = assert(swap.open(root))
  end)

  after_each(tree.remove_all)

  local function text()
    local file <close> = assert(io.open(root .. "/etc/fstab"))
    return file:read "a"
  end

  it("gives the line, and writes nothing", function()
    assert.equal("/swap none swap sw,nofail 0 0", view:fstab "/swap")
    assert.equal("/a\\040b\\012c\\134 none swap sw,pri=10,discard=pages 0 0",
      view:fstab("/a b\nc\\", { priority = 10, discard = "pages", required = true }))
    assert.equal("/swap none swap sw,discard,nofail 0 0", view:fstab("/swap", { discard = "both" }))
    assert.equal(OTHERS, text())
  end)

  it("adds the line once, and keeps the file's mode", function()
    local line = assert(view:fstab("/a b", { write = true }))
    assert.equal(OTHERS .. "/a\\040b none swap sw,nofail 0 0\n", text())
    assert.equal(line, view:fstab "/a b")
    assert.equal(416, require("posix.sys.stat").stat(root .. "/etc/fstab").st_mode & 511) -- 0640
    local ok, message, errno = view:fstab("/a b", { write = true, priority = 3 })
    assert.is_nil(ok)
    assert.equal("/etc/fstab: /a b: there is a line for it already", message)
    assert.equal(17, errno)
  end)

  it("removes its line, and nothing else", function()
    view:fstab("/a b", { write = true })
    assert(view:fstab("/a b", { remove = true }))
    assert.equal(OTHERS, text())
    assert(view:fstab("/a b", { remove = true }))
    assert.equal(OTHERS, text())
  end)

  it("ends a last line that has no newline", function()
    tree.write(root, "etc/fstab", "/dev/sda1 / ext4 defaults 0 1")
    assert(view:fstab("/swap", { write = true }))
    assert.equal("/dev/sda1 / ext4 defaults 0 1\n/swap none swap sw,nofail 0 0\n", text())
  end)

  it("leaves a link alone, and nothing beside it", function()
    assert(os.execute(("mv %s/etc/fstab %s/etc/real; ln -s real %s/etc/fstab"):format(root, root,
      root)))
    local ok, message = view:fstab("/swap", { write = true })
    assert.is_nil(ok)
    assert.matches("it is a link, or no file", message)
    local list <close> = assert(io.popen(("ls %s/etc"):format(root)))
    assert.equal("fstab\nreal\n", list:read "a")
  end)
end)
