-- SPDX-License-Identifier: MIT
-- What holds for every policy that comes with pagewarden.
local command_line = require "pagewarden.cli.command_line"
local policy = require "pagewarden.policy"
local program = require "program"
local scripts = require "pagewarden.scripts"
local testing = require "pagewarden.testing"

local bundled = scripts.bundled { prefix = os.getenv "PW_BUILD_DIR" }

--- System calls that change something somewhere else than in the program's own memory.
local CHANGING = "openat,open,creat,write,pwrite64,writev,sendto,sendmsg,truncate,ftruncate,unlink,"
  .. "unlinkat,rename,renameat,renameat2,mkdir,mkdirat,kill,tgkill,pidfd_send_signal,swapon,"
  .. "swapoff,mount"

--- Opening to read changes nothing; what is written to the program's own output, or to a descriptor
--- that is no file, goes nowhere else. A pressure trigger is the descriptor's, and ends with it.
local function is_harmless(call)
  return call:find "O_RDONLY" or call:find "O_PATH" or call:find "^%S+ +write%([12]<"
    or call:find '"/proc/self/fd/[12]"'
    or call:find "^%S+ +write%(%d+</dev/null>" or call:find "^%S+ +write%(%d+<anon_inode:"
    or call:find "^%S+ +write%(%d+<pipe:"
    or call:find '^%S+ +openat%(%d+</>, "proc/pressure/%l+", O_RDWR'
    or call:find "^%S+ +write%(%d+</proc/pressure/"
end

--- Whether a message is why a policy does not want to run here, and not where its code is wrong.
local function is_refusal(message)
  return #message > 0 and not message:find "\n." and not message:find "%.lua:%d"
end


--- What a one-shot recipe does stays, so only what it would do leaves no trace.
local function keeps(script)
  local loaded <close> = assert(policy.load(script.path))
  return table.concat(loaded.tags, " "):find("one-shot", 1, true) ~= nil
end


--- Lets an hour pass, unless the policy refuses the machine.
local function live(world)
  local ok, message = pcall(world.advance, world, "1h")
  if not ok then
    assert.is_true(is_refusal(message:match " failed: (.*)$" or message), message)
  end
end

local parser = command_line.new { { "run", require "pagewarden.cli.run" } }


--- The words of a command line as a shell sees them, which may quote with '.
local function words_of(line)
  local words = {}
  local joined = line:gsub("'.-'", function(quoted) return quoted:gsub(" ", "\0") end)
  for word in joined:gmatch "%S+" do
    words[#words + 1] = word:gsub("'", ""):gsub("%z", " ")
  end
  return words
end


describe("every bundled policy", function()
  it("is found", function()
    assert.is_true(#bundled > 0)
  end)

  for _, script in ipairs(bundled) do
    for name, root in pairs { ["a machine at rest"] = false, ["a captured one"] =
      "tests/fixtures/idle-4g" } do
      for _, pressed in ipairs { false, true } do
        it(("%s leaves no trace after an hour on %s%s"):format(script.name, name,
          pressed and " under pressure" or ""), function()
          local world <close> = testing.new { script = script.path, root = root or nil,
            dry_run = keeps(script) }
          if pressed then
            world:every("1m", function()
              world:pressure { resource = "memory", kind = "some", total = 1000000, avg10 = 60 }
            end)
          end
          live(world)
          world:stop()
          assert.no_trace(world)
        end)
      end
    end

    it(script.name .. " has a description, and examples that it takes", function()
      local loaded <close> = assert(policy.load(script.path))
      assert.is_truthy(loaded.description)
      assert.is_true(#loaded.examples > 0)
      for _, example in ipairs(loaded.examples) do
        local arguments = assert(parser:parse(words_of(assert(example:match "^pagewarden (.*)"))))
        assert.equal(script.name, arguments.name)
        local fresh <close> = assert(policy.load(script.path))
        assert(fresh:set_options { { name = "-o", words = arguments.option } })
      end
    end)

    it(script.name .. " writes nothing but its output in dry run", function()
      if not os.execute "command -v strace >/dev/null" then
        pending "strace is not installed"
        return
      end
      local trace = os.tmpname()
      local run <close> = assert(io.popen(("strace -f -y -qq -e trace=%s -o %s %s run %s --dry-run "
        .. "--for 500ms 2>&1 >/dev/null"):format(CHANGING, trace, program.path, script.name)))
      local complaint = run:read "a"
      assert.is_true(run:close() or is_refusal(complaint), complaint)
      local seen, harmful = 0, {}
      for call in io.lines(trace) do
        seen = seen + 1
        harmful[#harmful + 1] = not is_harmless(call) and call or nil
      end
      os.remove(trace)
      assert.is_true(seen > 0)
      assert.are.same({}, harmful)
    end)
  end
end)
