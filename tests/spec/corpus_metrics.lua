-- SPDX-License-Identifier: MIT
-- The metrics that node_exporter's end-to-end test expects of its captured machine, looked up in
-- what pagewarden reads of the same files.

local corpus = require "corpus"

local metrics = {}

local FILES = {
  "proc/meminfo", "proc/vmstat", "proc/buddyinfo", "proc/zoneinfo", "proc/slabinfo",
  "proc/pressure/cpu", "proc/pressure/io", "proc/pressure/irq", "proc/pressure/memory",
}
for node = 0, 2 do
  for _, name in ipairs { "meminfo", "numastat" } do
    FILES[#FILES + 1] = ("sys/devices/system/node/node%d/%s"):format(node, name)
  end
end

--- A reader of the captured machine.
function metrics.machine()
  local files = {}
  for _, path in ipairs(FILES) do
    files[path] = corpus.text("node_exporter/collector__fixtures__" .. path:gsub("/", "__"))
  end
  return corpus.reader(files)
end

-- Metrics are named after fields, with a unit behind.
local endings = { "", "_bytes", "_pages", "_total", "s" }

--- The field of a table that a metric is named after: Active(anon) is Active_anon there.
local function named(fields, metric)
  for key, value in pairs(fields) do
    for _, ending in ipairs(endings) do
      if key:gsub("%((%w+)%)", "_%1") .. ending == metric then return value end
    end
  end
end

local function row_of(list, labels)
  for _, row in ipairs(list) do
    if row.zone == labels.zone and row.node == tonumber(labels.node) and
      row.name == labels.slab then
      return row
    end
  end
end

local sources = {}

function sources.memory_numa(machine, name, labels)
  local node = tonumber(labels.node)
  return named(machine:node_meminfo(node), name) or named(machine:node_numastat(node), name)
end

function sources.memory(machine, name)
  return named(machine:meminfo(), name)
end

function sources.vmstat(machine, name)
  return machine:vmstat()[name]
end

function sources.zoneinfo(machine, name, labels)
  local zone = row_of(machine:zoneinfo(), labels)
  local other = name:match("^protection_(%d)$")
  if other then return zone.protection[other + 1] end
  local counters = {}
  for key, value in pairs(zone) do
    if math.type(value) then counters[key] = value end
  end
  return named(zone.per_node or {}, name) or named(counters, name)
end

function sources.buddyinfo(machine, _, labels)
  return row_of(machine:buddyinfo(), labels).free[labels.size + 1]
end

local slab_columns = {
  active_objects = "active_objs", objects = "num_objs", object_size_bytes = "objsize",
  objects_per_slab = "objperslab", pages_per_slab = "pagesperslab",
}

function sources.slabinfo(machine, name, labels)
  return row_of(machine:slabinfo(), labels)[slab_columns[name]]
end

function sources.pressure(machine, name)
  local resource, how = name:match("^(%w+)_(%w+)_seconds_total$")
  local line = how == "waiting" and "some" or "full"
  return machine:pressure(resource)[line].total / 1e6
end

--- What pagewarden reads where a metric was taken from; nil when it reads no such thing.
---@param metric string such as 'node_buddyinfo_blocks{node="0",size="0",zone="DMA"}'
---@return number?
function metrics.value(machine, metric)
  local full, braces = metric:match("^node_([%w_]+){?(.*)$")
  local labels = {}
  for name, value in braces:gmatch('(%w+)="([^"]*)"') do labels[name] = value end
  for _, source in ipairs { "memory_numa", "memory", "vmstat", "zoneinfo", "buddyinfo",
    "slabinfo", "pressure" } do
    local name = full:match("^" .. source .. "_(.*)$")
    if name then return sources[source](machine, name, labels) end
  end
end

return metrics
