-- SPDX-License-Identifier: MIT
-- How each kind of captured file is read, and where a value that is expected of it is found.

local cgroup = require "pagewarden.cgroup"
local corpus = require "corpus"
local mm = require "pagewarden.mm"

local readers = {}

-- One process, to have a file of its own.
local STAT = "1 (x) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 9"

local function call(object, method, ...)
  return object[method](object, ...)
end

local function machine(method, path, ...)
  path = path or "proc/" .. method
  local arguments = { ... }
  return function(text)
    return call(corpus.reader { [path] = text }, method, table.unpack(arguments))
  end
end

local function node(name)
  return machine("node_" .. name, "sys/devices/system/node/node0/" .. name, 0)
end

local function process(name, method)
  return function(text)
    local files = { ["proc/1/stat"] = STAT, ["proc/1/" .. name] = text }
    local one, message, errno, kind = corpus.reader(files):process(1)
    if not one then return one, message, errno, kind end
    return call(one, method or name)
  end
end

local function raw(text)
  local bytes = assert(corpus.reader { ["sys/file"] = text }:read("sys/file"))
  assert(bytes == text, "a file came back changed")
  return { bytes = bytes }
end

--- A cgroup that has this file and no other.
local function group(name, text)
  return cgroup.open(corpus.root {
    ["sys/fs/cgroup/cgroup.controllers"] = "memory\n", ["sys/fs/cgroup/g/" .. name] = text,
  })
end

-- Files of a cgroup by what they hold; those with no function of their own have the grammar of
-- these: one number, or a key and a number a line.
local flat = { stat = true, events = true, ["events.local"] = true, ["swap.events"] = true }

local function memory_file(text, fixture)
  local name = fixture:match("memory%.([%w_.]-)_?%d*$") or fixture:match("memory%.([%w_.]+)$")
  if name == "numa_stat" then return group("memory.numa_stat", text):numa_stat("/g") end
  if flat[name] then return group("memory.stat", text):stat("/g") end
  local value, message, errno, kind = group("memory.current", text):current("/g")
  return value and { value = value }, message or { skipped = 0, clamped = 0 }, errno, kind
end

local function knob(directory)
  return function(text, fixture)
    local name = fixture:match("__([%w_]+)$")
    local root = corpus.root { [directory .. "/" .. name] = text }
    return { value = mm.open(root):get((directory .. "/" .. name):match("^sys/kernel/mm/(.*)")) }
  end
end

local by_leaf = {
  io = process "io", pid_io = process "io", cmdline = process "cmdline",
  cgroup = process "cgroup", pid_cgroup_v1 = process "cgroup",
  pid_cgroup_v1and2 = process "cgroup", pid_cgroup_v2 = process "cgroup",
}

local function other(text, fixture)
  local leaf = fixture:match("__([^_]+)$") or fixture:match("__(pid_%w+_?%w*)$") or ""
  return (by_leaf[leaf] or raw)(text, fixture)
end

--- Readers by kind, each a function of a text and the fixture's name that returns what pagewarden
--- returns: a value and its flaws, or nil and why not.
readers.read = {
  meminfo = machine "meminfo", vmstat = machine "vmstat", zoneinfo = machine "zoneinfo",
  buddyinfo = machine "buddyinfo", slabinfo = machine "slabinfo", swaps = machine "swaps",
  psi = machine("pressure", "proc/pressure/memory", "memory"),
  node_meminfo = node "meminfo", node_vmstat = node "vmstat", node_numastat = node "numastat",
  pid_stat = process "stat", pid_statm = process "statm", pid_status = process "status",
  smaps = process "smaps", smaps_rollup = process("smaps_rollup", "rollup"), maps = process "maps",
  cgroup_memory = memory_file, ksm = knob "sys/kernel/mm/ksm", hugepages_sysfs = raw,
  comm = raw, oom = raw, proc_stat = raw, sys_vm = raw, other = other,
}

local function row_of(list, field, value)
  for _, row in ipairs(list) do
    if row[field] == value then return row end
  end
  return {}
end

local find = {}

function find.meminfo(memory, key)
  local a, b = key:match("^derived:(%w+)%+(%w+)$")
  if a then return memory[a] + (memory[b] or 0) end
  return memory[key]
end

function find.zoneinfo(zones, key)
  local name, counter = key:match("^0%.(%w+)%.(.*)$")
  local zone = row_of(zones, "zone", name)
  if counter == "protection" then return table.concat(zone.protection, ",") end
  return zone[counter] or zone.per_node and zone.per_node[counter]
end

function find.buddyinfo(zones, key)
  local name, order = key:match("^0%.(%w+)%[(%d+)%]$")
  return row_of(zones, "zone", name).free[order + 1]
end

function find.slabinfo(rows, key)
  if key == "#rows" then return #rows end
  local derived = key:match("^derived:num_objs%*objsize:(.*)$")
  if derived then
    local row = row_of(rows, "name", derived)
    return row.num_objs * row.objsize
  end
  local index, name, column = key:match("^(%d+)%.(.+)%.([%w_]+)$")
  local row = rows[tonumber(index)]
  return row.name == name and row[column]
end

function find.swaps(areas, key)
  local index, column = key:match("^(%d+)%.(%w+)$")
  return areas[tonumber(index)][column:lower()]
end

function find.psi(pressure, key)
  local line, column = key:match("^(%w+)%.(%w+)$")
  return pressure[line][column]
end

function find.smaps(mappings, key)
  local sum = 0
  for _, mapping in ipairs(mappings) do sum = sum + mapping[key:match("^sum:(.*)$")] end
  return sum
end

function find.pid_status(status, key)
  local value = status[key]
  return type(value) == "table" and value[1] or value
end

function find.cgroup_memory(value, key)
  local line, id = key:match("^(%w+)%.N(%d+)$")
  if not line then line, id = key:match("^([%w_]+)%.N(%d+)$") end
  if line then return value[line] and value[line][tonumber(id)] end
  return value[key]
end

--- The value under a key of EXPECTED.tsv in what was read.
function readers.find(kind, value, key)
  return (find[kind] or function(fields) return fields[key] end)(value, key)
end

return readers
