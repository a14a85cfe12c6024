/* SPDX-License-Identifier: MIT */
#include "act/gate.h"
#include "act/undo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fake_root.h"

#define SWAPPINESS "proc/sys/vm/swappiness"

/* A root with a few settings, a gate over it, and what it told. */
struct ground {
    struct fake_root root;
    struct told told;
    struct pw_gate gate;
    int64_t now_ns;
};

static struct ground ground;


static void note(void *context, const char *event, const struct pw_event_field fields[],
                 int count) {
    tell_told(&((struct ground *)context)->told, event, fields, count);
}


static int64_t now(void *context) {
    return ((struct ground *)context)->now_ns;
}


static void open_gate(struct pw_gate *gate) {
    struct pw_hooks hooks = {.tell = note, .now_ns = now, .context = &ground};
    assert_int_equal(pw_gate_open(gate, ground.root.path, &hooks), 0);
}


static int make_ground(void **state) {
    (void)state;
    ground = (struct ground){0};
    fake_root_make(&ground.root);
    fake_root_write(&ground.root, "proc/sys/kernel/random/boot_id", "this-boot\n");
    fake_root_write(&ground.root, SWAPPINESS, "60\n");
    fake_root_write(&ground.root, "proc/sys/vm/dirty_ratio", "20\n");
    fake_root_write(&ground.root, "proc/sys/vm/dirty_bytes", "0\n");
    fake_root_write(&ground.root, "proc/sys/vm/overcommit_ratio", "50\n");
    fake_root_write(&ground.root, "proc/sys/vm/drop_caches", "\n");
    fake_root_write(&ground.root, "proc/812/stat",
                    "812 (cat) S 1 812 812 0 -1 4194560 0 0 0 0 0 0 "
                    "0 0 20 0 1 0 45678 0 0\n");
    fake_root_write(&ground.root, "proc/812/oom_score_adj", "0\n");
    open_gate(&ground.gate);
    return 0;
}


static int remove_ground(void **state) {
    (void)state;
    pw_gate_close(&ground.gate);
    fake_root_remove(&ground.root);
    return 0;
}


static struct pw_act_outcome set_by(struct pw_gate *gate, const struct pw_actor *actor,
                                    const char *key, const char *value, enum pw_lifetime lifetime) {
    struct pw_setting setting;
    struct pw_act act = {.setting = &setting, .value = value, .lifetime = lifetime};
    assert_int_equal(pw_setting_of_key(&gate->source, &gate->buffer, key, &setting), 0);
    return pw_gate_pass(gate, actor, &act);
}


static struct pw_act_outcome lease(const char *policy, const char *key, const char *value) {
    return set_by(&ground.gate, &(struct pw_actor){.policy = policy}, key, value, PW_LEASE);
}


static const char *value_of(const char *path) {
    return fake_root_read(&ground.root, path);
}


static void assert_told(const char *line) {
    if (!strstr(ground.told.text, line)) {
        fail_msg("'%s' was not told, but\n%s", line, ground.told.text);
    }
}


static void a_lease_is_undone_when_its_policy_stops(void **state) {
    (void)state;
    assert_int_equal(lease("p", "sysctl vm.swappiness", "40").verdict, PW_ACT_DONE);
    assert_int_equal(lease("p", "sysctl vm.swappiness", "30").verdict, PW_ACT_DONE);
    assert_string_equal(value_of(SWAPPINESS), "30");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "60");
    assert_told("act policy=p key=sysctl vm.swappiness value=30 was=40 kept=30\n");
    assert_told("undone id=1 policy=p key=sysctl vm.swappiness value=60\n");
}


static void a_short_value_leaves_nothing_of_a_longer_one(void **state) {
    (void)state;
    lease("p", "sysctl vm.swappiness", "5");
    assert_string_equal(value_of(SWAPPINESS), "5");
}


static void a_kept_value_stays_until_it_is_undone_by_its_number(void **state) {
    (void)state;
    set_by(&ground.gate, &(struct pw_actor){.policy = "p"}, "sysctl vm.swappiness", "40", PW_KEEP);
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "40");
    assert_int_equal(pw_undo_dead(&ground.gate.source, &ground.gate.hooks, &ground.gate.buffer, 1),
                     -EBUSY);
    pw_gate_close(&ground.gate);
    open_gate(&ground.gate);
    assert_int_equal(pw_gate_recover(&ground.gate), 0);
    assert_string_equal(value_of(SWAPPINESS), "40");
    assert_int_equal(pw_undo_dead(&ground.gate.source, &ground.gate.hooks, &ground.gate.buffer, 2),
                     -ENOENT);
    assert_int_equal(pw_undo_dead(&ground.gate.source, &ground.gate.hooks, &ground.gate.buffer, 1),
                     1);
    assert_string_equal(value_of(SWAPPINESS), "60");
}


static void a_second_policy_is_refused_by_the_owners_name(void **state) {
    (void)state;
    char reason[128];
    lease("adaptive-swappiness", "sysctl vm.swappiness", "40");
    struct pw_act_outcome outcome = lease("other", "sysctl vm.swappiness", "10");
    snprintf(reason, sizeof reason, "owned by policy adaptive-swappiness (pid %d)", getpid());
    assert_int_equal(outcome.verdict, PW_ACT_REFUSED);
    assert_int_equal(outcome.error, EBUSY);
    assert_string_equal(outcome.reason, reason);
    assert_string_equal(value_of(SWAPPINESS), "40");
    pw_gate_stop(&ground.gate, "adaptive-swappiness");
    assert_int_equal(lease("other", "sysctl vm.swappiness", "10").verdict, PW_ACT_DONE);
}


static void the_partner_of_an_owned_key_is_owned_too(void **state) {
    (void)state;
    lease("p", "sysctl vm.dirty_bytes", "1048576");
    assert_int_equal(lease("other", "sysctl vm.dirty_ratio", "10").error, EBUSY);
}


static void what_was_not_granted_is_refused_and_owned_by_nobody(void **state) {
    (void)state;
    struct pw_grants grants = {0};
    pw_grants_add(&grants, pw_slice_of("sysctl vm.dirty_ratio"));
    struct pw_actor actor = {.policy = "p", .grants = &grants};
    struct pw_act_outcome outcome =
        set_by(&ground.gate, &actor, "sysctl vm.swappiness", "40", PW_LEASE);
    assert_int_equal(outcome.error, EPERM);
    assert_string_equal(outcome.reason, "not granted to policy p");
    assert_told("refused policy=p key=sysctl vm.swappiness value=40 reason=not granted to policy p "
                "errno=1\n");
    assert_int_equal(lease("other", "sysctl vm.swappiness", "40").verdict, PW_ACT_DONE);
    pw_grants_free(&grants);
}


static void a_cool_down_holds_the_policy_back_until_it_is_over(void **state) {
    (void)state;
    struct pw_setting setting;
    pw_setting_of_sysctl(pw_slice_of("vm.swappiness"), &setting);
    struct pw_act act = {.setting = &setting, .value = "40", .cooldown_ns = 5000000000};
    struct pw_actor actor = {.policy = "p"};
    assert_int_equal(pw_gate_pass(&ground.gate, &actor, &act).verdict, PW_ACT_DONE);
    ground.now_ns = 1000000000;
    act.value = "30";
    struct pw_act_outcome outcome = pw_gate_pass(&ground.gate, &actor, &act);
    assert_int_equal(outcome.error, EAGAIN);
    assert_string_equal(outcome.reason, "cooling down for another 4.0 s");
    ground.now_ns = 5000000000;
    assert_int_equal(pw_gate_pass(&ground.gate, &actor, &act).verdict, PW_ACT_DONE);
}


static void a_dry_run_writes_nothing_and_reads_what_it_would_have_written(void **state) {
    (void)state;
    struct pw_overlay overlay = {0};
    struct pw_source reader;
    struct pw_buffer buffer = {0};
    pw_source_open(&reader, ground.root.path);
    pw_overlay_attach(&overlay, &reader);
    struct pw_actor dry = {.policy = "p", .overlay = &overlay};
    struct pw_act_outcome outcome =
        set_by(&ground.gate, &dry, "sysctl vm.dirty_bytes", "1048576", PW_LEASE);
    assert_int_equal(outcome.verdict, PW_ACT_WOULD);
    set_by(&ground.gate, &dry, "oom 812:45678", "300", PW_LEASE);
    assert_int_equal(pw_source_read(&reader, "proc/sys/vm//dirty_bytes", &buffer), 0);
    assert_true(pw_slice_is(pw_buffer_text(&buffer), "1048576\n"));
    pw_source_read(&reader, "proc/sys/vm/dirty_ratio", &buffer);
    assert_true(pw_slice_is(pw_buffer_text(&buffer), "0\n"));
    struct pw_slice text;
    assert_true(
        pw_process_overlaid(&reader, &(struct pw_identity){812, 45678}, "oom_score_adj", &text));
    assert_false(
        pw_process_overlaid(&reader, &(struct pw_identity){812, 99}, "oom_score_adj", &text));
    assert_string_equal(value_of("proc/sys/vm/dirty_bytes"), "0");
    assert_string_equal(value_of("run/pagewarden"), "(none)");
    assert_told("would policy=p key=sysctl vm.dirty_bytes value=1048576\n");
    pw_buffer_free(&buffer);
    pw_source_close(&reader);
    pw_overlay_free(&overlay);
}


static void a_dry_run_is_refused_what_it_would_be_refused(void **state) {
    (void)state;
    struct pw_overlay overlay = {0};
    struct pw_actor dry = {.policy = "p", .overlay = &overlay};
    lease("real", "sysctl vm.swappiness", "40");
    assert_int_equal(set_by(&ground.gate, &dry, "sysctl vm.swappiness", "10", PW_LEASE).error,
                     EBUSY);
    assert_int_equal(set_by(&ground.gate, &dry, "sysctl vm.nothing", "1", PW_LEASE).error, ENOENT);
    assert_int_equal(set_by(&ground.gate, &dry, "sysctl vm.dirty_ratio", "10", PW_LEASE).verdict,
                     PW_ACT_WOULD);
    assert_int_equal(lease("real", "sysctl vm.dirty_ratio", "10").verdict, PW_ACT_DONE);
    pw_overlay_free(&overlay);
}


static void an_action_is_done_and_never_undone(void **state) {
    (void)state;
    assert_int_equal(lease("p", "sysctl vm.drop_caches", "1").verdict, PW_ACT_DONE);
    assert_string_equal(value_of("run/pagewarden/journal"), "(none)");
}


static void what_somebody_else_wrote_is_left_and_said(void **state) {
    (void)state;
    lease("p", "sysctl vm.swappiness", "40");
    fake_root_write(&ground.root, SWAPPINESS, "70\n");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "70");
    assert_told(
        "left id=1 policy=p key=sysctl vm.swappiness value=70 reason=somebody else wrote it "
        "after our last write, 40\n");
}


static void after_two_foreign_writes_the_policy_lets_go(void **state) {
    (void)state;
    lease("p", "sysctl vm.swappiness", "40");
    fake_root_write(&ground.root, SWAPPINESS, "70\n");
    assert_int_equal(lease("p", "sysctl vm.swappiness", "41").verdict, PW_ACT_DONE);
    fake_root_write(&ground.root, SWAPPINESS, "71\n");
    struct pw_act_outcome outcome = lease("p", "sysctl vm.swappiness", "42");
    assert_string_equal(outcome.reason, "let go after 2 writes by somebody else");
    assert_int_equal(lease("p", "sysctl vm.swappiness", "43").verdict, PW_ACT_REFUSED);
    assert_int_equal(lease("other", "sysctl vm.swappiness", "44").verdict, PW_ACT_DONE);
    pw_gate_stop(&ground.gate, "other");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "71");
    assert_told("let_go policy=p key=sysctl vm.swappiness value=42 kept=71\n");
}


static void a_pair_is_restored_by_its_member_that_is_not_zero(void **state) {
    (void)state;
    lease("p", "sysctl vm.dirty_bytes", "1048576");
    fake_root_write(&ground.root, "proc/sys/vm/dirty_ratio", "20\n");
    lease("p", "sysctl vm.dirty_ratio", "30");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "20");
    assert_string_equal(value_of("proc/sys/vm/dirty_bytes"), "0");
}


static void a_pair_whose_partner_the_kernel_zeroed_is_restored_too(void **state) {
    (void)state;
    fake_root_write(&ground.root, "proc/sys/vm/dirty_ratio", "0\n");
    fake_root_write(&ground.root, "proc/sys/vm/dirty_bytes", "1048576\n");
    lease("p", "sysctl vm.dirty_ratio", "30");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "0");
    assert_string_equal(value_of("proc/sys/vm/dirty_bytes"), "1048576");
}


static void init_and_ended_processes_are_not_touched(void **state) {
    (void)state;
    assert_string_equal(lease("p", "oom 1:1", "5").reason, "init is never touched");
    assert_int_equal(lease("p", "oom 812:45679", "5").error, ESRCH);
    assert_int_equal(lease("p", "oom 812:45678", "5").verdict, PW_ACT_DONE);
    fake_root_write(&ground.root, "proc/812/stat",
                    "812 (kworker) I 2 0 0 0 -1 2097152 0 0 0 0 0 0 "
                    "0 0 20 0 1 0 45678 0 0\n");
    assert_string_equal(lease("p", "oom 812:45678", "6").reason,
                        "a kernel thread is never touched");
}


/* Runs in a child that dies at once, with whatever it holds. */
static void in_dying_child(void (*work)(struct pw_gate *gate)) {
    pid_t pid = fork();
    if (pid == 0) {
        struct pw_gate gate;
        open_gate(&gate);
        work(&gate);
        raise(SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}


static void write_twice(struct pw_gate *gate) {
    struct pw_actor actor = {.policy = "p"};
    set_by(gate, &actor, "sysctl vm.swappiness", "40", PW_LEASE);
    set_by(gate, &actor, "sysctl vm.dirty_ratio", "30", PW_LEASE);
}


static void what_a_killed_process_left_is_undone_by_the_next(void **state) {
    (void)state;
    in_dying_child(write_twice);
    assert_string_equal(value_of(SWAPPINESS), "40");
    assert_int_equal(pw_gate_recover(&ground.gate), 2);
    assert_string_equal(value_of(SWAPPINESS), "60");
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "20");
    char *first = strstr(ground.told.text, "undone id=2"),
         *last = strstr(ground.told.text, "undone id=1");
    assert_true(first && last && first < last);
    assert_int_equal(lease("other", "sysctl vm.swappiness", "10").verdict, PW_ACT_DONE);
}


static void after_a_reboot_there_is_nothing_to_undo(void **state) {
    (void)state;
    in_dying_child(write_twice);
    fake_root_write(&ground.root, "proc/sys/kernel/random/boot_id", "another-boot\n");
    assert_int_equal(pw_gate_recover(&ground.gate), 0);
    assert_string_equal(value_of(SWAPPINESS), "40");
    assert_told("journal_discarded journal=");
}


static void leases_are_handed_on_to_the_next_process(void **state) {
    (void)state;
    in_dying_child(write_twice);
    assert_int_equal(pw_gate_adopt(&ground.gate), 2);
    assert_int_equal(lease("other", "sysctl vm.dirty_ratio", "5").error, EBUSY);
    assert_int_equal(lease("p", "sysctl vm.swappiness", "40").verdict, PW_ACT_DONE);
    pw_gate_settle(&ground.gate, NULL);
    assert_string_equal(value_of(SWAPPINESS), "40");
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "20");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "60");
    assert_told("adopted policy=p key=sysctl vm.swappiness value=40\n");
}


static void a_reload_undoes_only_what_the_new_policy_does_not_want(void **state) {
    (void)state;
    lease("p", "sysctl vm.swappiness", "40");
    lease("p", "sysctl vm.dirty_ratio", "30");
    pw_gate_offer(&ground.gate, "p");
    lease("p", "sysctl vm.swappiness", "35");
    pw_gate_settle(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "35");
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "20");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "60");
}


static void what_a_failed_new_version_changed_is_as_the_old_one_had_it(void **state) {
    (void)state;
    lease("p", "sysctl vm.swappiness", "40");
    lease("p", "sysctl vm.overcommit_ratio", "60");
    pw_gate_offer(&ground.gate, "p");
    lease("p", "sysctl vm.swappiness", "100");
    lease("p", "sysctl vm.dirty_ratio", "30");
    pw_gate_retract(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "40");
    assert_string_equal(value_of("proc/sys/vm/overcommit_ratio"), "60");
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "20");
    pw_gate_settle(&ground.gate, NULL);
    assert_string_equal(value_of(SWAPPINESS), "40");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "60");
    assert_string_equal(value_of("proc/sys/vm/overcommit_ratio"), "50");
}


static void the_partner_that_a_failed_new_version_wrote_gives_way(void **state) {
    (void)state;
    lease("p", "sysctl vm.dirty_bytes", "8388608");
    pw_gate_offer(&ground.gate, "p");
    lease("p", "sysctl vm.dirty_ratio", "30");
    pw_gate_retract(&ground.gate, "p");
    assert_string_equal(value_of("proc/sys/vm/dirty_bytes"), "8388608");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of("proc/sys/vm/dirty_bytes"), "0");
    assert_string_equal(value_of("proc/sys/vm/dirty_ratio"), "20");
}


static void a_policy_that_writes_for_ever_does_not_fill_the_disk(void **state) {
    (void)state;
    char value[24];
    for (int i = 0; i < 2000; i++) {
        snprintf(value, sizeof value, "%d", i % 100);
        ground.told.text[0] = '\0';
        lease("p", "sysctl vm.swappiness", value);
        assert_true(ground.gate.journal.size_bytes < (size_t)66 << 10);
    }
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(value_of(SWAPPINESS), "60");
}


/* A score that process 812 has inherited, whose undoing is to put something else back. */
static struct pw_act_outcome disown(const struct pw_actor *actor, const char *value,
                                    const char *original) {
    struct pw_setting setting;
    struct pw_act act = {.setting = &setting, .value = value, .original = original};
    fake_root_write(&ground.root, "proc/812/oom_score_adj", "-900\n");
    pw_setting_of_oom(&(struct pw_identity){812, 45678}, &setting);
    return pw_gate_pass(&ground.gate, actor, &act);
}


static void what_was_inherited_from_us_is_not_put_back(void **state) {
    (void)state;
    const struct pw_actor actor = {.policy = "p"};
    assert_int_equal(disown(&actor, "0", "-100").verdict, PW_ACT_DONE);
    assert_string_equal(pw_gate_original(&ground.gate, "p", "oom 812:45678"), "-100");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_score_adj"), "-100");
}


static void what_only_undoes_leaves_no_record(void **state) {
    (void)state;
    const struct pw_actor actor = {.policy = "p"}, other = {.policy = "q"};
    assert_int_equal(disown(&actor, "0", "0").verdict, PW_ACT_DONE);
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_score_adj"), "0");
    assert_null(pw_gate_original(&ground.gate, "p", "oom 812:45678"));
    assert_int_equal(disown(&other, "0", "0").verdict, PW_ACT_DONE); /* nobody owns it */
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_score_adj"), "0");
}


static void add_process(const char *pid, const char *parent, const char *score) {
    char path[64], stat[128];
    snprintf(path, sizeof path, "proc/%s/stat", pid);
    snprintf(stat, sizeof stat, "%s (cat) S %s 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 46000 0 0\n",
             pid, parent);
    fake_root_write(&ground.root, path, stat);
    snprintf(path, sizeof path, "proc/%s/oom_score_adj", pid);
    fake_root_write(&ground.root, path, score);
}


static void who_inherited_a_score_has_it_put_back_too(void **state) {
    (void)state;
    const struct pw_actor actor = {.policy = "p"};
    set_by(&ground.gate, &actor, "oom 812:45678", "-900", PW_LEASE);
    add_process("813", "812", "-900\n"); /* a child */
    add_process("800", "813", "-900\n"); /* its child */
    add_process("814", "812", "300\n");  /* one that chose for itself */
    add_process("815", "1", "-900\n");   /* somebody else */
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_score_adj"), "0");
    assert_string_equal(fake_root_read(&ground.root, "proc/813/oom_score_adj"), "0");
    assert_string_equal(fake_root_read(&ground.root, "proc/800/oom_score_adj"), "0");
    assert_string_equal(fake_root_read(&ground.root, "proc/814/oom_score_adj"), "300");
    assert_string_equal(fake_root_read(&ground.root, "proc/815/oom_score_adj"), "-900");
}


static void an_oom_adj_is_put_back_as_it_was(void **state) {
    (void)state;
    const struct pw_actor actor = {.policy = "p"};
    fake_root_write(&ground.root, "proc/812/oom_adj", "5\n"); /* a score of 294, which gives 4 */
    set_by(&ground.gate, &actor, "oom 812:45678 oom_adj", "-15", PW_LEASE);
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_adj"), "-15");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_adj"), "5");
}


static void processes_that_ended_are_forgotten(void **state) {
    (void)state;
    const struct pw_actor actor = {.policy = "p"}, other = {.policy = "q"};
    assert_int_equal(disown(&actor, "0", NULL).verdict, PW_ACT_DONE);
    pw_gate_forget_ended(&ground.gate, "p");
    assert_non_null(pw_gate_original(&ground.gate, "p", "oom 812:45678"));
    assert_int_equal(disown(&other, "1", NULL).error, EBUSY);
    fake_root_write(&ground.root, "proc/812/stat",
                    "812 (dog) S 1 812 812 0 -1 0 0 0 0 0 0 0 "
                    "0 0 20 0 1 0 99999 0 0\n");
    pw_gate_forget_ended(&ground.gate, "p");
    assert_null(pw_gate_original(&ground.gate, "p", "oom 812:45678"));
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_score_adj"), "-900");
    assert_int_equal(ground.gate.owners.count, 0);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ground, remove_ground)


int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_lease_is_undone_when_its_policy_stops),
        TEST(a_short_value_leaves_nothing_of_a_longer_one),
        TEST(a_kept_value_stays_until_it_is_undone_by_its_number),
        TEST(a_second_policy_is_refused_by_the_owners_name),
        TEST(the_partner_of_an_owned_key_is_owned_too),
        TEST(what_was_not_granted_is_refused_and_owned_by_nobody),
        TEST(a_cool_down_holds_the_policy_back_until_it_is_over),
        TEST(a_dry_run_writes_nothing_and_reads_what_it_would_have_written),
        TEST(a_dry_run_is_refused_what_it_would_be_refused),
        TEST(an_action_is_done_and_never_undone),
        TEST(what_somebody_else_wrote_is_left_and_said),
        TEST(after_two_foreign_writes_the_policy_lets_go),
        TEST(a_pair_is_restored_by_its_member_that_is_not_zero),
        TEST(a_pair_whose_partner_the_kernel_zeroed_is_restored_too),
        TEST(init_and_ended_processes_are_not_touched),
        TEST(what_a_killed_process_left_is_undone_by_the_next),
        TEST(after_a_reboot_there_is_nothing_to_undo),
        TEST(leases_are_handed_on_to_the_next_process),
        TEST(a_reload_undoes_only_what_the_new_policy_does_not_want),
        TEST(what_a_failed_new_version_changed_is_as_the_old_one_had_it),
        TEST(the_partner_that_a_failed_new_version_wrote_gives_way),
        TEST(a_policy_that_writes_for_ever_does_not_fill_the_disk),
        TEST(what_was_inherited_from_us_is_not_put_back),
        TEST(what_only_undoes_leaves_no_record),
        TEST(who_inherited_a_score_has_it_put_back_too),
        TEST(an_oom_adj_is_put_back_as_it_was),
        TEST(processes_that_ended_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
