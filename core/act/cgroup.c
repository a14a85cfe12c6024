/* SPDX-License-Identifier: MIT */
#include "act/cgroup.h"

#include <string.h>

#include "act/file.h"
#include "act/systemd.h"
#include "read/cgroup.h"
#include "read/cgroupfs.h"


/* The cgroup's own path in its hierarchy, and the name of its file. */
static struct pw_slice path_of(const struct pw_setting *setting, const char **file) {
    struct pw_slice path = pw_slice_of(strchr(setting->key, ' ') + 1);
    const char *blank = strrchr(setting->key, ' ');
    path.size = (size_t)(blank - path.data);
    *file = blank + 1;
    return path;
}


/* Whether a path is the cgroup's or one below it. */
static bool is_within(struct pw_slice path, struct pw_slice cgroup) {
    bool starts = path.size >= cgroup.size && memcmp(path.data, cgroup.data, cgroup.size) == 0;
    return starts &&
           (path.size == cgroup.size || cgroup.size == 1 || path.data[cgroup.size] == '/');
}


/* Whether a process is in the cgroup, in whatever hierarchy. */
static bool holds(const struct pw_source *source, struct pw_buffer *buffer, const char *file,
                  struct pw_slice cgroup) {
    struct pw_membership membership;
    struct pw_flaws flaws = {0};
    if (pw_source_read(source, file, buffer)) {
        return false;
    }
    struct pw_slice rest = pw_buffer_text(buffer);
    while (pw_next_membership(&rest, &membership, &flaws)) {
        if (is_within(membership.path, cgroup)) {
            return true;
        }
    }
    return false;
}


const char *pw_cgroup_taboo(const struct pw_source *source, struct pw_buffer *buffer,
                            const struct pw_setting *setting) {
    const char *file;
    struct pw_slice cgroup = path_of(setting, &file);
    if (strcmp(file, "cgroup.freeze") != 0 && strcmp(file, PW_FREEZER_STATE) != 0) {
        return NULL;
    }
    if (source->live && holds(source, buffer, "proc/self/cgroup", cgroup)) {
        return "pagewarden itself is in it";
    }
    return holds(source, buffer, "proc/1/cgroup", cgroup) ? "init is in it" : NULL;
}


/* The folder of the cgroup, from the root. */
static void copy_folder(const struct pw_setting *setting, char folder[PW_KEY_BYTES]) {
    strcpy(folder, setting->paths[0]);
    *strrchr(folder, '/') = '\0';
}


int pw_cgroup_write(const struct pw_source *source, struct pw_buffer *buffer,
                    const struct pw_setting *setting, const char *text) {
    char unit[PW_UNIT_BYTES], assignment[PW_ASSIGNMENT_BYTES], folder[PW_KEY_BYTES];
    const char *file;
    struct pw_slice cgroup = path_of(setting, &file);
    copy_folder(setting, folder);
    if (pw_systemd_unit(cgroup, unit) && pw_systemd_assignment(file, text, assignment) &&
        pw_systemd_manages(source, pw_cgroups_find(source, buffer).mount, folder)) {
        return pw_systemd_set(unit, assignment);
    }
    return pw_file_write(source, source->root_fd, setting->paths[0], text);
}
