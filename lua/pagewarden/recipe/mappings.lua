-- SPDX-License-Identifier: MIT
--- Which parts of a process's address space grow, between looks at its mappings. The heap, stacks
--- and files go by their names. Anonymous memory has none, and the kernel joins and splits its
--- mappings: what lies where something lay before is what that has become. Pure.
-- @module pagewarden.recipe.mappings
local mappings = {}


---@class pagewarden.recipe.Place a part of an address space
---@field kind "heap"|"stack"|"anon"|"file"|"shmem"
---@field name? string path of a file, or what the kernel calls it
---@field start? integer address, of anonymous memory
---@field end_? integer
---@field bytes integer in memory and swap, at the last look
---@field first number what that was at the first
---@field rises integer looks at which it had more than at the one before

---@class pagewarden.recipe.Space
---@field private named table<string, pagewarden.recipe.Place>
---@field private runs pagewarden.recipe.Place[] anonymous, by address
---@field private looks integer
local Space = {}
Space.__index = Space


---@return pagewarden.recipe.Space
function mappings.new()
  return setmetatable({ named = {}, runs = {}, looks = 0 }, Space)
end


--- What the kernel keeps in its own tmpfs: System V shared memory, memfd_create, shared anonymous
--- memory. A tmpfs that is mounted looks like any file system but at the usual place.
local SHARED = { "^/SYSV", "^/memfd:", "^/dev/zero", "^/dev/shm/", "^/run/shm/", "^%[anon_shmem" }


--- What a mapping is. "[stack:812]" was a thread's (Linux 3.4 to 4.4), "[anon:name]" got its name
--- by prctl(PR_SET_VMA) (5.17).
---@param mapping pagewarden.Mapping
---@return string kind
---@return string? name
function mappings.kind_of(mapping)
  local path = mapping.path
  if not path or path:find "^%[anon:" then
    return "anon", path
  elseif path == "[heap]" then
    return "heap", path
  elseif path:find "^%[stack" then
    return "stack", path
  end
  for _, pattern in ipairs(SHARED) do
    if path:find(pattern) then
      return "shmem", path
    end
  end
  return "file", path
end


--- What one look found: places with names, and runs of anonymous mappings without a gap between.
local function gather(list)
  local named, runs = {}, {}
  for _, mapping in ipairs(list) do
    local kind, name = mappings.kind_of(mapping)
    local bytes = (mapping.Rss or 0) + (mapping.Swap or 0)
    local run = runs[#runs]
    if name then
      local key = kind .. name
      local place = named[key] or { kind = kind, name = name, bytes = 0, first = 0, rises = 0 }
      place.bytes, named[key] = place.bytes + bytes, place
    elseif run and run.end_ == mapping.start then
      run.end_, run.bytes = mapping.end_, run.bytes + bytes
    else
      runs[#runs + 1] = { kind = kind, start = mapping.start, end_ = mapping.end_, bytes = bytes,
        first = 0, rises = 0 }
    end
  end
  return named, runs
end


--- A run goes on from those that lay there before, by the parts of them that it covers.
local function inherit(run, before, from)
  local was, most, rises = 0, 0, 0
  while before[from] and before[from].end_ <= run.start do
    from = from + 1
  end
  local i = from
  while before[i] and before[i].start < run.end_ do
    local old = before[i]
    local common = math.min(run.end_, old.end_) - math.max(run.start, old.start)
    local share = common / (old.end_ - old.start)
    run.first, was = run.first + old.first * share, was + old.bytes * share
    if common > most then
      most, rises = common, old.rises
    end
    i = i + 1
  end
  run.rises = rises + (run.bytes > was and 1 or 0)
  return from
end


--- Takes the next look.
---@param list pagewarden.Mapping[] by address, with `Rss` and `Swap`
function Space:add(list)
  local named, runs = gather(list)
  local from = 1
  for key, place in pairs(named) do
    local old = self.named[key] or { bytes = 0, first = 0, rises = 0 }
    place.first, place.rises = old.first, old.rises + (place.bytes > old.bytes and 1 or 0)
  end
  for _, run in ipairs(runs) do
    from = inherit(run, self.runs, from)
  end
  for _, places in ipairs { named, runs } do
    for _, place in pairs(self.looks == 0 and places or {}) do
      place.first, place.rises = place.bytes, 0
    end
  end
  self.named, self.runs, self.looks = named, runs, self.looks + 1
end


--- The places that grew by so much since the first look, those that grew most first.
---@param least integer bytes
---@return pagewarden.recipe.Place[]
function Space:grown(least)
  local grown = {}
  for _, places in ipairs { self.named, self.runs } do
    for _, place in pairs(places) do
      if place.bytes - place.first >= least then
        grown[#grown + 1] = place
      end
    end
  end
  table.sort(grown, function(a, b) return a.bytes - a.first > b.bytes - b.first end)
  return grown
end


return mappings
