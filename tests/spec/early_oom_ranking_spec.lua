-- SPDX-License-Identifier: MIT
-- What early-oom reads of processes when it ranks them.
local rankings = require "pagewarden.recipe.early_oom.ranking"


--- Fields as a set that are asked for of those who are looked at closely.
local function close_fields_with(options)
  local asked = {}
  local nobody = setmetatable({ each = function() return function() end end },
    { __close = function() end })
  local pw = { proc = {
    read = function() return "1 (pagewarden) S" end,
    processes = function() return nobody end,
    watch = function(fields)
      for _, name in ipairs(fields) do
        asked[name] = true
      end
      return nobody
    end,
  } }
  local o = { kill = "process", score = "p.rss", least = 0, prefer = {}, avoid = {}, never = {} }
  for name, value in pairs(options) do
    o[name] = value
  end
  assert(rankings.new(pw, o)):refresh(0, 1 << 30)
  return asked
end


describe("ranking whom early-oom would end", function()
  it("reads no command line, which the kernel may have to bring back from swap", function()
    local asked = close_fields_with { prefer = { "^chrome$", "tree=^command" } }
    assert.is_true(asked.oom_score_adj)
    assert.is_nil(asked.cmdline)
  end)

  it("reads it where a selector or the score goes by it", function()
    assert.is_true(close_fields_with { avoid = { "^sh$", "command=--serve" } }.cmdline)
    assert.is_true(close_fields_with { score = "#(p.cmdline or '')" }.cmdline)
  end)
end)
