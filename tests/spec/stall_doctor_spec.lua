-- SPDX-License-Identifier: MIT
-- The recipe `stall-doctor`: a verdict, and the evidence for it.
local stall = require "pagewarden.recipe.stall"
local testing = require "pagewarden.testing"

local PAGE <const> = 4096


local function write_vmstat(world, counters)
  local lines = {}
  for name, value in pairs(counters) do
    lines[#lines + 1] = ("%s %d\n"):format(name, value)
  end
  world:write("proc/vmstat", table.concat(lines))
end


local function write_pressure(world, resource, microseconds)
  world:write("proc/pressure/" .. resource, ("some avg10=0 avg60=0 avg300=0 total=%d\n"
    .. "full avg10=0 avg60=0 avg300=0 total=%d\n"):format(microseconds, microseconds // 2))
end


--- A disk that has read so many sectors, and that has so many requests now.
local function write_disk(world, sectors, in_flight, busy_ms)
  local numbers = ("%d 0 %d %d 0 0 0 0 %d %d %d\n"):format(sectors // 8, sectors, busy_ms,
    in_flight, busy_ms, busy_ms)
  world:write("proc/diskstats", "   8 0 sda " .. numbers .. "   8 1 sda1 " .. numbers)
end


--- Lets a task wait in these functions of the kernel.
local function let_wait(world, comm, functions)
  local p = world:spawn { comm = comm, state = "D" }
  world:after(0, function()
    local lines = {}
    for i, name in ipairs(functions) do
      lines[i] = ("[<0>] %s+0x12/0x340\n"):format(name)
    end
    world:write(("proc/%d/stack"):format(p.pid), table.concat(lines))
  end)
  return p
end


--- The verdict of a run, in which `begin` furnishes the world and `change` is called in its middle.
local function run(begin, change, options)
  local world = testing.new { script = "stall-doctor", options = options }
  begin(world)
  world:after("1s", function()
    if change then
      change(world)
    end
  end)
  world:run()
  world:stop()
  assert.no_trace(world)
  return world:logged("verdict")[1], world
end


describe("stall-doctor says", function()
  it("nothing, when nothing waits", function()
    local verdict, world = run(function() end)
    assert.same({ "nothing", 0, 0 }, { verdict.verdict, verdict.memory, verdict.io })
    assert.is_true(verdict.psi)
    assert.no_event(world, "task")
  end)

  it("nothing, when a task merely waits for its child", function()
    local verdict, world = run(function(world)
      let_wait(world, "make", { "kernel_clone", "__do_sys_vfork" })
    end)
    assert.equal("nothing", verdict.verdict)
    assert.event(world, "task", { cause = "other", looks = 15 })
  end)

  it("swap, when programs wait for memory and pages go out and in", function()
    local verdict, world = run(function(world)
      write_vmstat(world, { pswpin = 0, pswpout = 0, pgscan_direct = 0, workingset_refault_file = 0,
        workingset_refault_anon = 0 })
      let_wait(world, "kswapd0", { "rq_qos_wait", "swap_writepage", "balance_pgdat", "kswapd" })
    end, function(world)
      write_pressure(world, "memory", 1500000)
      write_pressure(world, "io", 1600000)
      write_vmstat(world, { pswpin = 3000, pswpout = 3000, pgscan_direct = 900,
        workingset_refault_file = 30, workingset_refault_anon = 2900 })
    end)
    assert.equal("swap", verdict.verdict)
    assert.is_true(math.abs(verdict.memory - 50) < 4)
    assert.event(world, "memory", {
      swapped_in = function(bytes) return math.abs(bytes - 1000 * PAGE) < 100 * PAGE end,
      refaulted_anon = function(bytes) return bytes > 800 * PAGE end,
    })
    assert.event(world, "task", { comm = "kswapd0", cause = "reclaim", wchan = "rq_qos_wait" })
  end)

  it("reclaim, when programs wait for memory and there is no swap", function()
    local verdict = run(function(world)
      write_vmstat(world, { pgscan_direct_normal = 0, workingset_refault = 0 })
    end, function(world)
      write_pressure(world, "memory", 900000)
      write_pressure(world, "io", 1000000)
      write_vmstat(world, { pgscan_direct_normal = 9000, workingset_refault = 5000 })
    end)
    assert.equal("reclaim", verdict.verdict)
  end)

  it("writeback, when more is dirty than writers may have", function()
    local dirty = { nr_dirty = 9000, nr_writeback = 2000, nr_dirty_threshold = 12000,
      nr_dirty_background_threshold = 6000 }
    local verdict, world = run(function(world)
      write_vmstat(world, dirty)
      let_wait(world, "dd", { "balance_dirty_pages", "balance_dirty_pages_ratelimited_flags" })
    end, function(world)
      write_pressure(world, "memory", 300000)
      write_pressure(world, "io", 2800000)
    end)
    assert.equal("writeback", verdict.verdict)
    assert.event(world, "writeback", { dirty = 11000 * PAGE, limit = 9000 * PAGE, looks = 15 })
    assert.event(world, "task", { comm = "dd", cause = "writeback" })
  end)

  it("disk, when programs wait for what they read", function()
    local verdict, world = run(function(world)
      write_disk(world, 0, 0, 0)
      let_wait(world, "cat", { "folio_wait_bit_common", "filemap_read", "vfs_read" })
    end, function(world)
      write_disk(world, 30000, 4, 2900)
      write_pressure(world, "io", 2900000)
    end)
    assert.equal("disk", verdict.verdict)
    assert.equal(1, #world:logged("disk")) -- and not its partition
    assert.event(world, "disk", { name = "sda", in_flight = 4,
      busy = function(busy) return busy > 90 end })
  end)

  it("disk, when one has requests and ends none", function()
    local verdict = run(function(world) write_disk(world, 800, 3, 100) end)
    assert.equal("disk", verdict.verdict)
    assert.matches("sda does not answer", verdict.message)
  end)

  for what, answers in pairs { ["that is trimmed"] = "%d 0 8192 9 0 0\n",
    ["that only flushes"] = "0 0 0 0 %d 9\n" } do
    it("nothing of a disk " .. what, function()
      local function write(world, count)
        world:write("proc/diskstats", "   8 0 sda 100 0 800 9 0 0 0 0 3 100 100 "
          .. answers:format(count))
      end
      local verdict, world = run(function(world) write(world, 5) end,
        function(world) write(world, 60) end)
      assert.equal("nothing", verdict.verdict)
      assert.event(world, "disk", { name = "sda", in_flight = 3, message = function(message)
        return message:find "waiting, none of them a read or a write that ended$"
      end })
    end)
  end

  it("lock, when tasks wait for each other and for nothing else", function()
    local verdict, world = run(function(world)
      let_wait(world, "evil) R 1\n\27[2J", { "rwsem_down_write_slowpath", "down_write", "vm_mmap" })
    end)
    assert.equal("lock", verdict.verdict)
    assert.event(world, "task", { comm = "evil) R 1\n\27[2J", cause = "lock" })
  end)
end)


describe("stall-doctor manages", function()
  local function remove_pressure(world)
    for _, resource in ipairs { "memory", "io", "cpu" } do
      os.remove(("%s/proc/pressure/%s"):format(world.path, resource))
      world.tree.files["proc/pressure/" .. resource] = nil
    end
  end

  it("without PSI, by how often somebody waits", function()
    local verdict = run(function(world)
      remove_pressure(world)
      let_wait(world, "cat", { "sleep_on_page", "__lock_page", "filemap_fault" })
    end)
    assert.same({ "disk", 100, false }, { verdict.verdict, verdict.io, verdict.psi })
  end)

  it("without PSI, by how often programs reclaim", function()
    local counters = { allocstall = 0, pgscan_direct_dma32 = 0, pswpin = 0, pswpout = 0 }
    local verdict = run(function(world)
      remove_pressure(world)
      write_vmstat(world, counters)
      local ticking = world:every("50ms", function()
        counters.allocstall, counters.pswpout = counters.allocstall + 1, counters.pswpout + 99
        write_vmstat(world, counters)
      end)
      world:after("2900ms", function() ticking:cancel() end)
    end)
    assert.equal("swap", verdict.verdict)
    assert.is_true(verdict.memory > 90)
  end)

  it("by one function when the stack may not be read", function()
    local verdict, world = run(function(world)
      local p = world:spawn { comm = "sync", state = "D" }
      world:after(0, function()
        world:write(("proc/%d/wchan"):format(p.pid), "wb_wait_for_completion")
      end)
    end)
    assert.equal("writeback", verdict.verdict)
    assert.event(world, "task", { wchan = "wb_wait_for_completion", cause = "writeback" })
  end)

  it("to say that it does not know, where nothing may be read", function()
    local verdict, world = run(function(world) world:spawn { comm = "other", state = "D" } end)
    assert.equal("unknown", verdict.verdict)
    assert.event(world, "task", { cause = "unseen" })
  end)

  --- A process whose first thread goes on while another waits. Unlike the kernel's, this root has
  --- threads among the processes: there it goes on, and has no others.
  local function let_thread_wait(world, threads)
    local p = world:spawn { comm = "mysqld", threads = threads }
    world:after(0, function()
      local stat = world.tree.files[("proc/%d/stat"):format(p.pid)]
      world:write(("proc/%d/task/%d/stat"):format(p.pid, p.pid), stat)
      world:write(("proc/%d/task/4242/stat"):format(p.pid),
        (stat:gsub("^%d+ (.-%) )S", "4242 %1D")))
      world:write("proc/4242/stat", (stat:gsub("^%d+", "4242")
        :gsub(" " .. threads .. " ", " 1 ", 1)))
      world:write("proc/4242/stack", "[<0>] jbd2_log_wait_commit+0x1/0x2\n")
      world:write("proc/4242/wchan", "0")
    end)
  end

  it("a thread that waits while the first of its process does not", function()
    local verdict, world = run(function(world) let_thread_wait(world, 2) end)
    assert.equal("writeback", verdict.verdict)
    assert.event(world, "task", { pid = 4242, comm = "mysqld", wchan = "jbd2_log_wait_commit",
      looks = 15 })
  end)

  it("more threads than it looks at at once, one lot after the other", function()
    for waiting = 1, 8 do
      local verdict, world = run(function(world)
        for i = 1, 8 do
          if i == waiting then
            let_thread_wait(world, 1500)
          else
            world:spawn { comm = "idle", threads = 1500 }
          end
        end
      end)
      assert.equal("writeback", verdict.verdict)
      assert.is_nil(verdict.threads_left)
      assert.event(world, "task", { pid = 4242,
        looks = function(looks) return looks == 3 or looks == 4 end })
    end
  end)

  it("to say that there was no time for all threads, rather than that nobody waits", function()
    local verdict = run(function(world)
      for _ = 1, 40 do
        world:spawn { comm = "idle", threads = 1500 }
      end
    end)
    assert.same({ "unknown", 10 * 1499 }, { verdict.verdict, verdict.threads_left })
    assert.matches("^unknown: nobody is known to wait, but there was no time for 14990 threads",
      verdict.message)
  end)

  it("many tasks, of which it shows those that wait longest", function()
    local verdict, world = run(function(world)
      for i = 1, 100 do
        world:spawn { comm = "w" .. i, state = "D" }
      end
    end)
    assert.equal("unknown", verdict.verdict)
    assert.equal(8, #world:logged("task"))
  end)

  it("to go on watching", function()
    local world = testing.new { script = "stall-doctor", options = { watch = true, every = "7s" } }
    world:advance "25s"
    assert.equal(3, #world:logged("verdict"))
    world:stop()
    assert.no_trace(world)
  end)
end)


describe("a task waits for", function()
  for cause, stacks in pairs {
    reclaim = { { "io_schedule", "shrink_lruvec", "try_to_free_pages", "do_swap_page" },
      { "throttle_direct_reclaim" }, { "reclaim_throttle", "shrink_node" } },
    swap = { { "folio_wait_bit_common", "do_swap_page", "__handle_mm_fault" },
      { "io_schedule", "swap_readpage", "swapin_readahead" } },
    writeback = { { "balance_dirty_pages" }, { "io_schedule", "jbd2_journal_commit_transaction" },
      { "jbd2_log_wait_commit", "ext4_sync_file", "do_fsync" }, { "wb_wait_for_completion" },
      { "rq_qos_wait", "blk_mq_submit_bio", "wb_writeback" } },
    disk = { { "folio_wait_bit_common", "filemap_fault" }, { "blk_mq_get_tag" },
      { "submit_bio_wait" }, { "__iomap_dio_rw", "iomap_dio_rw", "ext4_file_write_iter" } },
    lock = { { "rwsem_down_read_slowpath", "down_read", "do_user_addr_fault" },
      { "schedule", "__mutex_lock", "ext4_sync_file" },
      { "percpu_rwsem_wait", "__percpu_down_read" }, { "ext4_buffered_write_iter", "vfs_write" },
      { "do_user_addr_fault", "exc_page_fault" } },
  } do
    for _, functions in ipairs(stacks) do
      it(("%s in %s"):format(cause, table.concat(functions, " < ")), function()
        assert.equal(cause, stall.cause_of(functions))
      end)
    end
  end

  it("nothing that is known, when it is none of these", function()
    assert.is_nil(stall.cause_of { "kernel_clone", "__do_sys_vfork" })
    assert.is_nil(stall.cause_of {})
  end)
end)
