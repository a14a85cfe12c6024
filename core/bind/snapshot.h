/* SPDX-License-Identifier: MIT
 *
 * The Lua class "pagewarden.snapshot": many processes in columns, read by a sweep. Its memory is
 * userdata in user values, so the collector sees every byte of it.
 */
#ifndef PAGEWARDEN_BIND_SNAPSHOT_H
#define PAGEWARDEN_BIND_SNAPSHOT_H

#include "bind/reader.h"
#include "read/columns.h"
#include "read/filter.h"
#include "read/watch.h"

#define PW_SNAPSHOT "pagewarden.snapshot"

/* What the user values hold. */
enum pw_snapshot_value {
    PW_VALUE_READER = 1,
    PW_VALUE_ROWS,
    PW_VALUE_TEXT,
    PW_VALUE_WHERE,   /* strings and lists that the filter points into */
    PW_VALUE_WATCHED, /* of a watch */
    PW_SNAPSHOT_VALUES = PW_VALUE_WATCHED
};

struct pw_snapshot {
    struct pw_columns columns;
    union {
        struct pw_sweep sweep; /* closed: the difference of two snapshots, or after close */
        struct pw_scan scan;
        struct pw_watch watch;
    };
    struct pw_filter filter;
    pw_field_set asked;     /* fields named by the caller */
    pw_field_set late;      /* those read after where and top */
    enum pw_field_id by;    /* PW_FIELDS: as they were found */
    uint32_t top;           /* 0: all */
    uint32_t generation;    /* changes with what is stored; rows remember theirs */
    double uptime_seconds;  /* of the machine when the pass began */
    double elapsed_seconds; /* between the passes of a difference */
    bool closed;
};

/* [-0, +1, m] A new snapshot of the reader at `reader`, with nothing in it and its sweep closed. */
struct pw_snapshot *pw_new_snapshot(lua_State *L, int reader);

/* [-0, +0, v] The snapshot at `index`; raises for anything else and for a closed one. */
struct pw_snapshot *pw_check_snapshot(lua_State *L, int index);

/* [-0, +0, v] Reads { "pid", "rss", where = …, by = …, top = … } at `options` into the snapshot
 * at `index`; raises naming what is wrong. `known` lists the names allowed beside the fields. */
void pw_read_snapshot_options(lua_State *L, int index, int options, const char *const known[]);

/* [-0, +0, v] The field that the string at `index` names, which the snapshot was asked for. */
enum pw_field_id pw_check_asked_field(lua_State *L, int index, const struct pw_snapshot *snapshot);

/* [-0, +0, v] The same among fields that are numbers. */
enum pw_field_id pw_check_number_field(lua_State *L, int index, const struct pw_snapshot *snapshot);

/* [-0, +1, m] A field's value of a stored row: nil where the process has none. */
void pw_push_field(lua_State *L, const struct pw_snapshot *snapshot, enum pw_field_id id,
                   uint32_t row);

/* [-0, +0, m] Makes room for one more row and its text in the snapshot at `index`. */
void pw_reserve(lua_State *L, int index, struct pw_snapshot *snapshot, const struct pw_row *row);

/* [-0, +0, m] Gives the snapshot at `index` these fields and room for `capacity` rows. */
void pw_resize(lua_State *L, int index, struct pw_snapshot *snapshot, pw_field_set fields,
               uint32_t capacity);

/* [-0, +0, m] Reads a pass into the snapshot at `index`. 0 or -errno. */
int pw_take_pass(lua_State *L, int index, struct pw_snapshot *snapshot);

/* [-0, +1, m] A row object: a view on one stored row, which goes stale with the next refresh. */
void pw_push_row(lua_State *L, int snapshot, uint32_t row);

/* [-0, +0, m] Makes the metatable of rows. */
void pw_define_row(lua_State *L);

/* [-0, +1, m] The iterator of snapshot:each(), over the snapshot at `index`. */
int pw_push_row_iterator(lua_State *L, int index);

/* [-0, +1, m] A table of a stored row's fields. */
void pw_push_row_table(lua_State *L, const struct pw_snapshot *snapshot, uint32_t row);

/* [-0, +2, m] The list of snapshot:tree() for `pid`, on top of scratch memory. Returns 1. */
int pw_push_tree(lua_State *L, const struct pw_snapshot *snapshot, lua_Integer pid);

/* [-0, +0, m] Reads fields of every visible row until the deadline, in seconds of the monotonic
 * clock (HUGE_VAL for none), and returns how many rows were left. */
uint32_t pw_read_late(lua_State *L, int index, struct pw_snapshot *snapshot, pw_field_set fields,
                      double deadline);

/* CLOCK_MONOTONIC, for budgets. */
double pw_monotonic_seconds(void);

/* [-0, +0, v] Opens the snapshot's sweep as a watch: 0 or -errno. */
int pw_open_watch(lua_State *L, struct pw_snapshot *snapshot, struct pw_reader *reader,
                  int options);

/* [-0, +0, v] Follows the `pids` of the options; those that are gone are left out. */
void pw_follow_all(lua_State *L, int index, int options);

/* [-0, +0, m] Makes the metatables of snapshots and rows. */
void pw_define_snapshot(lua_State *L);

/* The methods of a snapshot, by the file they stand in, and those that a reader gains. */
extern const luaL_Reg pw_snapshot_queries[];
extern const luaL_Reg pw_snapshot_differences[];
extern const luaL_Reg pw_watch_methods[];
extern const luaL_Reg pw_processes_methods[];

#endif
