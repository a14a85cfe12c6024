-- SPDX-License-Identifier: MIT
-- A real process, started here, ends: needs pidfds (Linux 5.3).
local loops = require "pagewarden.loop"
local proc = require "pagewarden.proc"

describe("a loop on real time", function()
  it("tells at once when a process exits, and only then ends", function()
    local loop <close> = assert(loops.new())
    local child <close> = assert(io.popen("echo $$; exec sleep 60", "r"))
    local pid = child:read "n"
    local process = assert(proc.process(pid))
    local seen
    local handle, message, _, kind = loop:on_exit(process, function(event) seen = event end)
    if kind == "unsupported" then return pending(message) end
    assert(handle, message)
    loop:after(10, function() loop:stop() end, { background = true })
    os.execute("kill " .. pid)
    assert.is_true(loop:run())
    assert.same({ pid = pid, start_time = process.start_time }, seen)
  end)
end)
