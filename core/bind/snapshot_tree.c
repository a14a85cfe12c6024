/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "bind/snapshot.h"

/* A walk through a tree, in scratch memory of the state. Every row is put on the stack once at
 * most, whatever circles a torn or hostile /proc draws. */
struct walk {
    const struct pw_columns *columns;
    uint32_t *stack; /* rows whose parents have been visited */
    uint32_t *depth; /* by row */
    bool *seen;      /* by row */
    uint32_t height;
};


static void push(struct walk *walk, uint32_t row, uint32_t depth) {
    walk->seen[row] = true;
    walk->depth[row] = depth;
    walk->stack[walk->height++] = row;
}


/* Last first, so that they come off the stack in the snapshot's order. */
static void push_children(struct walk *walk, uint32_t parent) {
    const struct pw_columns *columns = walk->columns;
    for (uint32_t at = columns->visible; at-- > 0;) {
        uint32_t row = columns->order[at];
        if (columns->numbers[PW_PPID][row] == columns->numbers[PW_PID][parent] &&
            !walk->seen[row]) {
            push(walk, row, walk->depth[parent] + 1);
        }
    }
}


/* [-0, +1, m] The scratch memory, of three arrays. */
static struct walk begin_walk(lua_State *L, const struct pw_columns *columns) {
    size_t rows = columns->rows;
    uint32_t *numbers = lua_newuserdatauv(L, rows * (2 * sizeof *numbers + sizeof(bool)) + 1, 0);
    bool *seen = (bool *)(numbers + 2 * rows);
    memset(seen, 0, rows * sizeof *seen);
    return (struct walk){columns, numbers, numbers + rows, seen, 0};
}


int pw_push_tree(lua_State *L, const struct pw_snapshot *snapshot, lua_Integer pid) {
    const struct pw_columns *columns = &snapshot->columns;
    struct walk walk = begin_walk(L, columns);
    lua_newtable(L);
    uint32_t root = pw_columns_find(columns, pid, 0);
    if (root < columns->rows) {
        push(&walk, root, 0);
    }
    for (lua_Integer i = 1; walk.height > 0; i++) {
        uint32_t row = walk.stack[--walk.height];
        pw_push_row_table(L, snapshot, row);
        lua_pushinteger(L, walk.depth[row]);
        lua_setfield(L, -2, "depth");
        lua_seti(L, -2, i);
        push_children(&walk, row);
    }
    return 1;
}
