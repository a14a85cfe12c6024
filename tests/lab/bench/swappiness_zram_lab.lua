-- SPDX-License-Identifier: MIT
-- Boots for bench/swappiness, with zram for swap.
return {
  needs = { zram = "1G", scratch = { ext4 = "700M" }, timeout = 900,
    throttle = { mib = 20, requests = 600 } },
  (require "swappiness"),
}
