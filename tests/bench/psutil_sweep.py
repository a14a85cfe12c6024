# SPDX-License-Identifier: MIT
"""The best of ROUNDS passes of psutil over the same fields, as "SECONDS PROCESSES"."""
import sys
import time

import psutil

best, processes = float("inf"), 0
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    processes = sum(1 for _ in psutil.process_iter(["pid", "name", "memory_info"]))
    best = min(best, time.perf_counter() - start)
print(f"{best:.9f} {processes}")
