/* SPDX-License-Identifier: MIT
 *
 * What Lua says of pressure that is waited for: { resource =, kind =, stall =, window =, cgroup =
 * }.
 */
#ifndef PAGEWARDEN_BIND_PRESSURE_REQUEST_H
#define PAGEWARDEN_BIND_PRESSURE_REQUEST_H

#include "bind/reader.h"
#include "read/pressure_file.h"

/* What there is pressure on, each ending with NULL. */
extern const char *const pw_pressure_resources[];

/* The texts live as long as what was read or pushed for them stays on the stack. */
struct pw_pressure_subject {
    const char *resource, *kind;
    const char *cgroup; /* NULL: the whole machine */
    const char *path;   /* of the file, from the reader's root */
    bool full;
};

/* [-0, +2, v] Reads { resource =, kind =, cgroup = } at `index`. Returns 0, or -EOPNOTSUPP for a
 * cgroup where the second version is not in use. */
int pw_check_pressure_subject(lua_State *L, int index, struct pw_reader *reader,
                              struct pw_pressure_subject *subject);

/* [-0, +0, v] Reads { stall =, window = } at `index`, seconds; raises for a field that there is
 * not. The path is left to the caller. */
struct pw_pressure_request pw_check_pressure_request(lua_State *L, int index);

/* [-0, +4, m] nil, "PATH: reason", errno, kind for a request that failed with -errno. */
int pw_fail_pressure(lua_State *L, const struct pw_pressure_subject *subject, int64_t window_us,
                     int error);

#endif
