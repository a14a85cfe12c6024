/* SPDX-License-Identifier: MIT */
#include "host/allocator.h"

#include <stdlib.h>


static bool may_grow(const struct pw_allocator *allocator, size_t growth) {
    return allocator->used_bytes <= allocator->most_bytes &&
           growth <= allocator->most_bytes - allocator->used_bytes;
}


/* For a new block, Lua says in `old_size` what the block will be, not a size. */
void *pw_allocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct pw_allocator *allocator = context;
    size_t size = block ? old_size : 0;
    if (new_size > size && !may_grow(allocator, new_size - size)) {
        allocator->limited = true;
        return NULL;
    }
    void *result = NULL;
    if (new_size == 0) {
        free(block);
    } else {
        result = realloc(block, new_size);
        if (!result && new_size > size) {
            return NULL;
        }
        result = result ? result : block;
    }
    allocator->used_bytes += new_size - size;
    return result;
}
