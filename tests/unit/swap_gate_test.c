/* SPDX-License-Identifier: MIT
 *
 * Swap files through the gate, under a root whose kernel is imagined.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/kernel.h"
#include "act/swap_job.h"
#include "act/undo.h"
#include "check.h"
#include "fake_root.h"

#define KEY "swap /swap"
#define UUID "c1b9d5a2-f162-11cf-9ece-0020afc76f16"
#define MADE "off size=1048576 uuid=" UUID

struct ground {
    struct fake_root root;
    struct told told;
    struct pw_gate gate;
};

/* A change that is under way. */
struct under_way {
    struct pw_setting setting;
    struct pw_act act;
    struct pw_swap_change change;
    struct pw_passage *passage;
    struct pw_act_outcome outcome;
};

static struct ground ground;


static void note(void *context, const char *event, const struct pw_event_field fields[],
                 int count) {
    tell_told(&((struct ground *)context)->told, event, fields, count);
}


static void open_gate(void) {
    struct pw_hooks hooks = {.tell = note, .context = &ground};
    assert_int_equal(pw_gate_open(&ground.gate, ground.root.path, &hooks), 0);
    ground.gate.imagined = true;
}


static int make_ground(void **state) {
    (void)state;
    ground = (struct ground){0};
    fake_root_make(&ground.root);
    fake_root_write(&ground.root, "proc/sys/kernel/random/boot_id", "this-boot\n");
    fake_root_write(&ground.root, "proc/swaps", "Filename Type Size Used Priority\n");
    fake_root_write(&ground.root, "proc/meminfo", "MemAvailable: 2048 kB\n");
    open_gate();
    return 0;
}


static int remove_ground(void **state) {
    (void)state;
    pw_gate_close(&ground.gate);
    fake_root_remove(&ground.root);
    return 0;
}


/* The process dies, and the machine starts again without what was in memory. */
static void boot(void) {
    char command[256];
    pw_gate_close(&ground.gate);
    snprintf(command, sizeof command, "mv %s/run %s/before", ground.root.path, ground.root.path);
    assert_int_equal(system(command), 0);
    fake_root_write(&ground.root, "proc/sys/kernel/random/boot_id", "next-boot\n");
    fake_root_write(&ground.root, "proc/swaps", "Filename Type Size Used Priority\n");
    ground.told.text[0] = '\0';
    open_gate();
}


static bool check_change(void *context, struct pw_act_outcome *outcome) {
    struct under_way *under_way = context;
    char reason[PW_SWAP_REASON_BYTES];
    int error = pw_swap_change_check(&ground.gate.source, &ground.gate.buffer, "/swap",
                                     &under_way->change, reason);
    if (error) {
        pw_refuse(outcome, -error, "%s", reason);
    }
    return !error;
}


static void begin(struct under_way *under_way, const char *value) {
    static const struct pw_actor actor = {.policy = "p"};
    *under_way = (struct under_way){.change = {.imagined = true}};
    under_way->act =
        (struct pw_act){.setting = &under_way->setting, .value = value, .lifetime = PW_KEEP};
    assert_true(pw_swap_state_parse(pw_slice_of(value), &under_way->change.to));
    assert_int_equal(pw_setting_of_swap(pw_slice_of("/swap"), &under_way->setting), 0);
    under_way->passage = pw_gate_begin(&ground.gate, &actor, &under_way->act, check_change,
                                       under_way, &under_way->outcome);
}


static struct pw_act_outcome change(const char *value) {
    struct under_way under_way;
    char reason[PW_SWAP_REASON_BYTES];
    begin(&under_way, value);
    if (!under_way.passage) {
        return under_way.outcome;
    }
    int error = pw_swap_job_run(&ground.gate.source, "/swap", &under_way.change, reason);
    return pw_gate_end(under_way.passage, -error, reason);
}


static void assert_changed(const char *value) {
    struct pw_act_outcome outcome = change(value);
    if (outcome.verdict != PW_ACT_DONE) {
        fail_msg("%s: %s", value, outcome.reason);
    }
}


static bool exists(const char *path) {
    return strcmp(fake_root_read(&ground.root, path), "(none)") != 0;
}


static int undo(int64_t id) {
    struct pw_gate *gate = &ground.gate;
    return pw_undo_dead(&gate->source, &gate->hooks, &gate->buffer, id);
}


static void assert_told(const char *line) {
    if (!strstr(ground.told.text, line)) {
        fail_msg("'%s' was not told, but\n%s", line, ground.told.text);
    }
}


static void a_file_that_was_made_can_be_undone_after_a_boot(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_told("act policy=p key=" KEY " value=" MADE " was=absent kept=" MADE);
    assert_changed("on priority=5");
    assert_told("kept=on priority=5 size=1048576 uuid=" UUID);
    boot();
    assert_int_equal(undo(0), 0);
    assert_true(exists("swap"));
    assert_int_equal(undo(1), 1);
    assert_told("undone id=1 policy=p key=" KEY " value=absent");
    assert_false(exists("swap"));
}


static void an_area_that_is_on_is_taken_off_before_its_file_goes(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_changed("on priority=5");
    pw_gate_close(&ground.gate);
    open_gate();
    assert_int_equal(undo(1), 1);
    assert_null(strstr(fake_root_read(&ground.root, "proc/swaps"), "/swap"));
    assert_false(exists("swap"));
}


static void numbers_go_on_after_a_boot(void **state) {
    (void)state;
    assert_changed(MADE);
    boot();
    assert_changed("on");
    pw_gate_close(&ground.gate);
    open_gate();
    assert_int_equal(undo(2), 1);
    assert_told("undone id=2 policy=p key=" KEY " value=" MADE);
}


static void putting_an_area_on_is_forgotten_by_a_boot(void **state) {
    (void)state;
    assert_changed(MADE);
    boot();
    assert_changed("on");
    boot();
    assert_int_equal(undo(2), -ENOENT);
    assert_int_equal(undo(1), 1);
}


static void what_a_policy_made_and_removed_leaves_nothing_to_undo(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_changed("on");
    assert_changed("absent");
    assert_false(exists("swap"));
    pw_gate_close(&ground.gate);
    open_gate();
    assert_int_equal(undo(1), -ENOENT);
}


static void use(const char *used_kib) {
    char text[128];
    snprintf(text, sizeof text, "Filename Type Size Used Priority\n/swap file 1020 %s 5\n",
             used_kib);
    fake_root_write(&ground.root, "proc/swaps", text);
}


/* What is known of earlier changes is lost. */
static void forget(void) {
    char command[256];
    snprintf(command, sizeof command, "rm -r %s/var/lib/pagewarden", ground.root.path);
    assert_int_equal(system(command), 0);
}


static void what_it_made_when_it_ran_before_leaves_nothing_to_undo_either(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_changed("on priority=5");
    pw_gate_close(&ground.gate);
    open_gate();
    assert_changed("absent");
    assert_false(exists("swap"));
    pw_gate_close(&ground.gate);
    open_gate();
    assert_int_equal(undo(1), -ENOENT);
    assert_int_equal(undo(2), -ENOENT);
}


static void a_file_that_it_made_before_a_boot_leaves_nothing_to_undo_either(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_changed("on priority=5");
    boot();
    assert_changed("absent");
    boot();
    assert_int_equal(undo(1), -ENOENT);
    assert_int_equal(undo(2), -ENOENT);
}


static void assert_nothing_to_undo(void) {
    pw_gate_close(&ground.gate);
    open_gate();
    for (int id = 1; id <= 4; id++) {
        assert_int_equal(undo(id), -ENOENT);
    }
    assert_false(exists("swap"));
}


static void a_file_that_a_later_run_put_on_leaves_nothing_to_undo_either(void **state) {
    (void)state;
    assert_changed(MADE);
    boot();
    assert_changed("on");
    assert_changed("absent");
    assert_nothing_to_undo();
}


static void a_removal_that_was_interrupted_leaves_nothing_to_undo_once_it_is_made(void **state) {
    (void)state;
    struct under_way interrupted;
    assert_changed(MADE);
    assert_changed("on priority=5");
    pw_gate_close(&ground.gate);
    open_gate();
    begin(&interrupted, "absent");
    assert_non_null(interrupted.passage);
    pw_gate_end(interrupted.passage, ECANCELED, "given up");
    pw_gate_close(&ground.gate);
    open_gate();
    assert_changed("absent");
    assert_nothing_to_undo();
}


static void what_memory_has_no_room_for_can_still_be_undone(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_changed("on priority=5");
    pw_gate_close(&ground.gate);
    open_gate();
    use("2000");
    assert_int_equal(change("absent").error, ENOMEM);
    pw_gate_close(&ground.gate);
    open_gate();
    use("1000");
    assert_int_equal(undo(1), 1);
    assert_false(exists("swap"));
}


static void a_file_that_was_removed_is_made_again(void **state) {
    (void)state;
    assert_changed(MADE " label=a%20b");
    boot();
    forget();
    assert_changed("absent");
    assert_false(exists("swap"));
    boot();
    assert_int_equal(undo(1), 1);
    assert_told("undone id=1 policy=p key=" KEY " value=" MADE " label=a%20b");
}


static void another_file_in_its_place_is_left(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_changed("absent");
    assert_changed(MADE);
    boot();
    char path[128];
    snprintf(path, sizeof path, "%s/swap", ground.root.path);
    assert_int_equal(unlink(path), 0);
    fake_root_write(&ground.root, "swap", "letters\n");
    assert_int_equal(undo(2), 1);
    assert_told("left id=2 policy=p key=" KEY " value=other");
    assert_true(exists("swap"));
}


static void a_change_that_was_given_up_is_undone_whatever_came_of_it(void **state) {
    (void)state;
    struct under_way given_up;
    char reason[PW_SWAP_REASON_BYTES];
    begin(&given_up, MADE);
    assert_non_null(given_up.passage);
    assert_int_equal(pw_swap_job_run(&ground.gate.source, "/swap", &given_up.change, reason), 0);
    assert_int_equal(pw_gate_end(given_up.passage, ECANCELED, "given up").error, ECANCELED);
    boot();
    assert_int_equal(undo(1), 1);
    assert_false(exists("swap"));
}


static void one_change_of_a_path_is_under_way_at_a_time(void **state) {
    (void)state;
    struct under_way first, second;
    begin(&first, MADE);
    begin(&second, MADE);
    assert_null(second.passage);
    assert_int_equal(second.outcome.error, EBUSY);
    assert_string_equal(second.outcome.reason, "a change of it is under way");
    pw_gate_end(first.passage, ECANCELED, "given up");
}


static void an_area_that_memory_has_no_room_for_stays_on(void **state) {
    (void)state;
    assert_changed(MADE);
    use("2000");
    struct pw_act_outcome outcome = change("off");
    assert_int_equal(outcome.error, ENOMEM);
    assert_string_equal(outcome.reason,
                        "memory has no room for the 1 MiB in it: 2 MiB are available");
    pw_gate_close(&ground.gate);
    open_gate();
    assert_int_equal(undo(1), 0);
    assert_told("reason=memory has no room for what is in it");
    use("1000");
    assert_int_equal(undo(1), 1);
    assert_false(exists("swap"));
}


static void an_area_with_another_priority_stays_so(void **state) {
    (void)state;
    assert_changed(MADE);
    assert_changed("on priority=5");
    assert_changed("on priority=5");
    assert_string_equal(change("on priority=6").reason,
                        "it is on already, with priority 5; take it off first");
    assert_int_equal(change("off size=1048576 uuid=d1b9d5a2-f162-11cf-9ece-0020afc76f16").error,
                     EEXIST);
}


static void a_journal_that_cannot_be_written_stops_the_change(void **state) {
    (void)state;
    fake_root_write(&ground.root, "var/lib/pagewarden", "in the way\n");
    struct pw_act_outcome outcome = change(MADE);
    assert_int_equal(outcome.verdict, PW_ACT_REFUSED);
    assert_non_null(strstr(outcome.reason, "it cannot be journalled: /var/lib/pagewarden"));
    assert_false(exists("swap"));
}


int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ground, remove_ground)
        TEST(a_file_that_was_made_can_be_undone_after_a_boot),
        TEST(an_area_that_is_on_is_taken_off_before_its_file_goes),
        TEST(numbers_go_on_after_a_boot),
        TEST(putting_an_area_on_is_forgotten_by_a_boot),
        TEST(what_a_policy_made_and_removed_leaves_nothing_to_undo),
        TEST(what_it_made_when_it_ran_before_leaves_nothing_to_undo_either),
        TEST(a_file_that_it_made_before_a_boot_leaves_nothing_to_undo_either),
        TEST(a_file_that_a_later_run_put_on_leaves_nothing_to_undo_either),
        TEST(a_removal_that_was_interrupted_leaves_nothing_to_undo_once_it_is_made),
        TEST(what_memory_has_no_room_for_can_still_be_undone),
        TEST(a_file_that_was_removed_is_made_again),
        TEST(another_file_in_its_place_is_left),
        TEST(a_change_that_was_given_up_is_undone_whatever_came_of_it),
        TEST(one_change_of_a_path_is_under_way_at_a_time),
        TEST(an_area_that_memory_has_no_room_for_stays_on),
        TEST(an_area_with_another_priority_stays_so),
        TEST(a_journal_that_cannot_be_written_stops_the_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
