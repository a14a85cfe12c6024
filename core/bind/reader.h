/* SPDX-License-Identifier: MIT
 *
 * The Lua class "pagewarden.reader": a root directory to read from, and the buffer its files are
 * read into. What proc, cgroup and mm read, they read through one of these.
 */
#ifndef PAGEWARDEN_BIND_READER_H
#define PAGEWARDEN_BIND_READER_H

#include "bind/bind.h"
#include "read/source.h"

#define PW_READER "pagewarden.reader"

struct pw_reader {
    struct pw_source source;
    struct pw_buffer buffer;
};

/* The user value of a reader that holds its root directory's name. */
#define PW_READER_ROOT 1

/* [-0, +1, m] A new reader of this root. Returns 0, or -errno, with which every read of it will
 * fail. */
int pw_new_reader(lua_State *L, const char *root);

/* [-0, +0, v] The reader at `index`; raises for anything else and for a closed one. */
struct pw_reader *pw_check_reader(lua_State *L, int index);

/* [-0, +0, m] Adds methods to the class, whose metatable is made by the first call. */
void pw_define_reader(lua_State *L, const luaL_Reg methods[]);

/* [-0, +1, m] The reader that module functions use when none is named: "/", or PAGEWARDEN_ROOT
 * for a caller without privileges. One a state. */
void pw_push_default_reader(lua_State *L);

/* [-1, +1, m] Adds to the module on top of the stack, for each method, a function that calls it
 * with the default reader. */
void pw_set_functions_of_default_reader(lua_State *L, const luaL_Reg methods[]);

#endif
