/* SPDX-License-Identifier: MIT
 *
 * The tree of the memory controller's cgroups, version 1 or 2, and its files. Paths of cgroups are
 * as /proc/PID/cgroup prints them: from the hierarchy's root, "/" for the root itself.
 * Kernel: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst.
 */
#ifndef PAGEWARDEN_READ_CGROUPFS_H
#define PAGEWARDEN_READ_CGROUPFS_H

#include "read/source.h"

/* The hierarchy that accounts memory. */
struct pw_cgroups {
    int version;       /* 1 or 2, or 0 when there is none */
    const char *mount; /* from the root of the source, such as "sys/fs/cgroup" */
};

/* What limits the memory of a cgroup, in either version's files. */
enum pw_cgroup_file {
    PW_CGROUP_CURRENT,
    PW_CGROUP_PEAK, /* the most there was; version 2 has it since Linux 5.19 */
    PW_CGROUP_MAX,
    PW_CGROUP_HIGH,      /* version 2 */
    PW_CGROUP_LOW,       /* version 2 */
    PW_CGROUP_MIN,       /* version 2 */
    PW_CGROUP_SOFT,      /* version 1: reclaim goes for what exceeds it first */
    PW_CGROUP_SWAP,      /* version 2 */
    PW_CGROUP_SWAP_MAX,  /* version 2: of swap alone */
    PW_CGROUP_SWAP_HIGH, /* version 2, since Linux 5.8 */
    PW_CGROUP_MEMSW,     /* version 1 */
    PW_CGROUP_MEMSW_MAX, /* version 1: of memory and swap together */
    PW_CGROUP_STAT,
    PW_CGROUP_EVENTS,       /* version 1: memory.oom_control */
    PW_CGROUP_EVENTS_LOCAL, /* version 2: without the cgroups below it */
    PW_CGROUP_SWAP_EVENTS,  /* version 2 */
    PW_CGROUP_PROCS,
    PW_CGROUP_NUMA_STAT,
    PW_CGROUP_FILES
};

/* Finds the hierarchy by the files that are there: unified, the memory controller of version 1
 * (also where RHEL 6 mounts it), or a hybrid whose memory controller is in version 2. */
struct pw_cgroups pw_cgroups_find(const struct pw_source *source, struct pw_buffer *buffer);

/* The file's name in the hierarchy's version; NULL when that version has no such file. */
const char *pw_cgroup_file_name(const struct pw_cgroups *cgroups, enum pw_cgroup_file file);

/* Reads a file of a cgroup by its name. 0 or -errno: ENOENT also when the cgroup is gone. */
int pw_cgroup_read_named(const struct pw_source *source, const struct pw_cgroups *cgroups,
                         struct pw_slice path, const char *name, struct pw_buffer *buffer);

/* The same by its meaning; -EOPNOTSUPP when the version has no such file. */
int pw_cgroup_read(const struct pw_source *source, const struct pw_cgroups *cgroups,
                   struct pw_slice path, enum pw_cgroup_file file, struct pw_buffer *buffer);

/* Reads a file that is one number. What version 1 prints for no limit, the largest multiple of a
 * page size that fits, is unlimited as "max" is. -EBADMSG when it is no number. */
int pw_cgroup_read_number(const struct pw_source *source, const struct pw_cgroups *cgroups,
                          struct pw_slice path, enum pw_cgroup_file file, struct pw_buffer *buffer,
                          struct pw_number *number);

/* Opens a cgroup's folder: a descriptor to close, or -errno. */
int pw_cgroup_open(const struct pw_source *source, const struct pw_cgroups *cgroups,
                   struct pw_slice path);

/* The inode number of a cgroup's folder, which is another when the cgroup was removed and made
 * again under the same path. 0 or -errno. */
int pw_cgroup_inode(const struct pw_source *source, const struct pw_cgroups *cgroups,
                    struct pw_slice path, int64_t *inode);

/* True when the cgroup's directory is there. */
bool pw_cgroup_exists(const struct pw_source *source, const struct pw_cgroups *cgroups,
                      struct pw_slice path);

/* The cgroup that accounts a process's memory, from the text of its /proc/PID/cgroup; false when
 * the text names none. */
bool pw_cgroup_of_process(const struct pw_cgroups *cgroups, struct pw_slice text,
                          struct pw_slice *path);

/* The part of a process's path that can be reached. In a container without a cgroup namespace
 * /proc tells the host's path, of which the mount shows the end: what it does not show is taken
 * off the front. Empty for the root. */
struct pw_slice pw_cgroup_visible(const struct pw_source *source, const struct pw_cgroups *cgroups,
                                  struct pw_slice path);

/* Takes the last component off a cgroup's path; false when it was the root. */
bool pw_cgroup_parent(struct pw_slice *path);

/* A limit and the cgroup that sets it. */
struct pw_cgroup_limit {
    struct pw_number number;
    struct pw_slice path; /* data is NULL for no limit, and for one of a cgroup out of sight */
};

/* What limits a cgroup in effect: the smallest limit from it up to the root. 0, -ENOENT when the
 * cgroup is gone, or -EOPNOTSUPP when the version has no such limit. */
int pw_cgroup_effective(const struct pw_source *source, const struct pw_cgroups *cgroups,
                        struct pw_slice path, enum pw_cgroup_file file, struct pw_buffer *buffer,
                        struct pw_cgroup_limit *limit);

#endif
