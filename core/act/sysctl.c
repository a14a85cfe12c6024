/* SPDX-License-Identifier: MIT */
#include "act/sysctl.h"

#include <string.h>

static const char *const pairs[][2] = {
    {"vm.dirty_bytes", "vm.dirty_ratio"},
    {"vm.dirty_background_bytes", "vm.dirty_background_ratio"},
    {"vm.overcommit_kbytes", "vm.overcommit_ratio"},
};

static const char *const actions[] = {"vm.compact_memory", "vm.drop_caches",
                                      "vm.scan_unevictable_pages", "vm.stat_refresh"};


/* No part of a path may be empty, "." or "..". */
static bool is_plain(struct pw_slice part) {
    return part.size > 0 && !pw_slice_is(part, ".") && !pw_slice_is(part, "..") &&
           !memchr(part.data, '\n', part.size) && !memchr(part.data, '\0', part.size);
}


/* The parts as they are in the file system, where a "/" that stood for itself is a dot. */
static bool has_plain_parts(const char *name) {
    char path[256];
    struct pw_slice rest, part;
    if (!pw_sysctl_path(name, path, sizeof path)) {
        return false;
    }
    rest = pw_slice_of(path);
    while (pw_take_until(&rest, '/', &part)) {
        if (!is_plain(part)) {
            return false;
        }
    }
    return is_plain(rest);
}


bool pw_sysctl_name(struct pw_slice name, char *out, size_t room) {
    if (name.size == 0 || name.size >= room || memchr(name.data, '\0', name.size)) {
        return false;
    }
    memcpy(out, name.data, name.size);
    out[name.size] = '\0';
    bool slashed = out[strcspn(out, "./")] == '/';
    for (char *at = out; slashed && *at; at++) {
        *at = *at == '/' ? '.' : *at == '.' ? '/' : *at;
    }
    return has_plain_parts(out);
}


bool pw_sysctl_path(const char *name, char *out, size_t room) {
    size_t folder = strlen(PW_SYSCTL_FOLDER);
    if (folder + strlen(name) >= room) {
        return false;
    }
    strcpy(stpcpy(out, PW_SYSCTL_FOLDER), name);
    for (char *at = out + folder; *at; at++) {
        *at = *at == '/' ? '.' : *at == '.' ? '/' : *at;
    }
    return true;
}


const char *pw_sysctl_partner(const char *name) {
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (int member = 0; member < 2; member++) {
            if (strcmp(name, pairs[i][member]) == 0) {
                return pairs[i][!member];
            }
        }
    }
    return NULL;
}


bool pw_sysctl_is_action(const char *name) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(name, actions[i]) == 0) {
            return true;
        }
    }
    return false;
}
