/* SPDX-License-Identifier: MIT */
#include "act/manual_oom.h"

#include "read/kernel_version.h"
#include "read/keyed.h"
#include "read/search.h"
#include "read/single.h"


/* Linux 4.3: "mm, oom: do not panic for oom kills triggered from sysrq". */
const char *pw_manual_oom_taboo(const struct pw_source *source, struct pw_buffer *buffer) {
    struct pw_number panic;
    struct pw_flaws flaws = {0};
    int64_t version = pw_kernel_version(source, buffer);
    if (version == 0 || version >= PW_LINUX(4, 3, 0) ||
        pw_source_read(source, "proc/sys/vm/panic_on_oom", buffer) ||
        !pw_parse_single(pw_buffer_text(buffer), &panic, &flaws) || panic.value == 0) {
        return NULL;
    }
    return "before Linux 4.3 it panics where vm.panic_on_oom is not 0";
}


static int64_t count_kills(const struct pw_manual_oom *oom) {
    struct pw_flaws flaws = {0};
    struct pw_field field;
    if (pw_source_read(oom->source, "proc/vmstat", oom->buffer)) {
        return PW_ABSENT;
    }
    struct pw_slice rest = pw_buffer_text(oom->buffer);
    while (pw_next_blank_field(&rest, &field, &flaws)) {
        if (pw_slice_is(field.key, "oom_kill")) {
            return field.number.value;
        }
    }
    return PW_ABSENT;
}


void pw_manual_oom_begin(struct pw_manual_oom *oom, const struct pw_source *source,
                         struct pw_buffer *buffer) {
    *oom = (struct pw_manual_oom){.source = source, .buffer = buffer};
    oom->kills_before = count_kills(oom);
    pw_log_tail_open(&oom->tail, source);
}


/* "OOM request ignored. No task eligible": drivers/tty/sysrq.c, moom_callback(). */
static bool says_nobody(struct pw_slice record) {
    char room[PW_LOG_LINE_BYTES];
    struct pw_log_line line;
    struct pw_slice rest;
    return pw_parse_log_record(record, room, &line) && line.from_kernel &&
           pw_find_first(line.text, "OOM request ignored", &rest);
}


/* A cgroup at its limit may lose a process at the same time. */
static bool is_of_the_machine(const struct pw_oom_report *report) {
    return !pw_slice_is(report->constraint, "CONSTRAINT_MEMCG");
}


static enum pw_manual_oom_end read_log(struct pw_manual_oom *oom) {
    char room[PW_LOG_RECORD_BYTES];
    struct pw_slice record;
    while (pw_log_tail_next(&oom->tail, room, &record)) {
        if (says_nobody(record)) {
            return PW_MANUAL_OOM_NOBODY;
        }
        if (pw_oom_reports_add(&oom->reports, record, &oom->report) &&
            is_of_the_machine(&oom->report)) {
            oom->reported = true;
            return PW_MANUAL_OOM_KILLED;
        }
    }
    return PW_MANUAL_OOM_PENDING;
}


enum pw_manual_oom_end pw_manual_oom_look(struct pw_manual_oom *oom, bool last) {
    enum pw_manual_oom_end end = read_log(oom);
    bool ask_vmstat = end == PW_MANUAL_OOM_PENDING && (last || oom->tail.fd < 0);
    if (ask_vmstat && oom->kills_before != PW_ABSENT && count_kills(oom) > oom->kills_before) {
        return PW_MANUAL_OOM_KILLED;
    }
    return end;
}


void pw_manual_oom_close(struct pw_manual_oom *oom) {
    pw_log_tail_close(&oom->tail);
}
