/* SPDX-License-Identifier: MIT
 *
 * What the functions of pagewarden.cgroup begin with: where a call reads, and which cgroup it is
 * about.
 */
#ifndef PAGEWARDEN_BIND_CGROUP_H
#define PAGEWARDEN_BIND_CGROUP_H

#include "bind/view.h"
#include "read/cgroupfs.h"

#define PW_CGROUP "pagewarden.cgroup"

/* What a call works on. */
struct pw_cgroup_call {
    struct pw_reader *reader;
    struct pw_cgroups cgroups;
    const char *name;     /* argument 2 */
    struct pw_slice path; /* the same */
};

/* [-0, +0, v] A call of a method whose view is at 1. */
struct pw_cgroup_call pw_cgroup_begin(lua_State *L);

/* [-0, +0, v] The same with the path of a cgroup at 2; raises for more than so many arguments. */
struct pw_cgroup_call pw_cgroup_begin_with_path(lua_State *L, int arguments);

/* True when the path leads up from where it starts. */
bool pw_cgroup_climbs(const char *path);

/* [-0, +4, m] Why a file of the cgroup, or NULL, gave nothing. No hierarchy means unsupported; a
 * missing file, that the cgroup is gone or lacks such a file. */
int pw_cgroup_fail(lua_State *L, const struct pw_cgroup_call *call, const char *file, int error);

/* Reads a file into the reader's buffer, also when there is no hierarchy: 0 or -errno. */
int pw_cgroup_read_file(const struct pw_cgroup_call *call, enum pw_cgroup_file file);

/* Methods that give what the kernel prints as tables. */
int pw_cgroup_stat(lua_State *L);
int pw_cgroup_events(lua_State *L);
int pw_cgroup_numa_stat(lua_State *L);
int pw_cgroup_pressure(lua_State *L);

/* Methods that tell of its processes, and whether it is the same as before. */
int pw_cgroup_procs(lua_State *L);
int pw_cgroup_state(lua_State *L);
int pw_cgroup_id(lua_State *L);
int pw_cgroup_preference(lua_State *L);

/* Methods that change it. */
int pw_cgroup_set(lua_State *L);
int pw_cgroup_freeze(lua_State *L);
int pw_cgroup_kill(lua_State *L);

#endif
