/* SPDX-License-Identifier: MIT */
/***
What a loop waits for, and the function that it calls then. It lives as long as it is armed, even
when nobody keeps it; `cancel` ends it early, and so does the end of a `local handle <close>`.
@classmod handle
*/
#include "host/handle.h"

#include <string.h>

#define HANDLE "pagewarden.handle"

/* A handle's user values: its function, and the loop it belongs to. */
enum { FUNCTION = 1, OWNER = 2 };

/* Its address is the registry key of all handles, weakly, by address. They are looked up there when
 * something happens, which allocates nothing. */
static const char handles_key = 0;

struct call {
    struct pw_handle *handle;
    pw_push_event *push;
    const void *event;
    pw_take_result *take; /* NULL: it returns nothing */
};


/* The message with a traceback; an error that is not a string stays as it is. */
static int add_traceback(lua_State *L) {
    const char *message = lua_tostring(L, 1);
    if (message) {
        luaL_traceback(L, L, message, 1);
    }
    return 1;
}


/* [-0, +1, -] The handle at this address. */
static void push_handle(lua_State *L, const struct pw_handle *handle) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &handles_key);
    lua_rawgetp(L, -1, handle);
    lua_remove(L, -2);
}


/* [-0, +0, m] Sets the value at `value` for the handle's address in the table on top. */
static void set_by_address(lua_State *L, const struct pw_handle *handle, int value) {
    lua_pushvalue(L, value);
    lua_rawsetp(L, -2, handle);
    lua_pop(L, 1);
}


void *pw_new_handle(lua_State *L, size_t size, int function, pw_end_action *end) {
    struct pw_handle *handle = lua_newuserdatauv(L, size, 2);
    int place = lua_gettop(L);
    memset(handle, 0, size);
    *handle = (struct pw_handle){.owner = pw_check_loop(L), .end = end};
    lua_pushvalue(L, function);
    lua_setiuservalue(L, place, FUNCTION);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, place, OWNER);
    luaL_setmetatable(L, HANDLE);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &handles_key);
    set_by_address(L, handle, place);
    lua_getiuservalue(L, 1, PW_LOOP_HANDLES);
    set_by_address(L, handle, place);
    return handle;
}


/* [-0, +0, -] Lets the loop forget the handle on top of the stack. */
static void forget(lua_State *L, const struct pw_handle *handle) {
    lua_getiuservalue(L, -1, OWNER);
    lua_getiuservalue(L, -1, PW_LOOP_HANDLES);
    lua_pushnil(L);
    lua_rawsetp(L, -2, handle);
    lua_pop(L, 2);
}


/* [-0, +0, -] Ends the handle on top of the stack. */
static void end(lua_State *L, struct pw_handle *handle) {
    if (!handle->ended) {
        handle->ended = true;
        handle->end(handle);
        forget(L, handle);
    }
}


int pw_fail_handle(lua_State *L, const char *what, int error) {
    end(L, lua_touserdata(L, -1));
    lua_pop(L, 1);
    return pw_fail(L, what, error);
}


/* Takes a handle and a call. */
static int call_function(lua_State *L) {
    const struct call *call = lua_touserdata(L, 2);
    lua_getiuservalue(L, 1, FUNCTION);
    int arguments = call->push ? call->push(L, call->handle, call->event) : 0;
    lua_call(L, arguments, call->take ? 1 : 0);
    if (call->take) {
        call->take(L, call->handle);
    }
    return 0;
}


/* [-1, +0, -] Keeps the error on top of the stack until the loop has come to its end; the first
 * one, if there are several. The handle is at `place`. */
static void keep_error(lua_State *L, int place, struct pw_loop_object *owner) {
    if (!owner->failed) {
        lua_getiuservalue(L, place, OWNER);
        lua_insert(L, -2);
        lua_setiuservalue(L, -2, PW_LOOP_ERROR);
    }
    owner->failed = true;
    pw_loop_stop(&owner->loop);
}


static void call_back(struct pw_handle *handle, struct call *call, bool last) {
    lua_State *L = handle->owner->L;
    int top = lua_gettop(L);
    push_handle(L, handle);
    if (last) {
        end(L, handle);
    }
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, call_function);
    lua_pushvalue(L, top + 1);
    lua_pushlightuserdata(L, call);
    if (lua_pcall(L, 2, 0, top + 2) != LUA_OK) {
        keep_error(L, top + 1, handle->owner);
    }
    lua_settop(L, top);
}


void pw_call_back(struct pw_handle *handle, pw_push_event *push, const void *event) {
    call_back(handle, &(struct call){handle, push, event, NULL}, false);
}


void pw_call_back_for(struct pw_handle *handle, pw_push_event *push, const void *event,
                      pw_take_result *take) {
    call_back(handle, &(struct call){handle, push, event, take}, false);
}


void pw_call_back_last(struct pw_handle *handle, pw_push_event *push, const void *event) {
    call_back(handle, &(struct call){handle, push, event, NULL}, true);
}


/***
Stops waiting. A handle that has ended may be cancelled again.
@function handle:cancel
*/
static int cancel(lua_State *L) {
    struct pw_handle *handle = luaL_checkudata(L, 1, HANDLE);
    lua_settop(L, 1);
    end(L, handle);
    return 0;
}


/* Setting a field to nil is allowed during the traversal. */
void pw_end_handles(lua_State *L) {
    if (lua_getiuservalue(L, 1, PW_LOOP_HANDLES) == LUA_TTABLE) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            end(L, lua_touserdata(L, -1));
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}


static void define_registry(lua_State *L) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &handles_key) != LUA_TTABLE) {
        lua_newtable(L);
        lua_createtable(L, 0, 1);
        lua_pushliteral(L, "v");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &handles_key);
    }
    lua_pop(L, 1);
}


void pw_define_handle(lua_State *L) {
    static const luaL_Reg methods[] = {{"cancel", cancel}, {"__close", cancel}, {NULL, NULL}};
    define_registry(L);
    pw_define_class(L, HANDLE, methods);
}
