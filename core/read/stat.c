/* SPDX-License-Identifier: MIT */
#include "read/stat.h"

#include <assert.h>
#include <string.h>

#include "read/row.h"

const char *const pw_stat_names[PW_STAT_ALL] = {
    "ppid",        "pgrp",        "session",
    "tty_nr",      "tpgid",       "flags",
    "minflt",      "cminflt",     "majflt",
    "cmajflt",     "utime",       "stime",
    "cutime",      "cstime",      "priority",
    "nice",        "num_threads", "itrealvalue",
    "starttime",   "vsize",       "rss",
    "rsslim",      "startcode",   "endcode",
    "startstack",  "kstkesp",     "kstkeip",
    "signal",      "blocked",     "sigignore",
    "sigcatch",    "wchan",       "nswap",
    "cnswap",      "exit_signal", "processor",
    "rt_priority", "policy",      "delayacct_blkio_ticks",
    "guest_time",  "cguest_time", "start_data",
    "end_data",    "start_brk",   "arg_start",
    "arg_end",     "env_start",   "env_end",
    "exit_code"};

static_assert(offsetof(struct pw_stat, exit_code) ==
                  offsetof(struct pw_stat, numbers) + sizeof(int64_t) * (PW_STAT_ALL - 1),
              "members and numbers[] are the same");
static_assert(offsetof(struct pw_stat, rss_pages) ==
                  offsetof(struct pw_stat, numbers) + sizeof(int64_t) * (PW_STAT_UP_TO_RSS - 1),
              "a sweep reads up to rss");


/* Takes "pid (comm) " off the front of `text`. */
static bool take_name(struct pw_slice *text, struct pw_stat *stat) {
    const char *open = text->size ? memchr(text->data, '(', text->size) : NULL;
    const char *close = text->size ? memrchr(text->data, ')', text->size) : NULL;
    if (!open || !close || close < open) {
        return false;
    }
    struct pw_slice pid = {text->data, (size_t)(open - text->data)};
    struct pw_number number;
    if (!pw_parse_number(pw_slice_trim(pid), &number)) {
        return false;
    }
    stat->pid = number.value;
    stat->comm = (struct pw_slice){open + 1, (size_t)(close - open - 1)};
    *text = pw_slice_skip(*text, (size_t)(close + 1 - text->data));
    return true;
}


bool pw_parse_stat(struct pw_slice text, int count, struct pw_stat *stat, struct pw_flaws *flaws) {
    /* " S " and then the numbers. */
    if (!take_name(&text, stat) || text.size < 2 || text.data[0] != ' ' || text.data[1] <= ' ') {
        flaws->skipped++;
        return false;
    }
    stat->state = text.data[1];
    text = pw_slice_skip(text, 2);
    stat->present = pw_parse_row(&text, stat->numbers, count, flaws);
    memset(stat->numbers + count, 0, sizeof *stat->numbers * (size_t)(PW_STAT_ALL - count));
    return true;
}


bool pw_stat_is_over(const struct pw_stat *stat) {
    return stat->state == 'X' || (stat->state == 'Z' && stat->num_threads <= 1);
}


bool pw_parse_statm(struct pw_slice text, struct pw_statm *statm, struct pw_flaws *flaws) {
    statm->present = pw_parse_row(&text, statm->numbers, 7, flaws);
    bool usable = (statm->present & 3) == 3;
    flaws->skipped += !usable;
    return usable;
}
