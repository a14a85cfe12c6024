-- SPDX-License-Identifier: MIT
-- Boots for bench/reaction.
return { needs = { swap = { "512M" }, kernels = { "6.1" }, timeout = 300 }, (require "reaction") }
