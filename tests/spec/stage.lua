-- SPDX-License-Identifier: MIT
--- Policies on a virtual loop, for the specs: what each logs is kept.
local folders = require "folder"
local loops = require "pagewarden.loop"
local policy = require "pagewarden.policy"
local proc = require "pagewarden.proc"
local runtime = require "pagewarden.runtime"

local Stage = {}
Stage.__index = Stage


--- Starts a policy that has this text for the body of its `start`, from the file's third line on.
---@param name string
---@param body string
---@param limits pagewarden.LoadOptions?
---@return pagewarden.Instance, pagewarden.Policy
function Stage:start(name, body, limits)
  local path = self.folder:write(name .. ".lua", ([[
return { api = 1, name = "%s", summary = "A test", start = function(pw)

%s
end }]]):format(name, body))
  local loaded = assert(policy.load(path, limits))
  assert(loaded:set_options {})
  local instance = runtime.start(loaded, {
    loop = self.loop, reader = self.reader, now = function() return self.loop:now() end,
    sink = function(event) self.events[#self.events + 1] = event end,
  })
  return instance, loaded
end


--- How many events of this name a policy has logged.
function Stage:count(name, event)
  local count = 0
  for _, logged in ipairs(self.events) do
    count = count + (logged.policy == name and logged.event == event and 1 or 0)
  end
  return count
end


function Stage:close()
  self.loop:close()
  self.reader:close()
  self.folder:remove()
end


return {
  new = function()
    return setmetatable({ folder = folders.new(), loop = assert(loops.new { virtual = true }),
      reader = assert(proc.open "/"), events = {} }, Stage)
  end,
}
