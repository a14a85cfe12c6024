/* SPDX-License-Identifier: MIT
 *
 * The processes that make up a whole: a process and all it started, a process group, a cgroup with
 * those below it. Only reads.
 */
#ifndef PAGEWARDEN_ACT_MEMBERS_H
#define PAGEWARDEN_ACT_MEMBERS_H

#include "act/setting.h"
#include "read/cgroupfs.h"
#include "read/process.h"

/* Members that are known at once. */
#define PW_MEMBERS 1024

enum pw_whole { PW_WHOLE_PROCESS, PW_WHOLE_TREE, PW_WHOLE_GROUP, PW_WHOLE_CGROUP };

/* {0}, then pw_members_of_process() or pw_members_of_cgroup(). */
struct pw_members {
    enum pw_whole whole;
    int64_t group;        /* the process group's number */
    int64_t leader_ticks; /* when its leader started; PW_ABSENT: it has none any more */
    struct pw_cgroups cgroups;
    char cgroup[PW_KEY_BYTES]; /* its path in the hierarchy, "/web" */
    char folder[PW_KEY_BYTES]; /* and from the root */
    struct pw_buffer candidates, folders;
    int count;
    struct pw_identity list[PW_MEMBERS];
};

/* Which whole is meant: that of a process, which is the first of the list. 0 or -errno: -EPERM for
 * the root cgroup, which is the whole machine. */
int pw_members_of_process(struct pw_members *members, const struct pw_source *source,
                          struct pw_buffer *buffer, enum pw_whole whole,
                          const struct pw_identity *process);

/* The same for a cgroup by its path: -EINVAL for what is none, -ENOENT when it is gone,
 * -EPERM for the root, -EOPNOTSUPP without cgroups. */
int pw_members_of_cgroup(struct pw_members *members, const struct pw_source *source,
                         struct pw_buffer *buffer, struct pw_slice path);

/* Forgets those known members that have ended. */
void pw_members_forget(struct pw_members *members, const struct pw_source *source,
                       struct pw_buffer *buffer);

/* What to do with a member. False: no further one is wanted. */
typedef bool pw_members_visit(void *context, const struct pw_identity *process);

/* Visits those that are not known, and then knows them, as long as there is room. Returns how many
 * it came to know, or -errno: -ECANCELED when a visit said false, -E2BIG when a tree is larger than
 * there is room for, -EXDEV when a cgroup holds processes that cannot be seen from this pid
 * namespace, -ENOENT when the cgroup is gone. */
int pw_members_find(struct pw_members *members, const struct pw_source *source,
                    struct pw_buffer *buffer, pw_members_visit *visit, void *context);

/* Frees the buffers. */
void pw_members_free(struct pw_members *members);

#endif
