-- SPDX-License-Identifier: MIT
-- run.lua NAME@KERNEL: boots a guest for tests/lab/NAME_lab.lua and prints what that says. Exits 1
-- when a check failed, or the guest panicked, hung or ended before its time, and then shows the end
-- of its console. PW_BUILD_DIR is the build tree.
package.path = "tests/lab/?.lua;" .. package.path
local script = require "script"
local tap = require "tap"

local CONSOLE_LINES = 100
local KERNELS = "build/deps/kernels"

-- Without cx16: QEMU 7.2 now and then leaves wrong flags behind a cmpxchg16b, and 6.12 panics.
local QEMU = "timeout --foreground -k 5 %d qemu-system-x86_64 -M q35 -cpu max,-cx16"
  .. " -accel tcg,thread=multi -m %s -smp %d -display none -monitor none -no-reboot -nic none"
  .. " -kernel %s/vmlinuz -initrd %s/initrd -append '%s'"
  .. " -serial file:%s/console -serial file:/dev/stdout </dev/null"
local CMDLINE = "console=ttyS0 quiet panic=-1 lab=%s@%s %s"
local DRIVE = " -drive if=none,format=raw,cache=unsafe,id=%s,file=%s%s"
  .. " -device virtio-blk-pci,drive=%s,serial=%s"

local MAKE_FILE_SYSTEM = {
  ext4 = "mke2fs -q -t ext4",
  xfs = "mkfs.xfs -q",
  btrfs = "mkfs.btrfs -q",
}


local function skip(reason)
  print("skipped: " .. reason)
  os.exit(true)
end


local function execute(command)
  assert(os.execute("PATH=$PATH:/usr/sbin:/sbin; " .. command))
end


local function exists(path)
  local file <close> = io.open(path)
  return file ~= nil
end


--- Skips the test where the guest cannot be had.
local function look_for_tools(kernel, needs)
  local tools = { "qemu-system-x86_64", "busybox", "mke2fs", "debugfs", "flock" }
  for system in pairs(needs.scratch) do
    tools[#tools + 1] = MAKE_FILE_SYSTEM[system]:match "^%S+"
  end
  for _, tool in ipairs(tools) do
    if not os.execute(("PATH=$PATH:/usr/sbin:/sbin; command -v %s >/dev/null"):format(tool)) then
      skip("the lab wants " .. tool)
    end
  end
  if not os.execute(("test -d %s/%s"):format(KERNELS, kernel)) then
    skip(("no Linux %s below %s; ./bootstrap test fetches it"):format(kernel, KERNELS))
  end
end


local function drive(folder, id, options)
  return DRIVE:format(id, folder .. "/" .. id, options or "", id, id)
end


--- Makes the disks that a script wants: their part of the command line.
local function make_disks(folder, needs)
  local words = {}
  local function make(id, size)
    execute(("truncate -s %s %s/%s"):format(size, folder, id))
    words[#words + 1] = drive(folder, id)
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


local function print_console(folder)
  local lines = {}
  for line in io.lines(folder .. "/console") do
    lines[#lines + 1] = line:gsub("\r", "")
  end
  print "the end of the console:"
  print(table.concat(lines, "\n", math.max(1, #lines - CONSOLE_LINES + 1)))
end


--- Boots, and prints what the guest says: what is wrong with it, or nil.
local function boot(images, folder, name, kernel)
  local needs = script.needs(name)
  local version = images .. "/" .. kernel
  local command = QEMU:format(needs.timeout, needs.memory, needs.cpus, version, version,
    CMDLINE:format(name, kernel, needs.cmdline), folder)
    .. DRIVE:format("tools", images .. "/tools.img", ",readonly=on", "tools", "tools")
    .. make_disks(folder, needs)
  local guest = assert(io.popen(command))
  local problem = tap.judge(guest:lines(), print)
  local _, _, status = guest:close()
  if status == 124 then
    problem = ("the guest hung: it did not end within %d seconds"):format(needs.timeout)
  end
  return problem or status ~= 0 and ("qemu ended with status %d"):format(status) or nil
end


local function main()
  local name, kernel = arg[1]:match "^(.*)@(.*)$"
  local images = os.getenv "PW_BUILD_DIR" .. "/lab"
  local folder = ("%s/run/%s@%s"):format(images, name:gsub("/", "-"), kernel)
  look_for_tools(kernel, script.needs(name))
  execute(("sh tests/lab/images.sh %s %s"):format(images, KERNELS))
  execute(("rm -rf %s && mkdir -p %s"):format(folder, folder))
  io.stdout:setvbuf "line"
  local problem = boot(images, folder, name, kernel)
  if problem then
    print(arg[1] .. ": " .. problem)
    if exists(folder .. "/console") then
      print_console(folder)
    end
  end
  execute("rm -rf " .. folder)
  os.exit(not problem)
end


main()
