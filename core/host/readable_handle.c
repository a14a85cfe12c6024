/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include <sys/epoll.h>

#include "host/handle.h"

struct readable_handle {
    struct pw_handle handle;
    int slot;
};


static void deliver(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop, (void)fd, (void)events;
    pw_call_back_last(context, NULL, NULL);
}


static void end_readable(struct pw_handle *handle) {
    struct readable_handle *readable = (struct readable_handle *)handle;
    if (readable->slot >= 0) {
        pw_loop_unwatch(&handle->owner->loop, readable->slot);
    }
}


/***
Calls a function once, when a descriptor can be read or its other end is closed. Whoever has the
descriptor keeps it open until then, or cancels before it is closed.
@function loop:on_readable
@tparam integer fd
@tparam function fn
@treturn[1] handle one with `cancel`
@return[2] nil, message, errno, kind
*/
int pw_loop_on_readable(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    int fd = (int)luaL_checkinteger(L, 2);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct readable_handle *handle = pw_new_handle(L, sizeof *handle, 3, end_readable);
    handle->slot = pw_loop_watch(&owner->loop,
                                 &(struct pw_watcher){
                                     .action = deliver,
                                     .context = handle,
                                     .fd = fd,
                                     .rank = PW_RANK_PROCESS,
                                 },
                                 EPOLLIN);
    return handle->slot < 0 ? pw_fail_handle(L, "descriptor", -handle->slot) : 1;
}
