/* SPDX-License-Identifier: MIT
 *
 * hog [-r MIB_PER_SECOND] [-b MIB] [-t] [-l] [-s] [-i] MIB: takes so much memory, at once or at a
 * rate, says "full", and sleeps; with -b it has that much at once, and says "growing" before it
 * takes the rest; with -t it touches every page again and again, while it grows as well, with -l
 * it locks them, with -s they are shared memory (tmpfs). Half of each MiB cannot be compressed.
 * With -i it ignores SIGTERM.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixtures/pages.h"

#define MIB ((size_t)1 << 20)
#define PAGE_BYTES 4096
#define STEPS_PER_SECOND 16


/* Xorshift: noise that no compressor sees through, faster than memory. */
static void fill_with_noise(uint64_t *words, size_t bytes, uint64_t *state) {
    for (size_t i = 0; i < bytes / sizeof *words; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        words[i] = *state;
    }
}


/* Every other page is noise, and the others have one byte. */
static void fill(char *memory, size_t bytes, uint64_t *state) {
    for (size_t at = 0; at < bytes; at += 2 * PAGE_BYTES) {
        fill_with_noise((uint64_t *)(memory + at), PAGE_BYTES, state);
        memory[at + PAGE_BYTES] = 'x';
    }
}


static void touch(volatile char *memory, size_t bytes) {
    for (size_t at = 0; at < bytes; at += PAGE_BYTES) {
        memory[at]++;
    }
}


static void say(const char *word) {
    puts(word);
    fflush(stdout);
}


static void take(char *memory, size_t at, size_t bytes, size_t bytes_per_second, bool touches) {
    size_t step_bytes = bytes_per_second / STEPS_PER_SECOND;
    uint64_t state = 88172645463325252;
    struct timespec next;
    fill(memory, at, &state);
    if (at > 0) {
        say("growing");
    }
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (; at < bytes; at += step_bytes) {
        fill(memory + at, step_bytes < bytes - at ? step_bytes : bytes - at, &state);
        touch(memory, touches ? at : 0);
        sleep_until(&next, 1000 / STEPS_PER_SECOND);
    }
}


int main(int argc, char **argv) {
    size_t rate = 0, begin = 0;
    bool touches = false, locks = false, shares = false;
    for (int option; (option = getopt(argc, argv, "r:b:tlsi")) != -1;) {
        rate = option == 'r' ? strtoul(optarg, NULL, 10) * MIB : rate;
        begin = option == 'b' ? strtoul(optarg, NULL, 10) * MIB : begin;
        touches = touches || option == 't';
        locks = locks || option == 'l';
        shares = shares || option == 's';
        if (option == 'i') {
            signal(SIGTERM, SIG_IGN);
        }
    }
    size_t bytes = (optind < argc ? strtoul(argv[optind], NULL, 10) : 0) * MIB;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        (shares ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == 0 || memory == MAP_FAILED) {
        return 2;
    }
    end_with_parent();
    madvise(memory, bytes, MADV_NOHUGEPAGE); /* growth by small pages, whatever the guest's size */
    if (rate) {
        take(memory, begin, bytes, rate, touches);
    } else {
        fill(memory, bytes, &(uint64_t){88172645463325252});
    }
    if (locks && mlock(memory, bytes)) {
        return 2;
    }
    say("full");
    while (touches) {
        touch(memory, bytes);
    }
    pause();
    return 0;
}
