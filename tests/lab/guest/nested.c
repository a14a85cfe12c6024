/* SPDX-License-Identifier: MIT
 *
 * nested: hears of memory pressure by a loop that waits by itself and by one that is embedded,
 * whose descriptor an outer epoll polls and thereby takes the events away from. Exits 0 when both
 * heard of it, and about as often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "host/pressure_trigger.h"

#define SECONDS 6

static const struct pw_pressure_request request = {"proc/pressure/memory", false, 50000, 1000000};

struct watched {
    struct pw_loop loop;
    struct pw_buffer buffer;
    struct pw_pressure_trigger trigger;
    int events, synthetic;
};


static void note(struct pw_pressure_trigger *trigger, const struct pw_pressure_event *event,
                 void *context) {
    (void)trigger;
    struct watched *watched = context;
    watched->events++;
    watched->synthetic += event->synthetic;
}


static void start(struct watched *watched, const struct pw_source *source, bool embedded) {
    watched->trigger = (struct pw_pressure_trigger){.action = note, .context = watched};
    if (pw_loop_open(&watched->loop) || (embedded && pw_loop_embed(&watched->loop) < 0) ||
        pw_pressure_open(&watched->trigger, &watched->loop, source, &request, &watched->buffer)) {
        exit(2);
    }
}


static void finish(struct watched *watched) {
    pw_pressure_close(&watched->trigger);
    pw_loop_close(&watched->loop);
    pw_buffer_free(&watched->buffer);
}


static void watch_both(struct watched *direct, struct watched *embedded) {
    int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN}, event;
    epoll_ctl(outer, EPOLL_CTL_ADD, embedded->loop.epoll_fd, &wanted);
    int64_t end_ns = pw_loop_now(&direct->loop) + SECONDS * PW_SECOND_NS;
    while (pw_loop_now(&direct->loop) < end_ns) {
        if (epoll_wait(outer, &event, 1, 50) == 1) {
            pw_loop_dispatch(&embedded->loop);
        }
        pw_loop_dispatch(&direct->loop);
    }
    close(outer);
}


int main(void) {
    static struct watched direct, embedded;
    struct pw_source source;
    if (pw_source_open(&source, "/")) {
        return 2;
    }
    start(&direct, &source, false);
    start(&embedded, &source, true);
    watch_both(&direct, &embedded);
    printf("direct: %d events, %d by comparing; embedded: %d events, %d by comparing\n",
           direct.events, direct.synthetic, embedded.events, embedded.synthetic);
    finish(&direct);
    finish(&embedded);
    pw_source_close(&source);
    return direct.events < 2 || direct.synthetic > 0 || abs(direct.events - embedded.events) > 1;
}
