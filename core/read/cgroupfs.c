/* SPDX-License-Identifier: MIT */
#include "read/cgroupfs.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/cgroup.h"
#include "read/keyed.h"
#include "read/single.h"

/* The kernel's PAGE_COUNTER_MAX, in bytes, is this for a page size of 1 MiB; smaller pages give
 * more. Before 3.19 it was INT64_MAX. */
#define LEAST_UNLIMITED (INT64_MAX - ((1 << 20) - 1))

struct file_names {
    const char *v1, *v2;
};

static const struct file_names file_names[PW_CGROUP_FILES] = {
    [PW_CGROUP_CURRENT] = {"memory.usage_in_bytes", "memory.current"},
    [PW_CGROUP_PEAK] = {"memory.max_usage_in_bytes", "memory.peak"},
    [PW_CGROUP_MAX] = {"memory.limit_in_bytes", "memory.max"},
    [PW_CGROUP_HIGH] = {NULL, "memory.high"},
    [PW_CGROUP_LOW] = {NULL, "memory.low"},
    [PW_CGROUP_MIN] = {NULL, "memory.min"},
    [PW_CGROUP_SOFT] = {"memory.soft_limit_in_bytes", NULL},
    [PW_CGROUP_SWAP] = {NULL, "memory.swap.current"},
    [PW_CGROUP_SWAP_MAX] = {NULL, "memory.swap.max"},
    [PW_CGROUP_SWAP_HIGH] = {NULL, "memory.swap.high"},
    [PW_CGROUP_MEMSW] = {"memory.memsw.usage_in_bytes", NULL},
    [PW_CGROUP_MEMSW_MAX] = {"memory.memsw.limit_in_bytes", NULL},
    [PW_CGROUP_STAT] = {"memory.stat", "memory.stat"},
    [PW_CGROUP_EVENTS] = {"memory.oom_control", "memory.events"},
    [PW_CGROUP_EVENTS_LOCAL] = {NULL, "memory.events.local"},
    [PW_CGROUP_SWAP_EVENTS] = {NULL, "memory.swap.events"},
    [PW_CGROUP_PROCS] = {"cgroup.procs", "cgroup.procs"},
    [PW_CGROUP_NUMA_STAT] = {"memory.numa_stat", "memory.numa_stat"},
};

/* A path put together from parts, for the kernel. */
struct path {
    char text[PATH_MAX];
    size_t size;
    bool too_long;
};


static void add(struct path *path, struct pw_slice part) {
    if (path->size + part.size >= sizeof path->text) {
        path->too_long = true;
        return;
    }
    memcpy(path->text + path->size, part.data, part.size);
    path->size += part.size;
    path->text[path->size] = '\0';
}


/* MOUNT/CGROUP/NAME. */
static void join(struct path *path, const char *mount, struct pw_slice cgroup, const char *name) {
    *path = (struct path){.size = 0};
    add(path, pw_slice_of(mount));
    add(path, pw_slice_of("/"));
    add(path, cgroup);
    add(path, pw_slice_of("/"));
    add(path, pw_slice_of(name));
}


static bool is_there(const struct pw_source *source, const char *mount, struct pw_slice cgroup,
                     const char *name) {
    struct path path;
    join(&path, mount, cgroup, name);
    int fd = path.too_long ? -1 : pw_source_open_at(source, source->root_fd, path.text);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}


static bool has_file(const struct pw_source *source, const char *mount, const char *name) {
    return is_there(source, mount, pw_slice_of(""), name);
}


static bool is_unified(const struct pw_source *source, const char *mount) {
    return has_file(source, mount, "cgroup.controllers") ||
           has_file(source, mount, "memory.current");
}


static bool is_version_1(const struct pw_source *source, const char *mount) {
    return has_file(source, mount, "memory.usage_in_bytes") ||
           has_file(source, mount, "memory.limit_in_bytes") ||
           has_file(source, mount, "memory.stat");
}


static bool controls_memory(const struct pw_source *source, struct pw_buffer *buffer) {
    if (pw_source_read(source, "sys/fs/cgroup/unified/cgroup.controllers", buffer)) {
        return false;
    }
    struct pw_slice rest = pw_slice_trim(pw_buffer_text(buffer)), line, word;
    while (pw_take_line(&rest, &line)) {
        while (pw_take_word(&line, &word)) {
            if (pw_slice_is(word, "memory")) {
                return true;
            }
        }
    }
    return false;
}


struct pw_cgroups pw_cgroups_find(const struct pw_source *source, struct pw_buffer *buffer) {
    static const char *const v1_mounts[] = {"sys/fs/cgroup/memory", "cgroup/memory"};
    if (is_unified(source, "sys/fs/cgroup")) {
        return (struct pw_cgroups){2, "sys/fs/cgroup"};
    }
    for (size_t i = 0; i < sizeof v1_mounts / sizeof *v1_mounts; i++) {
        if (is_version_1(source, v1_mounts[i])) {
            return (struct pw_cgroups){1, v1_mounts[i]};
        }
    }
    if (controls_memory(source, buffer)) {
        return (struct pw_cgroups){2, "sys/fs/cgroup/unified"};
    }
    return (struct pw_cgroups){0, NULL};
}


const char *pw_cgroup_file_name(const struct pw_cgroups *cgroups, enum pw_cgroup_file file) {
    return cgroups->version == 1 ? file_names[file].v1 : file_names[file].v2;
}


int pw_cgroup_read_named(const struct pw_source *source, const struct pw_cgroups *cgroups,
                         struct pw_slice path, const char *name, struct pw_buffer *buffer) {
    struct path whole;
    join(&whole, cgroups->mount, path, name);
    return whole.too_long ? -ENAMETOOLONG : pw_source_read(source, whole.text, buffer);
}


int pw_cgroup_read(const struct pw_source *source, const struct pw_cgroups *cgroups,
                   struct pw_slice path, enum pw_cgroup_file file, struct pw_buffer *buffer) {
    const char *name = pw_cgroup_file_name(cgroups, file);
    return name ? pw_cgroup_read_named(source, cgroups, path, name, buffer) : -EOPNOTSUPP;
}


static void note_unlimited(struct pw_number *number) {
    if (number->value >= LEAST_UNLIMITED) {
        *number = (struct pw_number){.value = INT64_MAX, .unlimited = true};
    }
}


int pw_cgroup_read_number(const struct pw_source *source, const struct pw_cgroups *cgroups,
                          struct pw_slice path, enum pw_cgroup_file file, struct pw_buffer *buffer,
                          struct pw_number *number) {
    int error = pw_cgroup_read(source, cgroups, path, file, buffer);
    if (error) {
        return error;
    }
    struct pw_flaws flaws = {0};
    if (!pw_parse_single(pw_buffer_text(buffer), number, &flaws)) {
        return -EBADMSG;
    }
    if (cgroups->version == 1) {
        note_unlimited(number);
    }
    return 0;
}


int pw_cgroup_open(const struct pw_source *source, const struct pw_cgroups *cgroups,
                   struct pw_slice path) {
    struct path folder;
    join(&folder, cgroups->mount, path, ".");
    return folder.too_long ? -ENAMETOOLONG
                           : pw_source_open_at(source, source->root_fd, folder.text);
}


int pw_cgroup_inode(const struct pw_source *source, const struct pw_cgroups *cgroups,
                    struct pw_slice path, int64_t *inode) {
    struct stat status;
    int fd = pw_cgroup_open(source, cgroups, path);
    if (fd < 0) {
        return fd;
    }
    int error = fstat(fd, &status) ? -errno : 0;
    *inode = (int64_t)status.st_ino;
    close(fd);
    return error;
}


bool pw_cgroup_exists(const struct pw_source *source, const struct pw_cgroups *cgroups,
                      struct pw_slice path) {
    return is_there(source, cgroups->mount, path, ".");
}


static bool has_controller(struct pw_slice controllers, const char *name) {
    struct pw_slice controller;
    while (pw_next_controller(&controllers, &controller)) {
        if (pw_slice_is(controller, name)) {
            return true;
        }
    }
    return false;
}


bool pw_cgroup_of_process(const struct pw_cgroups *cgroups, struct pw_slice text,
                          struct pw_slice *path) {
    struct pw_membership group;
    struct pw_flaws flaws = {0};
    while (pw_next_membership(&text, &group, &flaws)) {
        bool unified = group.id == 0 && group.controllers.size == 0;
        if (cgroups->version == 2 ? unified : has_controller(group.controllers, "memory")) {
            *path = group.path;
            return true;
        }
    }
    return false;
}


struct pw_slice pw_cgroup_visible(const struct pw_source *source, const struct pw_cgroups *cgroups,
                                  struct pw_slice path) {
    struct pw_slice passed;
    while (path.size > 0 && !pw_cgroup_exists(source, cgroups, path)) {
        path = pw_slice_skip(path, path.data[0] == '/');
        if (!pw_take_until(&path, '/', &passed)) {
            path.size = 0;
        }
    }
    return path;
}


bool pw_cgroup_parent(struct pw_slice *path) {
    size_t size = path->size;
    while (size > 0 && path->data[size - 1] == '/') {
        size--;
    }
    if (size == 0) {
        return false;
    }
    while (size > 0 && path->data[size - 1] != '/') {
        size--;
    }
    path->size = size > 1 ? size - 1 : size;
    return true;
}


/* Version 1 knows the smallest limit up the tree itself, also of parents that cannot be seen. */
static bool hierarchical_limit(struct pw_slice stat, enum pw_cgroup_file file,
                               struct pw_number *number) {
    const char *key = file == PW_CGROUP_MAX         ? "hierarchical_memory_limit"
                      : file == PW_CGROUP_MEMSW_MAX ? "hierarchical_memsw_limit"
                                                    : "";
    struct pw_field field;
    struct pw_flaws flaws = {0};
    while (pw_next_blank_field(&stat, &field, &flaws)) {
        if (pw_slice_is(field.key, key)) {
            *number = field.number;
            note_unlimited(number);
            return true;
        }
    }
    return false;
}


/* The smallest limit from `path` up to the root. */
static void smallest_limit(const struct pw_source *source, const struct pw_cgroups *cgroups,
                           struct pw_slice path, enum pw_cgroup_file file, struct pw_buffer *buffer,
                           struct pw_cgroup_limit *limit) {
    bool more = true;
    while (more) {
        struct pw_number number;
        int error = pw_cgroup_read_number(source, cgroups, path, file, buffer, &number);
        if (!error && !number.unlimited && number.value < limit->number.value) {
            *limit = (struct pw_cgroup_limit){number, path};
        }
        more = pw_cgroup_parent(&path);
    }
}


int pw_cgroup_effective(const struct pw_source *source, const struct pw_cgroups *cgroups,
                        struct pw_slice path, enum pw_cgroup_file file, struct pw_buffer *buffer,
                        struct pw_cgroup_limit *limit) {
    if (!pw_cgroup_file_name(cgroups, file)) {
        return -EOPNOTSUPP;
    }
    if (!pw_cgroup_exists(source, cgroups, path)) {
        return -ENOENT;
    }
    *limit = (struct pw_cgroup_limit){.number = {.value = INT64_MAX, .unlimited = true}};
    smallest_limit(source, cgroups, path, file, buffer, limit);
    struct pw_number number;
    if (cgroups->version == 1 &&
        pw_cgroup_read(source, cgroups, path, PW_CGROUP_STAT, buffer) == 0 &&
        hierarchical_limit(pw_buffer_text(buffer), file, &number) &&
        number.value != limit->number.value) {
        *limit = (struct pw_cgroup_limit){.number = number};
    }
    return 0;
}
