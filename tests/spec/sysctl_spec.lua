-- SPDX-License-Identifier: MIT
local sysctl = require "pagewarden.sysctl"
local tree = require "tree"


--- A root of a kernel with these settings, as { ["vm.swappiness"] = 60 }, and files.
local function new(release, settings, more)
  local files = { ["proc/sys/kernel/osrelease"] = release .. "\n" }
  for path, text in pairs(more or {}) do
    files[path] = text
  end
  for key, value in pairs(settings or {}) do
    files["proc/sys/" .. key:gsub("%.", "/")] = ("%s\n"):format(value)
  end
  local root = tree.new(files)
  return assert(sysctl.open(root)), root
end


describe("sysctl.describe", function()
  after_each(tree.remove_all)

  it("tells what a setting means, takes and risks", function()
    local view = new("6.1.0-18-amd64", { ["vm.swappiness"] = 60 })
    local told = view:describe "vm/swappiness"
    assert.equal("vm.swappiness", told.key)
    assert.is_true(told.known)
    assert.is_true(told.present)
    assert.equal("number", told.kind)
    assert.equal(60, told.default)
    assert.equal("2.6.0", told.since)
    assert.equal(1, told.danger)
    assert.matches("^What swapping costs", told.note)
    assert.is_false(told.action)
    assert.is_nil(told.removed)
  end)

  it("has the range of the kernel that is looked at", function()
    assert.equal(100, new("4.18.0-553.el8_10.x86_64"):describe("vm.swappiness").max)
    assert.equal(200, new("6.12.0"):describe("vm.swappiness").max)
    assert.equal(1000, new("5.4.0-150-generic"):describe("vm.watermark_scale_factor").max)
    assert.equal(200, assert(sysctl.open(tree.new {})):describe("vm.swappiness").max)
  end)

  it("names the partner, and the bound that keeps it from being set to 0", function()
    local told = new("6.1.0"):describe "vm.dirty_bytes"
    assert.equal("vm.dirty_ratio", told.partner)
    assert.equal("bytes", told.unit)
    assert.is_true(told.min >= 2 * 4096)
    assert.is_nil(told.max)
  end)

  it("tells what came instead of a setting that is gone", function()
    local told = new("6.1.0"):describe "vm.nr_pdflush_threads"
    assert.is_false(told.present)
    assert.is_string(told.removed)
    assert.matches("flusher", told.replaced_by)
    assert.matches("lru_gen/min_ttl_ms", new("6.1.0"):describe("vm.swap_token_timeout").replaced_by)
  end)

  it("is what a setting that is gone is refused with", function()
    local view = new "6.1.0"
    local message = "sysctl vm.nr_pdflush_threads: this kernel has no such key; since 2.6.32 "
      .. "each device has a flusher of its own; nr_dirty and nr_writeback in /proc/vmstat show how "
      .. "they do"
    assert.equal(message, select(2, view:get "vm.nr_pdflush_threads"))
    assert.equal(message, select(2, view:set("vm.nr_pdflush_threads", 2)))
    assert.matches("no such key; since 3.15 refaults", select(2, view:get "vm.swap_token_timeout"))
  end)

  it("tells an action from a setting that also acts", function()
    local view = new "6.1.0"
    assert.same({ "trigger", true },
      { view:describe("vm.drop_caches").kind, view:describe("vm.drop_caches").action })
    assert.same({ "number", true },
      { view:describe("vm.nr_hugepages").kind, view:describe("vm.nr_hugepages").action })
  end)

  it("does not mind a setting that it has never heard of", function()
    local view = new("6.18.0", { ["vm.shrink_inodes_with_pagecache"] = 0 })
    assert.same({ key = "vm.shrink_inodes_with_pagecache", known = false, present = true },
      view:describe "vm.shrink_inodes_with_pagecache")
    assert.same({ key = "vm.unheard_of", known = false, present = false },
      view:describe "vm.unheard_of")
  end)
end)


describe("sysctl.set refuses", function()
  after_each(tree.remove_all)

  local MEMINFO = "MemTotal: 4028440 kB\nSwapTotal: 1048572 kB\nCommitted_AS: 3145728 kB\n"

  local function new_machine(settings)
    return (new("6.1.0", settings, { ["proc/meminfo"] = MEMINFO }))
  end

  local function refusal(view, key, value, options)
    local kept, message, errno, kind = view:set(key, value, options)
    assert.is_nil(kept)
    return message, errno, kind
  end

  it("what is out of the kernel's range, before it is written", function()
    local view = new_machine { ["vm.swappiness"] = 60, ["vm.dirty_bytes"] = 0 }
    assert.equal("sysctl vm.swappiness: 201 is out of range: 0 to 200 on this kernel",
      (refusal(view, "vm.swappiness", 201)))
    assert.equal(22, select(2, refusal(view, "vm.swappiness", -1)))
    assert.equal("sysctl vm.swappiness: 150 is out of range: 0 to 100 on this kernel",
      (refusal(new("4.18.0", { ["vm.swappiness"] = 60 }), "vm.swappiness", 150)))
    assert.matches("0 is out of range: at least %d+ on this kernel; to turn it off set "
      .. "vm.dirty_ratio$", (refusal(view, "vm.dirty_bytes", 0)))
    assert.equal(60, view:get "vm.swappiness")
  end)

  it("negative numbers, which the kernel leaves unwritten or takes for something else", function()
    local view = new_machine { ["vm.admin_reserve_kbytes"] = 8192, ["vm.overcommit_ratio"] = 50,
      ["vm.overcommit_kbytes"] = 0, ["kernel.panic"] = 0 }
    assert.matches("out of range: at least 0", (refusal(view, "vm.admin_reserve_kbytes", -1)))
    assert.matches("a negative number means nothing", (refusal(view, "vm.overcommit_ratio", -5)))
    assert.equal(-1, view:set("kernel.panic", -1))
  end)

  it("text for a number, and several numbers for one", function()
    local view = new_machine { ["vm.swappiness"] = 60, ["vm.numa_zonelist_order"] = "Node" }
    assert.equal("sysctl vm.swappiness: 'much' is not a decimal number",
      (refusal(view, "vm.swappiness", "much")))
    assert.matches("'010' is not a decimal number", (refusal(view, "vm.swappiness", "010")))
    assert.matches("'0x10' is not a decimal number", (refusal(view, "vm.swappiness", "0x10")))
    assert.matches("it takes one number", (refusal(view, "vm.swappiness", { 1, 2 })))
    assert.matches("'max' is not a decimal number", (refusal(view, "vm.swappiness", math.huge)))
    assert.equal("Node", view:set("vm.numa_zonelist_order", "Node"))
  end)

  it("what would make the machine hang, or kill everything", function()
    local view = new_machine { ["vm.min_free_kbytes"] = 67584, ["vm.vfs_cache_pressure"] = 100 }
    local message, errno, kind = refusal(view, "vm.min_free_kbytes", 1023)
    assert.equal("sysctl vm.min_free_kbytes: 1023 is refused: under 1024 KiB the machine can hang "
      .. "when memory is short (dangerous = true insists)", message)
    assert.same({ 1, "denied" }, { errno, kind })
    assert.matches("keeps 24 %% of memory free", (refusal(view, "vm.min_free_kbytes", 1000000)))
    assert.matches("never reclaimed", (refusal(view, "vm.vfs_cache_pressure", 0)))
    assert.equal(1024, view:set("vm.min_free_kbytes", 1024))
    assert.equal(0, view:set("vm.vfs_cache_pressure", 0, { dangerous = true }))
  end)

  it("a commit limit below what is promised already", function()
    local view = new_machine { ["vm.overcommit_memory"] = 0, ["vm.overcommit_ratio"] = 50,
      ["vm.overcommit_kbytes"] = 0 }
    assert.matches("3072 MiB are promised already and the limit is 2991 MiB",
      (refusal(view, "vm.overcommit_memory", 2)))
    assert.equal(60, view:set("vm.overcommit_ratio", 60))
    assert.equal(2, view:set("vm.overcommit_memory", 2))
    assert.matches("every allocation and fork fails", (refusal(view, "vm.overcommit_ratio", 30)))
    assert.matches("every allocation and fork fails", (refusal(view, "vm.overcommit_kbytes", 4096)))
    assert.equal(1, view:set("vm.overcommit_memory", 1))
  end)

  it("a panic that nothing ends", function()
    local view, root = new("6.1.0", { ["vm.panic_on_oom"] = 0, ["kernel.panic"] = 0 },
      { ["sys/kernel/kexec_crash_loaded"] = "0\n" })
    assert.matches("stays down", (refusal(view, "vm.panic_on_oom", 1)))
    assert.equal(10, view:set("kernel.panic", 10))
    assert.equal(1, view:set("vm.panic_on_oom", 1))
    assert.matches("stays down", (refusal(view, "kernel.panic", 0)))
    tree.write(root, "sys/kernel/kexec_crash_loaded", "1\n")
    assert.equal(0, view:set("kernel.panic", 0))
  end)

  it("no way out of a mistake that is there already", function()
    local view = new_machine { ["vm.overcommit_memory"] = 2, ["vm.overcommit_ratio"] = 10,
      ["vm.overcommit_kbytes"] = 0 }
    assert.equal(20, view:set("vm.overcommit_ratio", 20))
    assert.equal(0, view:set("vm.overcommit_memory", 0))
  end)
end)


describe("sysctl.lint", function()
  after_each(tree.remove_all)

  --- What is found, by key.
  local function lint(settings, files)
    local found = {}
    for _, finding in ipairs(assert(new("6.1.0", settings, files):lint())) do
      found[finding.key] = finding
    end
    return found
  end

  it("finds nothing in what a kernel starts with", function()
    assert.same({}, lint({
      ["vm.swappiness"] = 60, ["vm.dirty_ratio"] = 20, ["vm.dirty_bytes"] = 0,
      ["vm.dirty_background_ratio"] = 10, ["vm.dirty_background_bytes"] = 0,
      ["vm.min_free_kbytes"] = 67584, ["vm.overcommit_memory"] = 0, ["vm.overcommit_ratio"] = 50,
      ["vm.overcommit_kbytes"] = 0, ["vm.watermark_scale_factor"] = 10, ["vm.panic_on_oom"] = 0,
      ["kernel.panic"] = 0, ["vm.page-cluster"] = 3, ["vm.oom_dump_tasks"] = 1,
      ["vm.nr_hugepages"] = 0, ["vm.vfs_cache_pressure"] = 100, ["vm.stat_interval"] = 1,
    }, { ["proc/meminfo"] = "MemTotal: 4028440 kB\nSwapTotal: 1048572 kB\n" }))
  end)

  it("says what is wrong, how badly, and what to do", function()
    assert.same({ ["vm.panic_on_oom"] = {
      key = "vm.panic_on_oom", value = 1, danger = 4,
      problem = "the machine panics when memory runs out, and stays down: kernel.panic is 0 and no "
        .. "crash kernel is loaded",
      advice = "set kernel.panic above 0, or vm.panic_on_oom to 0",
    } }, lint { ["vm.panic_on_oom"] = 1, ["kernel.panic"] = 0 })
  end)

  it("sees what two settings do together", function()
    local found = lint { ["vm.dirty_ratio"] = 10, ["vm.dirty_bytes"] = 0,
      ["vm.dirty_background_ratio"] = 10, ["vm.dirty_background_bytes"] = 0 }
    assert.matches("not below vm.dirty_ratio", found["vm.dirty_background_ratio"].problem)
    found = lint { ["vm.dirty_ratio"] = 0, ["vm.dirty_bytes"] = 65536,
      ["vm.dirty_background_ratio"] = 0, ["vm.dirty_background_bytes"] = 65536 }
    assert.matches("not below vm.dirty_bytes", found["vm.dirty_background_bytes"].problem)
    assert.matches("stalls every writer", found["vm.dirty_bytes"].problem)
    found = lint { ["vm.dirty_ratio"] = 0, ["vm.dirty_bytes"] = 0 }
    assert.equal(3, found["vm.dirty_ratio"].danger)
    found = lint { ["vm.overcommit_memory"] = 0, ["vm.overcommit_ratio"] = 80 }
    assert.matches("bounds nothing", found["vm.overcommit_ratio"].problem)
    found = lint({ ["vm.min_free_kbytes"] = 67584, ["vm.watermark_scale_factor"] = 1000 },
      { ["proc/meminfo"] = "MemTotal: 4028440 kB\n" })
    assert.matches("until 21 % of memory is free", found["vm.watermark_scale_factor"].problem, 1,
      true)
  end)

  it("sees what a setting does on this machine", function()
    local swap = "Filename\tType\tSize\tUsed\tPriority\n%s partition 1048572 0 100\n"
    local meminfo = "MemTotal: 4028440 kB\nSwapTotal: 1048572 kB\nHugePages_Total: 512\n"
      .. "HugePages_Free: 512\nHugepagesize: 2048 kB\n"
    local found = lint(
      { ["vm.page-cluster"] = 3, ["vm.swappiness"] = 150, ["vm.nr_hugepages"] = 512 },
      { ["proc/meminfo"] = meminfo, ["proc/swaps"] = swap:format "/dev/zram0" })
    assert.matches("all swap is zram", found["vm.page-cluster"].problem)
    assert.is_nil(found["vm.swappiness"])
    assert.matches("26 % of memory is huge pages", found["vm.nr_hugepages"].problem, 1, true)
    found = lint({ ["vm.page-cluster"] = 3, ["vm.swappiness"] = 150 },
      { ["proc/meminfo"] = meminfo, ["proc/swaps"] = swap:format "/dev/vda2" })
    assert.is_nil(found["vm.page-cluster"])
    assert.matches("swapping counts as cheaper", found["vm.swappiness"].problem)
  end)

  it("reads what 2.6.32 had, and misses nothing that it had not", function()
    local view = new("2.6.32-754.el6.x86_64", {
      ["vm.swappiness"] = 0, ["vm.dirty_ratio"] = 40, ["vm.dirty_background_ratio"] = 40,
      ["vm.min_free_kbytes"] = 512, ["vm.overcommit_memory"] = 0, ["vm.overcommit_ratio"] = 50,
      ["vm.panic_on_oom"] = 1, ["kernel.panic"] = 0, ["vm.nr_pdflush_threads"] = 0,
      ["vm.laptop_mode"] = 0, ["vm.drop_caches"] = 0, ["vm.lowmem_reserve_ratio"] = "256\t256\t32",
    }, { ["proc/meminfo"] = "MemTotal: 1000000 kB\nSwapTotal: 2000000 kB\n" })
    local found = {}
    for _, finding in ipairs(assert(view:lint())) do
      found[#found + 1] = finding.key
    end
    table.sort(found)
    assert.same({ "vm.dirty_background_ratio", "vm.min_free_kbytes", "vm.panic_on_oom",
      "vm.swappiness" }, found)
  end)

  it("finds what is out of range for the kernel that it is", function()
    local view = new("4.4.0", { ["vm.swappiness"] = 180 })
    assert.equal("vm.swappiness", assert(view:lint())[1].key)
  end)

  it("says when there are no settings to look at", function()
    local view = assert(sysctl.open(tree.new { ["proc/meminfo"] = "MemTotal: 1 kB\n" }))
    assert.equal("unsupported", select(4, view:lint()))
  end)
end)


describe("a transaction of sysctl.set", function()
  after_each(tree.remove_all)

  local DEFAULTS = { ["vm.swappiness"] = 60, ["vm.dirty_ratio"] = 20, ["vm.dirty_bytes"] = 0,
    ["vm.overcommit_memory"] = 0, ["vm.overcommit_ratio"] = 50, ["vm.overcommit_kbytes"] = 0,
    ["vm.lowmem_reserve_ratio"] = "256\t256\t32\t0\t0", ["vm.drop_caches"] = "" }

  local function values_of(view)
    local values = {}
    for key in pairs(DEFAULTS) do
      values[key] = view:get(key)
    end
    return values
  end

  it("sets all, and says what the kernel has now", function()
    local view = new("6.1.0", DEFAULTS)
    assert.same({ ["vm.swappiness"] = 10, ["vm.lowmem_reserve_ratio"] = { 256, 32 } },
      view:set { ["vm/swappiness"] = 10, ["vm.lowmem_reserve_ratio"] = { 256, 32 } })
    assert.equal(10, view:get "vm.swappiness")
    assert.same({}, view:set {})
  end)

  it("sets none when one is refused, and says so", function()
    local view = new("6.1.0", DEFAULTS)
    local before = values_of(view)
    local kept, message, errno, kind = view:set { ["vm.dirty_bytes"] = 65536,
      ["vm.dirty_ratio"] = 0, ["vm.lowmem_reserve_ratio"] = { 1, 2 }, ["vm.swappiness"] = 300 }
    assert.is_nil(kept)
    assert.equal("sysctl vm.swappiness: 300 is out of range: 0 to 200 on this kernel; what was set "
      .. "before it is put back", message)
    assert.same({ 22, "broken" }, { errno, kind })
    assert.same(before, values_of(view))
    message = select(2, view:set { ["vm.overcommit_ratio"] = 60, ["vm.unheard_of"] = 1 })
    assert.equal("sysctl vm.unheard_of: this kernel has no such key; what was set before it is put "
      .. "back", message)
    assert.same(before, values_of(view))
    assert.equal("sysctl vm.a_first: this kernel has no such key",
      select(2, view:set { ["vm.a_first"] = 1, ["vm.swappiness"] = 1 }))
  end)

  it("tightens last and loosens first", function()
    local view = new("6.1.0", DEFAULTS, { ["proc/meminfo"] = "MemTotal: 1000000 kB\n"
      .. "SwapTotal: 0 kB\nCommitted_AS: 700000 kB\n" })
    assert.is_nil((view:set("vm.overcommit_memory", 2)))
    assert(view:set { ["vm.overcommit_memory"] = 2, ["vm.overcommit_ratio"] = 90 })
    assert.is_nil((view:set("vm.overcommit_ratio", 50)))
    assert(view:set { ["vm.overcommit_memory"] = 0, ["vm.overcommit_ratio"] = 50 })
  end)

  it("takes a pair of which one is 0, and writes the other", function()
    local view = new("6.1.0", DEFAULTS)
    assert.same({ ["vm.dirty_ratio"] = 30 },
      view:set { ["vm.dirty_bytes"] = 0, ["vm.dirty_ratio"] = 30 })
    assert.same({ ["vm.overcommit_ratio"] = 0 },
      view:set { ["vm.overcommit_kbytes"] = 0, ["vm.overcommit_ratio"] = 0 })
  end)

  it("names the argument that is wrong", function()
    local view = new("6.1.0", DEFAULTS)
    for message, values in pairs {
      ["vm.swappiness: number has no integer"] = { ["vm.swappiness"] = 1.5 },
      ["vm.swappiness: a number, a text or a list"] = { ["vm.swappiness"] = true },
      ["vm.drop_caches: it has no value"] = { ["vm.drop_caches"] = 1 },
      ["../x: not the name of a key"] = { ["../x"] = 1 },
      ["it is there twice"] = { ["vm.swappiness"] = 1, ["vm/swappiness"] = 1 },
      ["of it and its partner one has to be 0"] =
        { ["vm.dirty_bytes"] = 65536, ["vm.dirty_ratio"] = 5 },
      ["names of keys expected"] = { 1, 2 },
    } do
      assert.error_matches(function() view:set(values) end, message, 1, true)
    end
    assert.error_matches(function() view:set({}, { dangerus = true }) end, "dangerous")
    assert.same(60, view:get "vm.swappiness")
  end)
end)


describe("sysctl.save and restore", function()
  after_each(tree.remove_all)

  it("put back a pair by the member that counts", function()
    local view, root = new("6.1.0", { ["vm.dirty_ratio"] = 20, ["vm.dirty_bytes"] = 0,
      ["vm.swappiness"] = 60 })
    local saved = assert(view:save { "vm.dirty_bytes", "vm.swappiness" })
    assert.same({ ["vm.dirty_ratio"] = 20, ["vm.dirty_bytes"] = 0, ["vm.swappiness"] = 60 }, saved)
    tree.write(root, "proc/sys/vm/dirty_ratio", "0\n")
    tree.write(root, "proc/sys/vm/dirty_bytes", "65536\n")
    assert.same({ ["vm.dirty_ratio"] = 20, ["vm.swappiness"] = 60 }, view:restore(saved))
    assert.equal(20, view:get "vm.dirty_ratio")
  end)

  it("keep a number that is too large for Lua", function()
    local view, root = new("6.1.0", { ["kernel.shmmax"] = "18446744073692774399" })
    local saved = assert(view:save { "kernel.shmmax" })
    assert.same({ ["kernel.shmmax"] = "18446744073692774399" }, saved)
    tree.write(root, "proc/sys/kernel/shmmax", "4096\n")
    assert(view:restore(saved))
    local file <close> = assert(io.open(root .. "/proc/sys/kernel/shmmax"))
    assert.equal("18446744073692774399\n", file:read "a")
  end)

  it("do not refuse what was in force as dangerous", function()
    local view, root = new("6.1.0", { ["vm.vfs_cache_pressure"] = 0 })
    local saved = assert(view:save { "vm.vfs_cache_pressure" })
    tree.write(root, "proc/sys/vm/vfs_cache_pressure", "100\n")
    assert.same({ ["vm.vfs_cache_pressure"] = 0 }, view:restore(saved))
  end)

  it("say what cannot be saved or is not there", function()
    local view = new("6.1.0", { ["vm.drop_caches"] = "" })
    assert.error_matches(function() view:save { "vm.drop_caches" } end, "it has no value")
    assert.equal("unsupported", select(4, view:save { "vm.swappiness" }))
    assert.equal("unsupported", select(4, view:restore { ["vm.swappiness"] = 60 }))
  end)
end)
