-- SPDX-License-Identifier: MIT
-- The recipes for settings on a real kernel: what they set, keep, measure and put back.
local lab = require "lab"
local mm = require "pagewarden.mm"
local sysctl = require "pagewarden.sysctl"

local DIRTY = { "vm.dirty_bytes", "vm.dirty_ratio", "vm.dirty_background_bytes",
  "vm.dirty_background_ratio" }

local THP = "/sys/kernel/mm/transparent_hugepage/"
local SCAN_SLEEP = "transparent_hugepage/khugepaged/scan_sleep_millisecs"
local MAX_PTES_NONE = "transparent_hugepage/khugepaged/max_ptes_none"



--- Starts a program that swaps all the time, in a cgroup of its own, so that nothing else does.
local function start_swapping()
  lab.write(lab.cgroups .. lab.cgroup "/web" .. "/memory.max", 16 << 20)
  lab.start({ "hog", "-t", "24" }, "/web")
end


--- Writes a file until the check is over.
local function set_for_a_check(path, value)
  local before = lab.read(path)
  lab.write(path, value)
  lab.defer(function() lab.write(path, before:match "%[(.-)%]" or before) end)
end


--- Starts a program that has 64 MiB of huge pages.
local function use_huge_pages()
  set_for_a_check(THP .. "enabled", "always")
  lab.start { "lua5.4", "-e",
    'local held = ("x"):rep(64 << 20) require("posix.unistd").sleep(1000) print(#held)' }
  lab.await("there are huge pages", 20, function()
    return tonumber(lab.read("/proc/meminfo"):match "AnonHugePages:%s+(%d+)") > 16 << 10
  end)
end


return {
  needs = { swap = { "256M" }, timeout = 600 },

  { "sysctl-keep finds no mistake in what this kernel starts with", function()
    local output, status = lab.recipe "sysctl-keep"
    assert.equal(0, status)
    assert.matches("linted: %d+ settings of memory: no mistake", output)
  end },

  { "sysctl-keep sets a profile, and puts pairs back at its end", function()
    local before = sysctl.save(DIRTY)
    local _, program = lab.hear_recipe({ "sysctl-keep", "-o", "profile=desktop" },
      "set: vm.max_map_count")
    assert.same({ 256 << 20, 0, 128 << 20, 0 }, { sysctl.get(DIRTY[1]), sysctl.get(DIRTY[2]),
      sysctl.get(DIRTY[3]), sysctl.get(DIRTY[4]) })
    program:signal "SIGTERM"
    assert.same({ "exited", 0 }, { program:wait() })
    assert.same(before, sysctl.save(DIRTY))
  end },

  { "sysctl-keep takes a partner's write for drift, and the second time lets go", function()
    local _, program = lab.hear_recipe({ "sysctl-keep", "-o",
      "set=vm.dirty_bytes=268435456,vm.swappiness=10",
      "-o", "interval=1s" }, "set: vm.swappiness")
    lab.write("/proc/sys/vm/dirty_ratio", 40)
    assert.matches("set vm.dirty_bytes to 0; it is 268435456 again", program:hear "drift")
    lab.write("/proc/sys/vm/dirty_ratio", 40)
    assert(program:hear "left-alone: vm.dirty_bytes is 0")
    program:signal "SIGTERM"
    program:wait()
    assert.same({ 40, 60 }, { sysctl.get "vm.dirty_ratio", sysctl.get "vm.swappiness" })
    assert(sysctl.set("vm.dirty_ratio", 20))
  end },

  { "sysctl-keep leaves a key that another policy owns, and sets the rest", function()
    local owner = lab.run_policy("owner", '{ sysctl = { "vm.swappiness" } }',
      'assert(pw.sysctl.set("vm.swappiness", 90))')
    local _, program = lab.hear_recipe({ "sysctl-keep", "-o", "profile=server" },
      "set: vm.dirty_ratio")
    assert.same({ 90, 40 }, { sysctl.get "vm.swappiness", sysctl.get "vm.dirty_ratio" })
    program:signal "SIGTERM"
    program:wait()
    assert.equal(20, sysctl.get "vm.dirty_ratio")
    owner:signal "SIGTERM"
    owner:wait()
    assert.equal(60, sysctl.get "vm.swappiness")
  end },

  { "sysctl-keep sets once for good, until undo", function()
    local output, status = lab.recipe "sysctl-keep -o set=vm.swappiness=10 -o once=true"
    assert.equal(0, status)
    assert.equal(10, sysctl.get "vm.swappiness")
    assert.matches("vm.swappiness is 10, was 60: as asked", output)
    local _, list = lab.run "pagewarden undo"
    assert.equal(0, (lab.run("pagewarden undo " .. assert(list:match "(%d+)"))))
    assert.equal(60, sysctl.get "vm.swappiness")
  end },

  { "sysctl-keep explains a panic, and refuses to set one that nothing ends", function()
    local reboot = sysctl.get "kernel.panic"
    assert(sysctl.set("vm.panic_on_oom", 1))
    lab.defer(function()
      sysctl.set("vm.panic_on_oom", 0)
      sysctl.set("kernel.panic", reboot)
    end)
    local output = lab.recipe "sysctl-keep"
    assert.matches('guide: vm.panic_on_oom is 1: the guide has it "to disable oom%-kill"', output)
    assert(sysctl.set("vm.panic_on_oom", 0))
    assert(sysctl.set("kernel.panic", 0))
    local status
    output, status = lab.recipe "sysctl-keep -o set=vm.panic_on_oom=1"
    assert.equal(1, status)
    assert.matches("is refused: the machine panics", output)
    assert.equal(0, sysctl.get "vm.panic_on_oom")
  end },

  { "swappiness-sweep measures what is swapped, as rows, and puts the value back", function()
    start_swapping()
    local output, status = lab.recipe("swappiness-sweep -o values=60,100 -o rounds=2 "
      .. "-o settle=500ms -o hold=2s -o stop=100% --csv trial")
    assert.equal(0, status, output)
    local head = assert(output:match "time,[%l_,]+")
    assert.equal("time,faults,io,refaults,round,seconds,stall,stall_full,swap,swapped_in,"
      .. "swapped_out,swappiness", head)
    local rows, swapped = 0, 0
    for row in output:gmatch "\n(1%d+%.?%d*,[%d.,e+-]+)" do
      local swap, swapped_in = row:match ",([%d.e+]+),([%d.e+]+),[%d.e+]+,%d+$"
      rows, swapped = rows + 1, swapped + tonumber(swapped_in)
      assert.is_true(tonumber(swap) > 1 << 20, row)
    end
    assert.equal(4, rows, output)
    assert.is_true(swapped > 0, output)
    assert.equal(60, sysctl.get "vm.swappiness")
  end },

  { "swappiness-sweep ends when nothing goes on any more", function()
    start_swapping()
    local output, status = lab.recipe "swappiness-sweep -o stop=1% -o hold=60s"
    assert.equal(0, status, output)
    assert.matches("stopped: nothing could go on for more than 1%% of 2 s", output)
    assert.matches("verdict: fewer than two whole rounds say nothing", output)
    assert.equal(60, sysctl.get "vm.swappiness")
  end },

  { "thp-guard slows down a khugepaged that takes a processor, as long as it runs", function()
    use_huge_pages()
    local _, program = lab.hear_recipe({ "thp-guard", "-o", "interval=2s" }, "begin: ")
    set_for_a_check(THP .. "khugepaged/pages_to_scan", 1000000)
    set_for_a_check(THP .. "khugepaged/scan_sleep_millisecs", 0)
    assert(program:hear("key=mm " .. SCAN_SLEEP))
    assert.equal(10000, mm.get(SCAN_SLEEP))
    program:signal "SIGTERM"
    program:wait()
    assert.equal(0, mm.get(SCAN_SLEEP))
  end },

  { "thp-guard bounds how far huge pages are filled up", function()
    use_huge_pages()
    local before = mm.get(MAX_PTES_NONE)
    local line, program = lab.hear_recipe({ "thp-guard", "-o", "interval=1s", "-o", "short=100%",
      "-o", "share=1%" }, "bloat: ")
    assert.matches("MiB that programs have are huge pages.*max_ptes_none goes from 511 to 64", line)
    assert(program:hear("key=mm " .. MAX_PTES_NONE))
    assert.equal(64, mm.get(MAX_PTES_NONE))
    program:signal "SIGTERM"
    program:wait()
    assert.equal(before, mm.get(MAX_PTES_NONE))
  end },
}
