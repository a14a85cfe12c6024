/* SPDX-License-Identifier: MIT
 *
 * What Lua code changes in a state that has a gate.
 */
#include "bind/act_context.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fake_root.h"
#include "host/modules.h"

#define SWAPPINESS "proc/sys/vm/swappiness"

/* A gate, a policy behind it, and the policy's state. */
struct ground {
    struct fake_root root;
    struct told told;
    struct pw_gate gate;
    struct pw_grants grants;
    struct pw_overlay overlay;
    struct pw_act_context context;
    lua_State *L;
};

static struct ground ground;


static int make_ground(void **state) {
    (void)state;
    ground = (struct ground){0};
    fake_root_make(&ground.root);
    fake_root_write(&ground.root, SWAPPINESS, "60\n");
    fake_root_write(&ground.root, "proc/sys/vm/dirty_ratio", "20\n");
    fake_root_write(&ground.root, "proc/sys/vm/dirty_bytes", "0\n");
    fake_root_write(&ground.root, "proc/812/stat",
                    "812 (cat) S 1 812 812 0 -1 4194560 0 0 0 0 0 0 "
                    "0 0 20 0 1 0 45678 0 0\n");
    fake_root_write(&ground.root, "proc/812/oom_score_adj", "0\n");
    fake_root_write(&ground.root, "sys/fs/cgroup/cgroup.controllers", "memory\n");
    fake_root_write(&ground.root, "sys/fs/cgroup/web/memory.high", "max\n");
    static const char *const granted[] = {"sysctl vm.swappiness", "oom", "cgroup /web"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pw_grants_add(&ground.grants, pw_slice_of(granted[i])), 0);
    }
    struct pw_hooks hooks = {.tell = tell_told, .context = &ground.told};
    ground.context =
        (struct pw_act_context){&ground.gate, {.policy = "p", .grants = &ground.grants}};
    return pw_gate_open(&ground.gate, ground.root.path, &hooks);
}


static int remove_ground(void **state) {
    (void)state;
    lua_close(ground.L);
    pw_gate_close(&ground.gate);
    pw_grants_free(&ground.grants);
    pw_overlay_free(&ground.overlay);
    fake_root_remove(&ground.root);
    return 0;
}


/* Runs Lua code, in the policy's state, that has the modules and `root` as globals. */
static void run(const char *code) {
    if (!ground.L) {
        ground.L = luaL_newstate();
        luaL_openlibs(ground.L);
        pw_preload_modules(ground.L);
        pw_act_set_context(ground.L, &ground.context);
        lua_pushstring(ground.L, ground.root.path);
        lua_setglobal(ground.L, "root");
        run("proc, sysctl = require 'pagewarden.proc', require 'pagewarden.sysctl'.open(root) "
            "oom, cgroup = require 'pagewarden.oom'.open(root), "
            "require 'pagewarden.cgroup'.open(root)");
    }
    if (luaL_dostring(ground.L, code)) {
        fail_msg("%s", lua_tostring(ground.L, -1));
    }
}


static void a_policy_writes_what_it_was_granted_until_it_stops(void **state) {
    (void)state;
    run("assert(sysctl:set('vm.swappiness', 40) == 40 and sysctl:get 'vm.swappiness' == 40)");
    run("assert(cgroup:set('/web', 'memory.high', 1 << 30) == 1 << 30)");
    run("assert(oom:set_adj(812, 300) == 300)");
    pw_gate_stop(&ground.gate, "p");
    run("assert(sysctl:get 'vm.swappiness' == 60 and oom:adj(812) == 0)");
    run("assert(cgroup:limits('/web').high == math.huge)");
}


static void it_is_told_what_it_was_not_granted(void **state) {
    (void)state;
    run("local value, message, errno, kind = sysctl:set('vm.dirty_ratio', 5) "
        "assert(not value and errno == 1 and kind == 'denied') "
        "assert(message == 'sysctl vm.dirty_ratio: not granted to policy p')");
    assert_string_equal(fake_root_read(&ground.root, "proc/sys/vm/dirty_ratio"), "20");
}


static void it_may_keep_a_value_and_hold_itself_back(void **state) {
    (void)state;
    run("assert(sysctl:set('vm.swappiness', 40, { lifetime = 'keep', cooldown = 3600 }))"
        "local _, message, _, kind = sysctl:set('vm.swappiness', 30) "
        "assert(message:find 'vm.swappiness: cooling down for another 3%d%d%d' and kind == "
        "'denied')");
    pw_gate_stop(&ground.gate, "p");
    assert_string_equal(fake_root_read(&ground.root, SWAPPINESS), "40");
}


static void in_dry_run_all_that_it_reads_agrees_and_nothing_is_written(void **state) {
    (void)state;
    ground.context.actor.overlay = &ground.overlay;
    run("assert(sysctl:set('vm.swappiness', 40) == 40 and sysctl:get 'vm.swappiness' == 40)");
    run("assert(cgroup:set('/web', 'memory.high', 1 << 30) and oom:set_adj(812, 300))");
    run("assert(cgroup:limits('/web').high == 1 << 30 and oom:adj(812) == 300)");
    run("local reader = proc.open(root) "
        "assert(reader:process(812):oom().oom_score_adj == 300) "
        "assert(reader:processes({ 'oom_score_adj' }):get(812).oom_score_adj == 300)");
    assert_string_equal(fake_root_read(&ground.root, SWAPPINESS), "60");
    assert_string_equal(fake_root_read(&ground.root, "sys/fs/cgroup/web/memory.high"), "max");
    assert_string_equal(fake_root_read(&ground.root, "proc/812/oom_score_adj"), "0");
    assert_string_equal(fake_root_read(&ground.root, "run"), "(none)");
    assert_non_null(strstr(ground.told.text, "would policy=p key=oom 812:45678 value=300\n"));
}


static void another_root_cannot_be_written_past_the_gate(void **state) {
    (void)state;
    struct fake_root other;
    char code[256];
    fake_root_make(&other);
    fake_root_write(&other, SWAPPINESS, "60\n");
    snprintf(
        code, sizeof code,
        "local value, message = require 'pagewarden.sysctl'.open('%s'):set('vm.swappiness', 1) "
        "assert(not value and message:find 'another root')",
        other.path);
    run(code);
    assert_string_equal(fake_root_read(&other, SWAPPINESS), "60");
    fake_root_remove(&other);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ground, remove_ground)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_policy_writes_what_it_was_granted_until_it_stops),
        TEST(it_is_told_what_it_was_not_granted),
        TEST(it_may_keep_a_value_and_hold_itself_back),
        TEST(in_dry_run_all_that_it_reads_agrees_and_nothing_is_written),
        TEST(another_root_cannot_be_written_past_the_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
