/* SPDX-License-Identifier: MIT */
#include "act/swap_off.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/job.h"

#define LOOK_EVERY_MS 200


_Noreturn static void live_to_swap_off(const struct pw_source *source, const char *path,
                                       pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(ECANCELED);
    }
    pw_job_volunteer();
    _exit(-pw_swap_area_off(source, path));
}


static void look(const struct pw_source *source, const char *path, pw_swap_watcher *watcher,
                 void *context) {
    struct pw_buffer buffer = {0};
    struct pw_swap_use use;
    if (pw_swap_use_read(source, &buffer, path, &use) == 0 && use.on) {
        watcher(context, use.used_bytes);
    }
    pw_buffer_free(&buffer);
}


/* Until the process has ended: its exit status as -errno. */
static int wait_for(pid_t pid, const struct pw_source *source, const char *path,
                    pw_swap_watcher *watcher, void *context) {
    int status, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = pidfd,
                         .events = POLLIN}; /* without pidfds, it only passes the time */
    while (waitpid(pid, &status, WNOHANG) == 0) {
        poll(&end, 1, LOOK_EVERY_MS);
        look(source, path, watcher, context);
    }
    if (pidfd >= 0) {
        close(pidfd);
    }
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -ENOMEM;
}


int pw_swap_off_watched(const struct pw_source *source, const char *path, pw_swap_watcher *watcher,
                        void *context) {
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        live_to_swap_off(source, path, self);
    }
    return pid < 0 ? -errno : wait_for(pid, source, path, watcher, context);
}
