-- SPDX-License-Identifier: MIT
local sysctl = require "pagewarden.sysctl"
local tree = require "tree"


--- A root of a kernel with these settings, as { ["vm.swappiness"] = 60 }.
local function new(release, settings)
  local files = { ["proc/sys/kernel/osrelease"] = release .. "\n" }
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
