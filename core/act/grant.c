/* SPDX-License-Identifier: MIT */
#include "act/grant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "act/sysctl.h"


static int add_text(struct pw_grants *grants, const char *kind, const char *subject, size_t size) {
    char **texts = realloc(grants->texts, ((size_t)grants->count + 1) * sizeof *texts);
    if (!texts) {
        return -ENOMEM;
    }
    grants->texts = texts;
    char *text = malloc(strlen(kind) + size + 1);
    if (!text) {
        return -ENOMEM;
    }
    char *end = stpcpy(text, kind);
    memcpy(end, subject, size);
    end[size] = '\0';
    texts[grants->count++] = text;
    return 0;
}


static int add_sysctl(struct pw_grants *grants, struct pw_slice name) {
    char dotted[NAME_MAX];
    return pw_sysctl_name(name, dotted, sizeof dotted)
               ? add_text(grants, "sysctl ", dotted, strlen(dotted))
               : -EINVAL;
}


/* A grant's path is only compared with paths that were checked, so ".." in it grants nothing. */
static int add_cgroup(struct pw_grants *grants, struct pw_slice path) {
    if (path.size == 0 || path.data[0] != '/') {
        return -EINVAL;
    }
    while (path.size > 0 && path.data[path.size - 1] == '/') {
        path.size--;
    }
    return add_text(grants, "cgroup ", path.data, path.size);
}


int pw_grants_add(struct pw_grants *grants, struct pw_slice words) {
    words = pw_slice_trim(words);
    if (pw_slice_is(words, "oom")) {
        grants->oom = true;
        return 0;
    }
    struct pw_slice kind;
    if (!pw_take_until(&words, ' ', &kind)) {
        return -EINVAL;
    }
    words = pw_slice_trim(words);
    if (pw_slice_is(kind, "sysctl")) {
        return add_sysctl(grants, words);
    }
    return pw_slice_is(kind, "cgroup") ? add_cgroup(grants, words) : -EINVAL;
}


int pw_grants_parse(struct pw_grants *grants, struct pw_slice text, int *line) {
    struct pw_slice words, before;
    for (*line = 1; pw_take_line(&text, &words); ++*line) {
        if (pw_take_until(&words, '#', &before)) {
            words = before;
        }
        words = pw_slice_trim(words);
        int error = words.size ? pw_grants_add(grants, words) : 0;
        if (error) {
            return error;
        }
    }
    return 0;
}


static bool covers(const char *text, const struct pw_setting *setting) {
    struct pw_slice granted = pw_slice_of(text), kind, subject = pw_setting_subject(setting);
    pw_take_until(&granted, ' ', &kind);
    if (!pw_slice_is(kind, setting->kind == PW_SETTING_SYSCTL ? "sysctl" : "cgroup") ||
        granted.size > subject.size || memcmp(granted.data, subject.data, granted.size) != 0) {
        return false;
    }
    bool whole = granted.size == subject.size;
    return whole || (setting->kind == PW_SETTING_CGROUP && subject.data[granted.size] == '/');
}


bool pw_grants_allow(const struct pw_grants *grants, const struct pw_setting *setting) {
    if (setting->kind == PW_SETTING_OOM) {
        return grants->oom;
    }
    for (int i = 0; i < grants->count; i++) {
        if (covers(grants->texts[i], setting)) {
            return true;
        }
    }
    return false;
}


void pw_grants_free(struct pw_grants *grants) {
    for (int i = 0; i < grants->count; i++) {
        free(grants->texts[i]);
    }
    free(grants->texts);
    *grants = (struct pw_grants){0};
}
