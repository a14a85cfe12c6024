-- SPDX-License-Identifier: MIT
--- Boots guests, and judges what they say. PW_BUILD_DIR is the build tree.
local script = require "script"
local tap = require "tap"

local boot = {}

local BOOTS <const> = 3 -- while the emulator is at fault

local CONSOLE_LINES = 100
local UP = "lab: the guest is up" -- as tests/lab/guest/session has it on the console
local KERNELS = "build/deps/kernels"
local IMAGES = assert(os.getenv "PW_BUILD_DIR", "PW_BUILD_DIR names the build tree") .. "/lab"

-- Without cx16: QEMU 7.2 now and then leaves wrong flags behind a cmpxchg16b, and 6.12 panics.
local QEMU = "timeout --foreground -k 5 %d qemu-system-x86_64 -M q35 -cpu max,-cx16"
  .. " -accel tcg,thread=multi -m %s -smp %d -display none -monitor none -no-reboot -nic none"
  .. " -kernel %s/vmlinuz -initrd %s/initrd -append '%s'"
  .. " -serial file:%s/console -serial file:/dev/stdout </dev/null"
-- On a busy machine the kernel may find the emulated timer too slow when it checks that, and panic.
local CMDLINE = "console=ttyS0 quiet panic=-1 no_timer_check lab=%s@%s %s"
local DRIVE = " -drive if=none,format=raw,cache=unsafe,id=%s,file=%s%s"
  .. " -device virtio-blk-pci,drive=%s,serial=%s"

-- All disks of a group share what it may do (QEMU's docs/throttle.txt).
local THROTTLE = ",throttling.group=lab,throttling.bps-total=%d,throttling.iops-total=%d"

local MAKE_FILE_SYSTEM = {
  ext4 = "mke2fs -q -t ext4",
  xfs = "mkfs.xfs -q",
  btrfs = "mkfs.btrfs -q",
}


local function execute(command)
  assert(os.execute("PATH=$PATH:/usr/sbin:/sbin; " .. command))
end


--- Why a script cannot be run here, or nil.
---@param name string
---@param kernel string
---@return string? reason
function boot.obstacle(name, kernel)
  local tools = { "qemu-system-x86_64", "busybox", "mke2fs", "debugfs", "flock" }
  for system in pairs(script.needs(name).scratch) do
    tools[#tools + 1] = MAKE_FILE_SYSTEM[system]:match "^%S+"
  end
  for _, tool in ipairs(tools) do
    if not os.execute(("PATH=$PATH:/usr/sbin:/sbin; command -v %s >/dev/null"):format(tool)) then
      return "the lab wants " .. tool
    end
  end
  if not os.execute(("test -d %s/%s"):format(KERNELS, kernel)) then
    return ("no Linux %s below %s; ./bootstrap test fetches it"):format(kernel, KERNELS)
  end
end


local function drive(id, path, options)
  return DRIVE:format(id, path, options or "", id, id)
end


--- Makes the disks that a script wants: their part of the command line.
local function make_disks(folder, needs)
  local words, throttle = {}, needs.throttle
  local options = throttle.mib and THROTTLE:format(throttle.mib << 20, throttle.requests) or ""
  local function make(id, size)
    execute(("truncate -s %s %s/%s"):format(size, folder, id))
    words[#words + 1] = drive(id, folder .. "/" .. id, options)
  end
  for _, kind in ipairs { "swap", "disks" } do
    for i, size in ipairs(needs[kind]) do
      make(kind .. i, size)
    end
  end
  for system, size in pairs(needs.scratch) do
    make(system, size)
    execute(("%s %s/%s >/dev/null"):format(MAKE_FILE_SYSTEM[system], folder, system))
  end
  return table.concat(words)
end


local function read_console(folder)
  local file <close> = io.open(folder .. "/console")
  local lines = {}
  for line in file and file:lines() or function() end do
    lines[#lines + 1] = line:gsub("\r", "")
  end
  return lines
end


local function print_console(lines)
  print "the end of the console:"
  print(table.concat(lines, "\n", math.max(1, #lines - CONSOLE_LINES + 1)))
end


--- Whether the emulator is at fault, and not the guest, which has not come as far as its script.
--- Before QEMU 8.1 a processor now and then runs an instruction that another one is just patching,
--- which the kernel does a lot while it boots (github.com/ClangBuiltLinux/boot-utils/issues/111):
--- it says so, or stands still and says nothing.
---@param problem string?
---@param console string[]
---@return boolean
function boot.is_broken(problem, console)
  local text = table.concat(console, "\n")
  local is_up = text:find(UP, 1, true)
  return problem ~= nil and not is_up
    or problem == tap.SAID_NOTHING and text:find("int3: 0000 [#1]", 1, true) ~= nil
end


local function command_line(folder, guest, needs)
  local version = IMAGES .. "/" .. guest.kernel
  local words = CMDLINE:format(guest.name, guest.kernel, needs.cmdline .. (guest.words or ""))
  local line = {
    QEMU:format(needs.timeout, needs.memory, needs.cpus, version, version, words, folder),
    drive("tools", IMAGES .. "/tools.img", ",readonly=on"),
    make_disks(folder, needs),
  }
  for id, path in pairs(guest.images or {}) do
    line[#line + 1] = drive(id, path, ",readonly=on")
  end
  return table.concat(line)
end


---@class lab.Guest
---@field name string the script's
---@field kernel string "6.1"
---@field words string? more for the kernel's command line, behind a blank
---@field images table<string, string>? more disks, read-only: paths by id

--- Boots once. Returns the problem, if any, and what is on the console.
local function run_once(guest, echo)
  local needs = script.needs(guest.name)
  local folder = ("%s/run/%s@%s"):format(IMAGES, guest.name:gsub("/", "-"), guest.kernel)
  execute(("rm -rf %s && mkdir -p %s"):format(folder, folder))
  local pipe = assert(io.popen(command_line(folder, guest, needs)))
  local problem = tap.judge(pipe:lines(), echo)
  local _, _, status = pipe:close()
  if status == 124 then
    problem = ("the guest hung: it did not end within %d seconds"):format(needs.timeout)
  elseif status ~= 0 then
    problem = problem or ("qemu ended with status %d"):format(status)
  end
  local console = read_console(folder)
  execute("rm -rf " .. folder)
  return problem, console
end


--- Boots, has each line of what the guest says, and shows the console's end if it fails.
---@param guest lab.Guest
---@param echo fun(line: string)
---@return string? problem
function boot.run(guest, echo)
  execute(("sh tests/lab/images.sh %s %s"):format(IMAGES, KERNELS))
  local problem, console
  for _ = 1, BOOTS do
    problem, console = run_once(guest, echo)
    if not boot.is_broken(problem, console) then
      break
    end
  end
  if problem then
    print(("%s@%s: %s"):format(guest.name, guest.kernel, problem))
    print_console(console)
  end
  return problem
end


return boot
