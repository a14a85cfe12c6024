-- SPDX-License-Identifier: MIT
--- The files of a small machine at rest: 4 GiB of memory, most of it available, 1 GiB of swap.
-- @module pagewarden.testing.machine

local STILL = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
  .. "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

return {
  ["proc/meminfo"] = [[
MemTotal:        4028440 kB
MemFree:         2911024 kB
MemAvailable:    3402112 kB
Buffers:           41288 kB
Cached:           612740 kB
SwapCached:            0 kB
Active:           308812 kB
Inactive:         612480 kB
Active(anon):       1204 kB
Inactive(anon):   271640 kB
Active(file):     307608 kB
Inactive(file):   340840 kB
Unevictable:           0 kB
Mlocked:               0 kB
SwapTotal:       1048572 kB
SwapFree:        1048572 kB
Dirty:               160 kB
Writeback:             0 kB
AnonPages:        267292 kB
Mapped:           142336 kB
Shmem:              5580 kB
KReclaimable:      52144 kB
Slab:              94320 kB
SReclaimable:      52144 kB
SUnreclaim:        42176 kB
KernelStack:        4096 kB
PageTables:         6120 kB
CommitLimit:     3062792 kB
Committed_AS:     903412 kB
]],
  ["proc/vmstat"] = [[
nr_free_pages 727756
nr_dirty 40
nr_writeback 0
pgpgin 402112
pgpgout 188340
pswpin 0
pswpout 0
pgfault 1904412
pgmajfault 2104
pgscan_kswapd 0
pgscan_direct 0
pgsteal_kswapd 0
pgsteal_direct 0
oom_kill 0
]],
  ["proc/pressure/cpu"] = STILL,
  ["proc/pressure/memory"] = STILL,
  ["proc/pressure/io"] = STILL,
  ["proc/swaps"] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    .. "/swapfile                               file\t\t1048572\t\t0\t\t-2\n",
  ["proc/uptime"] = "86400.00 340000.00\n",
}
