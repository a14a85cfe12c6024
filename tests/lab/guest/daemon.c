/* SPDX-License-Identifier: MIT
 *
 * daemon                 says "ready", and from then on starts a child for each SIGUSR1, and says
 *                        "child PID"; on SIGUSR2 it executes itself again
 * daemon hold MIB        takes so much memory, without filling it, says "ready", and sleeps
 * daemon threads MIB     a process whose first thread has ended, while another one has so much
 * daemon vfork           says "child PID" of a child that never executes anything
 * daemon unable WORDS    executes a program without the right to lower an oom_score_adj
 */
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_BYTES 4096


static void *hold(void *bytes) {
    size_t size = *(size_t *)bytes;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE; /* it may be more than there is */
    volatile char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    for (size_t at = 0; at < size; at += PAGE_BYTES) {
        memory[at] = 1;
    }
    puts("ready");
    for (;;) {
        pause();
    }
    return NULL;
}


static void leave_threads(size_t bytes) {
    static size_t size;
    pthread_t thread;
    size = bytes;
    pthread_create(&thread, NULL, hold, &size);
    syscall(SYS_exit, 0); /* of this thread alone; pthread_exit(3) wants a library to be loaded */
}


/* The child says who it is: its parent waits until it executes something. */
static void share_memory(void) {
    if (vfork() == 0) {
        printf("child %d\n", (int)getpid());
        for (;;) {
            pause();
        }
    }
}


static void start_child(void) {
    pid_t child = fork();
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    printf("child %d\n", (int)child);
}


static void serve(char **words) {
    sigset_t signals;
    int number;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    puts("ready");
    while (sigwait(&signals, &number) == 0) {
        if (number == SIGUSR1) {
            start_child();
        } else {
            execvp(words[0], words); /* /proc/self/exe would be named "exe" */
        }
    }
}


int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "hold") == 0) {
        size_t bytes = (size_t)atoi(argv[2]) << 20;
        hold(&bytes);
    } else if (strcmp(what, "threads") == 0) {
        leave_threads((size_t)atoi(argv[2]) << 20);
    } else if (strcmp(what, "vfork") == 0) {
        share_memory();
    } else if (strcmp(what, "unable") == 0) {
        prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE);
        execvp(argv[2], argv + 2);
    } else {
        serve(argv);
    }
    return 1;
}
