std = "lua54"
self = false -- a method need not use its object
max_line_length = 100
files["tests"].std = "lua54+busted"
-- functions without a body, for editors
files["lua/pagewarden/meta"] = { ignore = { "212", "241", "221" } }
files["lua/pagewarden/template/spec.lua"].std = "lua54+busted"
files["tests/allocation/snippets.lua"] = { ignore = { "113", "211" }, max_line_length = 120 }
