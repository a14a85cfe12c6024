-- SPDX-License-Identifier: MIT
-- `pagewarden.recipe.mappings`: which parts of an address space grow, whatever joins and splits.
local mappings = require "pagewarden.recipe.mappings"


--- Anonymous memory from `start` to `end_`, of which so many bytes are in memory.
local function anon(start, end_, rss)
  return { start = start, end_ = end_, Rss = rss }
end


local function named(path, rss, swap)
  return { start = 0x7f00, end_ = 0x7f10, path = path, Rss = rss, Swap = swap }
end


local function grown(looks, least)
  local space = mappings.new()
  for _, list in ipairs(looks) do
    space:add(list)
  end
  return space:grown(least or 1)
end


describe("a mapping is", function()
  for path, kind in pairs {
    ["[heap]"] = "heap", ["[stack]"] = "stack", ["[stack:812]"] = "stack",
    ["/lib/libc.so.6"] = "file", ["[anon:glibc: malloc]"] = "anon", ["/dev/shm/a"] = "shmem",
    ["/memfd:x (deleted)"] = "shmem", ["/dev/zero (deleted)"] = "shmem",
    ["/SYSV0 (deleted)"] = "shmem", ["[vdso]"] = "file", ["/home/[heap]"] = "file",
  } do
    it(kind .. " when it is called " .. path, function()
      assert.equal(kind, (mappings.kind_of { path = path }))
    end)
  end

  it("anonymous when it has no name", function()
    assert.equal("anon", (mappings.kind_of {}))
  end)
end)


describe("what grew", function()
  it("is the heap, in memory and in swap together", function()
    local heap = grown({ { named("[heap]", 100, 0) }, { named("[heap]", 80, 60) },
      { named("[heap]", 50, 190) } })[1]
    assert.same({ "heap", 100, 240, 2 }, { heap.kind, heap.first, heap.bytes, heap.rises })
  end)

  it("is a file, all of its mappings together", function()
    local places = grown { { named("/a", 1), named("/a", 2) }, { named("/a", 4), named("/a", 2) } }
    assert.same({ 1, 3, 6 }, { #places, places[1].first, places[1].bytes })
  end)

  it("is anonymous memory, upwards and downwards", function()
    local places = grown { { anon(100, 200, 50), anon(500, 600, 50) },
      { anon(100, 250, 80), anon(450, 600, 90) } }
    assert.same({ 450, 90 - 50 }, { places[1].start, places[1].bytes - places[1].first })
    assert.same({ 100, 80 - 50 }, { places[2].start, places[2].bytes - places[2].first })
  end)

  it("is not what was merely joined or split", function()
    local apart, joined = { anon(100, 200, 100), anon(300, 400, 100) }, { anon(100, 400, 200) }
    assert.same({}, grown { apart, joined })
    assert.same({}, grown { joined, { anon(100, 250, 100), anon(260, 400, 90) } })
    assert.same({}, grown { { anon(100, 200, 50), anon(200, 300, 50) }, { anon(100, 300, 100) } })
  end)

  it("is new memory, but not what was there at the first look", function()
    local places = grown { { anon(100, 200, 100) }, { anon(100, 200, 100), anon(700, 800, 64) } }
    assert.same({ 1, 700, 0, 64, 1 }, { #places, places[1].start, places[1].first, places[1].bytes,
      places[1].rises })
  end)

  it("does not go on from what was given back", function()
    assert.same({}, grown({ { anon(100, 200, 100), named("[heap]", 100) },
      { anon(100, 150, 50), named("[heap]", 90) }, {} }))
  end)

  it("comes by size, and only from the least on", function()
    local places = grown({ { named("/a", 0), named("/b", 0), named("/c", 0) },
      { named("/a", 10), named("/b", 30), named("/c", 2) } }, 5)
    assert.same({ 2, "/b" }, { #places, places[1].name })
  end)
end)
