-- SPDX-License-Identifier: MIT
local write_speed = require "pagewarden.recipe.write_speed"

local MIB <const> = 1 << 20


--- What a disk did: by default it wrote as flushers do.
local function use(name, mib, busy, more)
  local done = { name = name, bytes_written = mib * MIB, bytes_read = 0, busy = busy,
    requests = mib * 2, queue = 8 }
  for key, value in pairs(more or {}) do
    done[key] = value
  end
  return done
end


--- The speed in MiB a second, and the disk, after looks of five seconds.
local function speed_after(...)
  local seen = write_speed.new()
  for _, uses in ipairs { ... } do
    write_speed.learn(seen, uses, 5, uses.cached and uses.cached * MIB)
  end
  local speed, name = write_speed.of(seen)
  return speed and math.floor(speed / MIB + 0.5), name
end


describe("how fast disks write", function()
  it("is what they wrote while they were busy", function()
    assert.same({ 100, "sda" }, { speed_after { use("sda", 500, 100) } })
    assert.same({ 100, "sda" }, { speed_after { use("sda", 50, 10) } })
  end)

  it("is not known before enough was seen", function()
    assert.is_nil((speed_after()))
    assert.is_nil((speed_after { use("sda", 31, 100 * 31 / 500) }))
    assert.is_nil((speed_after { use("sda", 400, 9) }))
    assert.equal(2, (speed_after { use("sda", 10, 100) }))
  end)

  it("is learnt from what flushers write, and nothing else", function()
    assert.is_nil((speed_after { use("sda", 500, 100, { bytes_read = 200 * MIB }) }))
    assert.is_nil((speed_after { use("sda", 50, 100, { requests = 12800, queue = 1 }) }))
    assert.equal(10, (speed_after { use("sda", 50, 100, { requests = 12800, queue = 16 }) }))
    assert.equal(10, (speed_after { use("sda", 50, 100, { requests = 100, queue = 1 }) }))
  end)

  it("is that of what the cache held, which a mirror writes twice", function()
    assert.equal(100, (speed_after { use("sda", 500, 100), use("sdb", 500, 100), cached = 500 }))
  end)

  it("is not learnt from what programs write around the cache", function()
    assert.is_nil((speed_after { use("sda", 500, 100), cached = 100 }))
    assert.equal(100, (speed_after { use("sda", 500, 100), cached = 900 }))
  end)

  it("is that of all which share the writing", function()
    assert.equal(200, (speed_after { use("sda", 500, 100), use("sdb", 500, 100) }))
  end)

  it("is the time of the disk that is done last", function()
    -- 100 MiB on the stick take 10 s, and meanwhile the disk writes its 400 in 4
    assert.same({ 50, "stick" }, { speed_after({ use("stick", 50, 100), use("sda", 200, 40) },
      { use("stick", 50, 100), use("sda", 200, 40) }) })
  end)

  it("follows a disk that has become slower, in minutes", function()
    local looks = {}
    for i = 1, 60 do
      looks[i] = { use("sda", 500, 100) }
    end
    assert.equal(100, (speed_after(table.unpack(looks))))
    for i = 61, 72 do
      looks[i] = { use("sda", 50, 100) }
    end
    local speed = speed_after(table.unpack(looks))
    assert.is_true(speed > 40 and speed < 60, tostring(speed))
  end)

  it("is that of the disks that are left when one was pulled out", function()
    local seen = write_speed.new()
    for _ = 1, 4 do
      write_speed.learn(seen, { use("stick", 50, 100), use("sda", 200, 40) }, 5)
    end
    write_speed.keep(seen, { { name = "sda" }, { name = "sdb" } })
    local speed, name = write_speed.of(seen)
    assert.same({ 100, "sda" }, { math.floor(speed / MIB + 0.5), name })
    write_speed.keep(seen, {})
    assert.is_nil(write_speed.of(seen))
    write_speed.learn(seen, { use("sda", 50, 100) }, 5)
    assert.equal(10 * MIB, (write_speed.of(seen)))
  end)

  it("is that of what the cache held when one disk of a mirror is gone", function()
    local seen = write_speed.new()
    write_speed.learn(seen, { use("sda", 500, 100), use("sdb", 500, 100) }, 5, 500 * MIB)
    write_speed.keep(seen, { { name = "sdb" } })
    assert.same({ 100 * MIB, "sdb" }, { write_speed.of(seen) })
  end)

  it("forgets a disk that is written to no more", function()
    local looks = { { use("stick", 50, 100) }, { use("stick", 50, 100) } }
    for i = 3, 200 do
      looks[i] = { use("sda", 500, 100) }
    end
    assert.same({ 100, "sda" }, { speed_after(table.unpack(looks)) })
  end)
end)
