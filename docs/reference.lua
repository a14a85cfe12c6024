-- SPDX-License-Identifier: MIT
-- Makes the reference pages: lua5.4 docs/reference.lua OUT, in the top folder. LDoc reads the
-- blocks that begin with /*** in C. Those in Lua are LuaCATS, which editors read and LDoc does not:
-- they are translated first, line by line, so that a warning's line is the source's. Exits with 1
-- when LDoc warns.
local output = assert(arg[1], "usage: lua5.4 docs/reference.lua OUT")

local C_FILES = "core/bind/*.c core/host/*.c"
local LUA_FILES = { "format", "testing/init", "meta/option", "meta/pw", "meta/state" }

--- What the sources call a class, and how a reader of the pages knows its objects.
local OBJECTS = { Pw = "pw", World = "world", Handle = "handle", State = "state" }


local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end


local function execute(command)
  return os.execute(command) == true
end


local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end


local function write(path, contents)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(contents))
end


--- `string?` is `?string` to LDoc, `string[]` is `{string,...}`, and no type has blanks.
local function translate_type(type)
  type = type:gsub("%s", ""):gsub("^{.*:.*}", "table")
  local element = type:match "^(.*)%[%]$"
  if element then
    return ("{%s,...}"):format(element)
  end
  local inner = type:match "^(.*)%?$"
  return inner and "?" .. translate_type(inner) or type
end


--- The type that a text begins with, and what follows it. Blanks in brackets, and after a colon or
--- a comma, are of the type.
local function split_type(words)
  local depth, position = 0, 1
  while position <= #words do
    local byte = words:sub(position, position)
    if byte:find "[%(%{<]" then
      depth = depth + 1
    elseif byte:find "[%)%}>]" then
      depth = depth - 1
    elseif byte == " " and depth == 0 and not words:sub(1, position - 1):find "[:,]$" then
      break
    end
    position = position + 1
  end
  return words:sub(1, position - 1), words:sub(position + 1)
end


local function translate_param(words)
  local name, optional, rest = words:match "^([%w_.]+)(%??)%s+(.*)$"
  local type, meaning = split_type(rest)
  if name == "..." then
    return ("-- @param ... %s"):format(meaning)
  end
  local is_optional = optional ~= "" or type:find "%?$"
  return ("-- @tparam%s %s %s %s"):format(is_optional and "[opt]" or "",
    translate_type((type:gsub("%?$", ""))), name, meaning)
end


local function translate_return(words)
  local type, meaning = split_type(words)
  return ("-- @treturn %s %s"):format(translate_type(type), meaning)
end


local function translate_line(line)
  local tag, words = line:match "^%-%-%-@(%a+)%s*(.*)$"
  if tag == "param" then
    return translate_param(words)
  elseif tag == "return" then
    return translate_return(words)
  end
  return (line:gsub("^%-%-%-", "--"))
end


local function name_on_page(name)
  return (name:gsub("^%u%a*", OBJECTS):gsub("^%l+%.", ""))
end


--- A block of comments as LDoc has it, or as many empty lines when it is not for readers of the
--- pages: what is private, local, or no function.
local function translate_block(block, follower)
  local text = table.concat(block, "\n")
  local name = follower:match "^function ([%w_.:]+)" or follower:match "^%-%- @function (.*)$"
  local is_module = text:find "\n%-%- @%a*mod"
  if not is_module and (not name or text:find "%-%-%-@private" or not text:find "^%-%-%- ") then
    return {}
  end
  local lines = { block[1] }
  for i = 2, #block do
    lines[i] = translate_line(block[i])
  end
  lines[#lines + 1] = name and "-- @function " .. name_on_page(name) or ""
  return lines
end


--- A Lua file with its documentation alone, each line where it was.
local function translate(source)
  local lines, block = {}, {}
  local number = 0
  for line in source:gmatch "([^\n]*)\n" do
    number = number + 1
    lines[number] = ""
    if line:find "^%-%-%-" or #block > 0 and line:find "^%-%-" then
      block[#block + 1] = line
    elseif #block > 0 then
      table.move(translate_block(block, line), 1, #block + 1, number - #block, lines)
      block = {}
    end
  end
  for i = 1, number do
    lines[i] = lines[i] or ""
  end
  return table.concat(lines, "\n") .. "\n"
end


--- The C files with documentation, those that describe a module before those that add to it.
local function documented_c_files()
  local describing, adding = {}, {}
  local list <close> = assert(io.popen("ls " .. C_FILES))
  for path in list:lines() do
    local block = read(path):match "/%*%*%*%s*(.-)%*/"
    if block and not block:find "@%a*mod%a*" then
      error(path .. ": its first /*** block names no @module or @classmod", 0)
    elseif block then
      table.insert(block:find "^@" and adding or describing, path)
    end
  end
  return table.move(adding, 1, #adding, #describing + 1, describing)
end


local function main()
  local sources = output .. "/.sources"
  assert(execute("mkdir -p " .. quote(sources)))
  local files = {}
  local function add(path, contents)
    local name = path:gsub("/", "-")
    write(sources .. "/" .. name, contents)
    files[#files + 1] = ("%q"):format(name)
  end
  for _, path in ipairs(documented_c_files()) do
    add(path, read(path))
  end
  for _, name in ipairs(LUA_FILES) do
    local path = ("lua/pagewarden/%s.lua"):format(name)
    add(path, translate(read(path)))
  end
  write(sources .. "/config.ld",
    read "docs/config.ld" .. ("file = { %s }\n"):format(table.concat(files, ", ")))
  local ok = execute(("cd %s && ldoc --fatalwarnings -d .. . >/dev/null"):format(quote(sources)))
  return ok and execute("rm -r " .. quote(sources))
end


os.exit(main())
