/* SPDX-License-Identifier: MIT */
#include "host/policy_state.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "check.h"

/* A clock on which a millisecond passes whenever somebody looks. */
static int64_t tick(void *clock) {
    int64_t *now_ns = clock;
    *now_ns += 1000 * 1000;
    return *now_ns;
}


static int64_t moment_ns;

static const struct pw_policy_limits ticking = {.now = tick, .clock = &moment_ns};


/* Loads and calls the text that `context` is. */
static int run_text(lua_State *L, void *context) {
    if (luaL_loadbufferx(L, context, strlen(context), "=policy", "t")) {
        return lua_error(L);
    }
    lua_call(L, 0, LUA_MULTRET);
    return lua_gettop(L);
}


static enum pw_outcome run(struct pw_policy_state *state, const char *text) {
    return pw_policy_state_call(state, run_text, (void *)text);
}


static void assert_message(const struct pw_policy_state *state, const char *part) {
    if (!strstr(state->message, part)) {
        fail_msg("expected \"%s\" in: %s", part, state->message);
    }
}


static void returns_results_until_the_next_call(void **unused) {
    (void)unused;
    struct pw_policy_state state;
    assert_int_equal(pw_policy_state_open(&state, &ticking, NULL), 0);
    assert_int_equal(run(&state, "return 7, 'text'"), PW_RETURNED);
    assert_int_equal(lua_tointeger(state.L, 1), 7);
    assert_string_equal(lua_tostring(state.L, 2), "text");
    assert_int_equal(run(&state, "return"), PW_RETURNED);
    assert_int_equal(lua_gettop(state.L), 0);
    pw_policy_state_close(&state);
    assert_int_equal(state.allocator.used_bytes, 0);
    pw_policy_state_close(&state);
}


static void says_where_an_error_was_raised(void **unused) {
    (void)unused;
    struct pw_policy_state state;
    assert_int_equal(pw_policy_state_open(&state, &ticking, NULL), 0);
    assert_int_equal(run(&state, "local function f() error 'no' end f()"), PW_RAISED);
    assert_message(&state, "policy:1: no");
    assert_message(&state, "traceback");
    assert_int_equal(run(&state, "error()"), PW_RAISED);
    assert_message(&state, "an error that is a nil value");
    assert_int_equal(
        run(&state, "error(setmetatable({}, { __tostring = function() return 'me' end }))"),
        PW_RAISED);
    assert_message(&state, "me");
    assert_int_equal(
        run(&state, "error(setmetatable({}, { __tostring = function() error 'again' end }))"),
        PW_RAISED);
    assert_message(&state, "an error whose __tostring fails");
    pw_policy_state_close(&state);
}


/* Each of them got away from a hook that only raises. */
static const char *const endless[] = {
    "while true do end",
    "while true do pcall(error) end",
    "while true do pcall(function() while true do end end) end",
    "xpcall(function() while true do end end, function() while true do end end)",
    "xpcall(error, function() while true do end end)",
    "xpcall(function() local x <close> = setmetatable({}, { __close = function() while true do end "
    "end }) while true do end end, print)",
    "coroutine.wrap(function() while true do end end)()",
    "coroutine.wrap(function() local x <close> = setmetatable({}, { __close = function() while "
    "true "
    "do end end }) while true do end end)()",
    "coroutine.wrap(function() local x <close> = setmetatable({}, { __close = function() while "
    "true "
    "do end end }) error 'no' end)()",
    "local c = coroutine.create(function() local x <close> = setmetatable({}, { __close = "
    "function() "
    "while true do end end }) coroutine.yield() end) coroutine.resume(c) coroutine.close(c)",
    "local function nest(n) while true do pcall(coroutine.wrap(function() if n > 0 then nest(n - "
    "1) "
    "end while true do end end)) end end nest(20)",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "error(setmetatable({}, { __tostring = function() while true do end end }))",
    "for _ in pairs(setmetatable({}, { __pairs = function() while true do end end })) do end",
    "load(function() while true do end end)",
    "table.sort({ 1, 2, 3 }, function() while true do end end)",
    "string.gsub('a', 'a', function() while true do end end)",
    "string.find(('a'):rep(40), ('a-'):rep(8) .. 'b')",
    "string.match(('a'):rep(40), ('a-'):rep(8) .. 'b')",
    "string.gsub(('a'):rep(40), ('a-'):rep(8) .. 'b', '')",
    "string.gmatch(('a'):rep(40), ('a-'):rep(8) .. 'b')()",
    "string.find(('a'):rep(40000), '(a*)%1b')",
    "pcall(string.find, ('a'):rep(40), ('a?'):rep(60) .. ('a'):rep(60))",
};


static void a_loop_without_end_expires_wherever_it_is(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        struct pw_policy_state state;
        assert_int_equal(pw_policy_state_open(&state, &ticking, NULL), 0);
        enum pw_outcome outcome = run(&state, endless[i]);
        if (outcome != PW_EXPIRED) {
            fail_msg("%s: %s, %s", endless[i], pw_outcome_name(outcome), state.message);
        }
        assert_message(&state, "it ran for more than 0.25 s");
        assert_message(&state, "traceback");
        assert_int_equal(run(&state, "return 1"), PW_RETURNED);
        pw_policy_state_close(&state);
        assert_int_equal(state.allocator.used_bytes, 0);
    }
}


static void a_coroutine_that_ran_out_of_time_is_not_closed_later(void **unused) {
    (void)unused;
    struct pw_policy_state state;
    assert_int_equal(pw_policy_state_open(&state, &ticking, NULL), 0);
    assert_int_equal(run(&state, "late = coroutine.create(function()\n"
                                 "local x <close> = setmetatable({}, { __close = function()\n"
                                 "while true do end end }) while true do end end)\n"
                                 "coroutine.resume(late)"),
                     PW_EXPIRED);
    assert_message(&state, "policy:3:");
    assert_int_equal(run(&state, "return coroutine.close(late)"), PW_RETURNED);
    assert_false(lua_toboolean(state.L, 1));
    assert_string_equal(lua_tostring(state.L, 2), "the coroutine ran out of time");
    pw_policy_state_close(&state);
}


static void memory_without_end_is_refused(void **unused) {
    (void)unused;
    static const char *const greedy[] = {
        "local t = {} while true do t[#t + 1] = { {} } end",
        "local s = 'x' while true do s = s .. s end",
        "return ('x'):rep(1 << 40)",
        "return string.pack('c1000000000', '')",
        "local function f() return f() + 1 end pcall(f) f()",
        "local t = {} while true do t[#t + 1] = coroutine.create(print) end",
    };
    for (size_t i = 0; i < sizeof greedy / sizeof *greedy; i++) {
        struct pw_policy_state state;
        struct pw_policy_limits limits = {.call_ns = INT64_MAX};
        assert_int_equal(pw_policy_state_open(&state, &limits, NULL), 0);
        enum pw_outcome outcome = run(&state, greedy[i]);
        if (outcome != PW_OUT_OF_MEMORY && !strstr(state.message, "too large") &&
            !strstr(state.message, "overflow")) {
            fail_msg("%s: %s, %s", greedy[i], pw_outcome_name(outcome), state.message);
        }
        assert_true(state.allocator.used_bytes <= PW_POLICY_MEMORY_BYTES);
        assert_int_equal(run(&state, "collectgarbage() return 1"), PW_RETURNED);
        assert_true(state.allocator.used_bytes < PW_POLICY_MEMORY_BYTES / 4);
        pw_policy_state_close(&state);
    }
}


static int call_global(lua_State *L, void *context) {
    lua_getglobal(L, context);
    lua_call(L, 0, 0);
    return 0;
}


static void a_state_above_its_limit_may_still_shrink(void **unused) {
    (void)unused;
    struct pw_policy_state state;
    assert_int_equal(pw_policy_state_open(&state, &ticking, NULL), 0);
    assert_int_equal(run(&state, "big = ('x'):rep(1 << 20) "
                                 "function shrink() big = nil collectgarbage() end"),
                     PW_RETURNED);
    state.allocator.most_bytes = state.allocator.used_bytes / 2;
    assert_int_equal(run(&state, "return {}"), PW_OUT_OF_MEMORY);
    assert_message(&state, "KiB of memory");
    assert_int_equal(pw_policy_state_call(&state, call_global, "shrink"), PW_RETURNED);
    assert_int_equal(run(&state, "return {}"), PW_RETURNED);
    pw_policy_state_close(&state);
}


/* A limit of each size is an allocation that fails at each place. */
static void opens_whole_or_not_at_all_whatever_the_memory(void **unused) {
    (void)unused;
    struct pw_policy_limits limits = ticking;
    int opened = 0;
    for (limits.memory_bytes = 32; opened < 3; limits.memory_bytes += 32) {
        struct pw_policy_state state;
        int error = pw_policy_state_open(&state, &limits, "/nowhere/?.lua");
        assert_true(error == 0 || error == -ENOMEM);
        if (error == 0) {
            opened++;
            pw_policy_state_close(&state);
        }
        assert_null(state.L);
        assert_int_equal(state.allocator.used_bytes, 0);
        assert_true(limits.memory_bytes < (size_t)64 << 10);
    }
}


static void calls_return_or_run_out_of_memory_whatever_is_left(void **unused) {
    (void)unused;
    static const char text[] =
        "local t = {} for i = 1, 20 do t[i] = pcall(coroutine.wrap(function() local x <close> = "
        "setmetatable({}, { __close = function() end }) xpcall(error, tostring, 'a' .. i) end)) "
        "end "
        "return ('a.b'):gsub('%a', '%0%0'), table.concat({ 1, 2 }, ','), load('return 1')()";
    struct pw_policy_state state;
    assert_int_equal(pw_policy_state_open(&state, &ticking, NULL), 0);
    enum pw_outcome outcome = PW_OUT_OF_MEMORY;
    for (size_t more = 0; outcome != PW_RETURNED; more += 16) {
        assert_int_equal(run(&state, "collectgarbage()"), PW_RETURNED);
        state.allocator.most_bytes = state.allocator.used_bytes + more;
        outcome = run(&state, text);
        assert_true(outcome == PW_RETURNED || outcome == PW_OUT_OF_MEMORY || outcome == PW_RAISED);
        assert_true(more < (size_t)64 << 10);
        state.allocator.most_bytes = PW_POLICY_MEMORY_BYTES;
    }
    pw_policy_state_close(&state);
    assert_int_equal(state.allocator.used_bytes, 0);
}


static void many_states_know_nothing_of_each_other(void **unused) {
    (void)unused;
    enum { COUNT = 50 };
    struct pw_policy_state states[COUNT];
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(pw_policy_state_open(&states[i], &ticking, NULL), 0);
        assert_int_equal(run(&states[i], "assert(not mine) mine = {} string.len = nil"),
                         PW_RETURNED);
    }
    assert_int_equal(run(&states[0], "while true do end"), PW_EXPIRED);
    assert_int_equal(run(&states[1], "assert(mine)"), PW_RETURNED);
    for (int i = 0; i < COUNT; i++) {
        pw_policy_state_close(&states[i]);
    }
}


static int call_again(lua_State *L, void *context) {
    struct pw_policy_state *state = pw_policy_state_of(L);
    lua_pushinteger(L, pw_policy_state_call(state, run_text, context));
    return 1;
}


static void is_not_entered_twice(void **unused) {
    (void)unused;
    struct pw_policy_state state;
    assert_int_equal(pw_policy_state_open(&state, &ticking, NULL), 0);
    assert_int_equal(pw_policy_state_call(&state, call_again, "return 1"), PW_RETURNED);
    assert_int_equal(lua_tointeger(state.L, 1), PW_RAISED);
    pw_policy_state_close(&state);
}


static void cpu_time_ends_a_loop_too(void **unused) {
    (void)unused;
    struct pw_policy_state state;
    struct pw_policy_limits limits = {.call_ns = 1000 * 1000};
    assert_int_equal(pw_policy_state_open(&state, &limits, NULL), 0);
    assert_int_equal(run(&state, "while true do end"), PW_EXPIRED);
    assert_message(&state, "it ran for more than 0.001 s");
    pw_policy_state_close(&state);
}


/* Text that raises unless a library function refuses or does what it should. */
static const char *const checks[] = {
    "assert(not pcall(setmetatable, {}, { __gc = print }))",
    "assert(not pcall(setmetatable, {}, { __gc = false }))",
    "local mt = {} assert(getmetatable(setmetatable({}, mt)) == mt)",
    "assert(not load('\\27Lua'))",
    "assert(load('return ...', 'name', 't')(5) == 5)",
    "assert(not pcall(load, 'return 1', 'name', 'b'))",
    "local env = { x = 3 } assert(load('return x', 'name', 'bt', env)() == 3)",
    "assert(not string.dump and not io and not debug and not os and not package.loadlib)",
    "assert(not pcall(table.move, {}, 1, 1 << 40, 2))",
    "assert(not pcall(table.move, {}, math.mininteger, math.maxinteger, 2))",
    "assert(not pcall(table.concat, setmetatable({}, { __index = tostring }), '', 1, 1 << 40))",
    "assert(not pcall(table.unpack, {}, 1, 1 << 40))",
    "assert(not pcall(table.unpack, {}, 1, 1 << 22))",
    "assert(not pcall(table.insert, setmetatable({}, { __len = function() return 1 << 40 end }), "
    "1, 1))",
    "assert(not pcall(table.remove, setmetatable({}, { __len = function() return 1 << 40 end }), "
    "1))",
    "assert(table.concat({ 1, 2, 3 }, '-') == '1-2-3' and table.concat({ 1, 2, 3 }, '-', 2) == "
    "'2-3')",
    "assert(select('#', table.unpack({ 1, 2, 3 })) == 3 and table.unpack({ 1, 2 }, 2) == 2)",
    "assert(table.unpack({ 1, 2 }, 2, 1) == nil)",
    "local t = table.move({ 1, 2, 3 }, 1, 3, 2) assert(t[4] == 3 and #t == 4)",
    "local t = { 3, 1, 2 } table.sort(t) table.insert(t, 4) assert(table.remove(t) == 4 and t[1] "
    "== 1)",
    "assert((''):rep(1 << 50) == '' and ('ab'):rep(2, ',') == 'ab,ab' and ('a'):rep(-1) == '')",
    "assert(('a.b'):find('.', 1, true) == 2 and ('abc'):find('') == 1 and not ('abc'):find('', 5))",
    "local a, b = ('hello'):find('l', -2) assert(a == 4 and b == 4 and ('abc'):find('', 4) == 4)",
    "assert(('key = value'):match '^(%w+)%s*=%s*(%w+)$' == 'key')",
    "assert(not pcall(string.find, 'a', '[a') and not pcall(string.match, 'a', '%'))",
    "local n = 0 for w in ('one two'):gmatch '%a+' do n = n + #w end assert(n == 6)",
    "assert(('abc'):gsub('%w', { a = 1 }) == '1bc')",
    "local ok, e = pcall(function() string.rep() end) assert(e:find \"to 'rep'\")",
    "assert(not pcall(collectgarbage, 'stop') and collectgarbage 'count' > 0)",
    "local ok, a, b = pcall(function(...) return ... end, 1, 2) assert(ok and a == 1 and b == 2)",
    "local ok, e = xpcall(function(x) error(x, 0) end, function(m) return m .. '!' end, 'no') "
    "assert(not ok and e == 'no!')",
    "local ok, a = xpcall(function(x) return x end, print, 4) assert(ok and a == 4)",
    "local c = coroutine.wrap(function() local ok, x = pcall(coroutine.yield, 1) "
    "coroutine.yield(x) "
    "error 'over' end) assert(c() == 1 and c(2) == 2) local ok, e = pcall(c) "
    "assert(e:find 'over' and not pcall(c))",
    "local c = coroutine.wrap(function() xpcall(function() coroutine.yield(1) error 'x' end, "
    "function() return 'h' end) return 5 end) assert(c() == 1 and c() == 5)",
    "local closed local c = coroutine.create(function() local x <close> = setmetatable({}, "
    "{ __close = function() closed = true end }) coroutine.yield() end) coroutine.resume(c) "
    "assert(coroutine.close(c) and closed and coroutine.close(c))",
    "local c = coroutine.create(function() local x <close> = setmetatable({}, { __close = "
    "function() "
    "error 'at close' end }) coroutine.yield() end) coroutine.resume(c) "
    "local ok, e = coroutine.close(c) assert(not ok and e:find 'at close')",
    "local closed local c = coroutine.wrap(function() local x <close> = setmetatable({}, { __close "
    "= "
    "function() closed = true end }) error {} end) local ok, e = pcall(c) "
    "assert(type(e) == 'table' and closed)",
    "assert(not pcall(coroutine.close, coroutine.running()))",
    "local function nest() local c = coroutine.create(function() local x <close> = "
    "setmetatable({}, "
    "{ __close = nest }) coroutine.yield() end) coroutine.resume(c) coroutine.close(c) end "
    "pcall(nest)",
};


static void libraries_work_within_their_bounds(void **unused) {
    (void)unused;
    struct pw_policy_state state;
    struct pw_policy_limits limits = {.call_ns = INT64_MAX};
    assert_int_equal(pw_policy_state_open(&state, &limits, NULL), 0);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (run(&state, checks[i]) != PW_RETURNED) {
            fail_msg("%s: %s", checks[i], state.message);
        }
    }
    pw_policy_state_close(&state);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_results_until_the_next_call),
        cmocka_unit_test(says_where_an_error_was_raised),
        cmocka_unit_test(a_loop_without_end_expires_wherever_it_is),
        cmocka_unit_test(a_coroutine_that_ran_out_of_time_is_not_closed_later),
        cmocka_unit_test(memory_without_end_is_refused),
        cmocka_unit_test(a_state_above_its_limit_may_still_shrink),
        cmocka_unit_test(opens_whole_or_not_at_all_whatever_the_memory),
        cmocka_unit_test(calls_return_or_run_out_of_memory_whatever_is_left),
        cmocka_unit_test(many_states_know_nothing_of_each_other),
        cmocka_unit_test(is_not_entered_twice),
        cmocka_unit_test(cpu_time_ends_a_loop_too),
        cmocka_unit_test(libraries_work_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
