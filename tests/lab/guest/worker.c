/* SPDX-License-Identifier: MIT
 *
 * Work that depends on memory, and counts what it gets done in the first 8 bytes of COUNTER, which
 * anybody may read meanwhile:
 *   worker COUNTER scan FILE              reads a file from end to end, again and again: bytes
 *   worker COUNTER pick FILE HOT_MIB      reads 64 KiB here and there, four of five times in the
 *                                         first HOT_MIB of the file: bytes
 *   worker COUNTER map FILE HOT_MIB       reads pages here and there in the first HOT_MIB of the
 *                                         file, mapped as programs are, a thousand a second: pages
 *   worker COUNTER touch MIB PER_SECOND   writes to its own pages, nine of ten times in the first
 *                                         quarter, at most so many a second: pages
 * Before it begins it says "ready"; SIGSTOP and SIGCONT let it sleep.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures/pages.h"
#include "lab/guest/pulse.h"

#define MIB ((size_t)1 << 20)
#define PAGE_BYTES 4096
#define PICK_BYTES ((size_t)64 << 10)
#define BATCH_MS 5
#define MAPPED_PER_SECOND 1000
#define THOUGHT_MS 5

static volatile uint64_t *counter;
static char buffer[256 << 10];
static uint64_t noise = 88172645463325252;


/* Xorshift. */
static uint64_t draw(uint64_t below) {
    noise ^= noise << 13;
    noise ^= noise >> 7;
    noise ^= noise << 17;
    return noise % below;
}


static void say_ready(void) {
    puts("ready");
    fflush(stdout);
}


static void scan(int fd) {
    say_ready();
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got > 0) {
            *counter += (uint64_t)got;
        } else if (lseek(fd, 0, SEEK_SET)) {
            exit(1);
        }
    }
}


/* It thinks about what it has read, for otherwise copying would be what takes the time. */
static void pick(int fd, size_t bytes, size_t hot_bytes) {
    struct timespec thought = {.tv_nsec = THOUGHT_MS * 1000000L};
    say_ready();
    for (;;) {
        size_t part = draw(5) ? hot_bytes : bytes;
        off_t at = (off_t)(draw(part / PICK_BYTES) * PICK_BYTES);
        if (pread(fd, buffer, PICK_BYTES, at) != (ssize_t)PICK_BYTES) {
            exit(1);
        }
        *counter += PICK_BYTES;
        nanosleep(&thought, NULL);
    }
}


static void read_mapped(int fd, size_t bytes) {
    const volatile char *file = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    if (file == MAP_FAILED) {
        exit(1);
    }
    say_ready();
    struct timespec pause = {.tv_nsec = BATCH_MS * 1000000L};
    for (;;) {
        for (int i = 0; i < MAPPED_PER_SECOND * BATCH_MS / 1000; i++) {
            (void)file[draw(bytes / PAGE_BYTES) * PAGE_BYTES];
        }
        *counter += MAPPED_PER_SECOND * BATCH_MS / 1000;
        nanosleep(&pause, NULL);
    }
}


/* What it could not touch in time it does not make up for. */
static void touch(size_t bytes, size_t pages_per_second) {
    size_t pages = bytes / PAGE_BYTES, batch = pages_per_second * BATCH_MS / 1000;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        exit(1);
    }
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    memset(memory, 'x', bytes);
    say_ready();
    for (long long due_ns = now_ns();;) {
        for (size_t i = 0; i < batch; i++) {
            memory[draw(draw(10) ? pages / 4 : pages) * PAGE_BYTES]++;
        }
        *counter += batch;
        due_ns += BATCH_MS * 1000000LL;
        if (now_ns() < due_ns) {
            sleep_until_ns(due_ns);
        } else {
            due_ns = now_ns();
        }
    }
}


static volatile uint64_t *map_counter(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, PAGE_BYTES)) {
        exit(1);
    }
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return page == MAP_FAILED ? NULL : page;
}


int main(int argc, char **argv) {
    if (argc < 4 || !(counter = map_counter(argv[1]))) {
        return 2;
    }
    end_with_parent();
    noise += (uint64_t)getpid() << 20;
    size_t last = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    if (!strcmp(argv[2], "touch")) {
        touch(strtoul(argv[3], NULL, 10) * MIB, last);
    }
    struct stat status;
    int fd = open(argv[3], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status)) {
        return 1;
    }
    if (!strcmp(argv[2], "scan")) {
        scan(fd);
    } else if (!strcmp(argv[2], "map")) {
        read_mapped(fd, last * MIB);
    }
    pick(fd, (size_t)status.st_size, last * MIB);
    return 2;
}
