-- SPDX-License-Identifier: MIT
-- What is known of the kernel's settings is so: their ranges, their partners, and what a kernel
-- does with a value that it does not take. All are set and put back.
local lab = require "lab"
local mm = require "pagewarden.mm"
local sysctl = require "pagewarden.sysctl"
local unistd = require "posix.unistd"

local DIRTY = { "vm.dirty_bytes", "vm.dirty_ratio" }


local function path_of(key)
  return "/proc/sys/" .. key:gsub("%.", "/")
end


--- "6.12" as a number that is larger for a later one.
local function version(text)
  local major, minor = text:match "^(%d+)%.(%d+)"
  return major * 1000 + minor
end


--- What the kernel made of a value, which it may have refused.
local function after_writing(path, value)
  pcall(lab.write, path, ("%d\n"):format(value))
  return lab.read(path)
end


--- Writes what is just out of range, which may change nothing.
local function assert_bounded(path, told)
  local before = lab.read(path)
  if told.min and told.min > math.mininteger then
    assert.equal(before, after_writing(path, told.min - 1), path .. " below its range")
  end
  if told.max then
    assert.equal(before, after_writing(path, told.max + 1), path .. " above its range")
  end
end


--- Writes the ends of the range of what does no harm, which the kernel has to take.
local function assert_reaches(path, told)
  local before = lab.number(path)
  for _, bound in ipairs { told.min, told.max } do
    assert.equal(bound, tonumber(after_writing(path, bound)), path .. " takes its own bound")
  end
  lab.write(path, ("%d\n"):format(before))
end


--- A truth since 5.18 may be one of which the kernel makes 1 of any number (proc_dobool()).
local function is_lenient(key)
  return key == "vm.hugetlb_optimize_vmemmap"
end


local function is_harmless(told)
  return told.danger <= 1 and not told.action and told.min and (told.max or math.huge) <= 1000
end


local function keys()
  local all = assert(sysctl.list())
  for _, name in ipairs { "panic", "shm_rmid_forced", "sysctl_writes_strict", "numa_balancing",
    "sysrq", "shmall", "shmmax" } do
    all[#all + 1] = "kernel." .. name
  end
  return all
end


--- Why a change was refused.
local function refusal(...)
  local kept, message = sysctl.set(...)
  assert.is_nil(kept)
  return message
end


--- What a process of nobody's is told when it sets a key.
local function as_nobody(key, value)
  local from, to = assert(unistd.pipe())
  local pid = assert(unistd.fork())
  if pid == 0 then
    unistd.setpid("u", 65534)
    local _, message = sysctl.set(key, value)
    unistd.write(to, message or "set")
    unistd._exit(0)
  end
  unistd.close(to)
  require("posix.sys.wait").wait(pid)
  local message = unistd.read(from, 4096)
  unistd.close(from)
  return message
end


return {
  { "every vm setting of this kernel is known, and none is one that was removed", function()
    for _, key in ipairs(sysctl.list()) do
      local told = sysctl.describe(key)
      assert.is_true(told.known, key)
      assert.is_true(not told.removed or version(told.removed) > version(lab.kernel), key)
    end
  end },

  { "the kernel starts with the defaults that are known", function()
    for _, key in ipairs(sysctl.list()) do
      local default = sysctl.describe(key).default
      if default then
        assert.same(default, sysctl.get(key), key)
      end
    end
    assert.same({}, sysctl.lint())
  end },

  { "no setting takes what is out of its range, and harmless ones take what is in it", function()
    local bounded, reached = 0, 0
    for _, key in ipairs(keys()) do
      local told = sysctl.describe(key)
      if told.present and told.kind == "number" and not is_lenient(key) then
        assert_bounded(path_of(key), told)
        bounded = bounded + 1
        if is_harmless(told) then
          assert_reaches(path_of(key), told)
          reached = reached + 1
        end
      end
    end
    assert.is_true(bounded > 40 and reached > 5, bounded .. " and " .. reached)
  end },

  { "drop_caches takes 1 to 4", function()
    local told = sysctl.describe "vm.drop_caches"
    for _, value in ipairs { told.min - 1, told.max + 1 } do
      local _, message, errno = sysctl.set("vm.drop_caches", value, { dangerous = true })
      assert.matches("the kernel does not take this value", message)
      assert.equal(22, errno)
    end
  end },

  { "what the kernel does not take is told, even to who insists", function()
    assert.matches("out of range", refusal("vm.user_reserve_kbytes", -5))
    for key, value in pairs { ["vm.user_reserve_kbytes"] = -5, ["vm.dirty_bytes"] = 0,
      ["vm.swappiness"] = "much" } do
      assert.equal(("sysctl %s: the kernel does not take this value"):format(key),
        refusal(key, value, { dangerous = true }))
    end
  end },

  { "a transaction that the kernel stops half-way leaves nothing", function()
    local before = sysctl.save(DIRTY)
    local kept, message = sysctl.set { ["vm.dirty_bytes"] = 64 << 20,
      ["vm.percpu_pagelist_high_fraction"] = 3 }
    assert.is_nil(kept)
    assert.equal("sysctl vm.percpu_pagelist_high_fraction: the kernel does not take this value; "
      .. "what was set before it is put back", message)
    assert.same(before, sysctl.save(DIRTY))
    assert.same({ ["vm.dirty_bytes"] = 0, ["vm.dirty_ratio"] = 20 }, before)
  end },

  { "a pair is restored by its member that is not 0", function()
    for _, pair in ipairs { DIRTY, { "vm.dirty_background_bytes", "vm.dirty_background_ratio" },
      { "vm.overcommit_kbytes", "vm.overcommit_ratio" } } do
      local saved = assert(sysctl.save { pair[1] })
      assert.equal(0, saved[pair[1]])
      assert(sysctl.set(pair[1], 128 << 20))
      assert.equal(0, sysctl.get(pair[2]))
      assert.same({ [pair[2]] = saved[pair[2]] }, sysctl.restore(saved))
      assert.same(saved, sysctl.save { pair[2] })
    end
  end },

  { "the partner of a pair cannot be undone with 0, and who tries is told what to do", function()
    assert.equal("sysctl vm.dirty_bytes: 0 is out of range: at least 8192 on this kernel; to turn "
      .. "it off set vm.dirty_ratio", refusal("vm.dirty_bytes", 0))
  end },

  { "a commit limit below what is promised is refused, and one above it is taken", function()
    local saved = sysctl.save { "vm.overcommit_memory", "vm.overcommit_ratio" }
    assert.matches("are promised already",
      refusal { ["vm.overcommit_ratio"] = 0, ["vm.overcommit_memory"] = 2 })
    assert.same(saved, sysctl.save { "vm.overcommit_memory", "vm.overcommit_ratio" })
    assert(sysctl.set { ["vm.overcommit_ratio"] = 2000, ["vm.overcommit_memory"] = 2 })
    assert(sysctl.restore(saved))
  end },

  { "what would hang or panic the machine is refused", function()
    local reboot = sysctl.get "kernel.panic" -- the lab's own command line has one
    assert(sysctl.set("kernel.panic", 0))
    lab.defer(function() sysctl.set("kernel.panic", reboot) end)
    for key, value in pairs { ["vm.min_free_kbytes"] = 100, ["vm.panic_on_oom"] = 1,
      ["vm.vfs_cache_pressure"] = 0 } do
      local before = sysctl.get(key)
      assert.matches("is refused: ", refusal(key, value))
      assert.equal(before, sysctl.get(key))
    end
    assert.matches("memory free", refusal("vm.min_free_kbytes", 100 << 10))
  end },

  { "who may not write is told so", function()
    assert.equal("sysctl vm.swappiness: permission denied; needs root",
      as_nobody("vm.swappiness", 10))
    assert.equal(0, (lab.run("mount -o bind /proc/sys /proc/sys "
      .. "&& mount -o remount,ro,bind /proc/sys /proc/sys")))
    lab.defer(function() lab.run "umount /proc/sys" end)
    assert.matches("^sysctl vm.swappiness: read%-only here", refusal("vm.swappiness", 10))
  end },

  { "a policy's transaction is undone when it is killed", function()
    local policy = lab.run_policy("tune",
      '{ sysctl = { "vm.dirty_bytes", "vm.dirty_background_bytes", "vm.swappiness" } }', [[
      assert(pw.sysctl.set { ["vm.dirty_bytes"] = 64 << 20, ["vm.swappiness"] = 10,
        ["vm.dirty_background_bytes"] = 16 << 20 })]])
    assert.equal(64 << 20, sysctl.get "vm.dirty_bytes")
    policy:signal "SIGTERM"
    policy:wait()
    assert.same({ ["vm.dirty_bytes"] = 0, ["vm.dirty_ratio"] = 20, ["vm.swappiness"] = 60,
      ["vm.dirty_background_bytes"] = 0, ["vm.dirty_background_ratio"] = 10 },
      sysctl.save { "vm.dirty_bytes", "vm.dirty_background_bytes", "vm.swappiness" })
  end },

  { "no setting of the memory manager takes what is out of its range", function()
    local bounded = 0
    for _, name in ipairs(assert(mm.list())) do
      local told = mm.describe(name)
      if told.known and told.kind == "number" and math.type(mm.get(name)) == "integer" then
        local folder = name:find "^zswap/" and "/sys/module/zswap/parameters/" or "/sys/kernel/mm/"
        assert_bounded(folder .. name:gsub("^zswap/", ""), told)
        bounded = bounded + 1
      end
    end
    assert.is_true(bounded > 5, bounded)
  end },

  { "huge pages, KSM, MGLRU and readahead are set, and undone with the policy", function()
    local changes = { ["transparent_hugepage/enabled"] = "never", ["ksm/pages_to_scan"] = 250,
      ["ksm/run"] = 1, ["swap/vma_ra_enabled"] = false }
    if mm.describe("lru_gen/enabled").present then
      changes["lru_gen/enabled"] = mm.get "lru_gen/enabled" == 0 and 7 or 0
    end
    local before, needs, body = {}, {}, {}
    for name, value in pairs(changes) do
      before[name] = mm.get(name)
      needs[#needs + 1] = ("%q"):format(name)
      body[#body + 1] = ("assert(pw.mm.set(%q, %q) ~= nil)"):format(name, value)
        :gsub('"(%l+)"%)', { ["true"] = "true)", ["false"] = "false)" })
    end
    local policy = lab.run_policy("spare", ("{ mm = { %s } }"):format(table.concat(needs, ", ")),
      table.concat(body, "\n"))
    for name, value in pairs(changes) do
      assert.equal(value, (mm.get(name)), name)
    end
    policy:signal "SIGTERM"
    policy:wait()
    for name, value in pairs(before) do
      assert.equal(value, (mm.get(name)), name)
    end
  end },

  { "a word that the kernel does not have is refused before it is written", function()
    local _, message = mm.set("transparent_hugepage/enabled", "sometimes")
    assert.matches("'sometimes' is none of the words there are: .*%[", message)
    if mm.describe("zswap/compressor").present then
      assert.equal("mm zswap/compressor: the kernel does not take this value",
        select(2, mm.set("zswap/compressor", "none-such")))
    end
  end },
}
