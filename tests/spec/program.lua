-- SPDX-License-Identifier: MIT
--- Runs the executable of this build tree, for the specs.
local program = {}

program.path = assert(os.getenv "PW_BUILD_DIR", "PW_BUILD_DIR names the build tree")
  .. "/bin/pagewarden"


local function contents(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


--- Quotes a word for the shell.
function program.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end


--- Runs a command line after the program's name, as bash reads it: redirections and pipes work, and
--- the status is the first that is not 0.
---@param line string
---@param environment string? such as `"COLUMNS=40"`
---@return integer status, string output, string errors
function program.run(line, environment)
  local output, errors = os.tmpname(), os.tmpname()
  local script = ("env %s %s %s"):format(environment or "", program.path, line)
  local _, _, status = os.execute(("bash -o pipefail -c %s >%s 2>%s"):format(program.quote(script),
    output, errors))
  local out, err = contents(output), contents(errors)
  os.remove(output)
  os.remove(errors)
  return status, out, err
end


return program
