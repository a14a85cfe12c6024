-- SPDX-License-Identifier: MIT
--- `pagewarden new NAME`: writes a policy that works, and its spec, for somebody to go on from.
-- @module pagewarden.cli.new
local errno = require "posix.errno"
local exit = require "pagewarden.cli.exit"
local fcntl = require "posix.fcntl"
local unistd = require "posix.unistd"

local new = { summary = "Write a policy and its spec to start from" }

--- The name that the templates bear.
local PLACEHOLDER = "my%-policy"


function new.define(parser)
  parser:argument "name"
    :description "The policy's name: lower-case letters, digits and hyphens."
  parser:option "--dir"
    :argname "DIR"
    :default "."
    :description "The folder to write NAME.lua and NAME_spec.lua into (default: this one)."
end


--- A template with the policy's name in it. The licence is for its author to choose.
local function fill(template, name)
  local path = assert(package.searchpath("pagewarden.template." .. template, package.path))
  local file <close> = assert(io.open(path, "rb"))
  return (file:read "a":gsub("^%-%- SPDX[^\n]*\n", ""):gsub(PLACEHOLDER, name))
end


--- Makes a file; one that is there, a symbolic link too, stays as it is.
---@return boolean? ok
---@return string? message
---@return integer? number errno
local function write_new(path, contents)
  local flags = fcntl.O_WRONLY | fcntl.O_CREAT | fcntl.O_EXCL
  local fd, message, number = fcntl.open(path, flags, 420) -- 0644
  if not fd then
    return nil, message, number
  end
  local written, why, code = unistd.write(fd, contents)
  unistd.close(fd)
  if written ~= #contents then
    unistd.unlink(path)
    return nil, ("%s: %s"):format(path, why or "could not be written whole"), code
  end
  return true
end


--- Both files or none.
local function write_both(files)
  for i, file in ipairs(files) do
    local ok, message, number = write_new(file.path, file.contents)
    if not ok then
      for made = 1, i - 1 do
        unistd.unlink(files[made].path)
      end
      return nil, message, number
    end
  end
  return true
end


function new.run(arguments)
  local name, folder = arguments.name, arguments.dir
  if not name:find "^%l[%l%d-]*$" then
    return exit.complain(exit.USAGE,
      ("a policy's name has lower-case letters, digits and hyphens, found '%s'"):format(name))
  end
  local policy = ("%s/%s.lua"):format(folder, name)
  local spec = ("%s/%s_spec.lua"):format(folder, name)
  local ok, message, number = write_both {
    { path = policy, contents = fill("policy", name) },
    { path = spec, contents = fill("spec", name) },
  }
  if not ok then
    local status = number == errno.EACCES and exit.DENIED or exit.FAILED
    return exit.complain(status, message --[[@as string]])
  end
  print(("wrote %s\nwrote %s"):format(policy, spec))
  print(("next: pagewarden check %s; pagewarden run %s; busted --lua=lua5.4 %s"):format(policy,
    policy, spec))
  return exit.DONE
end


return new
