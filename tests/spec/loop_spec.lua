local loops = require "pagewarden.loop"

local function virtual()
  return assert(loops.new { virtual = true })
end

describe("a virtual loop", function()
  it("fires timers in order and jumps over the time between", function()
    local loop <close> = virtual()
    local seen = {}
    loop:after(3600, function() seen[#seen + 1] = { "late", loop:now() } end)
    loop:after(0.5, function() seen[#seen + 1] = { "soon", loop:now() } end)
    assert.is_true(loop:run())
    assert.same({ { "soon", 0.5 }, { "late", 3600.0 } }, seen)
  end)

  it("advances to a moment and no further", function()
    local loop <close> = virtual()
    local ticks = 0
    loop:every(10, function() ticks = ticks + 1 end)
    loop:advance(35)
    assert.equal(3, ticks)
    assert.equal(35.0, loop:now())
  end)

  it("starts where it is told to", function()
    local loop <close> = loops.new { virtual = true, now = 1000 }
    assert.equal(1000.0, loop:now())
  end)

  it("ends run when only background timers are left", function()
    local loop <close> = virtual()
    loop:every(1, function() error "never" end, { background = true })
    loop:after(0.5, function() end)
    assert.is_true(loop:run())
    assert.equal(0.5, loop:now())
  end)

  it("lets a callback cancel its own timer, and a timer end with its scope", function()
    local loop <close> = virtual()
    local count = 0
    local timer
    timer = loop:every(1, function()
      count = count + 1
      if count == 3 then timer:cancel() end
    end)
    do
      local scoped <close> = loop:after(2, function() error "cancelled" end)
      assert.is_not_nil(scoped)
    end
    assert.is_true(loop:run())
    assert.equal(3, count)
    timer:cancel()
  end)

  it("keeps a timer that nobody holds", function()
    local loop <close> = virtual()
    local fired = false
    loop:after(1, function() fired = true end)
    collectgarbage()
    collectgarbage()
    loop:run()
    assert.is_true(fired)
  end)

  it("lets go of a timer that has fired", function()
    local loop <close> = virtual()
    local weak = setmetatable({}, { __mode = "v" })
    do
      local big = {}
      weak[1] = big
      loop:after(1, function() return big end)
    end
    loop:run()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("makes no garbage for a tick", function()
    local loop <close> = virtual()
    local ticks = 0
    loop:every(1, function() ticks = ticks + 1 end)
    loop:advance(10)
    collectgarbage()
    collectgarbage "stop"
    local before = collectgarbage "count"
    loop:advance(10000)
    local after = collectgarbage "count"
    collectgarbage "restart"
    assert.equal(10010, ticks)
    assert.is_true(after - before < 0.5, ("%.1f KiB for 10000 ticks"):format(after - before))
  end)

  it("raises what a callback raised, with a traceback, and can go on", function()
    local loop <close> = virtual()
    local later = false
    loop:after(1, function() error "broken on purpose" end)
    loop:after(2, function() later = true end)
    local ok, message = pcall(loop.run, loop)
    assert.is_false(ok)
    assert.matches("loop_spec.lua:%d+: broken on purpose", message)
    assert.matches("stack traceback", message)
    assert.is_true(loop:run())
    assert.is_true(later)
  end)

  it("refuses to run inside itself", function()
    local loop <close> = virtual()
    loop:after(1, function() loop:run() end)
    assert.error_matches(function() loop:run() end, "running already")
  end)

  it("is collected with its timers when nobody has it any more", function()
    local weak = setmetatable({ virtual() }, { __mode = "v" })
    weak[1]:every(1, function() return weak end)
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)
end)

describe("a loop", function()
  it("names a wrong argument", function()
    local loop <close> = virtual()
    assert.error_matches(function() loop:every(0, print) end, "bad argument #1 to 'every'")
    assert.error_matches(function() loop:after(-1, print) end, "outside 0")
    assert.error_matches(function() loop:after(0 / 0, print) end, "outside 0")
    assert.error_matches(function() loop:after(1) end, "function expected")
    assert.error_matches(function() loop:after(1, print, { backgroud = true }) end,
      "unknown field 'backgroud' %(did you mean 'background'%?%)")
    assert.error_matches(function() loops.new { virtaul = true } end, "did you mean 'virtual'")
    assert.error_matches(function() loop:on_signal({ "SIGFOO" }, print) end, "SIGFOO")
  end)

  it("refuses to work when closed, but may be closed again", function()
    local loop = virtual()
    local timer = loop:every(1, print)
    loop:close()
    loop:close()
    timer:cancel()
    assert.error_matches(function() loop:now() end, "loop is closed")
  end)

  it("delivers signals by name, and lets them through again afterwards", function()
    local loop <close> = assert(loops.new())
    local pid = io.open("/proc/self/stat"):read "n"
    local seen = {}
    local signals = loop:on_signal({ "SIGUSR1", "SIGUSR2" }, function(name)
      seen[#seen + 1] = name
      if #seen == 2 then loop:stop() end
    end)
    loop:after(30, function() error "no signal came" end)
    os.execute(("kill -USR1 %d; kill -USR2 %d"):format(pid, pid))
    loop:run()
    table.sort(seen)
    assert.same({ "SIGUSR1", "SIGUSR2" }, seen)
    signals:cancel()
    local blocked = io.open("/proc/self/status"):read("a"):match "SigBlk:%s*(%x+)"
    assert.equal(0, tonumber(blocked, 16) & (1 << 9 | 1 << 11))
  end)

  it("keeps real time", function()
    local loop <close> = assert(loops.new())
    local started = loop:now()
    loop:after(0.02, function() end)
    assert.is_true(loop:run())
    assert.is_true(loop:now() - started >= 0.02)
    assert.error_matches(function() loop:advance(1) end, "not virtual")
  end)
end)
