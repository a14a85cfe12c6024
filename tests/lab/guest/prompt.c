/* SPDX-License-Identifier: MIT
 *
 * prompt FOLDER FILE: has FOLDER/sh run `ls /; cat FILE` every second, with FOLDER's programs, as
 * somebody would at a terminal. SIGUSR1 starts the count, and SIGTERM ends it: then it prints how
 * many there were, how late the worst was done (microseconds), and how many were late by more than
 * a second. One that is late does not delay the next one's time, so each that a stall held up is
 * counted; the one under way counts with its time so far.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures/pages.h"
#include "lab/guest/pulse.h"

#define PERIOD_NS 1000000000


static void become_shell(const char *folder, const char *file) {
    char shell[256], line[256];
    snprintf(shell, sizeof shell, "%s/sh", folder);
    snprintf(line, sizeof line, "ls /; cat %s", file);
    setenv("PATH", folder, 1);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    execl(shell, "sh", "-c", line, (char *)NULL);
    _exit(127);
}


/* Runs one, to its end or that of the count. Exits when it failed. */
static void run_shell(const char *folder, const char *file) {
    int status = 0;
    pid_t shell = fork();
    if (shell == 0) {
        become_shell(folder, file);
    }
    while (shell > 0 && waitpid(shell, &status, 0) < 0) {
        if (ended) {
            kill(shell, SIGKILL);
            return;
        }
    }
    if (shell < 0 || status) {
        exit(3);
    }
}


int main(int argc, char **argv) {
    int count = 0, late = 0;
    long long worst_ns = 0;
    if (argc < 3) {
        return 2;
    }
    end_with_parent();
    mlockall(MCL_CURRENT | MCL_FUTURE);
    listen_for_count();
    for (long long due_ns = now_ns(); !ended; due_ns += PERIOD_NS) {
        sleep_until_ns(due_ns);
        bool counts = started;
        run_shell(argv[1], argv[2]);
        long long late_ns = counts ? now_ns() - due_ns : 0;
        count += counts;
        late += late_ns > PERIOD_NS;
        worst_ns = late_ns > worst_ns ? late_ns : worst_ns;
    }
    printf("%d %lld %d\n", count, worst_ns / 1000, late);
    return 0;
}
