/* SPDX-License-Identifier: MIT
 *
 * herd N: starts N processes that sleep, says "ready", and ends them all when its standard input
 * is closed, or with its own death.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>


static void sleep_until_the_parent_dies(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        pause();
    }
}


int main(int argc, char **argv) {
    int wanted = argc > 1 ? atoi(argv[1]) : 0;
    pid_t *pids = calloc((size_t)wanted + 1, sizeof *pids);
    int started = 0;
    while (pids && started < wanted && (pids[started] = fork()) > 0) {
        started++;
    }
    if (pids && started < wanted && pids[started] == 0) {
        sleep_until_the_parent_dies();
    }
    printf("ready %d\n", started);
    fflush(stdout);
    while (getchar() != EOF) {
    }
    for (int i = 0; i < started; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    free(pids);
    return 0;
}
