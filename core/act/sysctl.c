/* SPDX-License-Identifier: MIT */
#include "act/sysctl.h"

#include <string.h>

#include "act/tunable.h"

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


static const struct pw_tunable *find(const char *name) {
    return pw_tunable_find(pw_sysctl_tunables, pw_slice_of(name));
}


const char *pw_sysctl_partner(const char *name) {
    const struct pw_tunable *tunable = find(name);
    return tunable ? tunable->partner : NULL;
}


bool pw_sysctl_is_action(const char *name) {
    const struct pw_tunable *tunable = find(name);
    return tunable && tunable->kind == PW_TUNABLE_TRIGGER;
}
