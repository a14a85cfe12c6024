-- SPDX-License-Identifier: MIT
--- Says when little memory is available, and when there is enough again.

local format = require "pagewarden.format"
local opt = require "pagewarden.option"


local function start(pw, o)
  local low = false

  local function look()
    local memory = assert(pw.proc.meminfo())
    local share = 100 * memory.MemAvailable / memory.MemTotal
    if (share < o.least) ~= low then
      low = not low
      pw.log(low and "low" or "enough", {
        available = memory.MemAvailable, share = share,
        message = ("%s of %s are available"):format(format.size(memory.MemAvailable),
          format.size(memory.MemTotal)),
      })
    end
  end

  look()
  pw:every(o.interval, look)
end


return {
  api     = 1,
  name    = "my-policy",
  summary = "Say when little memory is available",
  description = [[
Looks at what is available, and speaks when it falls below a share of memory and when it is back.]],
  examples = { "pagewarden run ./my-policy.lua -o least=20%" },
  tags    = { "reading" },
  options = {
    opt.percent { "least", default = "10%", help = "speak when less than this is available" },
    opt.duration { "interval", default = "5s", min = "100ms", help = "time between two looks" },
  },
  needs = { process = "read" },
  start = start,
}
