/* SPDX-License-Identifier: MIT
 *
 * The promise of the journal: whenever a process dies, the next one puts everything back, or says
 * which value it left and why. Random sequences of two policies and a foreign writer are run in a
 * child that is killed at every step there is, and so is the first process that undoes them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/gate.h"
#include "act/transaction.h"
#include "act/undo.h"
#include "check.h"
#include "fake_root.h"

#define SEQUENCES 200
#define OPERATIONS 4

struct knob {
    const char *key;
    const char *path;
    const char *original;
};

static const struct knob knobs[] = {
    {"sysctl vm.swappiness", "proc/sys/vm/swappiness", "60"},
    {"sysctl vm.dirty_ratio", "proc/sys/vm/dirty_ratio", "20"},
    {"sysctl vm.dirty_bytes", "proc/sys/vm/dirty_bytes", "0"},
    {"mm ksm/pages_to_scan", "sys/kernel/mm/ksm/pages_to_scan", "100"},
    {"cgroup /web memory.high", "sys/fs/cgroup/web/memory.high", "max"},
    {"oom 812:45678", "proc/812/oom_score_adj", "0"},
};

#define KNOBS ((int)(sizeof knobs / sizeof *knobs))

/* What outlives the children. */
struct world {
    struct fake_root root;
    struct told told;
    char expected[KNOBS][PW_VALUE_BYTES]; /* once all is undone */
    bool contended[KNOBS];                /* written by others than the policy that holds it */
    int steps;                            /* passed so far */
    int deadly;                           /* the step to die at */
};

static struct world *world;


static uint32_t draw(uint32_t *seed, uint32_t below) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}


static void step(void *context) {
    (void)context;
    if (++world->steps == world->deadly) {
        raise(SIGKILL);
    }
}


static int knob_of(const char *key) {
    int knob = 0;
    while (strcmp(knobs[knob].key, key) != 0) {
        knob++;
    }
    return knob;
}


static bool is_pair(int knob) {
    return pw_setting_same(knobs[knob].key, "sysctl vm.dirty_ratio");
}


static int partner_of(int knob) {
    return is_pair(knob) ? (knob == 1 ? 2 : 1) : knob;
}


static void contend(int knob) {
    world->contended[knob] = world->contended[partner_of(knob)] = true;
}


/* A value that was said to be left is the one to expect from then on, and nothing may be left
 * without a reason. */
static void note(void *context, const char *event, const struct pw_event_field fields[],
                 int count) {
    (void)context;
    tell_told(&world->told, event, fields, count);
    bool left = strcmp(event, "left") == 0;
    if (!left && strcmp(event, "let_go") != 0) {
        return;
    }
    int knob = knob_of(fields[left ? 2 : 1].text);
    if (!world->contended[knob]) {
        fprintf(stderr, "left without a reason:\n%s", world->told.text);
        abort();
    }
    strcpy(world->expected[knob], fields[3].text);
    if (is_pair(knob)) {
        int partner = partner_of(knob);
        strcpy(world->expected[partner], fake_root_read(&world->root, knobs[partner].path));
    }
}


static void open_gate(struct pw_gate *gate) {
    struct pw_hooks hooks = {.tell = note, .step = step};
    if (pw_gate_open(gate, world->root.path, &hooks)) {
        abort();
    }
}


static bool is_held(const struct pw_gate *gate, int knob, const char *policy) {
    return pw_journal_find(&gate->journal, knobs[knob].key, policy);
}


/* Somebody who knows nothing of pagewarden. What nobody holds is to stay as they leave it. */
static void write_foreign(const struct pw_gate *gate, int knob, const char *value) {
    fake_root_write(&world->root, knobs[knob].path, value);
    contend(knob);
    if (!is_held(gate, knob, "a") && !is_held(gate, knob, "b")) {
        strcpy(world->expected[knob], value);
    }
}


static void write_as(struct pw_gate *gate, const char *policy, int knob, const char *value,
                     bool keep) {
    struct pw_setting setting;
    struct pw_actor actor = {.policy = policy};
    struct pw_act act = {.setting = &setting,
                         .value = value,
                         .lifetime = keep ? PW_KEEP : PW_LEASE,
                         .dangerous = true};
    if (pw_setting_of_key(&gate->source, &gate->buffer, knobs[knob].key, &setting)) {
        abort();
    }
    if (is_held(gate, knob, strcmp(policy, "a") == 0 ? "b" : "a")) {
        contend(knob);
    }
    pw_gate_pass(gate, &actor, &act);
}


/* Two changes, of which the second is refused: then the first was never there. */
static void try_two(struct pw_gate *gate, const char *policy, int knob, const char *value) {
    struct pw_actor actor = {.policy = policy};
    struct pw_act_outcome outcome = {0};
    struct pw_change changes[] = {{.key = knobs[knob].key, .value = value},
                                  {.key = "sysctl vm.missing", .value = "1"}};
    struct pw_transaction transaction = {.gate = gate,
                                         .actor = &actor,
                                         .source = &gate->source,
                                         .buffer = &gate->buffer,
                                         .terms = {.lifetime = PW_LEASE, .dangerous = true},
                                         .changes = changes,
                                         .count = 2};
    if (is_held(gate, knob, strcmp(policy, "a") == 0 ? "b" : "a")) {
        contend(knob);
    }
    pw_transaction_run(&transaction, &outcome);
}


static void run_operation(struct pw_gate *gate, uint32_t *seed) {
    char value[24];
    int knob = (int)draw(seed, (uint32_t)KNOBS);
    const char *policy = draw(seed, 2) ? "a" : "b";
    snprintf(value, sizeof value, "%u", 4096 * (1 + draw(seed, 9)));
    switch (draw(seed, 8)) {
    case 0:
    case 1:
        write_foreign(gate, knob, value);
        break;
    case 2:
        pw_gate_stop(gate, policy);
        break;
    case 3:
        try_two(gate, policy, knob, value);
        break;
    case 4:
        write_as(gate, policy, knob, value, true);
        break;
    default:
        write_as(gate, policy, knob, value, false);
    }
}


static void run_sequence(uint32_t seed) {
    struct pw_gate gate;
    open_gate(&gate);
    for (int i = 0; i < OPERATIONS; i++) {
        run_operation(&gate, &seed);
    }
    pw_gate_stop(&gate, "a");
    pw_gate_stop(&gate, "b");
    pw_gate_close(&gate);
}


static void recover(uint32_t seed) {
    (void)seed;
    struct pw_gate gate;
    open_gate(&gate);
    pw_gate_recover(&gate);
    pw_gate_close(&gate);
}


/* Runs it in a child that dies at a step; false when it came to its end before. */
static bool dies(void (*run)(uint32_t seed), uint32_t seed, int deadly) {
    world->steps = 0;
    world->deadly = deadly;
    pid_t pid = fork();
    if (pid == 0) {
        run(seed);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    world->deadly = 0;
    return WIFSIGNALED(status);
}


struct newest {
    int64_t id;
};


static void note_newest(void *context, const struct pw_entry *entry,
                        const struct pw_journal *journal, bool alive) {
    (void)journal;
    struct newest *newest = context;
    assert_false(alive);
    assert_int_equal(entry->lifetime, PW_KEEP);
    newest->id = entry->id > newest->id ? entry->id : newest->id;
}


/* By their numbers, the newest first, as a person would. */
static void undo_kept(struct pw_gate *gate) {
    struct newest newest;
    do {
        newest.id = 0;
        assert_int_equal(
            pw_undo_list(&gate->source, &gate->hooks, &gate->buffer, note_newest, &newest), 0);
        if (newest.id) {
            assert_int_equal(pw_undo_dead(&gate->source, &gate->hooks, &gate->buffer, newest.id),
                             1);
        }
    } while (newest.id);
}


static void reset(void) {
    world->told.text[0] = '\0';
    memset(world->contended, 0, sizeof world->contended);
    for (int i = 0; i < KNOBS; i++) {
        strcpy(world->expected[i], knobs[i].original);
        fake_root_write(&world->root, knobs[i].path, knobs[i].original);
    }
}


static void assert_restored(uint32_t seed, int deadly) {
    for (int i = 0; i < KNOBS; i++) {
        const char *value = fake_root_read(&world->root, knobs[i].path);
        if (!pw_value_same(value, world->expected[i])) {
            fail_msg("seed %u, step %d: %s is %s and not %s\n%s", seed, deadly, knobs[i].key, value,
                     world->expected[i], world->told.text);
        }
    }
}


/* Kills the sequence at one step, and whoever undoes it at another. False when it was not killed.
 */
static bool survives(uint32_t seed, int deadly) {
    struct pw_gate gate;
    reset();
    bool died = dies(run_sequence, seed, deadly);
    if (died) {
        dies(recover, seed, 1 + deadly % 7);
    }
    open_gate(&gate);
    pw_gate_recover(&gate);
    undo_kept(&gate);
    pw_gate_close(&gate);
    assert_restored(seed, deadly);
    return died;
}


static void whenever_a_process_dies_all_is_put_back_or_said_to_be_left(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= SEQUENCES; seed++) {
        int deadly = 1;
        while (survives(seed * 2654435761u, deadly)) {
            deadly++;
        }
    }
}


static int make_world(void **state) {
    (void)state;
    world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(world, MAP_FAILED);
    fake_root_make(&world->root);
    fake_root_write(&world->root, "proc/sys/kernel/random/boot_id", "this-boot\n");
    fake_root_write(&world->root, "sys/fs/cgroup/cgroup.controllers", "memory\n");
    fake_root_write(&world->root, "proc/812/stat",
                    "812 (cat) S 1 812 812 0 -1 4194560 0 0 0 0 0 0 "
                    "0 0 20 0 1 0 45678 0 0\n");
    return 0;
}


static int remove_world(void **state) {
    (void)state;
    fake_root_remove(&world->root);
    munmap(world, sizeof *world);
    return 0;
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whenever_a_process_dies_all_is_put_back_or_said_to_be_left),
    };
    return cmocka_run_group_tests(tests, make_world, remove_world);
}
