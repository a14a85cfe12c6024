-- SPDX-License-Identifier: MIT
local findings = require "pagewarden.report.findings"

local GIB <const> = 1 << 30
local MIB <const> = 1 << 20

--- The report of a machine that nothing is wrong with.
local function healthy()
  return {
    kernel = "6.1.0",
    memory = {
      total = 16 * GIB, free = 8 * GIB, available = 12 * GIB, available_estimated = false,
      committed = 4 * GIB, commit_limit = 10 * GIB, anon_huge_pages = 0,
      huge_pages = { total = 0, free = 0, reserved = 0, size = 2 * MIB },
      shares = {
        { id = "free", bytes = 8 * GIB },
        { id = "slab_reclaimable", bytes = 512 * MIB, kernel = true },
        { id = "slab_unreclaimable", bytes = 256 * MIB, kernel = true },
        { id = "page_tables", bytes = 32 * MIB, kernel = true },
        { id = "shmem", bytes = 128 * MIB },
        { id = "unaccounted", bytes = 64 * MIB },
      },
    },
    swap = {
      total = 2 * GIB, used = 0, zram = {},
      areas = { { filename = "/dev/sda2", priority = -2, size = 2 * GIB, used = 0 } },
    },
    pressure = { memory = { some = { avg10 = 0 }, full = { avg10 = 0 } } },
    writeback = { dirty = 0, writeback = 0, threshold = GIB, background_threshold = GIB // 2 },
    zones = { { node = 0, zone = "Normal", managed = 15 * GIB, free = GIB, min = MIB,
      low = 2 * MIB, high = 3 * MIB } },
    settings = { ["vm.swappiness"] = 60, ["vm.dirty_ratio"] = 20,
      ["vm.dirty_background_ratio"] = 10, ["vm.panic_on_oom"] = 0, ["vm.overcommit_memory"] = 0 },
    thp = "madvise",
    oom_kills = 0,
    slab_caches = {},
    processes = { scored_count = 20, victims = { { pid = 7 } }, unkillable = {} },
    container = { inside = false, cgroup = { version = 2, path = "/", limit = math.huge } },
    unseen = {},
  }
end

--- The finding of this id, in a report that was changed.
local function finding(id, change)
  local report = healthy()
  change(report)
  for _, found in ipairs(findings.of(report)) do
    if found.id == id then return found end
  end
end

local function area(filename, priority)
  return { filename = filename, priority = priority, size = GIB, used = 0 }
end

local function share(report, id, bytes)
  for _, entry in ipairs(report.memory.shares) do
    if entry.id == id then entry.bytes = bytes end
  end
end

local function limited(report, working_set)
  report.container.cgroup = {
    version = 2, path = "/web", limit = GIB, working_set = working_set, current = working_set,
  }
end

--- For each finding: a change that calls for it, what its sentence says then, and a change that is
--- near to it and does not.
local CASES = {
  ["memory-scarce"] = {
    function(r) r.memory.available = 512 * MIB end, "only 512 MiB %(3.12%% of memory%)",
    function(r) r.memory.available = GIB end,
  },
  ["memory-short"] = {
    function(r) r.memory.available = GIB end, "1 GiB %(6.25%%",
    function(r) r.memory.available = 2 * GIB end,
  },
  ["available-estimated"] = {
    function(r) r.memory.available_estimated = true end, "estimated",
    function(r) r.memory.available = 11 * GIB end,
  },
  ["pressure-high"] = {
    function(r) r.pressure.memory.full.avg10 = 25 end, "for 25%% of the last 10 seconds everything",
    function(r) r.pressure.memory.full.avg10 = 5 end,
  },
  ["pressure-some"] = {
    function(r) r.pressure.memory.some.avg10 = 15 end, "15%%",
    function(r) r.pressure = nil end,
  },
  ["zone-below-min"] = {
    function(r) r.zones[1].free = 1024 end, "below the min watermark in Normal of node 0",
    function(r) r.zones[1].free, r.zones[1].managed = 1024, 16 * MIB end,
  },
  ["zone-below-low"] = {
    function(r) r.zones[1].free = MIB + 1 end, "kswapd is reclaiming",
    function(r) r.zones[1].free = 1024 end,
  },
  ["slab-unreclaimable"] = {
    function(r)
      share(r, "slab_unreclaimable", 2 * GIB)
      r.slab_caches = { { name = "kmalloc-64", bytes = GIB } }
    end, "largest caches: kmalloc%-64 1 GiB",
    function(r) share(r, "slab_unreclaimable", GIB) end,
  },
  ["slab-reclaimable"] = {
    function(r) share(r, "slab_reclaimable", 4 * GIB) end, "4 GiB of slab is cache",
    function(r) share(r, "slab_reclaimable", 3 * GIB) end,
  },
  ["unaccounted"] = {
    function(r) share(r, "unaccounted", 3 * GIB) end, "3 GiB is in no counter",
    function(r) share(r, "unaccounted", -MIB) end,
  },
  ["page-tables"] = {
    function(r) share(r, "page_tables", GIB) end, "page tables take 1 GiB",
    function(r) share(r, "page_tables", 512 * MIB) end,
  },
  ["shmem"] = {
    function(r) share(r, "shmem", 5 * GIB) end, "only swapped or deleted",
    function(r) share(r, "shmem", 3 * GIB) end,
  },
  ["huge-pages-idle"] = {
    function(r) r.memory.huge_pages.free = 1000 end, "lies idle",
    function(r) r.memory.huge_pages.free, r.memory.huge_pages.reserved = 1000, 900 end,
  },
  ["thp-always"] = {
    function(r) r.thp, r.memory.anon_huge_pages = "always", 5 * GIB end, "make up 5 GiB",
    function(r) r.memory.anon_huge_pages = 5 * GIB end,
  },
  ["hardware-corrupted"] = {
    function(r) table.insert(r.memory.shares, { id = "hardware_corrupted", bytes = 4096 }) end,
    "a module is failing",
    function(r) table.insert(r.memory.shares, { id = "hardware_corrupted", bytes = 0 }) end,
  },
  ["swap-priorities-differ"] = {
    function(r) r.swap.areas[2] = area("/dev/sdb2", -3) end, "one after another, not together",
    function(r) r.swap.areas[2] = area("/dev/sdb2", -2) end,
  },
  ["zram-after-disk"] = {
    function(r) r.swap.areas[2] = area("/dev/zram0", -3) end, "give zram the higher priority",
    function(r) r.swap.areas[2] = area("/dev/zram0", 100) end,
  },
  ["no-swap"] = {
    function(r) r.swap.total, r.swap.areas = 0, {} end, "there is no swap",
    function(r) r.swap.total = nil end,
  },
  ["swap-full"] = {
    function(r) r.swap.used = 2 * GIB - MIB end, "nearly full",
    function(r) r.swap.used = GIB end,
  },
  ["zram-incompressible"] = {
    function(r) r.swap.zram = { { name = "zram0", data = GIB, used = GIB } } end,
    "zram0 holds 1 GiB in 1 GiB",
    function(r) r.swap.zram = { { name = "zram0", data = GIB, used = GIB // 3 } } end,
  },
  ["zswap-before-zram"] = {
    function(r) r.swap.zswap, r.swap.areas[1] = { compressor = "lzo" }, area("/dev/zram0", 100) end,
    "compressed twice",
    function(r) r.swap.zswap = {} end,
  },
  ["zram-readahead"] = {
    function(r) r.swap.areas[1], r.settings["vm.page-cluster"] = area("/dev/zram0", 100), 3 end,
    "8 pages ahead",
    function(r) r.settings["vm.page-cluster"] = 3 end,
  },
  ["swappiness-zero"] = {
    function(r) r.settings["vm.swappiness"] = 0 end, "1 keeps it in use",
    function(r) r.settings["vm.swappiness"], r.swap.total = 0, 0 end,
  },
  ["swappiness-over-100"] = {
    function(r) r.settings["vm.swappiness"] = 150 end, "no zram or zswap here",
    function(r) r.settings["vm.swappiness"], r.swap.areas[1] = 150, area("/dev/zram0", 100) end,
  },
  ["dirty-background-too-high"] = {
    function(r) r.settings["vm.dirty_background_ratio"] = 30 end, "uses half of the latter",
    function(r) r.settings["vm.dirty_background_bytes"] = 1 << 40 end,
  },
  ["writers-throttled"] = {
    function(r) r.writeback.dirty, r.writeback.writeback = GIB // 2, GIB // 2 end,
    "1 GiB waits to be written",
    function(r) r.writeback.dirty, r.writeback.threshold = GIB, nil end,
  },
  ["dirty-threshold-large"] = {
    function(r) r.writeback.threshold = 5 * GIB end, "up to 5 GiB",
    function(r) r.writeback.threshold = 4 * GIB end,
  },
  ["min-free-large"] = {
    function(r) r.settings["vm.min_free_kbytes"] = 1 << 20 end, "keeps 1 GiB out of use",
    function(r) r.settings["vm.min_free_kbytes"] = 67584 end,
  },
  ["vfs-cache-never-reclaimed"] = {
    function(r) r.settings["vm.vfs_cache_pressure"] = 0 end, "never reclaimed",
    function(r) r.settings["vm.vfs_cache_pressure"] = 100 end,
  },
  ["zone-reclaim"] = {
    function(r) r.settings["vm.zone_reclaim_mode"] = 1 end, "while others have free memory",
    function(r) r.settings["vm.zone_reclaim_mode"] = 0 end,
  },
  ["panic-on-oom"] = {
    function(r) r.settings["vm.panic_on_oom"] = 1 end, "panics; this does not disable",
    function(r) r.settings["vm.panic_on_oom"] = nil end,
  },
  ["oom-kill-allocating-task"] = {
    function(r) r.settings["vm.oom_kill_allocating_task"] = 1 end, "whatever its score",
    function(r) r.settings["vm.oom_kill_allocating_task"] = 0 end,
  },
  ["oom-kills"] = {
    function(r) r.oom_kills = 2 end, "killed 2 processes since boot",
    function(r) r.oom_kills = nil end,
  },
  ["commit-limit-near"] = {
    function(r) r.settings["vm.overcommit_memory"], r.memory.committed = 2, 10 * GIB end,
    "about to fail",
    function(r) r.memory.committed = 10 * GIB end,
  },
  ["overcommit-always"] = {
    function(r) r.settings["vm.overcommit_memory"] = 1 end, "no allocation is refused",
    function(r) r.settings["vm.overcommit_memory"] = 2 end,
  },
  ["unkillable-hog"] = {
    function(r) r.processes.unkillable[1] = { pid = 9, comm = "hog", rss = 4 * GIB } end,
    "hog %(9%) holds 4 GiB",
    function(r) r.processes.unkillable[1] = { pid = 9, comm = "sshd", rss = MIB } end,
  },
  ["no-victim"] = {
    function(r) r.processes.victims = {} end, "kernel panics",
    function(r) r.processes.victims, r.processes.scored_count = {}, 0 end,
  },
  ["container-sees-host"] = {
    function(r) limited(r, 0); r.container.inside = true end, "the host's 16 GiB",
    function(r) limited(r, 0) end,
  },
  ["cgroup-limit-reached"] = {
    function(r) limited(r, GIB - MIB) end, "its own OOM killer is next",
    function(r) limited(r, 900 * MIB) end,
  },
  ["cgroup-limit-near"] = {
    function(r) limited(r, 900 * MIB) end, "uses 900 MiB of its 1 GiB",
    function(r) limited(r, 500 * MIB) end,
  },
  ["cgroup-oom-kills"] = {
    function(r) r.container.cgroup.events = { oom_kill = 1 } end, "lost 1 process to",
    function(r) r.container.cgroup = nil end,
  },
  ["cgroup-throttled"] = {
    function(r) r.container.cgroup.high, r.container.cgroup.current = GIB, GIB end,
    "slowed down",
    function(r) r.container.cgroup.high, r.container.cgroup.current = GIB, GIB - 1 end,
  },
}

describe("findings", function()
  it("say nothing about a healthy machine", function()
    assert.same({}, findings.of(healthy()))
  end)

  for id, case in pairs(CASES) do
    local applies, sentence, spares = case[1], case[2], case[3]
    describe(id, function()
      it("tells what is wrong, with its evidence", function()
        local found = finding(id, applies)
        assert.is_truthy(found)
        assert.matches(sentence, found.sentence)
        assert.is_truthy(next(found.evidence))
      end)

      it("is silent where it does not apply", function()
        assert.is_nil(finding(id, spares))
      end)
    end)
  end

  it("each have a case here", function()
    for _, group in ipairs { "room", "kernel", "swap", "writeback", "oom", "container" } do
      for _, entry in ipairs(require("pagewarden.report.findings." .. group)) do
        assert.is_truthy(CASES[entry.id], entry.id)
      end
    end
  end)

  it("come gravest first", function()
    local report = healthy()
    report.memory.available = MIB
    report.swap.total = 0
    report.oom_kills = 1
    local severities = {}
    for i, found in ipairs(findings.of(report)) do severities[i] = found.severity end
    assert.same({ "critical", "warning", "note" }, severities)
  end)

  it("say that old kernels' swappiness ends at 100", function()
    local found = finding("swappiness-over-100", function(r)
      r.kernel, r.settings["vm.swappiness"] = "4.19.0", 150
      r.swap.zswap = {}
    end)
    assert.matches("ends at 100", found.sentence)
  end)
end)
