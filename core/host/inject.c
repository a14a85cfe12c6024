/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include "bind/process.h"
#include "host/loop_object.h"
#include "host/oom_handle.h"
#include "host/pressure_handle.h"

/* What can be injected: a topic, and the function that reads the table at 3 and tells of it. */
struct kind {
    const char *name;
    int (*inject)(lua_State *L, struct pw_loop_object *object);
};


/* [-0, +0, -] Listeners call back in the state that injects, which may be a coroutine of the one
 * that runs the loop. */
static int tell(lua_State *L, struct pw_loop_object *object, enum pw_topic topic,
                const void *event) {
    lua_State *runner = object->L;
    object->L = L;
    int count = pw_listeners_tell(&object->loop.listeners, topic, event);
    object->L = runner;
    return count;
}


/* [-0, +0, v] A field of the table at 3 that must be an integer. */
static int64_t check_integer(lua_State *L, const char *name) {
    lua_getfield(L, 3, name);
    if (!lua_isinteger(L, -1)) {
        luaL_argerror(L, 3, lua_pushfstring(L, "field '%s' must be an integer", name));
    }
    int64_t value = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return value;
}


static int inject_exit(lua_State *L, struct pw_loop_object *object) {
    static const char *const known[] = {"pid", "start_time", NULL};
    pw_check_names(L, 3, known, "field");
    struct pw_identity identity = {check_integer(L, "pid"), check_integer(L, "start_time")};
    return tell(L, object, PW_TOPIC_EXIT, &identity);
}


static int inject_oom(lua_State *L, struct pw_loop_object *object) {
    struct pw_oom_event event;
    struct pw_oom_report report;
    pw_check_oom_event(L, &event, &report);
    return tell(L, object, PW_TOPIC_OOM_KILL, &event);
}


static int inject_pressure(lua_State *L, struct pw_loop_object *object) {
    struct pw_pressure_news news;
    int error = pw_check_pressure_news(L, &news);
    return error ? 0 : tell(L, object, PW_TOPIC_PRESSURE, &news);
}


static const struct kind kinds[] = {
    {"exit", inject_exit},
    {"oom", inject_oom},
    {"pressure", inject_pressure},
};


static const struct kind *check_kind(lua_State *L) {
    const char *name = luaL_checkstring(L, 2);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (pw_slice_is(pw_slice_of(name), kinds[i].name)) {
            return &kinds[i];
        }
    }
    luaL_argerror(L, 2, lua_pushfstring(L, "unknown event '%s'", name));
    return NULL;
}


/***
Lets a virtual loop hear of what the kernel would have said. Those who wait for it are called before
this returns, in the order in which they began to wait.
@function loop:inject
@tparam string kind `"exit"`, `"oom"` or `"pressure"`
@tparam table event as the functions get it; figures may be left out
@treturn integer how many functions were called
*/
int pw_loop_inject(lua_State *L) {
    struct pw_loop_object *object = pw_check_loop(L);
    luaL_argcheck(L, pw_clock_is_virtual(&object->loop.clock), 1, "the loop is not virtual");
    const struct kind *kind = check_kind(L);
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_surplus(L, 3);
    int count = kind->inject(L, object);
    if (!object->loop.busy) {
        pw_raise_failure(L, object);
    }
    lua_pushinteger(L, count);
    return 1;
}
