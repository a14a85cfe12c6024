/* SPDX-License-Identifier: MIT */
#include "host/resident.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act/file.h"
#include "read/maps.h"

/* Nice value; setpriority(2). */
#define HIGHEST_PRIORITY (-20)


static bool may_lock_all(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) {
        return true;
    }
    return syscall(SYS_capget, &header, data) == 0 && data[0].effective & 1U << CAP_IPC_LOCK;
}


/* Pages of a file that nobody can have written here: what is dropped is read again. */
static bool is_only_read(const struct pw_mapping *mapping) {
    return mapping->permissions.size == 4 && mapping->permissions.data[1] == '-' &&
           mapping->permissions.data[3] == 'p' && mapping->path.size > 0 &&
           mapping->path.data[0] == '/';
}


/* What was relocated when it was loaded is not as in the file, although it cannot be written now:
 * the kernel counts it as anonymous. */
static void drop_file_pages(struct pw_slice smaps) {
    struct pw_smaps_line line;
    struct pw_mapping mapping = {.end = 0};
    struct pw_flaws flaws = {0};
    while (pw_next_smaps_line(&smaps, &line, &flaws)) {
        if (line.kind == PW_SMAPS_MAPPING) {
            mapping = line.mapping;
        } else if (line.kind == PW_SMAPS_FIELD && pw_slice_is(line.field.key, "Anonymous") &&
                   line.field.number.value == 0 && is_only_read(&mapping)) {
            madvise((void *)(uintptr_t)mapping.start, mapping.end - mapping.start, MADV_DONTNEED);
        }
    }
}


static void forget_start(void) {
    struct pw_source source;
    struct pw_buffer buffer = {0};
    if (pw_source_open(&source, "/") == 0) {
        if (pw_source_read(&source, "proc/self/smaps", &buffer) == 0) {
            drop_file_pages(pw_buffer_text(&buffer));
        }
        pw_source_close(&source);
    }
    pw_buffer_free(&buffer);
}


int pw_lock_memory(void) {
    if (!may_lock_all()) {
        return -EPERM;
    }
    forget_start();
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ? -errno : 0;
}


int pw_raise_priority(void) {
    return setpriority(PRIO_PROCESS, 0, HIGHEST_PRIORITY) ? -errno : 0;
}


int pw_set_own_oom_score_adj(const struct pw_source *source, int adjustment) {
    char text[16];
    snprintf(text, sizeof text, "%d", adjustment);
    return pw_file_write(source, source->root_fd, "proc/self/oom_score_adj", text);
}
