-- SPDX-License-Identifier: MIT
-- Captured files of other projects, which are not part of this one: found beside it or where
-- PW_CORPUS says.

local proc = require "pagewarden.proc"
local tree = require "tree"

local corpus = { path = os.getenv("PW_CORPUS") or "../shared/corpus" }

--- Whether there is a corpus.
function corpus.present()
  local file = io.open(corpus.path .. "/MANIFEST.tsv")
  return file ~= nil and file:close()
end

--- The rows of a table, without its heading, as lists of columns.
---@param name string
---@return string[][]
function corpus.rows(name)
  local rows = {}
  for line in io.lines(corpus.path .. "/" .. name) do
    local row = {}
    for column in (line .. "\t"):gmatch("(.-)\t") do row[#row + 1] = column end
    rows[#rows + 1] = row
  end
  return rows
end

--- The bytes of a captured file.
---@param fixture string
---@return string
function corpus.text(fixture)
  local file = assert(io.open(corpus.path .. "/" .. fixture, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

local roots = {}

--- A root that has these files and no others; the same one each time for the same paths.
---@param files table<string, string>
---@return string
function corpus.root(files)
  local paths = {}
  for path in pairs(files) do paths[#paths + 1] = path end
  table.sort(paths)
  local key = table.concat(paths, "\n")
  if not roots[key] then
    roots[key] = tree.new(files)
  else
    for path, text in pairs(files) do tree.write(roots[key], path, text) end
  end
  return roots[key]
end

--- A reader of such a root.
---@param files table<string, string>
function corpus.reader(files)
  return assert(proc.open(corpus.root(files)))
end

--- Removes every root.
function corpus.remove_roots()
  tree.remove_all()
  roots = {}
end

--- What kind of kernel file each fixture is, as MANIFEST.tsv says; tables of expectations and the
--- heading are left out.
---@return table<string, string>
function corpus.kinds()
  local kinds = {}
  for _, row in ipairs(corpus.rows("MANIFEST.tsv")) do
    if row[1]:find("/", 1, true) and row[3] ~= "expected" then kinds[row[1]] = row[3] end
  end
  return kinds
end

return corpus
