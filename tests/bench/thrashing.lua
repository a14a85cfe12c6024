-- SPDX-License-Identifier: MIT
-- How usable a machine of 512 MiB stays for somebody at a terminal while another makes it stand
-- still (tests/lab/guest/thrashing.lua), without swap and with 64 MiB of it, on disks that do
-- 10 MiB and 100 requests a second together: with the kernel alone, with Debian's daemons and with
-- scripts/early-oom.lua. Each second of 90 a shell is started that runs `ls` and `cat`. Medians of
-- all repetitions, and the worst of all.
--
-- Each run takes two to three minutes, is kept in the build tree, and not done again; remove
-- lab/thrashing there to start anew. The guest of systemd-oomd has systemd as process 1.
--
-- Usage: lua5.4 tests/bench/thrashing.lua [repetitions [swaps [contenders [kernel]]]], such as
-- `5 disk none,pagewarden 6.12`, with PW_BUILD_DIR in the environment
package.path = "tests/lab/?.lua;" .. package.path
local contest = require "contest"

local median, greatest = contest.median, contest.greatest

local SWAPS = contest.words(arg[2], "none disk")
local CONTENDERS = contest.words(arg[3], "none earlyoom nohang systemd-oomd pagewarden")

---@type lab.Column[]
local COLUMNS = {
  { title = "end s", name = "seconds", width = 7, decimals = 0, of = median },
  { title = "hog MiB", name = "hog_mib", width = 7, decimals = 0, of = median },
  { title = "swap MiB", name = "swap_free_mib", width = 8, decimals = 0, of = median },
  { title = "late >1s", name = "prompts_late", width = 8, decimals = 0, of = median },
  { title = "worst ms", name = "prompt_worst_ms", width = 8, decimals = 0, of = median },
  { title = "of all", name = "prompt_worst_ms", width = 8, decimals = 0, of = greatest },
  { title = "beat ms", name = "heartbeat_worst_ms", width = 8, decimals = 0, of = median },
}


local function load_with(swap)
  return "thrashing_" .. swap
end


local function main()
  local here = contest.new({ kernel = arg[4] or "6.1", repetitions = tonumber(arg[1]) or 3,
    folder = os.getenv "PW_BUILD_DIR" .. "/lab/thrashing", columns = COLUMNS },
    load_with(SWAPS[1]))
  here:print_titles()
  for _, swap in ipairs(SWAPS) do
    for _, contender in ipairs(CONTENDERS) do
      here:print_row(load_with(swap), contender)
    end
  end
  os.exit(here.complete)
end


main()
