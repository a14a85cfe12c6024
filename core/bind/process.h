/* SPDX-License-Identifier: MIT
 *
 * The Lua class "pagewarden.process": one process of a reader, known by pid and start time.
 */
#ifndef PAGEWARDEN_BIND_PROCESS_H
#define PAGEWARDEN_BIND_PROCESS_H

#include "bind/reader.h"
#include "read/process.h"

#define PW_PROCESS "pagewarden.process"

/* [-0, +1, m] A process of the reader at `reader`. It is not looked whether there is one. */
void pw_push_process(lua_State *L, int reader, const struct pw_identity *identity);

/* The identity at `index`, or NULL when there is no process there. */
const struct pw_identity *pw_test_process(lua_State *L, int index);

/* [-0, +0, v] The identity at `index`; raises for anything else. */
const struct pw_identity *pw_check_process(lua_State *L, int index);

/* [-0, +0, v] The process at `index`, which is read where it was found; or a pid, whoever has it
 * now, which is read through `reader`. */
struct pw_identity pw_check_process_or_pid(lua_State *L, int index, struct pw_reader **reader);

/* [-0, +0, v] The reader of the process at 1; raises when it is closed. */
struct pw_reader *pw_reader_of_process(lua_State *L);

/* [-0, +4, m] nil, "process PID: what: reason", errno, kind. */
int pw_fail_process(lua_State *L, const char *what, int error);

/* [-0, +4, v] Reads a file of the process at 1. Returns 0, or on failure the number of results
 * that say why, to be returned by the caller. The text is in the reader's buffer. */
int pw_read_process_file(lua_State *L, const char *name);

/* [-0, +0, m] Makes the class. */
void pw_define_process(lua_State *L);

/* Its methods, one list a file. */
extern const luaL_Reg pw_process_file_methods[]; /* stat, status and other small files */
extern const luaL_Reg pw_mappings_methods[];     /* rollup, smaps, maps */
extern const luaL_Reg pw_threads_methods[];      /* threads */

#endif
