-- SPDX-License-Identifier: MIT
-- Boots for bench/swappiness: one disk of files and one of swap, which share what they can do.
return {
  needs = { swap = { "1G" }, scratch = { ext4 = "700M" }, timeout = 900,
    throttle = { mib = 20, requests = 600 } },
  (require "swappiness"),
}
