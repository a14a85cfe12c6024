/* SPDX-License-Identifier: MIT */
/***
What the host's Lua half needs from C and luaposix has not.

@module pagewarden.host
*/
#include <sys/ioctl.h>

#include "bind/bind.h"
#include "host/bounded.h"


/***
How wide a terminal is.
@function columns
@tparam integer fd a file descriptor
@treturn ?integer its columns; nil when it is not a terminal or does not know
*/
static int columns(lua_State *L) {
    struct winsize size = {0};
    int fd = (int)luaL_checkinteger(L, 1);
    pw_check_surplus(L, 1);
    if (ioctl(fd, TIOCGWINSZ, &size) || size.ws_col == 0) {
        luaL_pushfail(L);
    } else {
        lua_pushinteger(L, size.ws_col);
    }
    return 1;
}


/***
Calls a function as `pcall` does, and lets it fail when it takes too much. Every further instruction
fails then, so no `pcall` of its own saves it; time inside one C function is not seen.
@function bounded
@tparam table limits `{ instructions = 1000000, bytes = 1 << 24 }`
@tparam function fn
@param ... its arguments
@treturn boolean whether it returned
@return what it returned, or the error
*/

PW_EXPORT int luaopen_pagewarden_host(lua_State *L);

int luaopen_pagewarden_host(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"bounded", pw_bounded}, {"columns", columns}, {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_pushliteral(L, LUA_RELEASE);
    lua_setfield(L, -2, "lua");
    lua_pushliteral(L, PW_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
