/* SPDX-License-Identifier: MIT
 *
 * What the functions of pagewarden.reclaim share.
 */
#ifndef PAGEWARDEN_BIND_RECLAIM_H
#define PAGEWARDEN_BIND_RECLAIM_H

#include "bind/long_deed.h"
#include "bind/view.h"

#define PW_RECLAIM "pagewarden.reclaim"

/* Where on the stack the figures from before the deed are, a table. */
#define PW_BEFORE PW_LONG_DEED_ARGUMENTS

/* What every one of them may be told. */
struct pw_reclaim_terms {
    bool force; /* in a container too, and whatever the pressure */
    double most_percent;
    int64_t cooldown_ns;
};

/* [-0, +0, v] Reads the options table at `index`, if there is one; `names` are those that it may
 * have, ended by NULL. */
void pw_check_reclaim_terms(lua_State *L, int index, const char *const names[],
                            struct pw_reclaim_terms *terms);

/* What the check of a deed looks at. */
struct pw_reclaim_check {
    struct pw_reader *reader;
    const char *path;    /* the file that will be written; NULL for none */
    const char *lacking; /* why it may not be there */
    bool costs;          /* everybody has to wait for it, or for what it takes away */
    struct pw_reclaim_terms terms;
};

/* The check; its context is one of these. Refused, unless forced, are acts in a container, and
 * those that cost while so much time is lost to waiting for memory or disks already. */
bool pw_reclaim_check(void *context, struct pw_act_outcome *outcome);

/* [-0, +1, m] A table with these fields of meminfo and vmstat, as far as this kernel has them; both
 * lists end with NULL. */
void pw_push_figures(lua_State *L, struct pw_reader *reader, const char *const meminfo[],
                     const char *const vmstat[]);

/* [-0, +0, m] Adds those of these fields that a text has to the table on top of the stack. */
void pw_add_fields(lua_State *L, struct pw_slice text, pw_next_field *next,
                   const char *const names[]);

/* [-1, +1, m] The result of a deed with the figures from after it, which are on top of the stack:
 * { before =, after =, seconds = }. */
void pw_push_outcome(lua_State *L, double seconds);

/* [-0, +0, v] A field of the table at `index`; 0 when it is not there. */
int64_t pw_figure(lua_State *L, int index, const char *name);

/* The methods, one file each. */
int pw_reclaim_drop_caches(lua_State *L);
int pw_reclaim_pageout(lua_State *L);
int pw_reclaim_cold(lua_State *L);
int pw_reclaim_cgroup(lua_State *L);

#endif
