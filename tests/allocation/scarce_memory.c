/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static struct {
    long asked;
    long first_refused; /* by how many were asked for before it */
    long after_refused;
    bool refused;
    long lua_blocks;
} memory = {.first_refused = LONG_MAX, .after_refused = LONG_MAX};

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);


static bool take(void) {
    long number = memory.asked++;
    if (number < memory.first_refused || number >= memory.after_refused) {
        return true;
    }
    memory.refused = true;
    errno = ENOMEM;
    return false;
}


void *__wrap_malloc(size_t size) {
    return take() ? __real_malloc(size) : NULL;
}


void *__wrap_calloc(size_t count, size_t size) {
    return take() ? __real_calloc(count, size) : NULL;
}


void *__wrap_realloc(void *block, size_t size) {
    return take() ? __real_realloc(block, size) : NULL;
}


/* Lua relies on shrinking never to fail. old_size is a type, not a size, for a new block. */
void *pw_scarce_lua_memory(void *unused, void *block, size_t old_size, size_t new_size) {
    (void)unused;
    if (new_size == 0) {
        memory.lua_blocks -= block != NULL;
        free(block);
        return NULL;
    }
    if ((!block || new_size > old_size) && !take()) {
        return NULL;
    }
    memory.lua_blocks += block == NULL;
    return __real_realloc(block, new_size);
}


long pw_lua_blocks(void) {
    return memory.lua_blocks;
}


void pw_refuse_allocations(long before, long count) {
    memory.asked = 0;
    memory.first_refused = before;
    memory.after_refused = count < LONG_MAX - before ? before + count : LONG_MAX;
    memory.refused = false;
}


void pw_allow_allocations(long count) {
    pw_refuse_allocations(count, LONG_MAX);
}


bool pw_allow_all_allocations(void) {
    memory.first_refused = LONG_MAX;
    return memory.refused;
}


long pw_allocations_asked(void) {
    return memory.asked;
}
