/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "host/listener.h"

static struct pw_listeners listeners;
static int calls;


static bool count(struct pw_listener *listener, const void *event) {
    (void)listener;
    calls++;
    return event != NULL;
}


static bool remove_other(struct pw_listener *listener, const void *event) {
    pw_listeners_remove(&listeners, listener->context);
    pw_listeners_remove(&listeners, listener);
    return count(listener, event);
}


static bool add_other(struct pw_listener *listener, const void *event) {
    pw_listeners_add(&listeners, listener->context);
    return count(listener, event);
}


static int start(void **state) {
    (void)state;
    listeners = (struct pw_listeners){0};
    calls = 0;
    return 0;
}


static void only_those_of_the_topic_hear_of_it(void **state) {
    (void)state;
    struct pw_listener exit = {count, NULL, PW_TOPIC_EXIT, NULL, 0};
    struct pw_listener pressure = {count, NULL, PW_TOPIC_PRESSURE, NULL, 0};
    pw_listeners_add(&listeners, &exit);
    pw_listeners_add(&listeners, &pressure);
    pw_listeners_add(&listeners, &pressure);
    assert_int_equal(pw_listeners_tell(&listeners, PW_TOPIC_PRESSURE, &calls), 1);
    assert_int_equal(pw_listeners_tell(&listeners, PW_TOPIC_OOM_KILL, &calls), 0);
    assert_int_equal(calls, 1);
}


static void who_says_the_event_was_for_others_is_not_counted(void **state) {
    (void)state;
    struct pw_listener deaf = {count, NULL, PW_TOPIC_EXIT, NULL, 0};
    pw_listeners_add(&listeners, &deaf);
    assert_int_equal(pw_listeners_tell(&listeners, PW_TOPIC_EXIT, NULL), 0);
    assert_int_equal(calls, 1);
}


static void a_listener_may_remove_itself_and_the_next(void **state) {
    (void)state;
    struct pw_listener next = {count, NULL, PW_TOPIC_EXIT, NULL, 0};
    struct pw_listener last = {count, NULL, PW_TOPIC_EXIT, NULL, 0};
    struct pw_listener first = {remove_other, &next, PW_TOPIC_EXIT, NULL, 0};
    pw_listeners_add(&listeners, &first);
    pw_listeners_add(&listeners, &next);
    pw_listeners_add(&listeners, &last);
    assert_int_equal(pw_listeners_tell(&listeners, PW_TOPIC_EXIT, &calls), 2);
    assert_int_equal(pw_listeners_tell(&listeners, PW_TOPIC_EXIT, &calls), 1);
    pw_listeners_remove(&listeners, &next);
    assert_ptr_equal(listeners.first, &last);
}


static void who_joins_meanwhile_hears_of_the_next_event(void **state) {
    (void)state;
    struct pw_listener late = {count, NULL, PW_TOPIC_EXIT, NULL, 0};
    struct pw_listener first = {add_other, &late, PW_TOPIC_EXIT, NULL, 0};
    pw_listeners_add(&listeners, &first);
    assert_int_equal(pw_listeners_tell(&listeners, PW_TOPIC_EXIT, &calls), 1);
    assert_int_equal(pw_listeners_tell(&listeners, PW_TOPIC_EXIT, &calls), 2);
}


#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(only_those_of_the_topic_hear_of_it),
        TEST(who_says_the_event_was_for_others_is_not_counted),
        TEST(a_listener_may_remove_itself_and_the_next),
        TEST(who_joins_meanwhile_hears_of_the_next_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
