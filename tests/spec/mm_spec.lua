-- SPDX-License-Identifier: MIT
local mm = require "pagewarden.mm"
local tree = require "tree"

local function view(files)
  return assert(mm.open(tree.new(files)))
end

describe("mm", function()
  after_each(tree.remove_all)

  describe("get", function()
    it("gives the chosen word and what there is to choose from", function()
      local v = view { ["sys/kernel/mm/transparent_hugepage/enabled"] = "always [madvise] never\n" }
      local value, choices = v:get("transparent_hugepage/enabled")
      assert.equal("madvise", value)
      assert.same({ "always", "madvise", "never" }, choices)
    end)

    it("knows Red Hat 6's name for transparent huge pages", function()
      local v = view {
        ["sys/kernel/mm/redhat_transparent_hugepage/enabled"] = "[always] madvise never\n",
      }
      assert.equal("always", (v:get("transparent_hugepage/enabled")))
    end)

    it("gives numbers, masks and truths as such", function()
      local v = view {
        ["sys/kernel/mm/ksm/run"] = "1\n",
        ["sys/kernel/mm/lru_gen/enabled"] = "0x0007\n",
        ["sys/kernel/mm/swap/vma_ra_enabled"] = "true\n",
        ["sys/module/zswap/parameters/enabled"] = "N\n",
        ["sys/module/zswap/parameters/compressor"] = "lzo\n",
        ["sys/block/zram0/disksize"] = "1073741824\n",
      }
      assert.equal(1, v:get("ksm/run"))
      assert.equal(7, v:get("lru_gen/enabled"))
      assert.is_true(v:get("swap/vma_ra_enabled"))
      assert.is_false(v:get("zswap/enabled"))
      assert.equal("lzo", v:get("zswap/compressor"))
      assert.equal(1 << 30, v:get("zram0/disksize"))
    end)

    it("tells what this kernel lacks from what no kernel has", function()
      local v = view {}
      assert.equal("unsupported", select(4, v:get("lru_gen/enabled")))
      for _, name in ipairs { "/etc/passwd", "../../../etc/passwd" } do
        assert.error_matches(function() v:get(name) end, "not a name of /sys/kernel/mm")
      end
    end)
  end)

  describe("set", function()
    local THP = "sys/kernel/mm/transparent_hugepage/enabled"

    local function new(files)
      local root = tree.new(files)
      return assert(mm.open(root)), function(path)
        local file <close> = assert(io.open(root .. "/" .. path))
        return file:read "l"
      end
    end

    it("chooses a word, and leaves the others to choose from", function()
      local v, line = new { [THP] = "always [madvise] never\n" }
      assert.equal("never", v:set("transparent_hugepage/enabled", "never"))
      assert.equal("always madvise [never]", line(THP))
      local value, message, errno = v:set("transparent_hugepage/enabled", "sometimes")
      assert.is_nil(value)
      assert.equal("mm transparent_hugepage/enabled: 'sometimes' is none of the words there are: "
        .. "always madvise [never]", message)
      assert.equal(22, errno)
    end)

    it("takes truths, masks and numbers, however the kernel writes them", function()
      local v, line = new {
        ["sys/module/zswap/parameters/enabled"] = "N\n",
        ["sys/kernel/mm/swap/vma_ra_enabled"] = "true\n",
        ["sys/kernel/mm/lru_gen/enabled"] = "0x0007\n",
        ["sys/kernel/mm/ksm/pages_to_scan"] = "100\n",
      }
      assert.is_true(v:set("zswap/enabled", true))
      assert.equal("Y", line "sys/module/zswap/parameters/enabled")
      assert.is_false(v:set("swap/vma_ra_enabled", 0))
      assert.equal(1, v:set("lru_gen/enabled", "0x0001"))
      assert.equal("0x0001", line "sys/kernel/mm/lru_gen/enabled")
      assert.equal(500, v:set("ksm/pages_to_scan", 500))
    end)

    it("refuses what the kernel would, before it is written", function()
      local v = new {
        ["sys/kernel/mm/ksm/run"] = "0\n",
        ["sys/kernel/mm/swap/vma_ra_enabled"] = "true\n",
      }
      assert.equal("mm ksm/run: 3 is out of range: 0 to 2 on this kernel",
        select(2, v:set("ksm/run", 3)))
      assert.matches("'yes' is not a decimal", (select(2, v:set("swap/vma_ra_enabled", "yes"))))
      assert.equal("mm lru_gen/enabled: this kernel has no such setting",
        select(2, v:set("lru_gen/enabled", 7)))
      assert.equal("mm zswap/zpool: this kernel has no such setting; since 6.18 it is always "
        .. "zsmalloc", select(2, v:set("zswap/zpool", "zbud")))
    end)

    it("does not take merged pages apart without memory for them", function()
      local v = new {
        ["proc/meminfo"] = "MemTotal: 1048576 kB\nMemAvailable: 204800 kB\n",
        ["sys/kernel/mm/ksm/run"] = "1\n",
        ["sys/kernel/mm/ksm/pages_sharing"] = "262144\n",
      }
      local _, message, _, kind = v:set("ksm/run", 2)
      assert.matches("needs %d+ MiB, and 200 MiB are available %(dangerous = true", message)
      assert.equal("denied", kind)
      assert.equal(2, v:set("ksm/run", 2, { dangerous = true }))
    end)

    it("finds Red Hat 6's huge pages", function()
      local v, line = new {
        ["sys/kernel/mm/redhat_transparent_hugepage/enabled"] = "[always] madvise never\n" }
      assert.equal("never", v:set("transparent_hugepage/enabled", "never"))
      assert.equal("always madvise [never]",
        line "sys/kernel/mm/redhat_transparent_hugepage/enabled")
    end)

    it("names the argument that is wrong", function()
      local v = view {}
      for _, name in ipairs { "zram0/disksize", "damon/admin/kdamonds/nr_kdamonds", "../x" } do
        assert.error_matches(function() v:set(name, 1) end, "not the name of a setting")
      end
      assert.error_matches(function() v:set("ksm/run", 1.5) end, "no integer representation")
      assert.error_matches(function() v:set("ksm/run", 1, { lifetim = "keep" }) end, "lifetime")
    end)
  end)

  describe("describe", function()
    it("tells what a setting means, takes and risks, and what there is to choose from", function()
      local told = view { ["sys/kernel/mm/transparent_hugepage/defrag"] =
        "always defer [madvise] never\n" }:describe "transparent_hugepage/defrag"
      assert.same({ "always", "defer", "madvise", "never" }, told.choices)
      assert.same({ "word", true, 2 }, { told.kind, told.present, told.danger })
      assert.matches("^Who waits", told.note)
    end)

    it("knows sizes by their pattern, and says what it does not know", function()
      local v = view {}
      assert.equal("6.8", v:describe("transparent_hugepage/hugepages-64kB/enabled").since)
      assert.is_true(v:describe("hugepages/hugepages-2048kB/nr_hugepages").action)
      assert.equal(100, v:describe("ksm/pages_to_scan").default)
      assert.same({ key = "ksm/unheard_of", known = false, present = false },
        v:describe "ksm/unheard_of")
    end)
  end)

  it("lists the settings there are", function()
    local v = view {
      ["sys/kernel/mm/transparent_hugepage/khugepaged/defrag"] = "1\n",
      ["sys/kernel/mm/ksm/run"] = "0\n",
      ["sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds"] = "0\n",
      ["sys/module/zswap/parameters/enabled"] = "N\n",
    }
    local names = v:list()
    table.sort(names)
    assert.same({ "ksm/run", "transparent_hugepage/khugepaged/defrag", "zswap/enabled" }, names)
    assert.equal("unsupported", select(4, view({}):list()))
  end)

  it("reads KSM and zswap as flat tables", function()
    local v = view {
      ["sys/kernel/mm/ksm/pages_sharing"] = "255\n",
      ["sys/kernel/mm/ksm/advisor_mode"] = "[none] scan-time\n",
      ["sys/module/zswap/parameters/max_pool_percent"] = "20\n",
    }
    assert.same({ pages_sharing = 255, advisor_mode = "none" }, v:ksm())
    assert.same({ max_pool_percent = 20 }, v:zswap())
    assert.equal("unsupported", select(4, view({}):ksm()))
  end)

  it("reads the pools of huge pages by their size in bytes", function()
    local v = view {
      ["sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"] = "16\n",
      ["sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"] = "14\n",
      ["sys/kernel/mm/hugepages/README"] = "no pool\n",
    }
    assert.same({ { size = 2 << 20, nr_hugepages = 16, free_hugepages = 14 } }, v:hugepages())
  end)

  describe("zram", function()
    it("reads devices with the columns their kernel has", function()
      local v = view {
        ["sys/block/zram0/disksize"] = "4294967296\n",
        ["sys/block/zram0/comp_algorithm"] = "lzo [zstd] \n",
        ["sys/block/zram0/initstate"] = "1\n",
        ["sys/block/zram0/mm_stat"] = " 4096 120 4096 0 4096 1 0\n",
        ["sys/block/vda/size"] = "1\n",
      }
      assert.same({ {
        name = "zram0", disksize = 4 << 30, comp_algorithm = "zstd", initstate = 1,
        orig_data_size = 4096, compr_data_size = 120, mem_used_total = 4096, mem_limit = 0,
        mem_used_max = 4096, same_pages = 1, pages_compacted = 0,
      } }, v:zram())
    end)

    it("reads devices from before mm_stat", function()
      local v = view {
        ["sys/block/zram0/orig_data_size"] = "8192\n",
        ["sys/block/zram0/mem_used_total"] = "4096\n",
      }
      assert.same({ { name = "zram0", orig_data_size = 8192, mem_used_total = 4096 } }, v:zram())
    end)
  end)

  it("reads this machine", function()
    for _, name in ipairs(mm.list() or {}) do
      local value, _, _, kind = mm.get(name)
      assert.is_true(value ~= nil or kind ~= "gone", name)
    end
  end)
end)
