-- SPDX-License-Identifier: MIT
-- This machine's own kernel and processes are looked at, and nothing is changed.
local oom = require "pagewarden.oom"

--- Starts a process that does nothing; it ends with `child`.
local function start()
  local child = assert(io.popen("echo $$; exec sleep 60"))
  return child, child:read "n"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

describe("oom.victims", function()
  it("rates processes as the kernel does", function()
    local compared = 0
    for _, victim in ipairs(assert(oom.victims { top = 1000 })) do
      local score = oom.score(victim.pid)
      if score and score > 0 then -- else it has ended
        assert.near(score, victim.oom_score, 2, victim.comm) -- it may have grown meanwhile
        compared = compared + 1
      end
    end
    assert.is_true(compared > 0)
  end)
end)

describe("oom.tree", function()
  local child, pid, path

  before_each(function()
    child, pid = start()
    path = os.tmpname()
    write(path, pid)
  end)

  after_each(function()
    os.execute("kill " .. pid)
    child:close()
    os.remove(path)
  end)

  it("believes a pid file that the process could have written", function()
    assert.equal(pid, assert(oom.tree { pid_file = path })[1].pid)
  end)

  it("does not believe one that is older than the process", function()
    assert(os.execute("touch -d '1 hour ago' " .. path))
    local found, message, _, kind = oom.tree { pid_file = path }
    assert.is_nil(found)
    assert.equal(("pid file %s: it is older than the process that has its pid now"):format(path),
      message)
    assert.equal("gone", kind)
  end)

  it("does not believe one of another user's", function()
    if not os.execute("chown 65534 " .. path .. " 2>/dev/null") then
      return pending "only root gives files away"
    end
    assert.equal("denied", select(4, oom.tree { pid_file = path }))
  end)

  it("does not wait for a pipe", function()
    os.remove(path)
    assert(os.execute("mkfifo " .. path))
    assert.is_nil((oom.tree { pid_file = path }))
  end)
end)
