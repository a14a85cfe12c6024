/* SPDX-License-Identifier: MIT
 *
 * Many processes, column by column, in two blocks of memory that the caller brings: one for the
 * rows, one for their text. Nothing is allocated here, so whoever accounts for memory can.
 */
#ifndef PAGEWARDEN_READ_COLUMNS_H
#define PAGEWARDEN_READ_COLUMNS_H

#include <stddef.h>

#include "read/field.h"

/* comm is at most 15 bytes, a kworker's with its work item 63 (fs/proc/array.c, proc_task_name). */
#define PW_COMM_ROOM 80

/* One process on its way into the columns. */
struct pw_row {
    int64_t numbers[PW_NUMBERS];
    struct pw_slice texts[PW_TEXTS];
    char comm[PW_COMM_ROOM];
};

/* Where a text lies in the text block. */
struct pw_text_place {
    uint32_t offset;
    uint32_t size; /* PW_NO_TEXT when the process has none */
};

#define PW_NO_TEXT UINT32_MAX

struct pw_columns {
    pw_field_set fields;
    uint32_t rows;     /* stored */
    uint32_t visible;  /* the first so many entries of order are what a reader sees */
    uint32_t capacity; /* rows there is room for */
    uint32_t text_size_bytes;
    uint32_t text_capacity_bytes;
    uint32_t *order; /* row numbers, in the order they are seen */
    int64_t *numbers[PW_NUMBERS];
    struct pw_text_place *texts[PW_TEXTS];
    char *text;
};

/* Bytes of row memory that `capacity` rows of these fields need. */
size_t pw_columns_size(pw_field_set fields, uint32_t capacity);

/* Moves the columns into `memory`, of pw_columns_size(fields, capacity) bytes and aligned for
 * int64_t. What was stored is kept; fields that were not there before are absent in every row. */
void pw_columns_move(struct pw_columns *columns, pw_field_set fields, uint32_t capacity,
                     void *memory);

/* Moves the text into `memory` of `capacity_bytes`, not less than what is stored. */
void pw_columns_move_text(struct pw_columns *columns, uint32_t capacity_bytes, char *memory);

/* Forgets every row and keeps the memory. */
void pw_columns_clear(struct pw_columns *columns);

/* Whether pw_columns_append() would find room. */
bool pw_columns_has_room(const struct pw_columns *columns);
bool pw_columns_has_text_room(const struct pw_columns *columns, const struct pw_row *row);

/* Adds a row behind the others, visible; there must be room for it and its text. */
void pw_columns_append(struct pw_columns *columns, const struct pw_row *row);

/* Sets fields of a stored row; texts must have room. Fields that the columns lack are ignored. */
void pw_columns_fill(struct pw_columns *columns, uint32_t row, pw_field_set fields,
                     const struct pw_row *values);

/* A number of a stored row, PW_ABSENT where the columns lack the field. */
int64_t pw_columns_number(const struct pw_columns *columns, enum pw_field_id id, uint32_t row);

/* A text of a stored row; data is NULL where there is none. */
struct pw_slice pw_columns_text(const struct pw_columns *columns, enum pw_field_id id,
                                uint32_t row);

/* The stored row with this pid among the visible, or `rows` when there is none. The search starts
 * behind `hint`, a visible position, so that two columns in the same order are matched in one
 * pass. */
uint32_t pw_columns_find(const struct pw_columns *columns, int64_t pid, uint32_t hint);

/* Orders the visible rows by a field, largest first and the lowest pid first among equals; absent
 * ones last. Only the first `top` stay visible (0: all). In place, O(n + top log n). */
void pw_columns_sort(struct pw_columns *columns, enum pw_field_id by, uint32_t top);

#endif
