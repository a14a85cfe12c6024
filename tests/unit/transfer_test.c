/* SPDX-License-Identifier: MIT */
#include "host/transfer.h"

#include <lauxlib.h>
#include <string.h>

#include "check.h"

struct states {
    lua_State *from;
    lua_State *to;
};


/* Puts what a Lua text returns on the stack that is copied from. */
static void give(struct states *states, const char *text) {
    lua_settop(states->from, 0);
    lua_settop(states->to, 0);
    assert_int_equal(luaL_dostring(states->from, text), LUA_OK);
}


static int receive(lua_State *L) {
    lua_State *from = lua_touserdata(L, 1);
    lua_settop(L, 0);
    return pw_transfer(L, from, 1);
}


static int transfer(struct states *states) {
    lua_pushcfunction(states->to, receive);
    lua_pushlightuserdata(states->to, states->from);
    return lua_pcall(states->to, 1, LUA_MULTRET, 0);
}


static int open_states(void **context) {
    static struct states states;
    states = (struct states){luaL_newstate(), luaL_newstate()};
    *context = &states;
    return 0;
}


static int close_states(void **context) {
    struct states *states = *context;
    lua_close(states->from);
    lua_close(states->to);
    return 0;
}


static void plain_values_arrive_as_they_were(void **context) {
    struct states *states = *context;
    give(states, "return nil, true, 7, 7.0, 'a\\0b', { x = { 1, 2 } }");
    assert_int_equal(transfer(states), LUA_OK);
    assert_int_equal(lua_gettop(states->to), 6);
    assert_true(lua_isnil(states->to, 1));
    assert_true(lua_toboolean(states->to, 2));
    assert_true(lua_isinteger(states->to, 3));
    assert_false(lua_isinteger(states->to, 4));
    assert_int_equal(lua_rawlen(states->to, 5), 3);
    lua_getfield(states->to, 6, "x");
    lua_rawgeti(states->to, -1, 2);
    assert_int_equal(lua_tointeger(states->to, -1), 2);
}


static void what_is_not_plain_is_refused_by_its_type(void **context) {
    struct states *states = *context;
    give(states, "return { f = function() end }");
    assert_int_equal(transfer(states), LUA_ERRRUN);
    assert_string_equal(lua_tostring(states->to, -1), "a function cannot be passed on");
}


static void a_table_that_holds_itself_is_refused(void **context) {
    struct states *states = *context;
    give(states, "local t = {} t.t = t return t");
    assert_int_equal(transfer(states), LUA_ERRRUN);
    assert_non_null(strstr(lua_tostring(states->to, -1), "nested too deep"));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_values_arrive_as_they_were, open_states,
                                        close_states),
        cmocka_unit_test_setup_teardown(what_is_not_plain_is_refused_by_its_type, open_states,
                                        close_states),
        cmocka_unit_test_setup_teardown(a_table_that_holds_itself_is_refused, open_states,
                                        close_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
