std = "lua54"
max_line_length = 100
files["tests"].std = "lua54+busted"
files["tests/allocation/snippets.lua"] = { ignore = { "113", "211" }, max_line_length = 120 }
