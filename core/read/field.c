/* SPDX-License-Identifier: MIT */
#include "read/field.h"

static const char *const names[PW_FIELDS + 1] = {
    [PW_PID] = "pid",
    [PW_PPID] = "ppid",
    [PW_PGRP] = "pgrp",
    [PW_STATE] = "state",
    [PW_THREADS] = "threads",
    [PW_START_TIME] = "start_time",
    [PW_VSIZE] = "vsize",
    [PW_RSS] = "rss",
    [PW_MINFLT] = "minflt",
    [PW_MAJFLT] = "majflt",
    [PW_UID] = "uid",
    [PW_RSS_ANON] = "rss_anon",
    [PW_RSS_FILE] = "rss_file",
    [PW_RSS_SHMEM] = "rss_shmem",
    [PW_SWAP] = "swap",
    [PW_OOM_SCORE] = "oom_score",
    [PW_OOM_SCORE_ADJ] = "oom_score_adj",
    [PW_PSS] = "pss",
    [PW_USS] = "uss",
    [PW_COMM] = "comm",
    [PW_CGROUP] = "cgroup",
    [PW_UNIT] = "unit",
    [PW_CMDLINE] = "cmdline",
    [PW_FIELDS] = NULL,
};

static const pw_field_set fields_of_file[PW_FILES] = {
    [PW_FILE_STAT] = PW_BIT(PW_PID) | PW_BIT(PW_PPID) | PW_BIT(PW_PGRP) | PW_BIT(PW_STATE) |
                     PW_BIT(PW_THREADS) | PW_BIT(PW_START_TIME) | PW_BIT(PW_VSIZE) |
                     PW_BIT(PW_RSS) | PW_BIT(PW_MINFLT) | PW_BIT(PW_MAJFLT) | PW_BIT(PW_COMM),
    [PW_FILE_STATUS] = PW_BIT(PW_UID) | PW_BIT(PW_RSS_ANON) | PW_BIT(PW_RSS_FILE) |
                       PW_BIT(PW_RSS_SHMEM) | PW_BIT(PW_SWAP),
    [PW_FILE_OOM_SCORE] = PW_BIT(PW_OOM_SCORE),
    [PW_FILE_OOM_SCORE_ADJ] = PW_BIT(PW_OOM_SCORE_ADJ),
    [PW_FILE_CGROUP] = PW_BIT(PW_CGROUP) | PW_BIT(PW_UNIT),
    [PW_FILE_CMDLINE] = PW_BIT(PW_CMDLINE),
    [PW_FILE_ROLLUP] = PW_EXPENSIVE_FIELDS,
};


const char *pw_field_name(enum pw_field_id id) {
    return names[id];
}


const char *const *pw_field_names(void) {
    return names;
}


enum pw_field_id pw_field_of(struct pw_slice name) {
    int id = 0;
    while (id < PW_FIELDS && !pw_slice_is(name, names[id])) {
        id++;
    }
    return (enum pw_field_id)id;
}


bool pw_field_is_text(enum pw_field_id id) {
    return (int)id >= PW_NUMBERS;
}


bool pw_field_is_gauge_or_counter(enum pw_field_id id) {
    const pw_field_set standing = PW_BIT(PW_PID) | PW_BIT(PW_PPID) | PW_BIT(PW_STATE) |
                                  PW_BIT(PW_START_TIME) | PW_BIT(PW_UID);
    return !pw_field_is_text(id) && !(standing & PW_BIT(id));
}


const char *pw_file_name(enum pw_file_id id) {
    static const char *const files[PW_FILES] = {
        [PW_FILE_STAT] = "stat",           [PW_FILE_STATUS] = "status",
        [PW_FILE_OOM_SCORE] = "oom_score", [PW_FILE_OOM_SCORE_ADJ] = "oom_score_adj",
        [PW_FILE_CGROUP] = "cgroup",       [PW_FILE_CMDLINE] = "cmdline",
        [PW_FILE_ROLLUP] = "smaps_rollup",
    };
    return files[id];
}


pw_file_set pw_files_of(pw_field_set fields) {
    pw_file_set files = 0;
    for (int id = 0; id < PW_FILES; id++) {
        if (fields_of_file[id] & fields) {
            files |= PW_BIT(id);
        }
    }
    return files;
}
