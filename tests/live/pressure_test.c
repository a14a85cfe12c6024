/* SPDX-License-Identifier: MIT
 *
 * Pressure of this machine's CPUs, made by processes that are started and ended here, as two loops
 * see it: one that waits by itself, and one that is embedded, whose descriptor an outer epoll polls
 * and thereby takes the events away from.
 */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/pressure_trigger.h"

#define SPINNERS 8
#define WINDOW_SECONDS 2
#define ENOUGH_EVENTS 3
#define PATIENCE_SECONDS 40 /* where much else runs the kernel looks late */

static const struct pw_pressure_request request = {"proc/pressure/cpu", false, 50000,
                                                   WINDOW_SECONDS * 1000000};

struct watched {
    struct pw_loop loop;
    struct pw_buffer buffer;
    struct pw_pressure_trigger trigger;
    int wakes, events, synthetic;
};

static struct pw_source source;
static pid_t spinners[SPINNERS];


static void note(struct pw_pressure_trigger *trigger, const struct pw_pressure_event *event,
                 void *context) {
    (void)trigger;
    struct watched *watched = context;
    assert_true(event->total_us > 0 && !event->gone);
    watched->events++;
    watched->synthetic += event->synthetic;
}


static int start(struct watched *watched, bool embedded) {
    assert_int_equal(pw_loop_open(&watched->loop), 0);
    if (embedded) {
        pw_loop_embed(&watched->loop);
    }
    watched->trigger = (struct pw_pressure_trigger){.action = note, .context = watched};
    return pw_pressure_open(&watched->trigger, &watched->loop, &source, &request, &watched->buffer);
}


static void finish(struct watched *watched) {
    if (watched->trigger.fd >= 0) {
        pw_pressure_close(&watched->trigger);
    }
    pw_loop_close(&watched->loop);
    pw_buffer_free(&watched->buffer);
}


/* They end by themselves should this process be killed. */
static void start_spinners(void) {
    for (int i = 0; i < SPINNERS; i++) {
        spinners[i] = fork();
        if (spinners[i] == 0) {
            alarm(2 * PATIENCE_SECONDS);
            for (volatile unsigned n = 0;; n++) {
            }
        }
    }
}


static void end_spinners(void) {
    for (int i = 0; i < SPINNERS; i++) {
        kill(spinners[i], SIGKILL);
        waitpid(spinners[i], NULL, 0);
    }
}


/* Until the one that waits by itself has heard enough. Returns how many windows that took. */
static int watch_both(struct watched *direct, struct watched *embedded) {
    int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN}, event;
    epoll_ctl(outer, EPOLL_CTL_ADD, embedded->loop.epoll_fd, &wanted);
    int64_t start_ns = pw_loop_now(&direct->loop);
    int64_t end_ns = start_ns + PATIENCE_SECONDS * PW_SECOND_NS;
    while (direct->events < ENOUGH_EVENTS && pw_loop_now(&direct->loop) < end_ns) {
        if (epoll_wait(outer, &event, 1, 50) == 1) {
            embedded->wakes++;
            pw_loop_dispatch(&embedded->loop);
        }
        pw_loop_dispatch(&direct->loop);
    }
    close(outer);
    return (int)((pw_loop_now(&direct->loop) - start_ns) / (WINDOW_SECONDS * PW_SECOND_NS)) + 1;
}


static void an_embedded_loop_hears_as_often_as_one_that_waits_by_itself(void **state) {
    (void)state;
    static struct watched direct, embedded;
    int error = start(&direct, false);
    if (error || direct.trigger.slot < 0) {
        printf("skipped: no trigger can be made here\n");
        finish(&direct);
        skip();
    }
    assert_int_equal(start(&embedded, true), 0);
    start_spinners();
    int windows = watch_both(&direct, &embedded);
    end_spinners();
    printf("direct: %d events; embedded: %d events, %d of them by comparing, in %d wakes\n",
           direct.events, embedded.events, embedded.synthetic, embedded.wakes);
    finish(&direct);
    finish(&embedded);
    assert_int_equal(direct.events, ENOUGH_EVENTS);
    assert_int_equal(direct.synthetic, 0);
    assert_true(embedded.events >= direct.events - 1 && embedded.events <= windows);
}


/* A window of 1 s is for CAP_SYS_RESOURCE; who has it gets it. */
static void a_window_that_is_not_granted_is_told_apart_from_no_triggers(void **state) {
    (void)state;
    static struct watched watched;
    assert_int_equal(pw_loop_open(&watched.loop), 0);
    struct pw_pressure_request short_window = {"proc/pressure/cpu", false, 50000, 1000000};
    watched.trigger = (struct pw_pressure_trigger){.action = note, .context = &watched};
    int error =
        pw_pressure_open(&watched.trigger, &watched.loop, &source, &short_window, &watched.buffer);
    printf("a window of 1 s: %s\n", error == -EPERM ? "for CAP_SYS_RESOURCE only" : "granted");
    finish(&watched);
    assert_true(error == 0 || error == -EPERM || error == -ENOENT || error == -EOPNOTSUPP);
}


static int open_source(void **state) {
    (void)state;
    return pw_source_open(&source, "/");
}


static int close_source(void **state) {
    (void)state;
    pw_source_close(&source);
    return 0;
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_embedded_loop_hears_as_often_as_one_that_waits_by_itself),
        cmocka_unit_test(a_window_that_is_not_granted_is_told_apart_from_no_triggers),
    };
    return cmocka_run_group_tests_name("pressure", tests, open_source, close_source);
}
