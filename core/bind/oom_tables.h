/* SPDX-License-Identifier: MIT
 *
 * Puts the kernel's OOM reports together as tables, from the lines of its log one after another.
 * The kernel writes one report at a time (oom_lock); what others write between its lines is passed
 * over.
 */
#ifndef PAGEWARDEN_BIND_OOM_TABLES_H
#define PAGEWARDEN_BIND_OOM_TABLES_H

#include "bind/bind.h"
#include "read/log_line.h"

/* Room for the heading of the list of tasks; the longest yet has 110 bytes. */
#define PW_OOM_HEADING_BYTES 256

/* The part of a report that lines which could be of any belong to. */
enum pw_oom_part { PW_OOM_NO_PART, PW_OOM_MEMORY, PW_OOM_STATS, PW_OOM_SLABS, PW_OOM_TASKS };

/* What a whole report has. */
enum pw_oom_section {
    PW_OOM_HAS_INVOCATION,
    PW_OOM_HAS_MEMORY,
    PW_OOM_HAS_TASKS,
    PW_OOM_HAS_KILL,
    PW_OOM_SECTIONS
};

struct pw_oom_tables {
    int list;         /* where on the stack the reports are */
    int report;       /* the one that is written, or nil */
    lua_Integer most; /* how many are kept, the last ones */
    enum pw_oom_part part;
    unsigned found; /* what of it there was: 1 << enum pw_oom_section */
    bool asked;     /* sysrq f was heard of, and no report since */
    bool grouped;   /* more are killed with the victim */
    int64_t time_us;
    size_t heading_bytes;
    char heading[PW_OOM_HEADING_BYTES];
};

/* [-0, +2, m] Starts a list of which the last so many stay. */
void pw_oom_tables_start(lua_State *L, struct pw_oom_tables *tables, lua_Integer most);

/* [-0, +0, m] Adds what a line of the log says. */
void pw_oom_tables_add(lua_State *L, struct pw_oom_tables *tables, const struct pw_log_line *line);

/* Takes a line, if it is one of its kind. */
typedef bool pw_oom_take_line(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line);

/* Takes a line by the first of so many that does; false when none does. */
bool pw_oom_take_with(lua_State *L, struct pw_oom_tables *tables, pw_oom_take_line *const takers[],
                      size_t count, struct pw_slice line);

/* [-0, +0, m] Takes a line of what the kernel writes down before a kill, and on other occasions
 * too, into the report on top of the stack. */
bool pw_oom_take_dump(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line);

/* [-2, +1, m] Ends the list, which is left. */
void pw_oom_tables_finish(lua_State *L, struct pw_oom_tables *tables);

#endif
