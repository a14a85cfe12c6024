/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include "host/control.h"
#include "host/handle.h"

struct control_handle {
    struct pw_handle handle;
    struct pw_control control;
};


static int push_request(lua_State *L, const struct pw_handle *handle, const void *event) {
    (void)handle;
    const struct pw_control_request *request = event;
    lua_pushlstring(L, request->line, request->bytes);
    lua_createtable(L, 0, 2);
    pw_set_integer(L, "pid", request->pid);
    pw_set_integer(L, "uid", (int64_t)request->uid);
    return 2;
}


/* Whatever is not a string ends the connection. */
static void take_reply(lua_State *L, const struct pw_handle *handle) {
    if (lua_type(L, -1) == LUA_TSTRING) {
        size_t bytes;
        const char *line = lua_tolstring(L, -1, &bytes);
        pw_control_reply(&((struct control_handle *)handle)->control, line, bytes);
    }
}


static void deliver(struct pw_control *control, const struct pw_control_request *request,
                    void *context) {
    (void)control;
    pw_call_back_for(context, push_request, request, take_reply);
}


static void end_control(struct pw_handle *handle) {
    pw_control_close(&((struct control_handle *)handle)->control);
}


/***
Listens on a unix socket, and answers each line that comes with the line that a function returns for
it: the function gets the request and `{ pid =, uid = }` of who sent it, as the kernel knows them.
Everybody may connect. When it returns no string the connection ends. Requests have up to 4096
bytes, and there are 8 connections at a time: one more ends the oldest. It never blocks.
@function loop:serve
@string path a socket that is there already is replaced
@tparam function fn
@treturn[1] handle one with `cancel`; the path stays
@return[2] nil, message, errno, kind
*/
int pw_loop_serve(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    const char *path = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct control_handle *handle = pw_new_handle(L, sizeof *handle, 3, end_control);
    handle->control.action = deliver;
    handle->control.context = handle;
    handle->control.fd = -1;
    int error = pw_control_open(&handle->control, &owner->loop, path);
    return error ? pw_fail_handle(L, path, -error) : 1;
}
