/* SPDX-License-Identifier: MIT
 *
 * Memory that runs out: allocations of Lua states and of the core (whose malloc, calloc and realloc
 * the linker sends here) are counted together, and refused once as many as were allowed are made.
 */
#ifndef PAGEWARDEN_TESTS_SCARCE_MEMORY_H
#define PAGEWARDEN_TESTS_SCARCE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* From here on this many allocations succeed and every later one fails. */
void pw_allow_allocations(long count);

/* From here on `before` allocations succeed, the next `count` fail, and all later ones succeed. */
void pw_refuse_allocations(long before, long count);

/* From here on all succeed. Returns whether one was refused since either of the above. */
bool pw_allow_all_allocations(void);

/* How many allocations were asked for since either of the above, the refused ones too. */
long pw_allocations_asked(void);

/* For lua_newstate. */
void *pw_scarce_lua_memory(void *unused, void *block, size_t old_size, size_t new_size);

/* How many blocks Lua states hold. */
long pw_lua_blocks(void);

#endif
