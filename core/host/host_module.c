/* SPDX-License-Identifier: MIT */
/***
What the host's Lua half needs from C and luaposix has not.

@module pagewarden.host
*/
#include <sys/ioctl.h>

#include "bind/act_context.h"
#include "bind/as_function.h"
#include "bind/bind.h"
#include "bind/wait.h"
#include "host/cell.h"
#include "host/gate_object.h"


/***
How large a terminal's window is.
@function window
@tparam integer fd a file descriptor
@treturn ?integer its columns; nil when it is not a terminal or does not know
@treturn ?integer its rows
*/
static int window(lua_State *L) {
    struct winsize size = {0};
    int fd = (int)luaL_checkinteger(L, 1);
    pw_check_surplus(L, 1);
    if (ioctl(fd, TIOCGWINSZ, &size) || size.ws_col == 0) {
        luaL_pushfail(L);
        return 1;
    }
    lua_pushinteger(L, size.ws_col);
    lua_pushinteger(L, size.ws_row);
    return 2;
}


/* Upvalues: the method, its object, and the module that the function is called from. */
static int call_bound(lua_State *L) {
    bool is_method = lua_rawequal(L, 1, lua_upvalueindex(3));
    lua_pushvalue(L, lua_upvalueindex(2));
    if (is_method) {
        lua_replace(L, 1);
    } else {
        lua_insert(L, 1);
    }
    return pw_call_as_function(L, lua_tocfunction(L, lua_upvalueindex(1)), is_method ? 0 : 1);
}


/***
A method written in C as a function of a module: `module.name(…)` and `module:name(…)` both call it
with the object. Its errors name the place of whoever calls it.
@function bind
@tparam function method
@tparam userdata object
@tparam table module
@treturn function
*/
static int bind_method(lua_State *L) {
    luaL_argcheck(L, lua_iscfunction(L, 1), 1, "a function written in C expected");
    lua_settop(L, 3);
    lua_pushcclosure(L, call_bound, 3);
    return 1;
}


/***
Makes a coroutine of a policy one in which functions that take long may be called: they yield how
many seconds they wait at most, and the descriptor that they wait for, and go on when resumed.
@function allow_waiting
@tparam thread coroutine
*/
static int allow_waiting(lua_State *L) {
    pw_check_surplus(L, 1);
    pw_allow_waiting(L, 1);
    return 0;
}


/***
Refuses every change that code in this Lua state would make, for good.
@function only_read
*/
static int only_read(lua_State *L) {
    static const struct pw_act_context without_gate = {.gate = NULL};
    pw_check_surplus(L, 0);
    pw_act_set_context(L, &without_gate);
    return 0;
}


PW_EXPORT int luaopen_pagewarden_host(lua_State *L);

int luaopen_pagewarden_host(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"allow_waiting", allow_waiting},
        {"ask", pw_ask},
        {"bind", bind_method},
        {"only_read", only_read},
        {"cell", pw_new_cell},
        {"gate", pw_new_gate},
        {"window", window},
        {NULL, NULL},
    };
    pw_define_cell(L);
    pw_define_gate(L);
    luaL_newlib(L, functions);
    lua_pushliteral(L, LUA_RELEASE);
    lua_setfield(L, -2, "lua");
    lua_pushliteral(L, PW_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
