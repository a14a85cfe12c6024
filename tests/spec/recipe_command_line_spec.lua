-- SPDX-License-Identifier: MIT
-- `pagewarden.recipe.command_line`: what a shell makes of it is what was meant.
local command_line = require "pagewarden.recipe.command_line"


--- What bash passes on as the arguments of this line.
local function as_bash_sees(line)
  local file = os.tmpname()
  local script <close> = assert(io.open(file, "w"))
  script:write("printf '%s\\0' ", line, "\n")
  script:flush()
  local pipe <close> = assert(io.popen("bash " .. file))
  local words = {}
  for word in pipe:read("a"):gmatch "([^%z]*)%z" do
    words[#words + 1] = word
  end
  os.remove(file)
  return words
end


describe("a command line", function()
  it("is as plain as it can be", function()
    assert.equal("/usr/bin/java -Xmx2g '-Dname=a b' 'it'\\''s' ''",
      command_line.join { "/usr/bin/java", "-Xmx2g", "-Dname=a b", "it's", "" })
  end)

  it("is what was meant, whatever the bytes", function()
    if not os.execute "command -v bash >/dev/null" then
      pending "bash is not installed"
      return
    end
    local every = {}
    for byte = 1, 255 do
      every[byte] = string.char(byte)
    end
    local words = { table.concat(every), "$(reboot)", "`reboot`", "; reboot", "a\nb", "\27[2J", "'",
      "\\", "\\'", "*", "~root", "=ls", "#no", "!!", "", "\xe2\x80\xae", "a\\nb", "é", "{a,b}" }
    assert.same(words, as_bash_sees(command_line.join(words)))
  end)

  it("has nothing in it that moves a terminal's cursor", function()
    assert.equal("$'evil\\012\\033[2J'", command_line.quote "evil\n\27[2J")
  end)
end)


describe("a process could be started again", function()
  local again = command_line.again

  it("by its file and its arguments", function()
    assert.same({ "/usr/bin/python3.11", "x" }, again("/usr/bin/python3.11", { "python3", "x" }))
    assert.same({ "/bin/bash" }, again("/bin/bash", { "-bash" }))
    assert.same({ "/bin/awk", "1" }, again("/usr/bin/mawk", { "/bin/awk", "1" }))
  end)

  for name, case in pairs {
    ["it calls itself 'nginx: master process', and its arguments may be others by now"] =
      { "/usr/sbin/worker", { "nginx: master process" } },
    ["it calls itself sh, and its arguments may be others by now"] = { "/bin/busybox", { "sh" } },
    ["its file was replaced or removed since it was started"] = { "/bin/a (deleted)", { "a" } },
    ["it has no arguments to read"] = { "/bin/a", {} },
  } do
    it("but not when " .. name, function()
      local words, problem = again(case[1], case[2])
      assert.is_nil(words)
      assert.equal(name, problem)
    end)
  end
end)
