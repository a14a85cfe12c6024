/* SPDX-License-Identifier: MIT
 *
 * hog [-r MIB_PER_SECOND] [-b MIB] [-t] [-l] [-s] [-i] MIB: takes so much memory, at once or at
 * a rate, says "full", and sleeps; with -b it has that much at once, and at a rate it says
 * "growing" before it takes the rest; with -t it touches every page again and again, also while
 * it grows, with -l it locks them, with -s they are shared memory (tmpfs). Half of each MiB
 * cannot be compressed. With -i it ignores SIGTERM.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixtures/pages.h"

#define MIB ((size_t)1 << 20)
#define PAGE_BYTES 4096
#define STEPS_PER_SECOND 16

static atomic_size_t taken_bytes;


/* By small pages, whatever the guest's size. */
static char *reserve(size_t bytes, bool shares) {
    int flags = (shares ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_NORESERVE;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    return memory;
}


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


/* A thread's, so that growth does not wait for what is in swap. */
static void *touch_again(void *memory) {
    for (;;) {
        touch(memory, taken_bytes);
    }
    return NULL;
}


static void grow(char *memory, size_t bytes, size_t bytes_per_second, uint64_t *state) {
    size_t step_bytes = bytes_per_second / STEPS_PER_SECOND;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (taken_bytes < bytes) {
        size_t left_bytes = bytes - taken_bytes;
        size_t more_bytes = step_bytes < left_bytes ? step_bytes : left_bytes;
        fill(memory + taken_bytes, more_bytes, state);
        taken_bytes += more_bytes;
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
    char *memory = bytes > 0 ? reserve(bytes, shares) : NULL;
    if (!memory) {
        return 2;
    }
    end_with_parent();
    uint64_t state = 88172645463325252;
    taken_bytes = rate ? begin : bytes;
    fill(memory, taken_bytes, &state);
    if (touches && pthread_create(&(pthread_t){0}, NULL, touch_again, memory)) {
        return 2;
    }
    if (rate) {
        say("growing");
        grow(memory, bytes, rate, &state);
    }
    if (locks && mlock(memory, bytes)) {
        return 2;
    }
    say("full");
    pause();
    return 0;
}
