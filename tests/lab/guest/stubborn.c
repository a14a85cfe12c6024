/* SPDX-License-Identifier: MIT
 *
 * A program that is hard to kill. It says "ready" once it is:
 *   stubborn leaderless        its first thread has ended, and another lives
 *   stubborn stuck MIB FILE    it has so much memory, and writes to a file again and again, which
 *                              may be frozen
 *   stubborn pinned MIB FILE   the same, with shared memory: that is taken from nobody who lives
 *   stubborn crowd [MIB]       a process group that doubles until there are a hundred processes;
 *                              each takes so much memory
 *   stubborn chain             processes of which each starts the next one and ends, every few
 *                              milliseconds
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixtures/pages.h"

#define CROWD 100
#define CHAINS 4


static void say_ready(void) {
    puts("ready");
    fflush(stdout);
}


static void *live_on(void *unused) {
    say_ready();
    pause();
    return unused;
}


static void lose_leader(void) {
    pthread_t other;
    pthread_create(&other, NULL, live_on, NULL);
    syscall(SYS_exit, 0); /* of this thread alone */
}


static void share_mib(size_t mib) {
    char *memory = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        exit(1);
    }
    memset(memory, 'x', mib << 20);
}


static void write_for_ever(const char *file) {
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    say_ready();
    while (fd >= 0 && pwrite(fd, "x", 1, 0) == 1) {
        usleep(10000);
    }
}


static void grow_crowd(size_t mib) {
    _Atomic int *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    setsid();
    say_ready();
    while (atomic_fetch_add(count, 1) < CROWD) {
        usleep(20000);
        if (fork() == 0 && mib) {
            take_kib(mib << 10);
        }
    }
    for (;;) {
        pause();
    }
}


static void run_chain(void) {
    for (;;) {
        usleep(3000);
        if (fork() > 0) {
            _exit(0);
        }
    }
}


static void start_chains(void) {
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < CHAINS; i++) {
        if (fork() == 0) {
            run_chain();
        }
    }
    say_ready();
    for (;;) {
        pause();
    }
}


int main(int argc, char **argv) {
    const char *way = argc > 1 ? argv[1] : "";
    end_with_parent();
    if (strcmp(way, "leaderless") == 0) {
        lose_leader();
    } else if (strcmp(way, "stuck") == 0 && argc == 4) {
        take_kib(strtoul(argv[2], NULL, 10) << 10);
        write_for_ever(argv[3]);
    } else if (strcmp(way, "pinned") == 0 && argc == 4) {
        share_mib(strtoul(argv[2], NULL, 10));
        write_for_ever(argv[3]);
    } else if (strcmp(way, "crowd") == 0) {
        grow_crowd(argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
    } else if (strcmp(way, "chain") == 0) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        start_chains();
    }
    return 2;
}
