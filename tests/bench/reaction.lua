-- SPDX-License-Identifier: MIT
-- How soon, by whose hand and at what cost a program is killed that takes all of the memory, in a
-- guest of 512 MiB without swap, with a disk of it and with zram: by the kernel alone, by Debian's
-- daemons and by scripts/early-oom.lua. Medians of all repetitions, and the worst stall of any.
-- What the program had and what swap was free is as last seen before its end. "CPU s" is what who
-- watches took meanwhile. When the worst stall of a run was, in seconds from the program's end on,
-- is in what is kept of it (worst_after_end).
--
-- "pagewarden-ahead" is early-oom while sysctl-keep has the kernel reclaim earlier.
--
-- Each run takes 40 to 60 seconds, is kept in the build tree, and not done again; remove
-- lab/reaction there to start anew.
-- Kill times are good to 5 %, worst stalls to a factor of 2 to 4: emulation stalls by itself. The
-- guest of systemd-oomd has systemd as process 1, in which the program grows more slowly.
--
-- Usage: lua5.4 tests/bench/reaction.lua [repetitions [swaps [contenders [kernel]]]], such as
-- `10 none,zram earlyoom,pagewarden 6.12`, with PW_BUILD_DIR in the environment
package.path = "tests/lab/?.lua;" .. package.path
local contest = require "contest"

local median, greatest = contest.median, contest.greatest

local SWAPS = contest.words(arg[2], "none disk zram")
local CONTENDERS = contest.words(arg[3],
  "none earlyoom nohang oomd psi-notify systemd-oomd pagewarden pagewarden-ahead")

---@type lab.Column[]
local COLUMNS = {
  { title = "kill s", name = "seconds", width = 6, decimals = 1, of = median },
  { title = "hog MiB", name = "hog_mib", width = 7, decimals = 0, of = median },
  { title = "swap MiB", name = "swap_free_mib", width = 8, decimals = 0, of = median },
  { title = "stall ms", name = "worst_ms", width = 8, decimals = 0, of = median },
  { title = "worst ms", name = "worst_ms", width = 8, decimals = 0, of = greatest },
  { title = "p99 ms", name = "p99_ms", width = 6, decimals = 1, of = median },
  { title = "RSS KiB", name = "rss_kib", width = 7, decimals = 0, of = median },
  { title = "CPU/10s", name = "idle_cpu", width = 7, decimals = 2, of = median },
  { title = "CPU s", name = "busy_cpu", width = 6, decimals = 2, of = median },
  { title = "wakes/10s", name = "idle_wakeups", width = 9, decimals = 0, of = median },
}


local function main()
  local here = contest.new({ kernel = arg[4] or "6.1", repetitions = tonumber(arg[1]) or 3,
    folder = os.getenv "PW_BUILD_DIR" .. "/lab/reaction", columns = COLUMNS }, SWAPS[1])
  here:print_titles()
  for _, swap in ipairs(SWAPS) do
    for _, contender in ipairs(CONTENDERS) do
      here:print_row(swap, contender)
    end
  end
  os.exit(here.complete)
end


main()
