-- SPDX-License-Identifier: MIT
-- Prints a line "NAME@KERNEL" for each script of the lab and each kernel it is for.
package.path = "tests/lab/?.lua;" .. package.path
local script = require "script"

for _, name in ipairs(script.names()) do
  for _, kernel in ipairs(script.needs(name).kernels) do
    print(name .. "@" .. kernel)
  end
end
