-- SPDX-License-Identifier: MIT
--- A report of one process for people.
-- @module pagewarden.report.render_process
local format = require "pagewarden.format"
local Page = require "pagewarden.report.page"

local size = format.size

local STATES = {
  R = "running", S = "sleeping", D = "waiting, uninterruptible", Z = "zombie", T = "stopped",
  t = "traced", I = "idle", X = "dead",
}


local function or_dash(bytes)
  return bytes and size(bytes) or "-"
end


local function add_identity(page, report)
  page:title(("%s (%d)"):format(report.comm, report.pid))
  page:text(report.command, "dim")
  local facts = { STATES[report.state] or report.state or "unknown state" }
  if report.uid then
    facts[#facts + 1] = "user " .. report.uid
  end
  if (report.ppid or 0) > 0 then
    facts[#facts + 1] = "child of " .. report.ppid
  end
  if report.threads and report.threads > 1 then
    facts[#facts + 1] = report.threads .. " threads"
  end
  if report.running then
    facts[#facts + 1] = "started " .. format.duration(math.max(0, report.running)) .. " ago"
  end
  page:text(table.concat(facts, ", "))
end


--- What a measure is, and what it means.
local function add_measure(page, name, bytes, meaning)
  local head = ("%-4s  %10s  "):format(name, or_dash(bytes))
  if page.width < 60 then
    page:text(head)
    page:text(meaning, "dim", "    ")
  else
    page:text(meaning, nil, "  " .. head)
  end
end


local function add_measures(page, report)
  local memory, pages = report.memory, report.pages or {}
  page:title "Memory"
  add_measure(page, "VIRT", memory.vsize, "address space; much of it may never be touched")
  add_measure(page, "RES", memory.rss, "in memory now, shared pages counted whole")
  add_measure(page, "SHR", memory.shared, "of RES: files and shared memory, which others may have "
    .. "mapped too")
  add_measure(page, "PSS", pages.pss, "its share: shared pages divided by how many map them")
  add_measure(page, "USS", pages.uss, "its alone: what ending it would free")
  add_measure(page, "SWAP", memory.swap, "of its memory, in swap")
  if memory.peak_rss then
    add_measure(page, "PEAK", memory.peak_rss, "the most that RES has been")
  end
  if report.pages_unseen then
    page:text("PSS and USS were not readable: " .. report.pages_unseen, "dim")
  end
end


local function add_pages(page, pages)
  if not pages or not pages.private_dirty then
    return
  end
  page:title "Its pages"
  page:table({ { "" }, { "clean", right = true }, { "dirty", right = true } }, {
    { "shared", or_dash(pages.shared_clean), or_dash(pages.shared_dirty) },
    { "private", or_dash(pages.private_clean), or_dash(pages.private_dirty) },
  })
  page:text("Dirty means written to since it was mapped, as all anonymous memory is; it does not "
    .. "mean waiting to be written to disk.", "dim")
  if (pages.hugetlb or 0) > 0 then
    page:text(size(pages.hugetlb) .. " of huge pages come on top of RES and PSS.")
  end
end


local function add_oom(page, report)
  if not report.oom_score then
    return
  end
  page:title "OOM killer"
  local verdict = ""
  if report.pid == 1 or report.kernel_thread or report.oom_score_adj == -1000
      or report.oom_score == 0 then
    verdict = ": it is never chosen"
  end
  page:text(("oom_score %d, oom_score_adj %s%s"):format(report.oom_score,
    report.oom_score_adj or "unknown (this kernel has oom_adj)", verdict))
end


local function add_tree(page, tree)
  if not tree or #tree.rows < 2 then
    return
  end
  local rows = {}
  for i, row in ipairs(tree.rows) do
    local name = (" "):rep(math.min(row.depth, 10)) .. row.comm
    rows[i] = { tostring(row.pid), size(row.rss or 0), or_dash(row.pss), or_dash(row.swap), name }
  end
  local totals = tree.totals
  rows[#rows + 1] = { "", size(totals.rss), size(totals.pss), size(totals.swap),
    ("sum of %d"):format(totals.processes) }
  local columns = { { "pid", right = true }, { "rss", right = true }, { "pss", right = true },
    { "swap", right = true }, { "command", flexible = true } }
  if page.width < 60 then
    for _, row in ipairs(rows) do
      table.remove(row, 4)
    end
    table.remove(columns, 4)
  end
  page:title "The process and those below it"
  page:table(columns, rows)
  page:text("Rss counts shared pages once for each process; pss adds up to what they really hold.",
    "dim")
  if tree.pss_unread > 0 then
    page:text(("The pss of %d of them was not readable, so the sum lacks them."):format(
      tree.pss_unread), "dim")
  end
end


---@param report table what `pagewarden.report.process` returns
---@param width integer columns
---@param paint fun(style: string, text: string): string
---@return string
return function(report, width, paint)
  local page = Page.new(width, paint)
  add_identity(page, report)
  if report.kernel_thread then
    page:text "A kernel thread or zombie: it has no memory of its own."
    return page:finish()
  end
  add_measures(page, report)
  add_pages(page, report.pages)
  add_oom(page, report)
  add_tree(page, report.tree)
  return page:finish()
end
