/* SPDX-License-Identifier: MIT
 *
 * Memory for one Lua state: counted, and refused beyond a limit.
 */
#ifndef PAGEWARDEN_HOST_ALLOCATOR_H
#define PAGEWARDEN_HOST_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

struct pw_allocator {
    size_t most_bytes; /* growth beyond this is refused; may be set at any time */
    size_t used_bytes; /* asked for and not given back; what malloc adds is not in it */
    bool limited;      /* growth was refused for the limit; whoever wants to know sets it false */
};

/* A lua_Alloc whose context is a pw_allocator. Only growth is refused: a state that is already
 * above its limit may still shrink, and giving back never fails. */
void *pw_allocate(void *allocator, void *block, size_t old_size, size_t new_size);

#endif
