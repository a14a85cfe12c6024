/* SPDX-License-Identifier: MIT */
#include "read/columns.h"

#include <string.h>


static bool has(pw_field_set fields, int id) {
    return fields & PW_BIT(id);
}


size_t pw_columns_size(pw_field_set fields, uint32_t capacity) {
    size_t row_size = sizeof(uint32_t);
    for (int id = 0; id < PW_FIELDS; id++) {
        if (has(fields, id)) {
            row_size += id < PW_NUMBERS ? sizeof(int64_t) : sizeof(struct pw_text_place);
        }
    }
    return row_size * capacity;
}


/* Eight bytes a row, whatever the field: every column can be moved alike. */
_Static_assert(sizeof(struct pw_text_place) == sizeof(int64_t), "columns are of one width");


/* Where a column's pointer is kept. */
static void **column_of(struct pw_columns *columns, int id) {
    return id < PW_NUMBERS ? (void **)&columns->numbers[id]
                           : (void **)&columns->texts[id - PW_NUMBERS];
}


static void mark_absent(struct pw_columns *columns, int id, uint32_t row) {
    if (id < PW_NUMBERS) {
        columns->numbers[id][row] = PW_ABSENT;
    } else {
        columns->texts[id - PW_NUMBERS][row] = (struct pw_text_place){0, PW_NO_TEXT};
    }
}


static void move_column(struct pw_columns *columns, int id, void *memory) {
    void **column = column_of(columns, id);
    void *old = *column;
    *column = memory;
    if (old) {
        memcpy(memory, old, columns->rows * sizeof(int64_t));
        return;
    }
    for (uint32_t row = 0; row < columns->rows; row++) {
        mark_absent(columns, id, row);
    }
}


void pw_columns_move(struct pw_columns *columns, pw_field_set fields, uint32_t capacity,
                     void *memory) {
    char *next = memory;
    for (int id = 0; id < PW_FIELDS; id++) {
        if (has(fields, id)) {
            move_column(columns, id, next);
            next += capacity * sizeof(int64_t);
        } else {
            *column_of(columns, id) = NULL;
        }
    }
    if (columns->rows > 0) {
        memcpy(next, columns->order, columns->rows * sizeof *columns->order);
    }
    columns->order = (uint32_t *)(void *)next;
    columns->fields = fields;
    columns->capacity = capacity;
}


void pw_columns_move_text(struct pw_columns *columns, uint32_t capacity_bytes, char *memory) {
    if (columns->text_size_bytes > 0) {
        memcpy(memory, columns->text, columns->text_size_bytes);
    }
    columns->text = memory;
    columns->text_capacity_bytes = capacity_bytes;
}


void pw_columns_clear(struct pw_columns *columns) {
    columns->rows = columns->visible = columns->text_size_bytes = 0;
}


bool pw_columns_has_room(const struct pw_columns *columns) {
    return columns->rows < columns->capacity;
}


bool pw_columns_has_text_room(const struct pw_columns *columns, const struct pw_row *row) {
    size_t needed = 0;
    for (int i = 0; i < PW_TEXTS; i++) {
        needed += columns->texts[i] ? row->texts[i].size : 0;
    }
    return needed <= columns->text_capacity_bytes - columns->text_size_bytes;
}


static struct pw_text_place store_text(struct pw_columns *columns, struct pw_slice text) {
    if (!text.data) {
        return (struct pw_text_place){0, PW_NO_TEXT};
    }
    struct pw_text_place place = {columns->text_size_bytes, (uint32_t)text.size};
    if (text.size > 0) {
        memcpy(columns->text + place.offset, text.data, text.size);
    }
    columns->text_size_bytes += place.size;
    return place;
}


void pw_columns_fill(struct pw_columns *columns, uint32_t row, pw_field_set fields,
                     const struct pw_row *values) {
    fields &= columns->fields;
    for (int id = 0; id < PW_NUMBERS; id++) {
        if (has(fields, id)) {
            columns->numbers[id][row] = values->numbers[id];
        }
    }
    for (int i = 0; i < PW_TEXTS; i++) {
        if (has(fields, PW_NUMBERS + i)) {
            columns->texts[i][row] = store_text(columns, values->texts[i]);
        }
    }
}


void pw_columns_append(struct pw_columns *columns, const struct pw_row *row) {
    uint32_t number = columns->rows++;
    columns->order[columns->visible++] = number;
    pw_columns_fill(columns, number, columns->fields, row);
}


int64_t pw_columns_number(const struct pw_columns *columns, enum pw_field_id id, uint32_t row) {
    const int64_t *column = columns->numbers[id];
    return column ? column[row] : PW_ABSENT;
}


struct pw_slice pw_columns_text(const struct pw_columns *columns, enum pw_field_id id,
                                uint32_t row) {
    const struct pw_text_place *column = columns->texts[(int)id - PW_NUMBERS];
    if (!column || column[row].size == PW_NO_TEXT) {
        return (struct pw_slice){NULL, 0};
    }
    return (struct pw_slice){columns->text + column[row].offset, column[row].size};
}


uint32_t pw_columns_find(const struct pw_columns *columns, int64_t pid, uint32_t hint) {
    uint32_t at = hint;
    for (uint32_t tried = 0; tried < columns->visible; tried++, at++) {
        if (at >= columns->visible) {
            at = 0;
        }
        if (columns->numbers[PW_PID][columns->order[at]] == pid) {
            return columns->order[at];
        }
    }
    return columns->rows;
}


/* Whether row `a` comes before row `b`. */
static bool before(const struct pw_columns *columns, const int64_t *by, uint32_t a, uint32_t b) {
    if (by[a] != by[b]) {
        return by[a] > by[b];
    }
    return columns->numbers[PW_PID][a] < columns->numbers[PW_PID][b];
}


/* Lets the entry at `parent` sink in a heap of `size` whose root comes before all others. */
static void sink(struct pw_columns *columns, const int64_t *by, uint32_t parent, uint32_t size) {
    uint32_t *heap = columns->order, sinking = heap[parent];
    for (uint32_t child = 2 * parent + 1; child < size; child = 2 * parent + 1) {
        if (child + 1 < size && before(columns, by, heap[child + 1], heap[child])) {
            child++;
        }
        if (before(columns, by, sinking, heap[child])) {
            break;
        }
        heap[parent] = heap[child];
        parent = child;
    }
    heap[parent] = sinking;
}


static void reverse(uint32_t *entries, uint32_t count) {
    for (uint32_t i = 0; i < count / 2; i++) {
        uint32_t swapped = entries[i];
        entries[i] = entries[count - 1 - i];
        entries[count - 1 - i] = swapped;
    }
}


void pw_columns_sort(struct pw_columns *columns, enum pw_field_id by, uint32_t top) {
    const int64_t *column = columns->numbers[by];
    uint32_t size = columns->visible, *heap = columns->order;
    uint32_t wanted = top && top < size ? top : size;
    for (uint32_t parent = size / 2; parent-- > 0;) {
        sink(columns, column, parent, size);
    }
    /* Each round moves the root, the largest left, behind the shrinking heap. */
    for (uint32_t left = size; left > size - wanted; left--) {
        uint32_t largest = heap[0];
        heap[0] = heap[left - 1];
        sink(columns, column, 0, left - 1);
        heap[left - 1] = largest;
    }
    reverse(heap, size);
    columns->visible = wanted;
}
