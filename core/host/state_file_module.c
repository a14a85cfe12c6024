/* SPDX-License-Identifier: MIT */
/*
The file that a policy's state is kept in (see state_file.h), for the host's Lua half.

@module pagewarden.state_file
*/
#include <errno.h>

#include "host/loop_object.h"
#include "host/state_file.h"

#define STATE_FILE "pagewarden.host.state_file"

enum { READER = 1 }; /* the user value that keeps the root open */


static struct pw_state_file *check_file(lua_State *L) {
    return luaL_checkudata(L, 1, STATE_FILE);
}


/* [-0, +n, m] true, or why not. */
static int push_outcome(lua_State *L, const struct pw_state_file *file, int error) {
    if (error) {
        return pw_fail(L, lua_pushfstring(L, "state of %s", file->name), -error);
    }
    lua_pushboolean(L, true);
    return 1;
}


/*
Reads the contents.
@function file:read
@treturn[1] string contents
@return[2] nil, message, errno, kind: ENOENT when there is none yet, EBADMSG when it is corrupt,
EPROTONOSUPPORT when another version wrote it
*/
static int read_contents(lua_State *L) {
    struct pw_state_file *file = check_file(L);
    struct pw_slice contents;
    pw_check_surplus(L, 1);
    lua_getiuservalue(L, 1, READER);
    struct pw_reader *reader = pw_check_reader(L, -1);
    int error = pw_state_file_read(file, &reader->buffer, &contents);
    if (error) {
        return push_outcome(L, file, error);
    }
    pw_push_slice(L, contents);
    return 1;
}


/*
Renames the file to NAME.corrupt.
@function file:set_aside
@treturn[1] boolean true
@return[2] nil, message, errno, kind
*/
static int set_aside(lua_State *L) {
    struct pw_state_file *file = check_file(L);
    pw_check_surplus(L, 1);
    return push_outcome(L, file, pw_state_file_set_aside(file));
}


/*
Begins to write, and does not wait for it.
@function file:write
@string contents
@treturn[1] boolean true
@return[2] nil, message, errno, kind: EBUSY until the end of the last write was asked for
*/
static int write_contents(lua_State *L) {
    struct pw_state_file *file = check_file(L);
    struct pw_slice contents;
    contents.data = luaL_checklstring(L, 2, &contents.size);
    pw_check_surplus(L, 2);
    return push_outcome(L, file, pw_state_file_write(file, contents));
}


/*
How the last write ended.
@function file:finish
@tparam[opt=false] boolean wait let it end first
@treturn[1] boolean true; false while it is under way
@return[2] nil, message, errno, kind
*/
static int finish(lua_State *L) {
    struct pw_state_file *file = check_file(L);
    pw_check_surplus(L, 2);
    int error = pw_state_file_finish(file, lua_toboolean(L, 2));
    if (error == -EINPROGRESS) {
        lua_pushboolean(L, false);
        return 1;
    }
    return push_outcome(L, file, error);
}


static int close_file(lua_State *L) {
    pw_state_file_close(check_file(L));
    return 0;
}


/*
The file of a policy. Nothing is opened yet.
@function new
@tparam reader reader of `pagewarden.proc`, whose root it is beneath
@string name the policy's
@treturn[1] file with `read`, `set_aside`, `write` and `finish`, and `<close>`
@return[2] nil, message, errno, kind
*/
static int new_file(lua_State *L) {
    const struct pw_reader *reader = pw_check_reader(L, 1);
    const char *name = luaL_checkstring(L, 2);
    pw_check_surplus(L, 2);
    struct pw_state_file *file = lua_newuserdatauv(L, sizeof *file, READER);
    int error = pw_state_file_init(file, &reader->source, name);
    if (error) {
        return pw_fail(L, name, -error);
    }
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, READER);
    luaL_setmetatable(L, STATE_FILE);
    return 1;
}


PW_EXPORT int luaopen_pagewarden_state_file(lua_State *L);

int luaopen_pagewarden_state_file(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"read", read_contents},
        {"set_aside", set_aside},
        {"write", write_contents},
        {"finish", finish},
        {"__close", close_file},
        {"__gc", close_file},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {{"new", new_file}, {NULL, NULL}};
    pw_define_class(L, STATE_FILE, methods);
    luaL_newlib(L, functions);
    return 1;
}
