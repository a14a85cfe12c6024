/* SPDX-License-Identifier: MIT */
#include "read/tree.h"

#include <stdlib.h>

/* A row by its pid. */
struct place {
    int64_t pid;
    uint32_t row;
};

enum standing { UNKNOWN, OUTSIDE, BELOW };

struct family {
    const struct pw_columns *columns;
    const bool *marked;
    struct place *places;    /* sorted by pid */
    enum standing *standing; /* by row */
};


size_t pw_tree_scratch_size(uint32_t rows) {
    return rows * (sizeof(struct place) + sizeof(enum standing));
}


static int compare_places(const void *a, const void *b) {
    const struct place *place = a, *other = b;
    return place->pid < other->pid ? -1 : place->pid > other->pid;
}


static struct family begin(const struct pw_columns *columns, const bool marked[], void *scratch) {
    struct family family = {columns, marked, scratch, NULL};
    family.standing = (enum standing *)(void *)(family.places + columns->rows);
    for (uint32_t row = 0; row < columns->rows; row++) {
        family.places[row] = (struct place){columns->numbers[PW_PID][row], row};
        family.standing[row] = UNKNOWN;
    }
    qsort(family.places, columns->rows, sizeof *family.places, compare_places);
    return family;
}


/* The row of the parent, or `rows`. */
static uint32_t parent_of(const struct family *family, uint32_t row) {
    const struct place wanted = {family->columns->numbers[PW_PPID][row], 0};
    const struct place *found = bsearch(&wanted, family->places, family->columns->rows,
                                        sizeof *family->places, compare_places);
    return found ? found->row : family->columns->rows;
}


/* Whether a marked process is among the forebears of a row. The answer is that of all rows on the
 * way up to it. A torn or hostile /proc may go in circles: nobody has more forebears than rows. */
static enum standing find_standing(struct family *family, uint32_t row) {
    uint32_t rows = family->columns->rows, up = row, steps = 0;
    enum standing found = family->standing[row];
    while (!found && steps++ < rows) {
        up = parent_of(family, up);
        found = up == rows             ? OUTSIDE
                : family->marked[up]   ? BELOW
                : family->standing[up] ? family->standing[up]
                                       : UNKNOWN;
    }
    found = found ? found : OUTSIDE;
    for (up = row; steps-- > 0; up = parent_of(family, up)) {
        family->standing[up] = found;
    }
    return found;
}


static bool has_ended(const struct pw_columns *columns, uint32_t row) {
    int64_t state = columns->numbers[PW_STATE][row];
    return (state == 'Z' || state == 'X') && columns->numbers[PW_THREADS][row] <= 1;
}


/* Makes the main processes visible, and takes the marks off who is below another. */
static uint32_t find_mains(struct family *family, struct pw_columns *columns, bool marked[],
                           bool each) {
    uint32_t mains = 0;
    for (uint32_t i = 0; i < columns->rows; i++) {
        uint32_t row = family->places[i].row;
        bool is_below = find_standing(family, row) == BELOW;
        marked[row] = marked[row] && (each || !is_below);
        if (marked[row] && !has_ended(columns, row)) {
            columns->order[mains++] = row;
        }
    }
    return mains;
}


/* Forgets who stands where, but for who is left out. */
static void leave_out(struct family *family, const bool left_out[]) {
    for (uint32_t row = 0; row < family->columns->rows; row++) {
        family->standing[row] = left_out[row] && !family->marked[row] ? OUTSIDE : UNKNOWN;
    }
}


uint32_t pw_tree_narrow(struct pw_columns *columns, bool marked[], bool each, const bool left_out[],
                        void *scratch) {
    struct family family = begin(columns, marked, scratch);
    uint32_t mains = find_mains(&family, columns, marked, each);
    if (left_out) {
        leave_out(&family, left_out);
    }
    columns->visible = mains;
    for (uint32_t i = 0; i < columns->rows; i++) {
        uint32_t row = family.places[i].row;
        bool is_below = find_standing(&family, row) == BELOW;
        if (is_below && !marked[row] && !has_ended(columns, row)) {
            columns->order[columns->visible++] = row;
        }
    }
    return mains;
}
