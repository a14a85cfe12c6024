-- SPDX-License-Identifier: MIT
-- Machines for specs of the report, as the files that their kernels would show.

local machines = {}

local OLD_MEMINFO = [[
MemTotal:        3921112 kB
MemFree:          203180 kB
Buffers:          154720 kB
Cached:          1801540 kB
SwapCached:        10240 kB
Active:          1606320 kB
Inactive:        1706612 kB
Active(anon):     901040 kB
Inactive(anon):   470200 kB
Active(file):     705280 kB
Inactive(file):  1236412 kB
Unevictable:           0 kB
Mlocked:               0 kB
SwapTotal:       4095992 kB
SwapFree:        4005992 kB
Dirty:               480 kB
Writeback:             0 kB
AnonPages:       1356596 kB
Mapped:            80120 kB
Shmem:             14572 kB
Slab:             240120 kB
SReclaimable:     190120 kB
SUnreclaim:        50000 kB
KernelStack:        4120 kB
PageTables:        30120 kB
NFS_Unstable:          0 kB
Bounce:                0 kB
WritebackTmp:          0 kB
CommitLimit:     6056548 kB
Committed_AS:    2420120 kB
VmallocTotal:   34359738367 kB
VmallocUsed:      290120 kB
VmallocChunk:   34359430000 kB
HardwareCorrupted:     0 kB
AnonHugePages:    900000 kB
HugePages_Total:       0
HugePages_Free:        0
HugePages_Rsvd:        0
HugePages_Surp:        0
Hugepagesize:       2048 kB
DirectMap4k:       10240 kB
DirectMap2M:     4184064 kB
]]

local OLD_ZONEINFO = [[
Node 0, zone      DMA
  pages free     3938
        min      83
        low      103
        high     124
        scanned  0
        spanned  4095
        present  3835
    nr_free_pages 3938
        protection: (0, 3000, 3900, 3900)
  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 1
  vm stats threshold: 2
  all_unreclaimable: 1
  prev_priority:     12
  start_pfn:         1
  inactive_ratio:    1
Node 0, zone   Normal
  pages free     46857
        min      16000
        low      20000
        high     24000
        scanned  0
        spanned  1000000
        present  976443
    nr_free_pages 46857
        protection: (0, 0, 0, 0)
  pagesets
    cpu: 0
              count: 100
              high:  186
              batch: 31
  vm stats threshold: 24
  all_unreclaimable: 0
  prev_priority:     12
  start_pfn:         4096
  inactive_ratio:    11
]]

local NEW_MEMINFO = [[
MemTotal:       16384000 kB
MemFree:         8192000 kB
MemAvailable:   12288000 kB
Buffers:           65536 kB
Cached:          4194304 kB
SwapCached:            0 kB
Active:          3145728 kB
Inactive:        3145728 kB
Active(anon):    1048576 kB
Inactive(anon):  1048576 kB
Active(file):    2097152 kB
Inactive(file):  2097152 kB
Unevictable:           0 kB
Mlocked:               0 kB
SwapTotal:       2097148 kB
SwapFree:        2097148 kB
Zswap:                 0 kB
Zswapped:              0 kB
Dirty:               480 kB
Writeback:             0 kB
AnonPages:       2000000 kB
Mapped:           300000 kB
Shmem:            100000 kB
KReclaimable:     410000 kB
Slab:             600000 kB
SReclaimable:     400000 kB
SUnreclaim:       200000 kB
KernelStack:       16000 kB
PageTables:        30000 kB
SecPageTables:         0 kB
Bounce:                0 kB
WritebackTmp:          0 kB
CommitLimit:    10289148 kB
Committed_AS:    4000000 kB
VmallocTotal:   34359738367 kB
VmallocUsed:       60000 kB
VmallocChunk:          0 kB
Percpu:            10000 kB
HardwareCorrupted:     0 kB
AnonHugePages:         0 kB
HugePages_Total:      16
HugePages_Free:       16
HugePages_Rsvd:        0
HugePages_Surp:        0
Hugepagesize:       2048 kB
Hugetlb:           32768 kB
]]

local function stat(pid, ppid, comm, rss_pages)
  local vsize = rss_pages > 0 and rss_pages * 8192 or 0
  return ("%d (%s) S %d 1 1 0 -1 4194560 10 0 1 0 7 5 0 0 20 0 1 0 %d %d %d "
    .. "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0\n"):format(
    pid, comm, ppid, pid * 100, vsize, rss_pages)
end

local function add_process(files, p)
  local folder = ("proc/%d/"):format(p.pid)
  local kib = p.rss_pages * 4
  files[folder .. "stat"] = stat(p.pid, p.ppid, p.comm, p.rss_pages)
  files[folder .. "statm"] = ("%d %d %d 1 0 1 0\n"):format(p.rss_pages * 2, p.rss_pages,
    p.rss_pages // 4)
  files[folder .. "status"] = ("Name:\t%s\nUid:\t0\t0\t0\t0\n"):format(p.comm)
    .. (kib > 0 and ("VmSize:\t%d kB\nVmRSS:\t%d kB\nVmSwap:\t%d kB\n"):format(kib * 2, kib,
      p.swap_kib or 0) or "")
  files[folder .. "cmdline"] = kib > 0 and ("/usr/bin/" .. p.comm .. "\0-v\0") or ""
  files[folder .. "oom_score"] = ("%d\n"):format(p.oom_score or 0)
  files[folder .. "oom_score_adj"] = ("%d\n"):format(p.oom_score_adj or 0)
  if kib > 0 then
    files[folder .. "smaps_rollup"] = ("00400000-7ffd0000 ---p 00000000 00:00 0 [rollup]\n"
      .. "Rss: %d kB\nPss: %d kB\nShared_Clean: %d kB\nShared_Dirty: 0 kB\nPrivate_Clean: 0 kB\n"
      .. "Private_Dirty: %d kB\nSwap: 0 kB\n"):format(kib, kib // 2, kib // 2, kib // 4)
  end
end

--- Adds processes, and init and kthreadd unless they are a container's.
---@param files table<string, string>
---@param processes table[] `{ pid =, ppid =, comm =, rss_pages =, swap_kib =, oom_score = … }`
---@param container boolean?
local function populate(files, processes, container)
  files["proc/uptime"] = "86400.00 170000.00\n"
  add_process(files, { pid = 1, ppid = 0, comm = "init", rss_pages = 500 })
  if not container then
    add_process(files, { pid = 2, ppid = 0, comm = "kthreadd", rss_pages = 0 })
  end
  for _, p in ipairs(processes) do
    add_process(files, p)
  end
end

local WORKERS = {
  { pid = 100, ppid = 1, comm = "mysqld", rss_pages = 90000, oom_score = 700, swap_kib = 2048 },
  { pid = 200, ppid = 1, comm = "sshd", rss_pages = 1500, oom_score = 0, oom_score_adj = -1000 },
  { pid = 201, ppid = 200, comm = "evil\27[31m", rss_pages = 800, oom_score = 667 },
}

local function files_of(meminfo, container)
  local files = {
    ["proc/meminfo"] = meminfo,
    ["proc/vmstat"] = "nr_free_pages 2048000\nnr_dirty_threshold 262144\n"
      .. "nr_dirty_background_threshold 131072\noom_kill 0\n",
    ["proc/zoneinfo"] = OLD_ZONEINFO,
    ["proc/swaps"] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
    ["proc/sys/vm/swappiness"] = "60\n",
    ["proc/sys/vm/dirty_ratio"] = "20\n",
    ["proc/sys/vm/dirty_background_ratio"] = "10\n",
    ["proc/sys/kernel/osrelease"] = "6.1.0-18-amd64\n",
    ["sys/kernel/mm/transparent_hugepage/enabled"] = "always [madvise] never\n",
  }
  populate(files, WORKERS, container)
  return files
end

--- A server of Red Hat 6's time: no MemAvailable, no pressure, no unified cgroups.
function machines.rhel6()
  local files = files_of(OLD_MEMINFO)
  files["proc/sys/kernel/osrelease"] = "2.6.32-279.el6.x86_64\n"
  files["proc/vmstat"] = "nr_free_pages 50795\nnr_dirty 120\n"
  files["sys/kernel/mm/transparent_hugepage/enabled"] = nil
  files["sys/kernel/mm/redhat_transparent_hugepage/enabled"] = "[always] never\n"
  return files
end

--- A healthy machine of today, with pressure and one swap area.
function machines.healthy()
  local files = files_of(NEW_MEMINFO)
  local calm = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
  for _, resource in ipairs { "cpu", "memory", "io" } do
    files["proc/pressure/" .. resource] = calm
  end
  files["proc/swaps"] = files["proc/swaps"]
    .. "/dev/vda2                               partition\t2097148\t0\t-2\n"
  files["sys/fs/cgroup/cgroup.controllers"] = "cpuset cpu io memory pids\n"
  files["proc/1/cgroup"] = "0::/init.scope\n"
  files["sys/fs/cgroup/init.scope/memory.current"] = "10485760\n"
  files["sys/fs/cgroup/init.scope/memory.max"] = "max\n"
  return files
end

--- The healthy machine with two swap areas that are used one after another.
function machines.two_swap_areas()
  local files = machines.healthy()
  files["proc/swaps"] = files["proc/swaps"]
    .. "/swap\\040file                           file    \t1048572\t0\t-3\n"
  return files
end

--- The healthy machine with its swap on zram.
function machines.zram()
  local files = machines.healthy()
  files["proc/swaps"] = files["proc/swaps"]:gsub("/dev/vda2 ", "/dev/zram0")
  files["proc/sys/vm/page-cluster"] = "3\n"
  files["sys/block/zram0/disksize"] = "2147483648\n"
  files["sys/block/zram0/comp_algorithm"] = "lzo [zstd]\n"
  files["sys/block/zram0/mm_stat"] = "104857600 26214400 31457280 0 31457280 12 0 0 0\n"
  return files
end

--- A container of 1 GiB that sees the host's meminfo, under unified cgroups.
function machines.container_v2()
  local files = files_of(NEW_MEMINFO, true)
  files["proc/1/cgroup"] = "0::/\n"
  files["sys/fs/cgroup/cgroup.controllers"] = "cpu memory pids\n"
  files["sys/fs/cgroup/memory.max"] = "1073741824\n"
  files["sys/fs/cgroup/memory.high"] = "max\n"
  files["sys/fs/cgroup/memory.swap.max"] = "0\n"
  files["sys/fs/cgroup/memory.current"] = "966367641\n"
  files["sys/fs/cgroup/memory.stat"] = "anon 900000000\ninactive_file 10485760\n"
  files["sys/fs/cgroup/memory.events"] = "low 0\nhigh 0\nmax 12\noom 2\noom_kill 2\n"
  return files
end

--- The same under version 1, without a cgroup namespace.
function machines.container_v1()
  local files = files_of(NEW_MEMINFO, true)
  files["proc/1/cgroup"] = "4:memory:/docker/0123456789abcdef\n1:name=systemd:/docker/0123\n"
  files["sys/fs/cgroup/memory/memory.limit_in_bytes"] = "1073741824\n"
  files["sys/fs/cgroup/memory/memory.usage_in_bytes"] = "536870912\n"
  files["sys/fs/cgroup/memory/memory.stat"] = "total_inactive_file 0\n"
    .. "hierarchical_memory_limit 1073741824\n"
  return files
end

return machines
