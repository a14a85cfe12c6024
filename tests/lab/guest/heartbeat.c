/* SPDX-License-Identifier: MIT
 *
 * heartbeat FILE: touches 4 MiB of its own and 4 MiB of the file every 10 ms. SIGUSR1 starts the
 * count, and SIGTERM ends it: then it prints how many beats there were, how late the worst was
 * done, and 99 of 100 (microseconds), and when the worst was due (ms of CLOCK_MONOTONIC). A beat
 * that is late does not delay the next one's time, so each that a stall held up is counted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fixtures/pages.h"
#include "lab/guest/pulse.h"

#define PART_BYTES ((size_t)4 << 20)
#define PAGE_BYTES 4096
#define BEAT_NS 10000000
#define MOST_BEATS 30000

static int late_us[MOST_BEATS];
static int worst_us;
static long long worst_due_ns;


static char *map(int fd) {
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    int protection = fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ;
    char *memory = mmap(NULL, PART_BYTES, protection, flags, fd, 0);
    if (memory == MAP_FAILED) {
        exit(2);
    }
    return memory;
}


static void beat(volatile char *own, volatile const char *mapped) {
    for (size_t at = 0; at < PART_BYTES; at += PAGE_BYTES) {
        own[at] += mapped[at];
    }
}


static int by_size(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}


static void report(int beats) {
    qsort(late_us, beats, sizeof *late_us, by_size);
    printf("%d %d %d %lld\n", beats, beats ? late_us[beats - 1] : 0,
           beats ? late_us[beats * 99 / 100] : 0, worst_due_ns / 1000000);
}


int main(int argc, char **argv) {
    int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    int beats = 0;
    if (fd < 0) {
        return 2;
    }
    char *mapped = map(fd), *own = map(-1);
    end_with_parent();
    mlock(late_us, sizeof late_us);
    listen_for_count();
    for (long long due_ns = now_ns(); !ended && beats < MOST_BEATS; due_ns += BEAT_NS) {
        sleep_until_ns(due_ns);
        beat(own, mapped);
        late_us[beats] = (int)((now_ns() - due_ns) / 1000);
        if (started && late_us[beats] > worst_us) {
            worst_us = late_us[beats];
            worst_due_ns = due_ns;
        }
        beats += started;
    }
    report(beats);
    return 0;
}
