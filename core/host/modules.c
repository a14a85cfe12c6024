/* SPDX-License-Identifier: MIT */
#include "host/modules.h"

#include <lauxlib.h>

int luaopen_pagewarden_cgroup(lua_State *L);
int luaopen_pagewarden_host(lua_State *L);
int luaopen_pagewarden_journal(lua_State *L);
int luaopen_pagewarden_kill(lua_State *L);
int luaopen_pagewarden_kmsg(lua_State *L);
int luaopen_pagewarden_log_sink(lua_State *L);
int luaopen_pagewarden_loop(lua_State *L);
int luaopen_pagewarden_loop_watchdog(lua_State *L);
int luaopen_pagewarden_mm(lua_State *L);
int luaopen_pagewarden_oom(lua_State *L);
int luaopen_pagewarden_pattern(lua_State *L);
int luaopen_pagewarden_proc(lua_State *L);
int luaopen_pagewarden_psi(lua_State *L);
int luaopen_pagewarden_exec(lua_State *L);
int luaopen_pagewarden_reclaim(lua_State *L);
int luaopen_pagewarden_swap(lua_State *L);
int luaopen_pagewarden_sysctl(lua_State *L);
int luaopen_pagewarden_sysrq(lua_State *L);
int luaopen_pagewarden_state_file(lua_State *L);
int luaopen_pagewarden_text(lua_State *L);
int luaopen_pagewarden_trend(lua_State *L);

static const luaL_Reg modules[] = {
    {"pagewarden.cgroup", luaopen_pagewarden_cgroup},
    {"pagewarden.host", luaopen_pagewarden_host},
    {"pagewarden.journal", luaopen_pagewarden_journal},
    {"pagewarden.kill", luaopen_pagewarden_kill},
    {"pagewarden.kmsg", luaopen_pagewarden_kmsg},
    {"pagewarden.log_sink", luaopen_pagewarden_log_sink},
    {"pagewarden.loop", luaopen_pagewarden_loop},
    {"pagewarden.loop_watchdog", luaopen_pagewarden_loop_watchdog},
    {"pagewarden.mm", luaopen_pagewarden_mm},
    {"pagewarden.oom", luaopen_pagewarden_oom},
    {"pagewarden.pattern", luaopen_pagewarden_pattern},
    {"pagewarden.proc", luaopen_pagewarden_proc},
    {"pagewarden.psi", luaopen_pagewarden_psi},
    {"pagewarden.exec", luaopen_pagewarden_exec},
    {"pagewarden.reclaim", luaopen_pagewarden_reclaim},
    {"pagewarden.swap", luaopen_pagewarden_swap},
    {"pagewarden.sysctl", luaopen_pagewarden_sysctl},
    {"pagewarden.sysrq", luaopen_pagewarden_sysrq},
    {"pagewarden.state_file", luaopen_pagewarden_state_file},
    {"pagewarden.text", luaopen_pagewarden_text},
    {"pagewarden.trend", luaopen_pagewarden_trend},
    {NULL, NULL},
};


void pw_preload_modules(lua_State *L) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, modules, 0);
    lua_pop(L, 1);
}
