/* SPDX-License-Identifier: MIT */
#include "act/deed.h"

#include <errno.h>

#include "act/kernel.h"
#include "check.h"
#include "fake_root.h"

/* A gate over a root, what it told, and a deed that counts how often it was done. */
struct ground {
    struct fake_root root;
    struct told told;
    struct pw_gate gate;
    struct pw_overlay overlay;
    int64_t now_ns;
    int done;
    int64_t kill_ns;
    bool harder;
    bool impossible, failing;
};

static struct ground ground;


static void note(void *context, const char *event, const struct pw_event_field fields[],
                 int count) {
    tell_told(&((struct ground *)context)->told, event, fields, count);
}


static int64_t now(void *context) {
    return ((struct ground *)context)->now_ns;
}


static int make_ground(void **state) {
    (void)state;
    ground = (struct ground){0};
    fake_root_make(&ground.root);
    struct pw_hooks hooks = {.tell = note, .now_ns = now, .context = &ground};
    return pw_gate_open(&ground.gate, ground.root.path, &hooks);
}


static int remove_ground(void **state) {
    (void)state;
    pw_gate_close(&ground.gate);
    pw_overlay_free(&ground.overlay);
    fake_root_remove(&ground.root);
    return 0;
}


static bool check(void *context, struct pw_act_outcome *outcome) {
    struct ground *here = context;
    if (here->impossible) {
        pw_refuse(outcome, ESRCH, "the process has ended");
    }
    return !here->impossible;
}


static bool perform(void *context, struct pw_act_outcome *outcome) {
    struct ground *here = context;
    if (here->failing) {
        pw_refuse(outcome, EPERM, "permission denied");
        return false;
    }
    here->done++;
    return true;
}


static struct pw_act_outcome kill_by(const struct pw_actor *actor) {
    struct pw_deed deed = {
        .key = "kill 812:45678",
        .value = ground.harder ? "SIGKILL" : "SIGTERM",
        .cooldown_ns = ground.kill_ns ? 0 : 10,
        .kill_ns = ground.kill_ns,
        .check = check,
        .perform = perform,
        .context = &ground,
    };
    return pw_gate_do(&ground.gate, actor, &deed);
}


/* The fake root stands in for the machine's own: the deed of this test touches neither. */
static void pretend_live(void) {
    ground.gate.source.live = true;
}


static void a_deed_is_done_and_told(void **state) {
    (void)state;
    pretend_live();
    assert_int_equal(kill_by(&(struct pw_actor){.policy = "p"}).verdict, PW_ACT_DONE);
    assert_int_equal(ground.done, 1);
    assert_string_equal(ground.told.text, "act policy=p key=kill 812:45678 value=SIGTERM\n");
}


static void a_deed_that_was_not_granted_is_not_done(void **state) {
    (void)state;
    pretend_live();
    struct pw_grants grants = {0};
    struct pw_actor actor = {.policy = "p", .grants = &grants};
    assert_int_equal(kill_by(&actor).error, EPERM);
    pw_grants_add(&grants, pw_slice_of("kill"));
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_DONE);
    pw_grants_free(&grants);
    assert_int_equal(ground.done, 1);
}


static void a_dry_run_asks_whether_it_could_be_done_and_cools_down(void **state) {
    (void)state;
    pretend_live();
    struct pw_actor actor = {.policy = "p", .overlay = &ground.overlay};
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_WOULD);
    assert_int_equal(kill_by(&actor).error, EAGAIN);
    ground.now_ns = 10;
    ground.impossible = true;
    assert_int_equal(kill_by(&actor).error, ESRCH);
    assert_int_equal(ground.done, 0);
    assert_string_equal(ground.told.text, "would policy=p key=kill 812:45678 value=SIGTERM\n"
                                          "refused policy=p key=kill 812:45678 value=SIGTERM "
                                          "reason=cooling down for another 0.0 s errno=11\n"
                                          "refused policy=p key=kill 812:45678 value=SIGTERM "
                                          "reason=the process has ended errno=3\n");
}


static void what_failed_may_be_tried_again_at_once(void **state) {
    (void)state;
    pretend_live();
    struct pw_actor actor = {.policy = "p"};
    ground.failing = true;
    assert_int_equal(kill_by(&actor).error, EPERM);
    ground.failing = false;
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_DONE);
}


static void one_kill_keeps_every_policy_from_the_next_for_a_while(void **state) {
    (void)state;
    pretend_live();
    ground.kill_ns = 1000000000;
    struct pw_actor one = {.policy = "p"}, other = {.policy = "q"};
    assert_int_equal(kill_by(&one).verdict, PW_ACT_DONE);
    struct pw_act_outcome outcome = kill_by(&other);
    assert_int_equal(outcome.error, EAGAIN);
    assert_string_equal(outcome.reason,
                        "the kill before it needs up to another 1.0 s to show in memory");
    ground.now_ns = ground.kill_ns;
    assert_int_equal(kill_by(&other).verdict, PW_ACT_DONE);
    assert_int_equal(ground.done, 2);
}


static void who_was_asked_to_end_may_be_killed_at_once(void **state) {
    (void)state;
    pretend_live();
    ground.kill_ns = 1000;
    struct pw_actor actor = {.policy = "p"};
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_DONE);
    ground.harder = true;
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_DONE);
    assert_int_equal(kill_by(&actor).error, EAGAIN);
    ground.harder = false;
    assert_int_equal(kill_by(&actor).error, EAGAIN);
}


static void a_dry_run_pauses_between_kills_too(void **state) {
    (void)state;
    pretend_live();
    ground.kill_ns = 1000;
    struct pw_actor actor = {.policy = "p", .overlay = &ground.overlay};
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_WOULD);
    assert_int_equal(kill_by(&actor).error, EAGAIN);
}


static void a_kill_that_failed_leaves_no_pause(void **state) {
    (void)state;
    pretend_live();
    ground.kill_ns = 1000;
    ground.failing = true;
    struct pw_actor actor = {.policy = "p"};
    assert_int_equal(kill_by(&actor).error, EPERM);
    ground.failing = false;
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_DONE);
}


static void a_kill_that_is_over_shortens_its_own_time_only(void **state) {
    (void)state;
    pretend_live();
    ground.kill_ns = 15000;
    struct pw_actor actor = {.policy = "p"};
    kill_by(&actor);
    int64_t of_first_ns = ground.gate.next_kill_ns;
    pw_gate_end_kill(&ground.gate, of_first_ns, 1000);
    assert_int_equal(ground.gate.next_kill_ns, 1000);
    pw_gate_end_kill(&ground.gate, of_first_ns, 10);
    assert_int_equal(ground.gate.next_kill_ns, 1000);
}


static void another_root_is_refused_but_for_an_imagined_one(void **state) {
    (void)state;
    struct pw_actor actor = {.policy = "p"};
    assert_int_equal(kill_by(&actor).error, EXDEV);
    ground.gate.imagined = true;
    assert_int_equal(kill_by(&actor).verdict, PW_ACT_DONE);
    assert_int_equal(ground.done, 0);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_deed_is_done_and_told, make_ground, remove_ground),
        cmocka_unit_test_setup_teardown(a_deed_that_was_not_granted_is_not_done, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(a_dry_run_asks_whether_it_could_be_done_and_cools_down,
                                        make_ground, remove_ground),
        cmocka_unit_test_setup_teardown(what_failed_may_be_tried_again_at_once, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(one_kill_keeps_every_policy_from_the_next_for_a_while,
                                        make_ground, remove_ground),
        cmocka_unit_test_setup_teardown(who_was_asked_to_end_may_be_killed_at_once, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(a_dry_run_pauses_between_kills_too, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(a_kill_that_failed_leaves_no_pause, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(a_kill_that_is_over_shortens_its_own_time_only, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(another_root_is_refused_but_for_an_imagined_one,
                                        make_ground, remove_ground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
