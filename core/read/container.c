/* SPDX-License-Identifier: MIT */
#include "read/container.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The first pid namespace: include/linux/proc_ns.h, PROC_PID_INIT_INO. */
static const char first_namespace[] = "pid:[4026531836]";

static const char *const marks[] = {"run/systemd/container", "run/host/container-manager",
                                    "run/.containerenv", ".dockerenv"};


static const char *find_mark(const struct pw_source *source) {
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (faccessat(source->root_fd, marks[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
            return marks[i];
        }
    }
    return NULL;
}


/* The name of a namespace, such as "pid:[4026531836]"; empty when it may not be read. */
static struct pw_slice read_namespace(const struct pw_source *source, const char *path,
                                      char room[64]) {
    ssize_t size = readlinkat(source->root_fd, path, room, 64);
    return (struct pw_slice){room, size > 0 ? (size_t)size : 0};
}


static bool has_own_pids(const struct pw_source *source) {
    char room[64];
    struct pw_slice name = read_namespace(source, "proc/self/ns/pid", room);
    return name.size > 0 && !pw_slice_is(name, first_namespace);
}


/* A virtual machine that boots a container's image has its marks, but shares all with init. */
static bool shares_mounts_with_init(const struct pw_source *source) {
    char room[64], room_of_init[64];
    struct pw_slice own = read_namespace(source, "proc/self/ns/mnt", room);
    struct pw_slice of_init = read_namespace(source, "proc/1/ns/mnt", room_of_init);
    return own.size > 0 && own.size == of_init.size && memcmp(room, room_of_init, own.size) == 0;
}


const char *pw_container_sign(const struct pw_source *source) {
    if (source->root_fd < 0) {
        return NULL;
    }
    const char *mark = find_mark(source);
    if (has_own_pids(source)) {
        return mark ? mark : "a pid namespace of its own";
    }
    return mark && !shares_mounts_with_init(source) ? mark : NULL;
}
