-- SPDX-License-Identifier: MIT
--- Daemons under one load, each in guests of its own, as often as asked: a row for each of what
--- came of it. Who may take part is on the disk that tests/bench/contenders.sh makes, and
--- tests/lab/guest/contender.lua starts them.
local boot = require "boot"
local kept_run = require "kept_run"

local contest = {}

--- What every run tells.
local TOLD = "hand"


---@param values number[] in order
function contest.median(values)
  return values[(#values + 1) // 2]
end


---@param values number[] in order
function contest.greatest(values)
  return values[#values]
end


---@class lab.Column
---@field title string
---@field name string of a value that the guest tells
---@field width integer
---@field decimals integer
---@field of fun(values: number[]): number? of the repetitions, in order

---@class lab.Contest
---@field folder string where runs are kept
---@field kernel string
---@field repetitions integer
---@field columns lab.Column[]
---@field complete boolean whether every run that was asked for is there
local Contest = {}
Contest.__index = Contest


--- Makes ready what all runs want. Ends the program where a guest cannot be booted.
---@param given table folder, kernel, repetitions and columns, as a contest has them
---@param load string one of those it is about
---@return lab.Contest
function contest.new(given, load)
  local obstacle = boot.obstacle("bench/" .. load, given.kernel)
  if obstacle then
    print("skipped: " .. obstacle)
    os.exit(true)
  end
  io.stdout:setvbuf "line"
  assert(os.execute(("mkdir -p %s && sh tests/bench/contenders.sh %s/contenders"):format(
    given.folder, given.folder)))
  given.complete = true
  return setmetatable(given, Contest)
end


--- One run; systemd-oomd wants systemd as process 1.
---@private
function Contest:measure(path, load, contender)
  local systemd = contender == "systemd-oomd" and " then=systemd" or ""
  kept_run.measure(path, { name = "bench/" .. load, kernel = self.kernel,
    words = (" contender=%s%s"):format(contender, systemd),
    images = { contenders = self.folder .. "/contenders" } })
end


--- All runs of one contender under a load, with those that were missing.
---@private
function Contest:runs_of(load, contender)
  local runs = {}
  for number = 1, self.repetitions do
    local path = ("%s/%s-%s-%s-%d"):format(self.folder, self.kernel, load, contender, number)
    if not kept_run.recall(path, TOLD) then
      self:measure(path, load, contender)
    end
    runs[#runs + 1] = kept_run.recall(path, TOLD)
  end
  self.complete = self.complete and #runs == self.repetitions
  return runs
end


--- What the runs have by that name, in order.
local function values_of(runs, name)
  local values = {}
  for _, run in ipairs(runs) do
    values[#values + 1] = run[name]
  end
  table.sort(values)
  return values
end


--- "contender/15, kernel/9": each hand and signal once, and who else ended.
local function hands_of(runs)
  local seen, hands = {}, {}
  for _, run in ipairs(runs) do
    local hand = ("%s/%d%s"):format(run.hand, run.signal,
      run.collateral and " and " .. run.collateral or "")
    if not seen[hand] then
      seen[hand] = true
      hands[#hands + 1] = hand
    end
  end
  return table.concat(hands, ", ")
end


function Contest:print_titles()
  local cells = { ("%-14s %-12s %4s"):format("load", "contender", "runs") }
  for _, column in ipairs(self.columns) do
    cells[#cells + 1] = ("%" .. column.width .. "s"):format(column.title)
  end
  print(table.concat(cells, " ") .. " hand/signal")
end


--- Runs what is missing of one contender, and prints its row.
---@param load string
---@param contender string
function Contest:print_row(load, contender)
  local runs = self:runs_of(load, contender)
  local cells = { ("%-14s %-12s %4d"):format(load, contender, #runs) }
  for _, column in ipairs(self.columns) do
    local value = column.of(values_of(runs, column.name))
    cells[#cells + 1] = value and ("%%%d.%df"):format(column.width, column.decimals):format(value)
      or ("%" .. column.width .. "s"):format "-"
  end
  cells[#cells + 1] = hands_of(runs)
  print(table.concat(cells, " "))
end


--- The words of an argument, or of what stands for it.
---@param argument string?
---@param all string
---@return string[]
function contest.words(argument, all)
  local words = {}
  for word in (argument or all):gmatch "[^, ]+" do
    words[#words + 1] = word
  end
  return words
end


return contest
