/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/loop.h"

#define SECONDS(n) ((n)*PW_SECOND_NS)

/* What fired, as letters, in order. */
static char fired[64];


static void note(const char *letter) {
    strncat(fired, letter, sizeof fired - strlen(fired) - 1);
}


static void note_timer(struct pw_timer *timer, void *letter) {
    (void)timer;
    note(letter);
}


static int open_loop(void **state) {
    static struct pw_loop loop;
    fired[0] = 0;
    *state = &loop;
    return pw_loop_open_virtual(&loop, 0);
}


static int close_loop(void **state) {
    pw_loop_close(*state);
    return 0;
}


static void timers_fire_by_moment_and_then_in_the_order_they_were_armed(void **state) {
    struct pw_loop *loop = *state;
    struct pw_timer late = {.action = note_timer, .context = "c"};
    struct pw_timer first = {.action = note_timer, .context = "a"};
    struct pw_timer second = {.action = note_timer, .context = "b"};
    pw_loop_arm(loop, &late, SECONDS(2));
    pw_loop_arm(loop, &first, SECONDS(1));
    pw_loop_arm(loop, &second, SECONDS(1));
    assert_int_equal(pw_loop_run(loop), 0);
    assert_string_equal(fired, "abc");
    assert_int_equal(pw_loop_now(loop), SECONDS(2));
}


struct ticks {
    struct pw_loop *loop;
    int count;
    int64_t last_ns;
    int64_t work_ns; /* how long each tick keeps the loop */
};


static void tick(struct pw_timer *timer, void *context) {
    (void)timer;
    struct ticks *ticks = context;
    ticks->count++;
    ticks->last_ns = pw_loop_now(ticks->loop);
    pw_clock_move(&ticks->loop->clock, ticks->last_ns + ticks->work_ns);
}


static void a_repeating_timer_does_not_drift(void **state) {
    struct ticks ticks = {.loop = *state, .work_ns = SECONDS(1) / 3};
    struct pw_timer timer = {.action = tick, .context = &ticks, .period_ns = SECONDS(1)};
    pw_loop_arm(ticks.loop, &timer, SECONDS(1));
    pw_loop_advance(ticks.loop, SECONDS(1000));
    assert_int_equal(ticks.count, 1000);
    assert_int_equal(ticks.last_ns, SECONDS(1000));
    pw_loop_cancel(ticks.loop, &timer);
}


static void missed_ticks_come_as_one_and_keep_their_phase(void **state) {
    struct ticks ticks = {.loop = *state};
    struct pw_timer timer = {.action = tick, .context = &ticks, .period_ns = SECONDS(1)};
    pw_loop_arm(ticks.loop, &timer, SECONDS(1));
    pw_clock_move(&ticks.loop->clock, SECONDS(10) + SECONDS(1) / 2);
    pw_loop_dispatch(ticks.loop);
    assert_int_equal(ticks.count, 1);
    pw_loop_advance(ticks.loop, SECONDS(1) / 2);
    assert_int_equal(ticks.count, 2);
    assert_int_equal(ticks.last_ns, SECONDS(11));
    pw_loop_cancel(ticks.loop, &timer);
}


struct pair {
    struct pw_loop *loop;
    struct pw_timer self, other;
};


static void cancel_both(struct pw_timer *timer, void *context) {
    (void)timer;
    struct pair *pair = context;
    note("x");
    pw_loop_cancel(pair->loop, &pair->self);
    pw_loop_cancel(pair->loop, &pair->other);
}


static void an_action_may_cancel_its_own_timer_and_one_due_at_the_same_moment(void **state) {
    struct pair pair = {.loop = *state};
    pair.self = (struct pw_timer){.action = cancel_both, .context = &pair, .period_ns = SECONDS(1)};
    pair.other = (struct pw_timer){.action = note_timer, .context = "o"};
    pw_loop_arm(pair.loop, &pair.self, SECONDS(1));
    pw_loop_arm(pair.loop, &pair.other, SECONDS(1));
    assert_int_equal(pw_loop_run(pair.loop), 0);
    assert_string_equal(fired, "x");
}


#define MANY 5000


struct crowd {
    struct pw_loop *loop;
    struct pw_timer timers[MANY];
    int64_t last_ns;
    int count;
};


static void check_order(struct pw_timer *timer, void *context) {
    struct crowd *crowd = context;
    assert_true(timer->due_ns >= crowd->last_ns);
    crowd->last_ns = timer->due_ns;
    crowd->count++;
}


static void thousands_of_timers_stay_in_order_while_every_third_is_cancelled(void **state) {
    struct crowd *crowd = calloc(1, sizeof *crowd);
    crowd->loop = *state;
    for (int i = 0; i < MANY; i++) {
        crowd->timers[i] = (struct pw_timer){.action = check_order, .context = crowd};
        pw_loop_arm(crowd->loop, &crowd->timers[i], (i * INT64_C(7919)) % MANY);
    }
    for (int i = 0; i < MANY; i += 3) {
        pw_loop_cancel(crowd->loop, &crowd->timers[i]);
    }
    assert_int_equal(pw_loop_run(crowd->loop), 0);
    assert_int_equal(crowd->count, MANY - (MANY + 2) / 3);
    free(crowd);
}


static void run_ends_when_only_background_timers_are_left(void **state) {
    struct pw_loop *loop = *state;
    struct pw_timer limit = {.action = note_timer, .context = "l", .background = true};
    struct pw_timer work = {.action = note_timer, .context = "w"};
    pw_loop_arm(loop, &limit, SECONDS(60));
    pw_loop_arm(loop, &work, SECONDS(1));
    assert_int_equal(pw_loop_run(loop), 0);
    assert_string_equal(fired, "w");
    pw_loop_cancel(loop, &limit);
}


static void run_again(struct pw_timer *timer, void *context) {
    (void)timer;
    assert_int_equal(pw_loop_run(context), -EBUSY);
    assert_int_equal(pw_loop_advance(context, 1), -EBUSY);
    note("r");
}


static void an_action_cannot_run_its_own_loop(void **state) {
    struct pw_timer timer = {.action = run_again, .context = *state};
    pw_loop_arm(*state, &timer, 0);
    assert_int_equal(pw_loop_run(*state), 0);
    assert_string_equal(fired, "r");
}


static void note_watcher(struct pw_loop *loop, int fd, uint32_t events, void *letter) {
    (void)events;
    uint64_t count;
    note(letter);
    assert_int_equal(read(fd, &count, sizeof count), sizeof count);
    if (fired[1]) {
        pw_loop_stop(loop);
    }
}


static int watch(struct pw_loop *loop, int fd, enum pw_rank rank, char *letter) {
    struct pw_watcher watcher = {.action = note_watcher, .context = letter, .fd = fd, .rank = rank};
    return pw_loop_watch(loop, &watcher, EPOLLIN);
}


static void what_is_ready_together_goes_by_rank(void **state) {
    int control = eventfd(1, EFD_CLOEXEC), process = eventfd(1, EFD_CLOEXEC);
    watch(*state, control, PW_RANK_CONTROL, "c");
    watch(*state, process, PW_RANK_PROCESS, "p");
    assert_int_equal(pw_loop_run(*state), 0);
    assert_string_equal(fired, "pc");
    close(control);
    close(process);
}


struct swap {
    int slot;
    int fd;
};


/* Takes the other's slot, so that its waiting event finds somebody else there. */
static void replace_other(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)fd;
    (void)events;
    struct swap *swap = context;
    note("r");
    pw_loop_unwatch(loop, swap->slot);
    assert_int_equal(watch(loop, swap->fd, PW_RANK_CONTROL, "n"), swap->slot);
    pw_loop_stop(loop);
}


static void an_event_for_a_watcher_that_is_gone_is_dropped(void **state) {
    struct pw_loop *loop = *state;
    int ready = eventfd(1, EFD_CLOEXEC), first = eventfd(1, EFD_CLOEXEC);
    struct swap swap = {.fd = eventfd(0, EFD_CLOEXEC)};
    struct pw_watcher replacing = {.action = replace_other, .context = &swap, .fd = first};
    pw_loop_watch(loop, &replacing, EPOLLIN);
    swap.slot = watch(loop, ready, PW_RANK_CONTROL, "o");
    assert_int_equal(pw_loop_run(loop), 0);
    assert_string_equal(fired, "r");
    close(ready);
    close(first);
    close(swap.fd);
}


static void watchers_are_limited_and_say_so(void **state) {
    struct pw_loop *loop = *state;
    int fds[PW_LOOP_WATCHERS + 1];
    for (int i = 0; i <= PW_LOOP_WATCHERS; i++) {
        fds[i] = eventfd(0, EFD_CLOEXEC);
        int slot = watch(loop, fds[i], PW_RANK_CONTROL, "x");
        assert_int_equal(slot, i < PW_LOOP_WATCHERS ? i : -ENOSPC);
    }
    for (int i = 0; i <= PW_LOOP_WATCHERS; i++) {
        close(fds[i]);
    }
}


static void the_real_clock_fires_through_the_descriptor_an_outer_loop_polls(void **state) {
    (void)state;
    struct pw_loop loop;
    struct pw_timer timer = {.action = note_timer, .context = "t"};
    struct epoll_event event;
    assert_int_equal(pw_loop_open(&loop), 0);
    pw_loop_arm(&loop, &timer, PW_SECOND_NS / 1000);
    int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN};
    epoll_ctl(outer, EPOLL_CTL_ADD, pw_loop_embed(&loop), &wanted);
    assert_int_equal(epoll_wait(outer, &event, 1, 10000), 1);
    pw_loop_dispatch(&loop);
    assert_string_equal(fired, "t");
    assert_int_equal(epoll_wait(outer, &event, 1, 0), 0);
    assert_int_equal(pw_loop_advance(&loop, 1), -EINVAL);
    close(outer);
    pw_loop_close(&loop);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_by_moment_and_then_in_the_order_they_were_armed),
        TEST(a_repeating_timer_does_not_drift),
        TEST(missed_ticks_come_as_one_and_keep_their_phase),
        TEST(an_action_may_cancel_its_own_timer_and_one_due_at_the_same_moment),
        TEST(thousands_of_timers_stay_in_order_while_every_third_is_cancelled),
        TEST(run_ends_when_only_background_timers_are_left),
        TEST(an_action_cannot_run_its_own_loop),
        TEST(what_is_ready_together_goes_by_rank),
        TEST(an_event_for_a_watcher_that_is_gone_is_dropped),
        TEST(watchers_are_limited_and_say_so),
        TEST(the_real_clock_fires_through_the_descriptor_an_outer_loop_polls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
