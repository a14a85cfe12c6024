-- SPDX-License-Identifier: MIT
--- A report of the system for people: what matters first, then where the memory is.
-- @module pagewarden.report.render
local format = require "pagewarden.format"
local Page = require "pagewarden.report.page"

local size, percent = format.size, format.percent

local render = {}

local SHARES = {
  free = "free",
  free_at_cpus = "free, at hand of a CPU",
  anonymous = "processes (anonymous)",
  shmem = "shared memory, tmpfs",
  file_cache = "file cache",
  buffers = "buffers",
  swap_cache = "swap cache",
  hugetlb = "huge page pool",
  zram = "zram",
  zswap = "zswap",
  slab_reclaimable = "slab, reclaimable",
  slab_unreclaimable = "slab, unreclaimable",
  other_reclaimable = "kernel, reclaimable",
  page_tables = "page tables",
  kernel_stacks = "kernel stacks",
  percpu = "per-CPU data",
  vmalloc = "vmalloc",
  bounce_buffers = "bounce buffers",
  hardware_corrupted = "hardware corrupted",
  unaccounted = "unaccounted (drivers, firmware)",
}

--- Told even when they are nothing.
local ALWAYS_TOLD = { free = true, anonymous = true, file_cache = true, unaccounted = true }

local STYLES = { critical = "red", warning = "yellow", note = "cyan" }

local ZONE_LABEL = "node %d %s"


local function or_dash(value, formatter)
  return value and formatter(value) or "-"
end


local function part_of(bytes, total)
  return (total or 0) > 0 and ("%.1f%%"):format(100 * bytes / total) or ""
end


local function add_summary(page, report)
  local memory, swap = report.memory, report.swap
  local told = { ("%s%s of %s available"):format(memory.available_estimated and "about " or "",
    size(memory.available), or_dash(memory.total, size)) }
  if (swap.total or 0) > 0 then
    told[#told + 1] = ("%s of %s swap used"):format(size(swap.used), size(swap.total))
  else
    told[#told + 1] = "no swap"
  end
  local stall = report.pressure and report.pressure.memory
  if stall and stall.some then
    told[#told + 1] = ("memory pressure %s"):format(percent(stall.some.avg10))
  end
  page:title(table.concat(told, ", "))
  local facts = {}
  if report.kernel then
    facts[1] = "Linux " .. report.kernel
  end
  if report.uptime then
    facts[#facts + 1] = "up " .. format.duration(report.uptime)
  end
  if #facts > 0 then
    page:text(table.concat(facts, ", "), "dim", "")
  end
end


local function add_findings(page, report)
  if #report.findings == 0 then
    return
  end
  page:title "Findings"
  for _, finding in ipairs(report.findings) do
    page:text(("%s: %s (%s)"):format(finding.severity, finding.sentence, finding.id),
      STYLES[finding.severity], "* ")
  end
end


local function add_memory(page, report)
  local memory, rows = report.memory, {}
  for _, share in ipairs(memory.shares) do
    if share.bytes ~= 0 or ALWAYS_TOLD[share.id] then
      local label = share.bytes < 0 and "counted twice" or SHARES[share.id]
      rows[#rows + 1] = { label, size(share.bytes), part_of(share.bytes, memory.total) }
    end
  end
  rows[#rows + 1] = { "total", or_dash(memory.total, size), "" }
  page:title "Where memory is"
  page:table({ { "", flexible = true }, { "", right = true }, { "", right = true } }, rows)
  page:text(("The kernel's own share is %s (%s)."):format(size(memory.kernel),
    part_of(memory.kernel, memory.total)))
end


--- Before 2.6.28 there is one list for both kinds.
local function add_lists(page, report)
  local memory = report.memory
  local function row(name, active, inactive)
    return { name, or_dash(active, size), or_dash(inactive, size) }
  end
  page:title "Lists"
  page:table({ { "", flexible = true }, { "active", right = true }, { "inactive", right = true } },
    memory.active_anon and {
      row("anonymous, shmem", memory.active_anon, memory.inactive_anon),
      row("file", memory.active_file, memory.inactive_file),
    } or { row("all", memory.active, memory.inactive) })
  local told = {}
  if (memory.unevictable or 0) > 0 then
    told[1] = size(memory.unevictable) .. " unevictable"
  end
  if (memory.anon_huge_pages or 0) > 0 then
    told[#told + 1] = size(memory.anon_huge_pages) .. " in transparent huge pages"
  end
  local pool = memory.huge_pages
  if (pool.total or 0) > 0 then
    told[#told + 1] = ("%d huge pages of %s, %d free, %d of those reserved"):format(pool.total,
      size(pool.size), pool.free or 0, pool.reserved or 0)
  end
  if #told > 0 then
    page:text(table.concat(told, "; ") .. ".")
  end
end


local function add_pressure(page, report)
  if not report.pressure then
    return
  end
  local rows = {}
  local function average(stall, key)
    return stall and percent(stall[key]) or "-"
  end
  for _, resource in ipairs { "memory", "io", "cpu" } do
    for _, kind in ipairs { "some", "full" } do
      local stall = report.pressure[resource] and report.pressure[resource][kind]
      if stall and (kind == "some" or resource ~= "cpu") then
        rows[#rows + 1] = { resource .. " " .. kind, average(stall, "avg10"),
          average(stall, "avg60"), average(stall, "avg300") }
      end
    end
  end
  page:title "Pressure: time lost in waiting"
  page:table({ { "", flexible = true }, { "10s", right = true }, { "1m", right = true },
    { "5m", right = true } }, rows)
end


local function add_writeback(page, report)
  local writeback = report.writeback
  page:title(writeback.estimated and "Writing back (thresholds estimated)" or "Writing back")
  page:table({ { "", flexible = true }, { "", right = true } }, {
    { "dirty", or_dash(writeback.dirty, size) },
    { "being written", or_dash(writeback.writeback, size) },
    { "written in background from", or_dash(writeback.background_threshold, size) },
    { "writers are held up at", or_dash(writeback.threshold, size) },
  })
end


local function add_zones(page, report)
  local rows = {}
  for _, zone in ipairs(report.zones) do
    rows[#rows + 1] = { ZONE_LABEL:format(zone.node, zone.zone), size(zone.free), size(zone.min),
      size(zone.low), size(zone.high) }
  end
  if #rows > 0 then
    page:title "Watermarks"
    if page.width < 60 then
      for _, row in ipairs(rows) do
        row[3], row[5] = row[4], nil
        row[4] = nil
      end
      page:table({ { "", flexible = true }, { "free", right = true }, { "low", right = true } },
        rows)
    else
      page:table({ { "", flexible = true }, { "free", right = true }, { "min", right = true },
        { "low", right = true }, { "high", right = true } }, rows)
    end
  end
end


local function add_swap(page, report)
  local swap, rows = report.swap, {}
  for _, area in ipairs(swap.areas or {}) do
    rows[#rows + 1] = { area.filename, ("%s/%s"):format(size(area.used), size(area.size)),
      tostring(area.priority) }
  end
  if #rows > 0 then
    page:title "Swap"
    page:table({ { "area", flexible = true }, { "used", right = true }, { "prio", right = true } },
      rows)
  end
  for _, device in ipairs(swap.zram) do
    page:text(("%s holds %s in %s of memory (%s)"):format(device.name, size(device.data or 0),
      size(device.used or 0), device.algorithm or "unknown algorithm"))
  end
  if swap.zswap then
    page:text(("zswap holds %s in %s of memory"):format(or_dash(swap.zswap.data, size),
      or_dash(swap.zswap.pool, size)))
  end
end


local function add_largest(page, title, rows, first, second)
  if #rows == 0 then
    return
  end
  local cells = {}
  for i, row in ipairs(rows) do
    cells[i] = { tostring(row.pid), size(row[first]), or_dash(row[second], size), row.comm }
  end
  page:title(title)
  page:table({ { "pid", right = true }, { first, right = true }, { second, right = true },
    { "command", flexible = true } }, cells)
end


local function add_victim(page, processes)
  local victim = processes.victims[1]
  if not victim then
    return
  end
  page:title "The OOM killer's next victim"
  page:text(("%s (%d): oom_score %d, oom_score_adj %d, %s in memory and %s in swap"):format(
    victim.comm, victim.pid, victim.oom_score, victim.oom_score_adj or 0, size(victim.rss),
    size(victim.swap or 0)))
  if victim.from_adj then -- Linux 2.6.36
    page:text(("What counts is %s, with page tables and what its oom_score_adj adds."):format(
      size(victim.badness)))
  end
end


local function add_processes(page, report)
  local processes = report.processes
  if not processes then
    return
  end
  add_largest(page, "Largest by rss", processes.by_rss, "rss", "swap")
  add_largest(page, "Largest by pss, shared pages divided among their users", processes.by_pss,
    "pss", "uss")
  add_largest(page, "Largest in swap", processes.by_swap, "swap", "rss")
  add_victim(page, processes)
end


local function add_container(page, report)
  local container = report.container
  local group = container.cgroup
  local limited = group and group.limit and group.limit ~= math.huge
  if not (container.inside or limited) then
    return
  end
  page:title(container.inside and ("Inside a container (%s)"):format(container.maker
    or container.sign or "of its own process namespace") or "Limited by a cgroup")
  if not group then
    return page:text "Its memory is not accounted by a cgroup that can be seen."
  end
  local rows = {
    { "cgroup", group.path },
    { "used", or_dash(group.current, size) },
    { "without inactive file", or_dash(group.working_set, size) },
    { "limit", or_dash(group.limit, size) },
  }
  if group.limit_set_by and group.limit_set_by ~= group.path then
    rows[#rows + 1] = { "set by", group.limit_set_by }
  end
  if group.high and group.high ~= math.huge then
    rows[#rows + 1] = { "slowed down from", size(group.high) }
  end
  rows[#rows + 1] = { group.version == 2 and "swap limit" or "memory and swap limit",
    or_dash(group.swap_limit, size) }
  page:table({ { "" }, { "", flexible = true } }, rows)
end


local function add_unseen(page, report)
  local processes = report.processes
  if processes and processes.pss_unreadable > 0 then
    page:title(("Not seen: the pss of %d of the largest processes, which this user may not read%s")
      :format(processes.pss_unreadable, report.privileged and "" or "; run as root"), "dim")
  end
  if processes and processes.pss_left > 0 then
    page:title(("Not seen: the pss of %d large processes, for which there was no time"):format(
      processes.pss_left), "dim")
  end
  for _, unseen in ipairs(report.unseen) do
    page:title(("Not seen: %s (%s)"):format(unseen.what, unseen.reason), "dim")
  end
end


--- The whole report as text.
---@param report table what `pagewarden.report.collect` returns, with its findings
---@param width integer columns
---@param paint fun(style: string, text: string): string
---@return string
function render.system(report, width, paint)
  local page = Page.new(width, paint)
  add_summary(page, report)
  add_findings(page, report)
  add_memory(page, report)
  add_lists(page, report)
  add_pressure(page, report)
  add_writeback(page, report)
  add_zones(page, report)
  add_swap(page, report)
  add_processes(page, report)
  add_container(page, report)
  add_unseen(page, report)
  return page:finish()
end


return render
