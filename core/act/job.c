/* SPDX-License-Identifier: MIT */
#include "act/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long to wait for a process that was killed. */
#define LONGEST_REAPING_MS 100

/* A message of a pipe must be written in one piece: PIPE_BUF is 4096. */
_Static_assert(sizeof(struct pw_job_news) <= 4096, "news fit in one write");


/* What was inherited for the parent's sake must not outlive it: locks and sockets. */
static void close_all_but(int fd) {
    if (fd != 3 && dup2(fd, 3) == -1) {
        _exit(1);
    }
    if (syscall(SYS_close_range, 4U, ~0U, 0U) == -1) {
        for (int other = (int)sysconf(_SC_OPEN_MAX) - 1; other > 3; other--) {
            close(other);
        }
    }
}


static void reset_signals(void) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}


void pw_job_volunteer(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!write(fd, "1000", 4);
        close(fd);
    }
}


/* A host that must not wait its turn has raised its own priority, which is not for what it starts.
 */
static void step_back(void) {
    if (getpriority(PRIO_PROCESS, 0) < 0) {
        setpriority(PRIO_PROCESS, 0, 0);
    }
}


_Noreturn static void live(int speaker_fd, pid_t parent, pw_job_work *work, const void *arguments) {
    struct pw_job_news news = {.ended = false};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "pagewarden-job");
    if (getppid() != parent) {
        _exit(1);
    }
    close_all_but(speaker_fd);
    reset_signals();
    step_back();
    work(3, arguments, &news);
    news.ended = true;
    fcntl(3, F_SETFL, 0); /* the end is waited for */
    pw_job_say(3, &news);
    _exit(0);
}


int pw_job_start(struct pw_job *job, pw_job_work *work, const void *arguments) {
    int fds[2];
    *job = (struct pw_job){.fd = -1};
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK)) {
        return -errno;
    }
    pid_t parent = getpid();
    job->pid = fork();
    if (job->pid == 0) {
        live(fds[1], parent, work, arguments);
    }
    int error = job->pid == -1 ? -errno : 0;
    close(fds[1]);
    if (error) {
        close(fds[0]);
        return error;
    }
    job->fd = fds[0];
    return 0;
}


void pw_job_say(int speaker_fd, const struct pw_job_news *news) {
    (void)!write(speaker_fd, news, sizeof *news);
}


void pw_job_fail(struct pw_job_news *news, int error, const char *reason) {
    news->error = error;
    snprintf(news->reason, sizeof news->reason, "%s", reason);
}


bool pw_job_open_machine(struct pw_source *source, struct pw_job_news *news) {
    int error = pw_source_open(source, "/");
    if (error) {
        pw_job_fail(news, -error, strerror(-error));
    }
    return !error;
}


/* Waits for the end of a process that was killed or has nothing left to do. One that the kernel
 * holds on to is left, to be reaped with us. */
static int reap(pid_t pid) {
    int status = 0, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd >= 0) {
        poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, LONGEST_REAPING_MS);
        close(pidfd);
    }
    waitpid(pid, &status, WNOHANG);
    return status;
}


/* It ended without a word. */
static void explain_end(struct pw_job *job, struct pw_job_news *news) {
    int status = reap(job->pid);
    job->pid = 0;
    *news = (struct pw_job_news){.ended = true, .error = ECANCELED};
    snprintf(news->reason, sizeof news->reason, "%s",
             WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                 ? "its process was killed, as the kernel does when memory runs out"
                 : "its process ended early");
}


int pw_job_take(struct pw_job *job, struct pw_job_news *news) {
    ssize_t size = job->fd < 0 ? -1 : read(job->fd, news, sizeof *news);
    bool gone = size == 0;
    if (gone) {
        explain_end(job, news);
    } else if (size != (ssize_t)sizeof *news) {
        return -EAGAIN;
    }
    if (news->ended) {
        pw_job_close(job);
    }
    return 0;
}


void pw_job_close(struct pw_job *job) {
    if (job->fd < 0) {
        return;
    }
    close(job->fd);
    job->fd = -1;
    if (job->pid > 0) {
        kill(job->pid, SIGKILL);
        reap(job->pid);
        job->pid = 0;
    }
}
