-- SPDX-License-Identifier: MIT
--- Whether this is a container, and what limits the memory of the cgroup we are in.
-- @module pagewarden.report.container
local text = require "pagewarden.text"

local container = {}

--- What the cgroup's path tells of who made it.
local MAKERS = {
  { "kubepods", "kubernetes" }, { "libpod", "podman" }, { "docker", "docker" },
  { "containerd", "containerd" }, { "crio", "cri-o" }, { "lxc", "lxc" },
  { "machine%.slice", "systemd-nspawn" },
}


--- Who made a container with these cgroup paths, or nil.
---@param membership string? the text of /proc/PID/cgroup
---@return string?
function container.maker(membership)
  for _, pair in ipairs(MAKERS) do
    if membership and membership:find(pair[1]) then
      return pair[2]
    end
  end
end


--- What can be reclaimed first is no reason to worry: the working set leaves it out, as the
--- kubelet does.
local function working_set(current, stat)
  local inactive = stat and (stat.total_inactive_file or stat.inactive_file)
  return current and math.max(0, current - (inactive or 0))
end


local function own_path(groups)
  return groups:own() or groups:own(1)
end


--- The memory cgroup of this process, or of pid 1 under a root that has no /proc/self.
---@param groups table as `cgroup.open` makes it
---@return table? cgroup nil where memory is not accounted by cgroup
function container.own_cgroup(groups)
  local version = groups:version()
  local path = version and own_path(groups)
  if not path then
    return nil
  end
  local limit, set_by = groups:effective(path)
  local current, stat = groups:current(path), groups:stat(path)
  return {
    version = version,
    path = text.escape(path),
    current = current,
    working_set = working_set(current, stat),
    limit = limit,
    limit_set_by = set_by and text.escape(set_by),
    high = (groups:effective(path, "high")),
    own_limits = (groups:limits(path)),
    swap = (groups:swap(path)),
    swap_limit = (groups:effective(path, version == 2 and "swap_max" or "memsw_max")),
    events = (groups:events(path)),
    pressure = (groups:pressure(path, "memory")),
  }
end


--- What the report tells of the container around us.
---@param reader table as `proc.open` makes it
---@param groups table as `cgroup.open` makes it
---@param kernel_threads_shown boolean? whether /proc lists kthreadd
---@return table
function container.collect(reader, groups, kernel_threads_shown)
  local maker = container.maker(reader:read "proc/self/cgroup")
    or container.maker(reader:read "proc/1/cgroup")
  local sign = groups:container()
  return {
    inside = sign ~= nil or maker ~= nil or kernel_threads_shown == false,
    sign = sign,
    maker = maker,
    cgroup = container.own_cgroup(groups),
  }
end


return container
