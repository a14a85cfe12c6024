/* SPDX-License-Identifier: MIT */
#include "bind/act_context.h"

#include <sys/stat.h>

/* Its address is the registry key of the context. */
static const char key = 0;


void pw_act_set_context(lua_State *L, const struct pw_act_context *context) {
    lua_pushlightuserdata(L, (void *)context);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
}


const struct pw_act_context *pw_act_context_of(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key);
    const struct pw_act_context *context = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return context;
}


static bool is_same_root(const struct pw_source *source, const struct pw_source *other) {
    struct stat status, other_status;
    return fstat(source->root_fd, &status) == 0 && fstat(other->root_fd, &other_status) == 0 &&
           status.st_dev == other_status.st_dev && status.st_ino == other_status.st_ino;
}


void pw_act_attach(lua_State *L, struct pw_source *source) {
    const struct pw_act_context *context = pw_act_context_of(L);
    if (context && context->gate && context->actor.overlay &&
        is_same_root(source, &context->gate->source)) {
        pw_overlay_attach(context->actor.overlay, source);
    }
}


bool pw_act_may_write(lua_State *L, const struct pw_source *source) {
    const struct pw_act_context *context = pw_act_context_of(L);
    return !context || !context->gate || is_same_root(source, &context->gate->source);
}
