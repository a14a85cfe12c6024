/* SPDX-License-Identifier: MIT */
#include "read/oom_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pw_oom_reports reports;


static void check(struct pw_slice text) {
    static volatile unsigned sum;
    for (size_t i = 0; i < text.size; i++) {
        sum += (unsigned char)text.data[i];
    }
    if (text.size > PW_OOM_LINE_BYTES) {
        __builtin_trap();
    }
}


/* Each line is a record; the texts of a report are bytes that can be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = {(const char *)data, size}, record;
    struct pw_oom_report report;
    reports = (struct pw_oom_reports){0};
    while (pw_take_line(&text, &record)) {
        if (pw_oom_reports_add(&reports, record, &report)) {
            check(report.comm);
            check(report.constraint);
            check(report.cgroup);
            check(report.oom_cgroup);
        }
    }
    return 0;
}
