/* SPDX-License-Identifier: MIT */
#include "act/transaction.h"

#include <errno.h>
#include <string.h>

#include "act/sysctl_changes.h"
#include "check.h"
#include "fake_root.h"

#define SWAPPINESS "proc/sys/vm/swappiness"

static struct fake_root root;
static struct told told;
static struct pw_gate gate;
static int64_t now_ns;


static int64_t now(void *context) {
    (void)context;
    return now_ns;
}


static int open_gate(void **state) {
    (void)state;
    struct pw_hooks hooks = {.tell = tell_told, .now_ns = now, .context = &told};
    told.text[0] = '\0';
    fake_root_make(&root);
    fake_root_write(&root, "proc/sys/kernel/random/boot_id", "this-boot\n");
    fake_root_write(&root, SWAPPINESS, "60\n");
    fake_root_write(&root, "proc/sys/vm/page-cluster", "3\n");
    fake_root_write(&root, "proc/sys/vm/dirty_ratio", "20\n");
    fake_root_write(&root, "proc/sys/vm/dirty_bytes", "0\n");
    fake_root_write(&root, "proc/sys/vm/drop_caches", "\n");
    return pw_gate_open(&gate, root.path, &hooks);
}


static int close_gate(void **state) {
    (void)state;
    pw_gate_close(&gate);
    fake_root_remove(&root);
    return 0;
}


/* Runs two changes as policy "p". */
static int run(const struct pw_actor *actor, struct pw_change changes[2], int64_t cooldown_ns,
               struct pw_act_outcome *outcome) {
    struct pw_transaction transaction = {
        .gate = &gate,
        .actor = actor,
        .source = &gate.source,
        .buffer = &gate.buffer,
        .terms = {.lifetime = PW_LEASE, .cooldown_ns = cooldown_ns},
        .changes = changes,
        .count = 2,
    };
    *outcome = (struct pw_act_outcome){0};
    return pw_transaction_run(&transaction, outcome);
}


static int run_as_p(const char *key, const char *value, const char *second, const char *to) {
    struct pw_actor actor = {.policy = "p"};
    struct pw_act_outcome outcome;
    struct pw_change changes[] = {{.key = key, .value = value}, {.key = second, .value = to}};
    return run(&actor, changes, 0, &outcome);
}


static const char *value_of(const char *path) {
    return fake_root_read(&root, path);
}


static void all_are_leased_and_undone(void **state) {
    (void)state;
    assert_int_equal(run_as_p("sysctl vm.swappiness", "10", "sysctl vm.page-cluster", "0"), -1);
    assert_string_equal(value_of(SWAPPINESS), "10");
    assert_string_equal(value_of("proc/sys/vm/page-cluster"), "0");
    pw_gate_stop(&gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "60");
    assert_string_equal(value_of("proc/sys/vm/page-cluster"), "3");
}


static void of_what_is_refused_nothing_is_left(void **state) {
    (void)state;
    assert_int_equal(run_as_p("sysctl vm.swappiness", "10", "sysctl vm.missing", "0"), 1);
    assert_string_equal(value_of(SWAPPINESS), "60");
    assert_int_equal(gate.journal.count, 0);
    struct pw_actor other = {.policy = "q"};
    struct pw_act_outcome outcome;
    struct pw_change changes[] = {{.key = "sysctl vm.swappiness", .value = "20"},
                                  {.key = "sysctl vm.page-cluster", .value = "1"}};
    assert_int_equal(run(&other, changes, 0, &outcome), -1); /* nobody owns them any more */
}


static void an_earlier_lease_is_put_back_and_still_a_lease(void **state) {
    (void)state;
    assert_int_equal(run_as_p("sysctl vm.swappiness", "40", "sysctl vm.page-cluster", "1"), -1);
    assert_int_equal(run_as_p("sysctl vm.swappiness", "10", "sysctl vm.missing", "0"), 1);
    assert_string_equal(value_of(SWAPPINESS), "40");
    pw_gate_stop(&gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "60");
}


static void a_pair_is_put_back_by_the_member_that_was_not_zero(void **state) {
    (void)state;
    assert_int_equal(run_as_p("sysctl vm.dirty_bytes", "65536", "sysctl vm.missing", "0"), 1);
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "20");
    assert_string_equal(value_of("proc/sys/vm/dirty_bytes"), "0");
}


static void cool_downs_start_when_all_is_done(void **state) {
    (void)state;
    struct pw_actor actor = {.policy = "p"};
    struct pw_act_outcome outcome;
    struct pw_change failing[] = {{.key = "sysctl vm.swappiness", .value = "10"},
                                  {.key = "sysctl vm.missing", .value = "1"}};
    struct pw_change changes[] = {{.key = "sysctl vm.swappiness", .value = "20"},
                                  {.key = "sysctl vm.page-cluster", .value = "1"}};
    assert_int_equal(run(&actor, failing, 1000, &outcome), 1);
    assert_int_equal(run(&actor, changes, 1000, &outcome), -1);
    assert_int_equal(run(&actor, changes, 1000, &outcome), 0);
    assert_int_equal(outcome.error, EAGAIN);
    assert_string_equal(value_of(SWAPPINESS), "20");
}


static void what_was_not_granted_spoils_it(void **state) {
    (void)state;
    struct pw_grants grants = {0};
    assert_int_equal(pw_grants_add(&grants, pw_slice_of("sysctl vm.page-cluster")), 0);
    struct pw_actor actor = {.policy = "p", .grants = &grants};
    struct pw_act_outcome outcome;
    struct pw_change changes[] = {{.key = "sysctl vm.page-cluster", .value = "0"},
                                  {.key = "sysctl vm.swappiness", .value = "10"}};
    assert_int_equal(run(&actor, changes, 0, &outcome), 1);
    assert_string_equal(outcome.reason,
                        "not granted to policy p; what was set before it is put back");
    assert_string_equal(value_of("proc/sys/vm/page-cluster"), "3");
    pw_grants_free(&grants);
}


static void a_dry_run_forgets_what_it_would_have_set(void **state) {
    (void)state;
    struct pw_overlay overlay = {0};
    struct pw_actor actor = {.policy = "p", .overlay = &overlay};
    struct pw_act_outcome outcome;
    struct pw_change failing[] = {{.key = "sysctl vm.swappiness", .value = "10"},
                                  {.key = "sysctl vm.missing", .value = "1"}};
    struct pw_change changes[] = {{.key = "sysctl vm.swappiness", .value = "20"},
                                  {.key = "sysctl vm.page-cluster", .value = "1"}};
    assert_int_equal(run(&actor, failing, 0, &outcome), 1);
    assert_int_equal(overlay.count, 0);
    assert_int_equal(run(&actor, changes, 0, &outcome), -1);
    assert_int_equal(overlay.count, 2);
    assert_int_equal(run(&actor, failing, 0, &outcome), 1);
    assert_string_equal(overlay.entries[0].text, "20\n");
    assert_string_equal(value_of(SWAPPINESS), "60");
    pw_overlay_free(&overlay);
}


static void an_action_has_no_place_in_it(void **state) {
    (void)state;
    assert_int_equal(run_as_p("sysctl vm.swappiness", "10", "sysctl vm.drop_caches", "1"), 1);
    assert_string_equal(value_of(SWAPPINESS), "60");
    assert_string_equal(value_of("proc/sys/vm/drop_caches"), "");
}


static void changes_come_in_the_order_that_does_no_harm(void **state) {
    (void)state;
    const char *conflict;
    struct pw_change changes[] = {
        {.key = "sysctl vm.panic_on_oom", .value = "1"},
        {.key = "sysctl vm.dirty_bytes", .value = "0"},
        {.key = "sysctl kernel.panic", .value = "10"},
        {.key = "sysctl vm.dirty_ratio", .value = "20"},
        {.key = "sysctl vm.overcommit_memory", .value = "0"},
        {.key = "sysctl vm.overcommit_ratio", .value = "30"},
    };
    static const char *const order[] = {"sysctl vm.overcommit_memory", "sysctl kernel.panic",
                                        "sysctl vm.dirty_ratio", "sysctl vm.overcommit_ratio",
                                        "sysctl vm.panic_on_oom"};
    assert_int_equal(pw_sysctl_arrange(changes, 6, &conflict), 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(changes[i].key, order[i]);
    }
}


static void of_a_pair_one_has_to_be_zero(void **state) {
    (void)state;
    const char *conflict;
    struct pw_change both[] = {{.key = "sysctl vm.dirty_bytes", .value = "65536"},
                               {.key = "sysctl vm.dirty_ratio", .value = "20"}};
    struct pw_change none[] = {{.key = "sysctl vm.dirty_ratio", .value = "0"},
                               {.key = "sysctl vm.dirty_bytes", .value = "0"}};
    assert_int_equal(pw_sysctl_arrange(both, 2, &conflict), -EINVAL);
    assert_string_equal(conflict, "vm.dirty_bytes");
    assert_int_equal(pw_sysctl_arrange(none, 2, &conflict), 1);
    assert_string_equal(none[0].key, "sysctl vm.dirty_ratio");
}


#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, open_gate, close_gate)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_ROOT(all_are_leased_and_undone),
        IN_ROOT(of_what_is_refused_nothing_is_left),
        IN_ROOT(an_earlier_lease_is_put_back_and_still_a_lease),
        IN_ROOT(a_pair_is_put_back_by_the_member_that_was_not_zero),
        IN_ROOT(cool_downs_start_when_all_is_done),
        IN_ROOT(what_was_not_granted_spoils_it),
        IN_ROOT(a_dry_run_forgets_what_it_would_have_set),
        IN_ROOT(an_action_has_no_place_in_it),
        cmocka_unit_test(changes_come_in_the_order_that_does_no_harm),
        cmocka_unit_test(of_a_pair_one_has_to_be_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
