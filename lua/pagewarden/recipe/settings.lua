-- SPDX-License-Identifier: MIT
--- Which settings a kind of machine wants, or its administrator: named profiles with the reason for
-- each key and where it comes from, and lists of "key=value". Pure.
-- @module pagewarden.recipe.settings
local settings = {}

---@class pagewarden.recipe.Planned
---@field key string
---@field value integer|string
---@field why string
---@field raises boolean? a higher value is as good
---@field zram boolean? it is for machines where all swap is zram, and as long as that is so

--- Each { key, value, why, where that comes from }; `raises` where more is as good, and `zram` for
--- all swap being compressed memory, where reading ahead costs and swapping does not.
local PROFILES = {
  none = {},
  desktop = {
    { "vm.dirty_background_bytes", 128 << 20,
      "writing begins before much has piled up", "Pop!_OS" },
    { "vm.dirty_bytes", 256 << 20,
      "a copy to a slow stick cannot fill memory with what everybody then waits for", "Pop!_OS" },
    { "vm.max_map_count", 1048576, "games under Wine map more than 65530 pieces",
      "Fedora 39, Ubuntu 24.04", raises = true },
    { "vm.swappiness", 180, "all swap is zram, which costs less than reading a file",
      "Documentation/admin-guide/sysctl/vm.rst, ArchWiki", zram = true },
    { "vm.page-cluster", 0, "all swap is zram, where reading ahead only decompresses",
      "ArchWiki", zram = true },
  },
  server = {
    { "vm.dirty_background_ratio", 10, "writing begins long before writers wait",
      "tuned throughput-performance" },
    { "vm.dirty_ratio", 40, "few long writes; a crash loses more",
      "tuned throughput-performance" },
    { "vm.swappiness", 10, "swap is for what is hardly ever used", "tuned throughput-performance" },
  },
  database = {
    { "vm.dirty_background_bytes", 64 << 20, "a checkpoint does not come as one burst",
      "tuned postgresql" },
    { "vm.dirty_bytes", 512 << 20, "no more than what a controller caches waits to be written",
      "tuned postgresql" },
    { "vm.max_map_count", 1048576, "search engines map each segment of an index",
      "Elasticsearch's manual", raises = true },
    { "vm.swappiness", 3, "what would be swapped is the database's own cache", "tuned postgresql" },
    { "vm.zone_reclaim_mode", 0, "another node's memory is nearer than the disk",
      "Documentation/admin-guide/sysctl/vm.rst" },
  },
}


--- What the guide has wrong of a key, and of which values that is to be said.
local GUIDE = {
  ["vm.panic_on_oom"] = { function(value) return value ~= 0 end,
    'the guide has it "to disable oom-kill", which it does not: where one process would have been '
    .. "killed, the machine panics. A process is spared by its oom_score_adj" },
  ["vm.swappiness"] = { function(value) return value > 100 end,
    "the guide's range of 0 to 100 ended with Linux 5.8: at 100 swapping counts as dear as reading "
    .. "a file, above it as cheaper" },
}


--- Key and value of "vm.swappiness=10".
local function parse(words)
  local key, value = words:match "^%s*([^=%s]+)%s*=%s*(.-)%s*$"
  return key, value ~= "" and value or nil
end


--- The keys that may be set.
---@param o { profile: string, set: string[] } options
---@return string[]
function settings.keys(o)
  local keys = {}
  for _, setting in ipairs(PROFILES[o.profile]) do
    keys[#keys + 1] = setting[1]
  end
  for _, words in ipairs(o.set) do
    keys[#keys + 1] = parse(words)
  end
  return keys
end


--- Whether there is swap, and all of it is zram.
---@param pw pagewarden.Pw
---@return boolean? nil where that cannot be seen
function settings.is_all_zram(pw)
  local areas = pw.proc.swaps()
  for _, area in ipairs(areas or {}) do
    if not area.filename:find "^/dev/zram" then
      return false
    end
  end
  return areas and #areas > 0
end


--- What is asked for one by one, which comes before the profile.
local function add_asked(pw, o, plan, taken)
  for _, words in ipairs(o.set) do
    local key, value = parse(words)
    local told = pw.sysctl.describe(key)
    if told.kind == "trigger" then
      return nil, key .. " has no value to keep: writing it does something at once"
    elseif not told.present then
      return nil, ("%s: this kernel has no such key%s"):format(told.key,
        told.replaced_by and "; " .. told.replaced_by or "")
    end
    taken[told.key] = true
    taken[told.partner or ""] = true
    plan[#plan + 1] = { key = told.key, value = value, why = "as asked" }
  end
  return true
end


--- Whether a key is above a value that it is only to be raised to. One that has the value is kept
--- there: after a reload the policy itself has set it, and would otherwise put it back.
local function is_enough(pw, setting)
  local key, value = setting[1], setting[2]
  local now = setting.raises and pw.sysctl.get(key)
  if math.type(now) ~= "integer" or now <= value then
    return false
  end
  pw.log("enough", { key = key, value = now,
    message = ("%s stays %d, which is more than %d"):format(key, now, value) })
  return true
end


local function add_profile(pw, o, plan, taken)
  for _, setting in ipairs(PROFILES[o.profile]) do
    local key, value, why, source = table.unpack(setting)
    local told = pw.sysctl.describe(key)
    if not told.present then
      pw.log("absent", { key = key, message = key .. ": this kernel has no such key" })
    elseif not taken[key] and not is_enough(pw, setting) then
      plan[#plan + 1] = { key = key, value = math.min(value, told.max or value),
        why = ("%s (%s)"):format(why, source), raises = setting.raises, zram = setting.zram }
    end
  end
end


--- What is to be kept, now or once all swap is zram. What a profile has and this kernel lacks is
--- said and left out.
---@param pw pagewarden.Pw with sysctl
---@param o { profile: string, set: string[] } options
---@return pagewarden.recipe.Planned[]?
---@return string? message why something that was asked for cannot be
function settings.plan(pw, o)
  local plan, taken = {}, {}
  local ok, message = add_asked(pw, o, plan, taken)
  if not ok then
    return nil, message
  end
  add_profile(pw, o, plan, taken)
  return plan
end


--- What is wrong with a list of "key=value", or nil.
---@param list string[]
---@return string? problem
function settings.problem(list)
  local seen = {}
  for _, words in ipairs(list) do
    local key, value = parse(words)
    if not value or not key:find "^%a[%w_-]*[./][%w_./-]*%w$" or key:find("..", 1, true) then
      return ("set: expected key=value, such as vm.swappiness=10, found '%s'"):format(words)
    end
    key = key:gsub("/", ".")
    if seen[key] then
      return ("set: %s is there twice"):format(key)
    end
    seen[key] = true
  end
end


--- Says what the guide has wrong about a setting as it is here.
---@param pw pagewarden.Pw with sysctl
function settings.correct_guide(pw)
  for key, correction in pairs(GUIDE) do
    local value = pw.sysctl.get(key)
    if math.type(value) == "integer" and correction[1](value) then
      pw.log("guide", { key = key, value = value,
        message = ("%s is %d: %s"):format(key, value, correction[2]) })
    end
  end
end


return settings
