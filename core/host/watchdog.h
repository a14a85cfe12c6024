/* SPDX-License-Identifier: MIT
 *
 * A thread that notices when a turn of the loop takes too long: a C call that does not return, or a
 * policy that holds the host in some other way no deadline ends. It then
 *
 *   appends the name of the policy that was running to ROOT/run/pagewarden/stuck, one a line,
 *   says so on the given descriptor,
 *   does what a policy left word of for that case, if memory is short (fallback.h),
 *   and ends the process at once, with status PW_EXIT_STUCK,
 *
 * so that the service manager starts it anew; what the policy had leased is undone then, and it is
 * left off. The thread sleeps while the loop does, has a stack of 32 KiB, and allocates nothing.
 * Half of the limit must pass after it woke up, so that a process which was stopped, or a machine
 * that slept, is not taken for stuck.
 */
#ifndef PAGEWARDEN_HOST_WATCHDOG_H
#define PAGEWARDEN_HOST_WATCHDOG_H

#include <stdatomic.h>

#include "act/fallback.h"
#include "act/thread.h"
#include "host/loop.h"

#define PW_WATCHDOG_LIMIT_NS (2 * PW_SECOND_NS)

/* The status that the process ends with. */
#define PW_EXIT_STUCK 70

#define PW_STUCK_FOLDER "run/pagewarden"
#define PW_STUCK_FILE "stuck"

/* Room for the name of a policy, with its NUL. */
#define PW_WATCHDOG_NAME_BYTES 200

struct pw_watchdog;

/* What to do instead of ending the process, in a test. Runs in the watchdog's thread. */
typedef void pw_watchdog_action(struct pw_watchdog *watchdog);

struct pw_watchdog_options {
    const struct pw_source *source; /* its root has the folder of the file "stuck" */
    int64_t limit_ns;               /* 0: PW_WATCHDOG_LIMIT_NS */
    int fd;                         /* to say it on */
    pw_watchdog_action *action;     /* NULL: the process ends */
};

/* The caller's to embed. It must not move while it is open. */
struct pw_watchdog {
    pw_watchdog_action *action;
    int64_t limit_ns;
    int fd;
    int folder_fd;
    int timer_fd; /* runs while a turn does */
    int close_fd; /* an eventfd that ends the thread */
    pthread_t thread;
    struct pw_loop *loop;
    struct pw_loop_observer observer;
    struct pw_fallback *_Atomic fallback; /* or NULL */
    const struct pw_source *source;
    atomic_ullong turn; /* odd while one is under way */
    /* Who runs; written by the loop's thread alone, and read when that is stuck. */
    char policy[PW_WATCHDOG_NAME_BYTES];
};

/* Watches every turn of the loop from now on. Returns 0 or -errno, with nothing to close. */
int pw_watchdog_open(struct pw_watchdog *watchdog, struct pw_loop *loop,
                     const struct pw_watchdog_options *options);

/* A turn outside of the loop, such as while policies are started: begin and end. */
void pw_watchdog_begin(struct pw_watchdog *watchdog);
void pw_watchdog_end(struct pw_watchdog *watchdog);

/* Says which policy runs from now on; "" for none. Its time begins anew. */
void pw_watchdog_name(struct pw_watchdog *watchdog, const char *policy);

/* Has what policies left word of done as well; NULL: no more. It must outlive the watchdog. */
void pw_watchdog_attend(struct pw_watchdog *watchdog, struct pw_fallback *fallback);

/* Ends the thread. Before the loop is closed. Safe to call twice. */
void pw_watchdog_close(struct pw_watchdog *watchdog);

#endif
