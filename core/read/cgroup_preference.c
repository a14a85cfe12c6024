/* SPDX-License-Identifier: MIT */
#include "read/cgroup_preference.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *const trusted_names[] = {[PW_PREFERENCE_PREFER] = "trusted.oomd_prefer",
                                            [PW_PREFERENCE_AVOID] = "trusted.oomd_avoid",
                                            [PW_PREFERENCE_OMIT] = "trusted.oomd_omit"};
static const char *const user_names[] = {[PW_PREFERENCE_PREFER] = "user.oomd_prefer",
                                         [PW_PREFERENCE_AVOID] = "user.oomd_avoid",
                                         [PW_PREFERENCE_OMIT] = "user.oomd_omit"};


static bool is_set(int fd, const char *name) {
    char value[2];
    ssize_t size = fgetxattr(fd, name, value, sizeof value);
    return size >= 1 && value[0] == '1';
}


/* What one folder says, unless something stronger is known already. */
static enum pw_cgroup_preference stronger(int fd, enum pw_cgroup_preference known) {
    struct stat status;
    bool is_roots = fstat(fd, &status) == 0 && status.st_uid == 0;
    for (int i = PW_PREFERENCE_OMIT; i > (int)known; i--) {
        if (is_set(fd, trusted_names[i]) || (is_roots && is_set(fd, user_names[i]))) {
            return (enum pw_cgroup_preference)i;
        }
    }
    return known;
}


int pw_cgroup_read_preference(const struct pw_source *source, const struct pw_cgroups *cgroups,
                              struct pw_slice path, enum pw_cgroup_preference *preference) {
    bool more = true;
    *preference = PW_PREFERENCE_NONE;
    while (more) {
        int fd = pw_cgroup_open(source, cgroups, path);
        if (fd < 0) {
            return fd;
        }
        *preference = stronger(fd, *preference);
        close(fd);
        more = pw_cgroup_parent(&path);
    }
    return 0;
}


/* Whether what is written in "user" at one folder counts for who watches the other: its owner. */
static bool has_say(int fd, int watched_fd) {
    struct stat status, watched;
    return fstat(fd, &status) == 0 && fstat(watched_fd, &watched) == 0 &&
           (status.st_uid == 0 || status.st_uid == watched.st_uid);
}


int pw_cgroup_read_own_preference(const struct pw_source *source, const struct pw_cgroups *cgroups,
                                  struct pw_slice path, struct pw_slice watched,
                                  enum pw_cgroup_preference *preference) {
    *preference = PW_PREFERENCE_NONE;
    int fd = pw_cgroup_open(source, cgroups, path);
    if (fd < 0) {
        return fd;
    }
    int watched_fd = pw_cgroup_open(source, cgroups, watched);
    if (watched_fd >= 0 && has_say(fd, watched_fd)) {
        *preference = is_set(fd, user_names[PW_PREFERENCE_OMIT])    ? PW_PREFERENCE_OMIT
                      : is_set(fd, user_names[PW_PREFERENCE_AVOID]) ? PW_PREFERENCE_AVOID
                                                                    : PW_PREFERENCE_NONE;
    }
    if (watched_fd >= 0) {
        close(watched_fd);
    }
    close(fd);
    return watched_fd < 0 ? watched_fd : 0;
}
