/* SPDX-License-Identifier: MIT */
#include "act/kill.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act/kernel.h"
#include "read/single.h"
#include "read/status.h"

const char *const pw_signal_names[] = {"SIGHUP",  "SIGINT",  "SIGQUIT", "SIGABRT",
                                       "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM",
                                       "SIGCONT", "SIGSTOP", NULL};

static const int numbers[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGABRT, SIGKILL,
                              SIGUSR1, SIGUSR2, SIGTERM, SIGCONT, SIGSTOP};


int pw_signal_number(struct pw_slice name) {
    for (int i = 0; pw_signal_names[i]; i++) {
        if (pw_slice_is(name, pw_signal_names[i]) || pw_slice_is(name, pw_signal_names[i] + 3)) {
            return numbers[i];
        }
    }
    return 0;
}


const char *pw_signal_name(int number) {
    int i = 0;
    while (pw_signal_names[i] && numbers[i] != number) {
        i++;
    }
    return pw_signal_names[i];
}


bool pw_signal_ends(int number) {
    return number == SIGTERM || number == SIGKILL || number == SIGINT || number == SIGQUIT ||
           number == SIGABRT;
}


static bool refuse(struct pw_act_outcome *outcome, int error) {
    switch (error) {
    case ESRCH:
        pw_refuse(outcome, ESRCH, "the process has ended");
        break;
    case EPERM:
    case EACCES:
        pw_refuse(outcome, EPERM, "permission denied; another user's process needs CAP_KILL");
        break;
    case ENOSYS:
        pw_refuse(outcome, ENOSYS,
                  "it could be another process by then: this kernel has no pidfds "
                  "(Linux 5.3), and racy = true was not given");
        break;
    case EINVAL:
    case ENOENT:
        pw_refuse(outcome, ESRCH, "no process has this pid, though a thread may");
        break;
    default:
        pw_refuse(outcome, error, "%s", strerror(error));
    }
    return false;
}


/* In a container that shows the host's /proc, a pid in there is another process for the kernel. */
static bool is_own_proc(const struct pw_source *source) {
    char self[24] = "";
    return readlinkat(source->root_fd, "proc/self", self, sizeof self - 1) > 0 &&
           strtoll(self, NULL, 10) == getpid();
}


/* Those that can be told by the pid alone. */
static bool check_pid(const struct pw_killer *killer, int64_t pid, struct pw_act_outcome *outcome) {
    bool live = killer->source->live;
    const char *taboo = pid <= 1                   ? "init is never killed"
                        : live && pid == getpid()  ? "this is pagewarden itself"
                        : live && pid == getppid() ? "this is pagewarden's own parent"
                        : live && !is_own_proc(killer->source)
                            ? "/proc is of another pid namespace than pagewarden"
                            : NULL;
    if (taboo) {
        pw_refuse(outcome, EPERM, "%s", taboo);
    } else if (pid > INT_MAX) {
        refuse(outcome, ESRCH);
    }
    return !taboo && pid <= INT_MAX;
}


static bool open_pidfd(const struct pw_killer *killer, struct pw_victim *victim,
                       struct pw_act_outcome *outcome) {
    if (!killer->source->live) {
        return true;
    }
    victim->fd = (int)syscall(SYS_pidfd_open, (pid_t)victim->process.pid, 0);
    if (victim->fd >= 0 || (errno == ENOSYS && killer->racy)) {
        return true;
    }
    return refuse(outcome, errno);
}


/* Older kernels, and only they, have no oom_score_adj: nothing is protected there. */
static bool check_adj(const struct pw_killer *killer, const struct pw_victim *victim, int dir_fd,
                      struct pw_act_outcome *outcome) {
    struct pw_number adj = {0};
    struct pw_flaws flaws = {0};
    int error = pw_process_read_at(killer->source, &victim->process, dir_fd, "oom_score_adj",
                                   killer->buffer);
    if (error && error != -ENOENT) {
        return refuse(outcome, -error);
    }
    if (!error && pw_parse_single(pw_buffer_text(killer->buffer), &adj, &flaws) &&
        adj.value <= PW_KILL_PROTECTED_ADJ) {
        pw_refuse(outcome, EPERM,
                  "it is protected by its oom_score_adj of %d, and protected = true was not given",
                  (int)adj.value);
        return false;
    }
    return true;
}


/* A pid can be that of a thread, for which a pidfd refuses; without one its process would be hit,
 * unseen by the other checks. */
static bool check_leader(const struct pw_killer *killer, const struct pw_victim *victim, int dir_fd,
                         struct pw_act_outcome *outcome) {
    struct pw_status_field field;
    struct pw_flaws flaws = {0};
    if (victim->fd >= 0 || !killer->source->live ||
        pw_source_read_record(killer->source, dir_fd, "status", killer->buffer)) {
        return true;
    }
    struct pw_slice text = pw_buffer_text(killer->buffer);
    while (pw_next_status_field(&text, &field, &flaws)) {
        if (pw_slice_is(field.key, "Tgid")) {
            return field.number.value == victim->process.pid || refuse(outcome, EINVAL);
        }
    }
    return true;
}


/* Looks at the process that the pidfd is of, which cannot become another any more. */
static bool check_process(const struct pw_killer *killer, struct pw_victim *victim,
                          struct pw_act_outcome *outcome) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(killer->source, &victim->process, killer->buffer, &stat, &flaws);
    if (fd < 0) {
        return refuse(outcome, -fd);
    }
    bool fine = true;
    victim->process.start_ticks = stat.starttime_ticks;
    victim->rss_bytes = stat.rss_pages * killer->source->page_size_bytes;
    if (pw_stat_is_over(&stat)) {
        fine = refuse(outcome, ESRCH);
    } else if (stat.flags & PW_STAT_KERNEL_THREAD) {
        pw_refuse(outcome, EPERM, "a kernel thread is never killed");
        fine = false;
    } else {
        fine = check_leader(killer, victim, fd, outcome) &&
               (killer->protected_too || check_adj(killer, victim, fd, outcome));
    }
    close(fd);
    return fine;
}


bool pw_victim_take(const struct pw_killer *killer, const struct pw_identity *process,
                    struct pw_victim *victim, struct pw_act_outcome *outcome) {
    *victim = (struct pw_victim){.process = *process, .fd = -1};
    if (!check_pid(killer, process->pid, outcome) || !open_pidfd(killer, victim, outcome)) {
        return false;
    }
    if (!check_process(killer, victim, outcome)) {
        pw_victim_release(victim);
        return false;
    }
    return true;
}


/* The last look is as late as it can be; what happens after it is what is racy. */
static int signal_by_pid(const struct pw_killer *killer, const struct pw_victim *victim,
                         int number) {
    if (pw_victim_has_ended(killer, victim)) {
        return -ESRCH;
    }
    return kill((pid_t)victim->process.pid, number) == -1 ? -errno : 0;
}


bool pw_victim_signal(const struct pw_killer *killer, const struct pw_victim *victim, int number,
                      struct pw_act_outcome *outcome) {
    int error = 0;
    if (victim->fd < 0) {
        error = signal_by_pid(killer, victim, number);
    } else if (syscall(SYS_pidfd_send_signal, victim->fd, number, NULL, 0)) {
        error = -errno;
    }
    return error ? refuse(outcome, -error) : true;
}


/* What stat says of the process now; 0, or -ESRCH when it is over. */
static int look(const struct pw_killer *killer, const struct pw_victim *victim,
                struct pw_stat *stat) {
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(killer->source, &victim->process, killer->buffer, stat, &flaws);
    if (fd < 0) {
        return fd;
    }
    close(fd);
    return pw_stat_is_over(stat) ? -ESRCH : 0;
}


bool pw_victim_has_ended(const struct pw_killer *killer, const struct pw_victim *victim) {
    struct pw_stat stat;
    if (victim->fd >= 0) {
        return poll(&(struct pollfd){.fd = victim->fd, .events = POLLIN}, 1, 0) == 1;
    }
    return look(killer, victim, &stat) == -ESRCH;
}


int64_t pw_victim_rss(const struct pw_killer *killer, const struct pw_victim *victim, char *state) {
    struct pw_stat stat;
    bool there = look(killer, victim, &stat) == 0;
    *state = there ? stat.state : 'X';
    return there ? stat.rss_pages * killer->source->page_size_bytes : 0;
}


void pw_victim_release(struct pw_victim *victim) {
    if (victim->fd >= 0) {
        close(victim->fd);
    }
    victim->fd = -1;
}
