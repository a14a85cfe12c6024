local program = require "program"

describe("the command line", function()
  it("says its version, Lua's and the kernel's", function()
    local status, output = program.run "--version"
    assert.equal(0, status)
    assert.matches("^pagewarden %d+%.%d+%.%d+ %(Lua 5%.4%.%d+, Linux %d+%.%d+.*%)\n$", output)
  end)

  it("shows help for itself and for each command", function()
    local status, output = program.run "--help"
    assert.equal(0, status)
    assert.matches("Commands:.*completion", output)
    status, output = program.run "completion --help"
    assert.equal(0, status)
    assert.matches("Usage: pagewarden completion", output)
  end)

  it("fits its help into 40 columns", function()
    local status, output = program.run("--help", "COLUMNS=40")
    assert.equal(0, status)
    for line in output:gmatch "[^\n]+" do
      assert.is_true(#line <= 40, line)
    end
  end)

  it("reports when no command is given", function()
    local status, output = program.run "--color never"
    local _, reported = program.run "report --color never"
    local headings = "\n(%a[%a ]+)\n"
    assert.equal(0, status)
    assert.equal(reported:match(headings), output:match(headings))
    assert.is_truthy(output:match(headings))
  end)

  local mistakes = {
    ["an unknown command"] = { "complteion",
      "unknown command 'complteion' (did you mean 'completion'?)" },
    ["an unknown option"] = { "--jsno", "unknown option '--jsno' (did you mean '--json'?)" },
    ["an unknown option of a command"] = { "completion bash --colour",
      "unknown option '--colour' (did you mean '--color'?)" },
    ["nothing like any command"] = { "xyzzyplugh",
      "unknown command 'xyzzyplugh'; pagewarden --help lists what there is" },
    ["a missing argument"] = { "completion", "missing argument 'shell'" },
    ["a wrong choice"] = { "--color=sometimes completion bash",
      "argument for option '--color' must be one of 'auto', 'always', 'never'" },
  }
  for what, case in pairs(mistakes) do
    it("answers " .. what .. " with one line and status 2", function()
      local status, output, errors = program.run(case[1])
      assert.equal("pagewarden: " .. case[2] .. "\n", errors)
      assert.equal("", output)
      assert.equal(2, status)
    end)
  end

  it("is quiet when the reader of its output has seen enough", function()
    local status, output, errors = program.run "completion bash | head -1"
    assert.equal(0, status)
    assert.equal(1, select(2, output:gsub("\n", "")))
    assert.equal("", errors)
    local gone = ("( sleep 0.1; %s completion bash ) | true"):format(program.path)
    local _, _, late = os.execute("bash -o pipefail -c " .. program.quote(gone))
    assert.equal(0, late)
  end)

  it("fails when its output cannot be written", function()
    local errors = os.tmpname()
    local _, _, status = os.execute(program.path .. " --version >/dev/full 2>" .. errors)
    local file <close> = io.open(errors)
    assert.equal("pagewarden: standard output cannot be written\n", file:read "a")
    assert.equal(1, status)
    os.remove(errors)
  end)

  it("prints completion scripts that the shell accepts", function()
    local status = program.run "completion bash | bash -n"
    assert.equal(0, status)
  end)

  it("does not look for modules in the working directory", function()
    local folder = os.tmpname()
    os.remove(folder)
    os.execute(("mkdir -p %s/pagewarden && echo 'error \"mine\"' >%s/argparse.lua"):format(folder,
      folder))
    local _, _, status = os.execute(("cd %s && %s --version >/dev/null"):format(folder,
      program.path))
    os.execute("rm -r " .. folder)
    assert.equal(0, status)
  end)
end)
