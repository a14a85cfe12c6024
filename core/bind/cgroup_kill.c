/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.cgroup */
#include "bind/cgroup.h"

int luaopen_pagewarden_kill(lua_State *L);


/***
Kills all processes of a cgroup and of those below it, and what they fork meanwhile: cgroup.kill of
version 2 (Linux 5.14), else one after another. The same as `kill.signal(path, "KILL")`, which tells
who is never killed; a policy needs the grant `kill`.
@function kill
@tparam string path
@tparam[opt] table options as for `kill.signal`: `{ protected =, racy =, interval =, cooldown = }`
@treturn[1] boolean true
@return[2] nil, "kill cgroup PATH: reason", errno, kind
*/
int pw_cgroup_kill(lua_State *L) {
    pw_cgroup_begin_with_path(L, 3);
    lua_settop(L, 3);
    luaL_requiref(L, "pagewarden.kill", luaopen_pagewarden_kill, 0);
    lua_getfield(L, -1, "open");
    lua_getiuservalue(L, 1, 1);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "signal");
    lua_insert(L, -2);
    lua_pushvalue(L, 2);
    lua_pushliteral(L, "KILL");
    lua_pushvalue(L, 3);
    int below = lua_gettop(L) - 5;
    lua_call(L, 4, LUA_MULTRET);
    return lua_gettop(L) - below;
}
