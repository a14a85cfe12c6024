/* SPDX-License-Identifier: MIT
 *
 * The Lua class "pagewarden.handle": what the methods of a loop that wait for something return. A
 * handle has a function to call, and lives until it has ended, even when nobody keeps it.
 */
#ifndef PAGEWARDEN_HOST_HANDLE_H
#define PAGEWARDEN_HOST_HANDLE_H

#include "host/loop_object.h"

struct pw_handle;

/* Lets go of what the handle waits for: everything besides its memory. */
typedef void pw_end_action(struct pw_handle *handle);

/* [-0, +n, m] Pushes what the handle's function is told of an event; returns how much. */
typedef int pw_push_event(lua_State *L, const struct pw_handle *handle, const void *event);

/* [-0, +0, v] Takes what the handle's function returned, its only result, from the top of the
 * stack. */
typedef void pw_take_result(lua_State *L, const struct pw_handle *handle);

/* What the userdata of every kind of handle begins with. */
struct pw_handle {
    struct pw_loop_object *owner;
    pw_end_action *end;
    bool ended;
};

/* [-0, +1, m] A handle of `size` bytes, zero after its beginning, for the loop at 1 with the
 * function at `function`, kept until it has ended. */
void *pw_new_handle(lua_State *L, size_t size, int function, pw_end_action *end);

/* [-1, +4, m] For a handle on top of the stack that could not start waiting: ends it, and fails as
 * pw_fail() does. */
int pw_fail_handle(lua_State *L, const char *what, int error);

/* [-0, +0, -] Calls the handle's function with what `push` makes of the event, in the state that
 * runs the loop; `push` may be NULL. Everything is protected: a failure stops the loop, which then
 * raises it. */
void pw_call_back(struct pw_handle *handle, pw_push_event *push, const void *event);

/* [-0, +0, -] The same for a function that is to return something. */
void pw_call_back_for(struct pw_handle *handle, pw_push_event *push, const void *event,
                      pw_take_result *take);

/* [-0, +0, -] The same for what happens once: the handle has ended when its function is called. */
void pw_call_back_last(struct pw_handle *handle, pw_push_event *push, const void *event);

/* [-0, +0, -] Ends every handle of the loop at 1. */
void pw_end_handles(lua_State *L);

/* [-0, +0, m] Makes the class. */
void pw_define_handle(lua_State *L);

#endif
