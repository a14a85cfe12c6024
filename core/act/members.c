/* SPDX-License-Identifier: MIT */
#include "act/members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "read/cgroup.h"
#include "read/directory.h"

/* Where members are looked for, and what is done with each. */
struct search {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    pw_members_visit *visit;
    void *context;
};


/* What a process says of itself now, when it is still this one and has not ended. */
static int look(const struct pw_source *source, struct pw_buffer *buffer,
                const struct pw_identity *process, struct pw_stat *stat) {
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(source, process, buffer, stat, &flaws);
    if (fd >= 0 && pw_stat_is_over(stat)) {
        close(fd);
        fd = -ESRCH;
    }
    return fd;
}


/* Whether a path is that of the cgroup or of one below it. */
static bool is_below(const struct pw_members *members, struct pw_slice path) {
    size_t size = strlen(members->cgroup);
    return path.size >= size && memcmp(path.data, members->cgroup, size) == 0 &&
           (path.size == size || path.data[size] == '/');
}


/* The cgroup that a process is in, as a path that can be reached. A slice of the buffer. */
static int read_cgroup(const struct pw_members *members, const struct pw_source *source,
                       struct pw_buffer *buffer, int dir_fd, struct pw_slice *path) {
    int error = pw_source_read_record(source, dir_fd, "cgroup", buffer);
    if (!error && !pw_cgroup_of_process(&members->cgroups, pw_buffer_text(buffer), path)) {
        error = -EOPNOTSUPP;
    }
    if (!error) {
        *path = pw_cgroup_visible(source, &members->cgroups, *path);
    }
    return error;
}


static int set_cgroup(struct pw_members *members, const struct pw_source *source,
                      struct pw_slice path) {
    if (path.size <= 1) {
        return -EPERM;
    }
    int size = (int)path.size;
    int whole = snprintf(members->folder, sizeof members->folder, "%s%.*s", members->cgroups.mount,
                         size, path.data);
    snprintf(members->cgroup, sizeof members->cgroup, "%.*s", size, path.data);
    if (whole >= (int)sizeof members->folder) {
        return -ENAMETOOLONG;
    }
    return pw_cgroup_exists(source, &members->cgroups, path) ? 0 : -ENOENT;
}


int pw_members_of_cgroup(struct pw_members *members, const struct pw_source *source,
                         struct pw_buffer *buffer, struct pw_slice path) {
    if (!pw_setting_trim_cgroup(&path)) {
        return -EINVAL;
    }
    members->whole = PW_WHOLE_CGROUP;
    members->cgroups = pw_cgroups_find(source, buffer);
    return members->cgroups.version ? set_cgroup(members, source, path) : -EOPNOTSUPP;
}


static int find_cgroup(struct pw_members *members, const struct pw_source *source,
                       struct pw_buffer *buffer, int dir_fd) {
    struct pw_slice path;
    members->cgroups = pw_cgroups_find(source, buffer);
    if (!members->cgroups.version) {
        return -EOPNOTSUPP;
    }
    int error = read_cgroup(members, source, buffer, dir_fd, &path);
    return error ? error : set_cgroup(members, source, path);
}


/* When the process whose pid is the group's number started, if it is there. */
static int64_t find_leader(const struct pw_source *source, struct pw_buffer *buffer,
                           int64_t group) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    struct pw_identity leader = {group, PW_ABSENT};
    int fd = pw_process_open(source, &leader, buffer, &stat, &flaws);
    if (fd < 0) {
        return PW_ABSENT;
    }
    close(fd);
    return stat.starttime_ticks;
}


int pw_members_of_process(struct pw_members *members, const struct pw_source *source,
                          struct pw_buffer *buffer, enum pw_whole whole,
                          const struct pw_identity *process) {
    struct pw_stat stat;
    int fd = look(source, buffer, process, &stat);
    if (fd < 0) {
        return fd;
    }
    members->whole = whole;
    members->group = stat.pgrp;
    members->list[0] = (struct pw_identity){process->pid, stat.starttime_ticks};
    members->count = 1;
    int error = 0;
    if (whole == PW_WHOLE_CGROUP) {
        error = find_cgroup(members, source, buffer, fd);
    } else if (whole == PW_WHOLE_GROUP) {
        members->leader_ticks = find_leader(source, buffer, stat.pgrp);
    }
    close(fd);
    return error;
}


static bool is_known(const struct pw_members *members, const struct pw_identity *process) {
    for (int i = 0; i < members->count; i++) {
        if (members->list[i].pid == process->pid &&
            members->list[i].start_ticks == process->start_ticks) {
            return true;
        }
    }
    return false;
}


/* A parent is known by its pid: one that has ended has no children. */
static bool is_parent_known(const struct pw_members *members, int64_t ppid) {
    for (int i = 0; i < members->count; i++) {
        if (members->list[i].pid == ppid) {
            return true;
        }
    }
    return false;
}


/* The number of a group may be used again once it has no members, and then has another leader. */
static bool is_same_group(const struct pw_members *members, const struct pw_stat *stat) {
    bool leads = stat->pid == members->group;
    return stat->pgrp == members->group &&
           (!leads || stat->starttime_ticks == members->leader_ticks);
}


static bool belongs(const struct pw_members *members, const struct pw_source *source,
                    struct pw_buffer *buffer, const struct pw_stat *stat, int dir_fd) {
    struct pw_slice path;
    switch (members->whole) {
    case PW_WHOLE_TREE:
        return is_parent_known(members, stat->ppid);
    case PW_WHOLE_GROUP:
        return is_same_group(members, stat);
    case PW_WHOLE_CGROUP:
        return read_cgroup(members, source, buffer, dir_fd, &path) == 0 && is_below(members, path);
    default:
        return false;
    }
}


/* A member is remembered; of a tree it must be, since its children are known by it alone. */
static int remember(struct pw_members *members, const struct pw_identity *process) {
    if (members->count == PW_MEMBERS) {
        return members->whole == PW_WHOLE_TREE ? -E2BIG : 0;
    }
    members->list[members->count++] = *process;
    return 1;
}


/* 1 when it is a member that is known from now on, 0 when not, or -errno. */
static int consider(struct pw_members *members, const struct search *search, int64_t pid) {
    struct pw_stat stat;
    struct pw_identity process = {pid, PW_ABSENT};
    int fd = look(search->source, search->buffer, &process, &stat);
    if (fd < 0) {
        return 0;
    }
    process.start_ticks = stat.starttime_ticks;
    bool is_new =
        !is_known(members, &process) && belongs(members, search->source, search->buffer, &stat, fd);
    close(fd);
    if (!is_new) {
        return 0;
    }
    return search->visit(search->context, &process) ? remember(members, &process) : -ECANCELED;
}


/* Goes through the candidates once. How many are known from now on, or -errno. */
static int consider_all(struct pw_members *members, const struct search *search) {
    struct pw_slice rest = pw_buffer_text(&members->candidates), name;
    struct pw_number pid;
    int added = 0, result = 0;
    while (result >= 0 && pw_take_name(&rest, &name)) {
        if (pw_parse_number(name, &pid) && pid.value > 0) {
            result = consider(members, search, pid.value);
            added += result > 0;
        }
    }
    return result < 0 ? result : added;
}


/* Lists all processes. */
static int list_all(struct pw_members *members, const struct pw_source *source) {
    return pw_directory_read(source, "proc", &members->candidates);
}


static int append_candidate(struct pw_members *members, struct pw_slice line) {
    struct pw_number pid;
    if (!pw_parse_number(line, &pid)) {
        return -EBADMSG;
    }
    if (pid.value == 0) {
        return -EXDEV;
    }
    int error = pw_buffer_append(&members->candidates, line);
    return error ? error : pw_buffer_append(&members->candidates, (struct pw_slice){"", 1});
}


/* Adds the processes of one folder of the cgroup tree. Those of a threaded one are its parent's. */
static int list_cgroup(struct pw_members *members, const struct pw_source *source,
                       struct pw_buffer *buffer, const char *folder) {
    char path[PW_KEY_BYTES + sizeof "/cgroup.procs"];
    struct pw_slice line;
    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    int error = pw_source_read(source, path, buffer);
    struct pw_slice text = pw_buffer_text(buffer);
    while (!error && pw_take_line(&text, &line)) {
        error = append_candidate(members, line);
    }
    return error == -EOPNOTSUPP ? 0 : error;
}


/* Appends the folders in a folder of the cgroup tree to those that are still to be looked at. */
static int list_folders(struct pw_members *members, const struct pw_source *source,
                        struct pw_buffer *buffer, const char *folder) {
    char path[PW_KEY_BYTES];
    struct pw_slice name, names;
    int error = pw_directory_read(source, folder, buffer);
    names = pw_buffer_text(buffer);
    while (!error && pw_take_name(&names, &name)) {
        int size = snprintf(path, sizeof path, "%s/%s", folder, name.data);
        int fd = size < (int)sizeof path ? openat(source->root_fd, path, O_PATH | O_DIRECTORY) : -1;
        if (fd >= 0) {
            close(fd);
            error = pw_buffer_append(&members->folders, (struct pw_slice){path, (size_t)size + 1});
        }
    }
    return error;
}


/* Lists the processes of the cgroup and of those below it; one that is gone meanwhile has none. */
static int list_cgroups(struct pw_members *members, const struct pw_source *source,
                        struct pw_buffer *buffer) {
    char folder[PW_KEY_BYTES];
    struct pw_slice first = {members->folder, strlen(members->folder) + 1};
    members->candidates.size_bytes = 0;
    members->folders.size_bytes = 0;
    int error = pw_buffer_append(&members->folders, first);
    for (size_t at = 0; at < members->folders.size_bytes && !error;) {
        snprintf(folder, sizeof folder, "%s", members->folders.data + at);
        error = list_cgroup(members, source, buffer, folder);
        if (!error) {
            error = list_folders(members, source, buffer, folder);
        }
        if (error == -ENOENT || error == -ENODEV) {
            error = at == 0 ? -ENOENT : 0;
        }
        at += strlen(folder) + 1;
    }
    return error;
}


void pw_members_forget(struct pw_members *members, const struct pw_source *source,
                       struct pw_buffer *buffer) {
    struct pw_stat stat;
    int kept = 0;
    for (int i = 0; i < members->count; i++) {
        int fd = look(source, buffer, &members->list[i], &stat);
        if (fd >= 0) {
            close(fd);
            members->list[kept++] = members->list[i];
        }
    }
    members->count = kept;
}


int pw_members_find(struct pw_members *members, const struct pw_source *source,
                    struct pw_buffer *buffer, pw_members_visit *visit, void *context) {
    struct search search = {source, buffer, visit, context};
    int error = members->whole == PW_WHOLE_CGROUP ? list_cgroups(members, source, buffer)
                                                  : list_all(members, source);
    int added = 0, result = error;
    bool again = !error;
    while (again) {
        result = consider_all(members, &search);
        added += result;
        again = result > 0 && members->whole == PW_WHOLE_TREE; /* a child stood before its parent */
    }
    return result < 0 ? result : added;
}


void pw_members_free(struct pw_members *members) {
    pw_buffer_free(&members->candidates);
    pw_buffer_free(&members->folders);
}
