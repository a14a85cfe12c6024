/* SPDX-License-Identifier: MIT */
#include "bind/oom_fields.h"

const struct pw_oom_field pw_oom_numbers[PW_OOM_NUMBERS] = {
    {"pid", offsetof(struct pw_oom_report, pid)},
    {"uid", offsetof(struct pw_oom_report, uid)},
    {"total_vm", offsetof(struct pw_oom_report, total_vm_bytes)},
    {"anon_rss", offsetof(struct pw_oom_report, anon_rss_bytes)},
    {"file_rss", offsetof(struct pw_oom_report, file_rss_bytes)},
    {"shmem_rss", offsetof(struct pw_oom_report, shmem_rss_bytes)},
    {"pgtables", offsetof(struct pw_oom_report, pgtables_bytes)},
    {"oom_score_adj", offsetof(struct pw_oom_report, oom_score_adj)},
};

const struct pw_oom_field pw_oom_texts[PW_OOM_TEXTS] = {
    {"comm", offsetof(struct pw_oom_report, comm)},
    {"constraint", offsetof(struct pw_oom_report, constraint)},
    {"cgroup", offsetof(struct pw_oom_report, cgroup)},
    {"oom_cgroup", offsetof(struct pw_oom_report, oom_cgroup)},
};


int64_t *pw_oom_number(struct pw_oom_report *report, int i) {
    return (int64_t *)((char *)report + pw_oom_numbers[i].offset);
}


struct pw_slice *pw_oom_text(struct pw_oom_report *report, int i) {
    return (struct pw_slice *)((char *)report + pw_oom_texts[i].offset);
}


void pw_set_known(lua_State *L, const char *name, int64_t number) {
    if (number != PW_ABSENT) {
        pw_set_integer(L, name, number);
    }
}


void pw_set_text(lua_State *L, const char *name, struct pw_slice text) {
    if (text.size > 0) {
        pw_set_slice(L, name, text);
    }
}


void pw_set_oom_report(lua_State *L, struct pw_oom_report report) {
    for (int i = 0; i < PW_OOM_NUMBERS; i++) {
        pw_set_known(L, pw_oom_numbers[i].name, *pw_oom_number(&report, i));
    }
    for (int i = 0; i < PW_OOM_TEXTS; i++) {
        pw_set_text(L, pw_oom_texts[i].name, *pw_oom_text(&report, i));
    }
}
