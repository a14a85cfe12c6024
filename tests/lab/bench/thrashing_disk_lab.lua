-- SPDX-License-Identifier: MIT
-- Boots for bench/thrashing.
return {
  needs = { swap = { "64M" }, scratch = { ext4 = "200M" }, timeout = 600,
    throttle = { mib = 10, requests = 100 } },
  (require "thrashing"),
}
