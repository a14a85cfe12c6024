-- SPDX-License-Identifier: MIT
--- A lab script: a table with what it needs of its guest, and a list of checks.
local script = {}

--- What a script may need, and what it gets when it does not say.
local DEFAULTS = {
  memory = "512M",            -- of the guest
  cpus = 2,
  kernels = { "6.1", "6.12" },
  cmdline = "",               -- more words for the kernel
  cgroup = 2,                 -- version; 1 has the memory controller only, and only 6.1 has that
  lru_gen = "",               -- a number for /sys/kernel/mm/lru_gen/enabled; as the kernel has it
  swap = {},                  -- sizes of disks that are switched on as swap, all of one priority
  zram = "",                  -- the size of a zram that is switched on as swap
  disks = {},                 -- sizes of empty disks
  scratch = {},               -- sizes by file system: ext4, xfs (from 300M), btrfs (from 109M)
  throttle = {},              -- what all these disks do a second together: mib, requests
  timeout = 180,              -- seconds until a guest that did not end has failed
}

local FOLDER = "tests/lab/"


--- Reads a script: its needs have all defaults in place.
---@param name string such as `"kernel"`
---@param environment table? instead of the globals
---@return table
function script.load(name, environment)
  local path = FOLDER .. name .. "_lab.lua"
  local loaded = assert(loadfile(path, "t", environment or _G))()
  loaded.needs = loaded.needs or {}
  for key in pairs(loaded.needs) do
    assert(DEFAULTS[key] ~= nil, ("%s: nothing is known of the need '%s'"):format(path, key))
  end
  setmetatable(loaded.needs, { __index = DEFAULTS })
  return loaded
end


local function nothing()
  return {}
end


--- What a script needs of its guest. None of it is run: its top may only `require`.
---@param name string
---@return table
function script.needs(name)
  return script.load(name, { require = nothing }).needs
end


--- The names of all scripts, sorted.
function script.names()
  local names = {}
  local list <close> = assert(io.popen("ls " .. FOLDER))
  for line in list:lines() do
    names[#names + 1] = line:match "^(.*)_lab%.lua$"
  end
  return names
end


return script
