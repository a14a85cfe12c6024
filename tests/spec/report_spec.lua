-- SPDX-License-Identifier: MIT
local json = require "dkjson"
local machines = require "machines"
local program = require "program"
local tree = require "tree"

local MIB <const> = 1 << 20

--- What `pagewarden report` writes of a machine.
local function report(files, words, environment)
  local root = tree.new(files)
  local status, output, errors = program.run(("--root %s report %s"):format(root, words or ""),
    environment)
  assert.equal("", errors)
  assert.equal(0, status)
  return output
end

local function read(files, words)
  return assert(json.decode(report(files, "--json " .. (words or ""))))
end

local function ids(told)
  local list = {}
  for _, finding in ipairs(told.findings) do list[finding.id] = finding end
  return list
end

describe("report", function()
  after_each(tree.remove_all)

  it("accounts for every byte of memory", function()
    for name, machine in pairs { healthy = machines.healthy(), rhel6 = machines.rhel6(),
      zram = machines.zram() } do
      local memory, sum = read(machine).memory, 0
      for _, share in ipairs(memory.shares) do sum = sum + share.bytes end
      assert.equal(memory.total, sum, name)
    end
  end)

  it("tells thresholds in bytes", function()
    local writeback = read(machines.healthy()).writeback
    assert.equal(262144 * 4096, writeback.threshold)
    assert.equal(131072 * 4096, writeback.background_threshold)
  end)

  it("estimates thresholds that the kernel does not tell", function()
    local writeback = read(machines.rhel6()).writeback
    assert.is_true(writeback.estimated)
    assert.equal(writeback.threshold // 2, writeback.background_threshold)
    assert.is_true(writeback.threshold > 100 * MIB and writeback.threshold < 800 * MIB)
  end)

  it("tells watermarks of each zone that has pages", function()
    local zones = read(machines.healthy()).zones
    assert.equal("Normal", zones[2].zone)
    assert.equal(16000 * 4096, zones[2].min)
  end)

  it("names the largest and the next victim, which is neither init nor exempt", function()
    local processes = read(machines.healthy()).processes
    assert.equal("mysqld", processes.by_rss[1].comm)
    assert.equal("mysqld", processes.by_pss[1].comm)
    assert.equal(2 * MIB, processes.by_swap[1].swap)
    assert.equal(100, processes.victims[1].pid)
    assert.equal(2, #processes.victims)
    assert.equal("sshd", processes.unkillable[1].comm)
  end)

  it("reads a kernel without MemAvailable, pressure and transparent_hugepage", function()
    local told = read(machines.rhel6())
    local available = told.memory.available
    assert.is_true(told.memory.available_estimated)
    assert.is_true(available > told.memory.free and available < told.memory.total)
    assert.is_nil(told.pressure)
    assert.equal("always", told.thp)
    assert.is_truthy(ids(told)["available-estimated"])
  end)

  it("does not take a host for a container", function()
    local container = read(machines.healthy()).container
    assert.is_false(container.inside)
    assert.equal("max", container.cgroup.limit)
  end)

  it("knows a container by what its manager left", function()
    local machine = machines.healthy()
    machine["run/.containerenv"] = ""
    local container = read(machine).container
    assert.is_true(container.inside)
    assert.equal("run/.containerenv", container.sign)
  end)

  it("knows a container's own limit under version 2", function()
    local told = read(machines.container_v2())
    assert.is_true(told.container.inside)
    assert.equal(1 << 30, told.container.cgroup.limit)
    assert.equal(0, told.container.cgroup.swap_limit)
    local found = ids(told)
    assert.is_truthy(found["container-sees-host"])
    assert.is_truthy(found["cgroup-limit-near"])
    assert.is_truthy(found["cgroup-oom-kills"])
  end)

  it("knows a container's own limit under version 1", function()
    local told = read(machines.container_v1())
    assert.equal("docker", told.container.maker)
    assert.equal(1 << 30, told.container.cgroup.limit)
    assert.is_nil(ids(told)["cgroup-limit-near"])
  end)

  it("explains swap areas of different priority", function()
    local told = read(machines.two_swap_areas())
    assert.equal("/swap file", told.swap.areas[2].filename)
    local finding = ids(told)["swap-priorities-differ"]
    assert.matches("one after another, not together", finding.sentence)
    assert.same({ ["/dev/vda2"] = -2, ["/swap file"] = -3 }, finding.evidence)
  end)

  it("counts what zram holds of memory", function()
    local told = read(machines.zram())
    assert.equal(30 * MIB, told.swap.zram[1].used)
    assert.is_truthy(ids(told)["zram-readahead"])
  end)

  it("shows all of it, without colour when it is not a terminal", function()
    local output = report(machines.zram())
    for _, title in ipairs { "Findings", "Where memory is", "Lists", "Pressure", "Writing back",
      "Watermarks", "Swap", "Largest by rss", "Largest by pss", "The OOM killer's next victim" } do
      assert.is_truthy(output:find("\n" .. title, 1, true), title)
    end
    assert.is_nil(output:find "\27")
  end)

  it("is coloured when that is wanted, and never by a process's name", function()
    local output = report(machines.healthy(), "--color always")
    assert.is_truthy(output:find("\27[1m", 1, true))
    assert.is_nil(output:find("\27[31m", 1, true))
    assert.is_truthy(output:find("evil\\x1B[31m", 1, true))
  end)

  it("fits 40 columns", function()
    for _, words in ipairs { "", "100", "1" } do
      for line in report(machines.zram(), words, "COLUMNS=40"):gmatch "[^\n]+" do
        assert.is_true(utf8.len(line) <= 40, line)
      end
    end
  end)

  it("is quiet when its reader has seen enough", function()
    local status, output, errors = program.run "report | head -1"
    assert.equal(0, status)
    assert.equal("", errors)
    assert.matches("available", output)
  end)

  it("tells of a root that has a meminfo and nothing else", function()
    local told = read { ["proc/meminfo"] = machines.rhel6()["proc/meminfo"] }
    assert.is_false(told.container.inside)
    assert.is_true(told.memory.available > 0)
    assert.is_nil(told.writeback.threshold)
  end)

  it("refuses a meminfo that is none", function()
    local root = tree.new { ["proc/meminfo"] = "garbage\n" }
    local status, output, errors = program.run("--root " .. root .. " report")
    assert.equal(1, status)
    assert.equal("", output)
    assert.equal("pagewarden: proc/meminfo: it does not tell MemTotal\n", errors)
  end)

  it("says what root has no meminfo", function()
    local root = tree.new {}
    local status, output, errors = program.run("--root " .. root .. " report")
    assert.equal(1, status)
    assert.equal("", output)
    assert.equal("pagewarden: proc/meminfo: No such file or directory\n", errors)
  end)

  it("works for a user without privileges, and says what it could not see", function()
    if os.execute "test $(id -u) -eq 0 && command -v setpriv >/dev/null" == nil then
      return pending "needs root and setpriv"
    end
    local folder = tree.new { ["x/"] = "" }
    local build = program.quote(program.path:match "^(.*)/bin/")
    os.execute(("chmod 755 %s && cp -rL %s/bin %s/lib %s/share %s"):format(folder, build, build,
      build, folder))
    local output = assert(io.popen(("setpriv --reuid=65534 --regid=65534 --clear-groups "
      .. "%s/bin/pagewarden report 2>&1; echo status $?"):format(folder))):read "a"
    assert.matches("Where memory is", output)
    assert.matches("Not seen: the pss of %d+ of the largest processes", output)
    assert.matches("run as root", output)
    assert.matches("status 0\n$", output)
  end)
end)

describe("report PID", function()
  after_each(tree.remove_all)

  it("tells the measures of a process", function()
    local told = read(machines.healthy(), "100")
    assert.equal("/usr/bin/mysqld -v", told.command)
    assert.equal(90000 * 4096, told.memory.rss)
    assert.equal(90000 * 8192, told.memory.vsize)
    assert.equal(45000 * 4096, told.pages.pss)
    assert.equal(22500 * 4096, told.pages.uss)
    assert.equal(22500 * 4096, told.pages.private_dirty)
    assert.equal(700, told.oom_score)
  end)

  it("explains each measure, and what dirty means", function()
    local output = report(machines.healthy(), "100")
    for _, name in ipairs { "VIRT", "RES", "SHR", "PSS", "USS", "SWAP" } do
      assert.matches("\n  " .. name .. " +[%d.]+ %a+ +%a+", output)
    end
    assert.matches("does not%s+mean waiting to be written", output)
  end)

  it("sums the tree below it", function()
    local told = read(machines.healthy(), "200").tree
    assert.equal(2, told.totals.processes)
    assert.equal(2300 * 4096, told.totals.rss)
    assert.equal(1150 * 4096, told.totals.pss)
    assert.equal(1, told.rows[2].depth)
  end)

  it("says who the OOM killer never chooses", function()
    assert.matches("never chosen", report(machines.healthy(), "1"))
    assert.matches("never chosen", report(machines.healthy(), "200"))
    assert.is_nil(report(machines.healthy(), "100"):find "never chosen")
  end)

  it("does not invent memory for a kernel thread", function()
    assert.matches("no memory of its own", report(machines.healthy(), "2"))
  end)

  it("tells a pid that is gone, and what is no pid", function()
    local root = tree.new(machines.healthy())
    local status, _, errors = program.run("--root " .. root .. " report 4242")
    assert.equal(1, status)
    assert.equal("pagewarden: process 4242: No such process\n", errors)
    for _, word in ipairs { "abc", "0", "1.5" } do
      local usage, _, message = program.run("report " .. word)
      assert.equal(2, usage)
      assert.equal(("pagewarden: '%s' is not a process id\n"):format(word), message)
    end
  end)
end)
