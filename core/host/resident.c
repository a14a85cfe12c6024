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


static bool may_lock_all(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) {
        return true;
    }
    return syscall(SYS_capget, &header, data) == 0 && data[0].effective & 1U << CAP_IPC_LOCK;
}


int pw_lock_memory(void) {
    if (!may_lock_all()) {
        return -EPERM;
    }
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ? -errno : 0;
}


int pw_set_own_oom_score_adj(const struct pw_source *source, int adjustment) {
    char text[16];
    snprintf(text, sizeof text, "%d", adjustment);
    return pw_file_write(source, source->root_fd, "proc/self/oom_score_adj", text);
}
