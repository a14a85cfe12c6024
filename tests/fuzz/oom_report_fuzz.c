/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <string.h>

#include "read/oom_report.h"

static struct pw_oom_reports reports;


/* The texts of a report are bytes that can be read, no more of them than a line has. */
static void demand_readable(struct pw_slice text) {
    char copy[PW_LOG_LINE_BYTES];
    fuzz_demand(text.size <= sizeof copy);
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
        fuzz_demand(memcmp(copy, text.data, text.size) == 0);
    }
}


/* Each line is a record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), record;
    struct pw_oom_report report;
    reports = (struct pw_oom_reports){0};
    while (pw_take_line(&text, &record)) {
        if (pw_oom_reports_add(&reports, record, &report)) {
            demand_readable(report.comm);
            demand_readable(report.constraint);
            demand_readable(report.cgroup);
            demand_readable(report.oom_cgroup);
        }
    }
    return 0;
}
