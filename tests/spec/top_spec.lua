-- SPDX-License-Identifier: MIT
-- `pagewarden top`: what it measures, what fits a terminal, and how it leaves the terminal.
local page = require "pagewarden.top.page"
local proc = require "pagewarden.proc"
local process = require "pagewarden.testing.process"
local program = require "program"
local pseudo_terminal = require "pseudo_terminal"
local sampler = require "pagewarden.top.sampler"
local trees = require "pagewarden.testing.tree"

local MIB <const> = 1 << 20


--- What a policy's clock would say: it stands still, so that no reading takes any time.
local function standing_clock()
  return 0
end


describe("a sample for top", function()
  local tree, reader, taken

  local function live(pid, given, start_time)
    for name, contents in pairs(process.files(process.new(pid, start_time or pid, given))) do
      tree:write(("proc/%d/%s"):format(pid, name), contents)
    end
  end

  local function look(now, by, count)
    return assert(taken:look(now, {
      by = by, count = count or 10, swap_used = true, clock = standing_clock,
    }))
  end

  local function pids(sample)
    local list = {}
    for i, row in ipairs(sample.rows) do
      list[i] = row.pid
    end
    return list
  end

  before_each(function()
    tree = trees.new()
    live(10, { comm = "large", rss_anon = 30 * MIB })
    live(20, { comm = "swapped", rss_anon = 10 * MIB, swap = 50 * MIB })
    live(30, { comm = "small", rss_anon = MIB })
    reader = assert(proc.open(tree.path, { page_size = process.PAGE_SIZE }))
    taken = sampler.new(reader)
  end)

  after_each(function()
    reader:close()
    tree:remove()
  end)

  it("has the largest first, and no more than fit", function()
    assert.same({ 10, 20 }, pids(look(0, "rss", 2)))
    assert.same({ 20, 10, 30 }, pids(look(1, "swap")))
    assert.equal(3, look(2, "rss", 1).processes)
  end)

  it("counts growth from the first look at a process, in memory and in swap", function()
    look(0, "rss")
    live(30, { comm = "small", rss_anon = 2 * MIB, swap = MIB })
    live(40, { comm = "new", rss_anon = 8 * MIB })
    look(2, "growth")
    live(30, { comm = "small", rss_anon = 4 * MIB, swap = MIB })
    local first = look(4, "growth").rows[1]
    assert.same({ 30, 4 * MIB, MIB }, { first.pid, first.growth, first.change })
  end)

  it("counts swap in the growth of what is shown, though it is not read of all", function()
    look(0, "rss", 1)
    live(10, { comm = "large", rss_anon = 20 * MIB, swap = 15 * MIB })
    local first = look(2, "rss", 1).rows[1]
    assert.same({ 10, 5 * MIB, 15 * MIB, 2.5 * MIB },
      { first.pid, first.growth, first.swap, first.change })
  end)

  it("does not take a process for another that had its pid", function()
    look(0, "rss")
    live(30, { comm = "other", rss_anon = 90 * MIB }, 777)
    assert.equal(0, look(1, "rss").rows[1].growth)
  end)

  it("begins to count anew when told to", function()
    look(0, "rss")
    live(30, { comm = "small", rss_anon = 9 * MIB })
    look(1, "growth")
    taken:forget()
    local sample = look(2, "growth")
    assert.same({ 0, 2 }, { sample.rows[1].growth, sample.since })
  end)

  it("reads pss only of those that could come first by it", function()
    live(10, { comm = "large", rss_anon = 5 * MIB, rss_shmem = 25 * MIB })
    tree:write("proc/10/smaps_rollup", "0-1 ---p 00000000 00:00 0 [rollup]\nPss: 6144 kB\n")
    tree:write("proc/30/smaps_rollup", "not to be read")
    local sample = look(0, "pss", 2)
    assert.same({ 20, 10 }, pids(sample))
    assert.same({ 6 * MIB, 0 }, { sample.rows[2].pss, sample.pss_unread })
  end)

  it("goes without pss where it takes too long", function()
    local now = 0
    local function passing_clock()
      now = now + 1
      return now
    end
    local sample = assert(taken:look(0, { by = "pss", count = 1, clock = passing_clock }))
    assert.equal(3, sample.pss_unread)
  end)
end)


describe("a page of top", function()
  local function plain(_, text)
    return text
  end

  local function row(given)
    local made = { pid = 7, comm = "a", uid = 0, rss = 2 * MIB, swap = 0, growth = 0, change = 0 }
    for name, value in pairs(given or {}) do
      made[name] = value
    end
    return made
  end

  local function lines(rows, view, machine)
    return page.lines({ rows = rows, processes = #rows, since = 0 }, machine or {
      memory = { MemTotal = 8 << 30, MemFree = 1 << 30, MemAvailable = 4 << 30, SwapTotal = 0 },
      pressure = { memory = { some = { avg10 = 1.5 }, full = { avg10 = 0 } } },
    }, { by = view.by or "rss", width = view.width or 80, height = view.height or 24,
      user = function() return "root" end, paint = plain }, 60)
  end

  it("tells of the machine and of each process", function()
    local shown = table.concat(lines({ row { growth = MIB, change = -2 * MIB } }, {}), "\n")
    assert.matches("memory 4 GiB of 8 GiB available   no swap", shown, 1, true)
    assert.matches("pressure memory some 1.5% full 0%", shown, 1, true)
    assert.matches("7  root  2 MiB   0 B  +1 MiB    -2 MiB  a", shown, 1, true)
  end)

  it("fits any size, down to a single line", function()
    local rows = {}
    for i = 1, 50 do
      rows[i] = row { pid = i, comm = ("x"):rep(15) }
    end
    for _, size in ipairs { { 80, 24 }, { 45, 6 }, { 200, 1 }, { 20, 8 } } do
      local shown = lines(rows, { width = size[1], height = size[2] })
      assert.is_true(#shown <= size[2])
      for _, line in ipairs(shown) do
        assert.is_true(utf8.len(line) <= size[1], line)
      end
    end
  end)

  it("shows names as they are safe to see", function()
    local shown = table.concat(lines({ row { comm = "evil\27[2J\n" } }, {}), "\n")
    assert.matches("evil\\x1B[2J\\n", shown, 1, true)
  end)

  it("says what a kernel does not tell", function()
    local shown = table.concat(lines({ row() }, {}, {
      memory = { MemTotal = 8 << 30, MemFree = 1 << 30 },
    }), "\n")
    assert.matches("memory 1 GiB of 8 GiB free", shown)
    assert.matches("pressure: this kernel does not tell", shown)
  end)
end)


describe("pagewarden top", function()
  it("shows itself once where there is no terminal", function()
    local status, output = program.run "top --rows 2"
    assert.equal(0, status)
    assert.matches("^ *PID  USER +RSS +SWAP +GROWTH +CHANGE/s  COMMAND\n[^\n]+\n[^\n]+\n$", output)
    status, output = program.run "top --rows 1 --by pss --json"
    assert.equal(0, status)
    assert.matches('^{"change":.*"pss":%d+.*}\n$', output)
  end)

  for line, complaint in pairs {
    ["--interval 3"] = "--interval: expected a duration of at least 100ms, found '3'",
    ["--rows 0"] = "--rows: expected at least 1, found 0",
    ["--rows many"] = "malformed argument 'many'",
    ["--by size"] = "argument for option '--by' must be one of",
  } do
    it("refuses " .. line, function()
      local status, output, errors = program.run("top " .. line)
      assert.same({ 2, "" }, { status, output })
      assert.matches(complaint, errors, 1, true)
    end)
  end

  local function start()
    local terminal = pseudo_terminal.start(program.path .. " top --interval 100ms")
    terminal:await "by rss"
    return terminal
  end

  it("changes its order by keys, and ends on q with the terminal as it was", function()
    local terminal <close> = start()
    local raw = terminal:modes()
    terminal:press "s"
    terminal:await "by swap"
    terminal:press "G"
    terminal:await "by growth"
    terminal:press "q"
    assert.same({ "exited", 0 }, { terminal:wait() })
    assert.matches("\27[?1049l", terminal.shown, 1, true)
    assert.not_equal(raw, terminal:modes())
  end)

  it("fits the terminal again when its size has changed", function()
    local terminal <close> = start()
    terminal:resize(70, 8)
    terminal:await "\27[J"
    repeat
      local drawn = terminal:await "\27[J"
      local _, count = drawn:gsub("\n", "")
    until count == 7
    terminal:press "q"
    assert.same({ "exited", 0 }, { terminal:wait() })
  end)

  it("gives the terminal back while it is stopped, and comes back", function()
    local terminal <close> = start()
    local raw = terminal:modes()
    terminal:press "\26" -- Ctrl-Z
    terminal:await_stop()
    assert.not_equal(raw, terminal:modes())
    terminal:signal "SIGCONT"
    terminal:await "\27[?1049h"
    terminal:await "by rss"
    assert.equal(raw, terminal:modes())
    terminal:press "q"
    assert.same({ "exited", 0 }, { terminal:wait() })
  end)

  it("gives the terminal back on Ctrl-C", function()
    local terminal <close> = start()
    terminal:press "\3"
    assert.same({ "exited", 0 }, { terminal:wait() })
    assert.matches("\27[?1049l", terminal.shown, 1, true)
  end)
end)
