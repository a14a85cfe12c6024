-- SPDX-License-Identifier: MIT
-- The configurations that the cookbook gives to those who come from other daemons, as they stand
-- there.
local testing = require "pagewarden.testing"


--- The options of the policies that a page shows, without what it grants.
local function policies_on(page)
  local file <close> = assert(io.open("docs/cookbook/" .. page))
  local found = {}
  for block in file:read("a"):gmatch "```lua\n(.-)```" do
    local function policy()
      return function(options)
        options.grant = nil
        found[#found + 1] = options
      end
    end
    assert(load(block, page, "t", { policy = policy }))()
  end
  return found
end


--- meminfo of a machine of 4000 MiB with 1000 MiB of swap, with so much left (MiB).
local function memory(world, available, swap_free)
  world:write("proc/meminfo", ("MemTotal: 4096000 kB\nMemFree: %d kB\nMemAvailable: %d kB\n"
    .. "SwapTotal: 1024000 kB\nSwapFree: %d kB\nAnonPages: 1000000 kB\n"):format(available << 9,
    available << 10, swap_free << 10))
end


--- "TERM hog": whom it signals, and how, with so much left.
local function decision(options, available, swap_free, processes)
  local world <close> = testing.new { script = "early-oom", options = options }
  for _, p in ipairs(processes or { { comm = "hog", rss = "1G" } }) do
    world:spawn(p)
  end
  memory(world, 3000, 1000)
  world:advance "1s"
  memory(world, available, swap_free)
  world:advance "1500ms"
  for _, event in ipairs(world.events) do
    if event.event == "ending" then
      return ("%s %s"):format(event.signal, event.comm)
    end
  end
end


describe("the cookbook", function()
  for _, page in ipairs { "early-oom.md", "from-earlyoom.md", "from-nohang.md",
    "from-systemd-oomd.md" } do
    it(page .. " shows policies that can be loaded", function()
      local policies = policies_on(page)
      assert.is_true(#policies > 0)
      for _, options in ipairs(policies) do
        testing.new({ script = "early-oom", options = options }):stop()
      end
    end)
  end
end)


describe("early-oom as from-nohang.md has it", function()
  local default, desktop = table.unpack(policies_on "from-nohang.md")

  it("acts at nohang's limits, which are reached at them", function()
    assert.is_nil(decision(default, 201, 100))
    assert.is_nil(decision(default, 200, 101))
    assert.equal("TERM hog", decision(default, 200, 100))
    assert.equal("TERM hog", decision(default, 80, 41))
    assert.equal("KILL hog", decision(default, 80, 40))
  end)

  it("takes who has the highest badness, and of equals who has most", function()
    local two = { { comm = "tab", rss = "50M", oom_score = 900 }, { comm = "hog", rss = "1G" } }
    assert.equal("TERM tab", decision(default, 200, 100, two))
    two[2].oom_score = 900
    assert.equal("TERM hog", decision(default, 200, 100, two))
  end)

  it("adds what the desktop's configuration adds to names", function()
    local two = { { comm = "Web Content", rss = "100M", oom_score = 700 },
      { comm = "hog", rss = "1G", oom_score = 800 } }
    assert.equal("TERM Web Content", decision(desktop, 200, 100, two))
    two[1].comm = "dnf"
    assert.equal("TERM hog", decision(desktop, 200, 100, two))
  end)
end)


describe("early-oom as from-earlyoom.md has it", function()
  local preset, own = table.unpack(policies_on "from-earlyoom.md")

  it("acts where the preset acts, but by percentages of all memory", function()
    assert.equal("TERM hog", decision(preset, 70, 200))
    assert.is_nil(decision(preset, 100, 200))
    assert.equal("TERM hog", decision(own, 400, 100))
    assert.is_nil(decision(own, 401, 100))
    assert.equal("KILL hog", decision(own, 200, 50))
  end)
end)
