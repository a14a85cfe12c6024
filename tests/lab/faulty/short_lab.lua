-- SPDX-License-Identifier: MIT
return {
  { "all is well", function() end },
  { "the script ends, and says that all is well", function() os.exit(true) end },
}
