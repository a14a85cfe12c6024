/* SPDX-License-Identifier: MIT */
#include "read/oom_report.h"

#include <string.h>

#include "read/search.h"

static const char summary_start[] = "oom-kill:constraint=";

static const struct pw_oom_report unknown = {
    .comm = {"", 0},
    .uid = PW_ABSENT,
    .total_vm_bytes = PW_ABSENT,
    .anon_rss_bytes = PW_ABSENT,
    .file_rss_bytes = PW_ABSENT,
    .shmem_rss_bytes = PW_ABSENT,
    .pgtables_bytes = PW_ABSENT,
    .oom_score_adj = PW_ABSENT,
    .constraint = {"", 0},
    .cgroup = {"", 0},
    .oom_cgroup = {"", 0},
};


static const struct {
    const char *key;
    size_t offset;
} fields[] = {
    {"total-vm", offsetof(struct pw_oom_report, total_vm_bytes)},
    {"vsz", offsetof(struct pw_oom_report, total_vm_bytes)},
    {"anon-rss", offsetof(struct pw_oom_report, anon_rss_bytes)},
    {"file-rss", offsetof(struct pw_oom_report, file_rss_bytes)},
    {"shmem-rss", offsetof(struct pw_oom_report, shmem_rss_bytes)},
    {"pgtables", offsetof(struct pw_oom_report, pgtables_bytes)},
    {"UID", offsetof(struct pw_oom_report, uid)},
    {"oom_score_adj", offsetof(struct pw_oom_report, oom_score_adj)},
};


/* "anon-rss:164992kB," or "UID:0". */
static void set_field(struct pw_oom_report *report, struct pw_slice word) {
    struct pw_slice key, value = pw_without_suffix(word, ",");
    struct pw_number number;
    if (!pw_take_until(&value, ':', &key)) {
        return;
    }
    struct pw_slice digits = pw_without_suffix(value, "kB");
    if (!pw_parse_number(digits, &number)) {
        return;
    }
    pw_scale_number(&number, digits.size < value.size ? 1024 : 1);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (pw_slice_is(key, fields[i].key)) {
            memcpy((char *)report + fields[i].offset, &number.value, sizeof number.value);
        }
    }
}


/* The comm ends where the numbers begin: it may hold anything, but hardly this at its very end. */
static bool take_comm(struct pw_slice text, struct pw_slice *comm, struct pw_slice *numbers) {
    static const char *const marks[] = {") total-vm:", ") vsz:"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (pw_find_last(text, marks[i], numbers)) {
            *comm = pw_before(text, *numbers, marks[i]);
            *numbers = pw_slice_skip(text, comm->size + 2);
            return true;
        }
    }
    return false;
}


/* After "Out of memory: ", "Out of memory (oom_kill_allocating_task): ", "Memory cgroup out of
 * memory: " or, before 5.0, nothing. */
static bool find_kill(struct pw_slice line, struct pw_slice *rest) {
    bool known = pw_slice_starts(line, "Out of memory") || pw_slice_starts(line, "Killed") ||
                 pw_slice_starts(line, "Memory cgroup out of memory: ");
    return known && pw_find_first(line, "Killed process ", rest);
}


/* "Killed process 9 (hog) total-vm:…", or "Killed process 9, UID 0, (hog) …" of RHEL 6. */
bool pw_parse_oom_kill(struct pw_slice line, struct pw_oom_report *report) {
    struct pw_slice rest, numbers, word;
    *report = unknown;
    if (!find_kill(line, &rest) || !pw_take_number(&rest, &report->pid)) {
        return false;
    }
    if (pw_take_prefix(&rest, ", UID ")) {
        pw_take_number(&rest, &report->uid);
    }
    if (!pw_find_first(rest, "(", &rest) || !take_comm(rest, &report->comm, &numbers)) {
        return false;
    }
    while (pw_take_word(&numbers, &word)) {
        set_field(report, word);
    }
    if (pw_slice_starts(line, "Memory cgroup")) {
        report->constraint = pw_slice_of("CONSTRAINT_MEMCG");
    }
    return true;
}


bool pw_parse_oom_summary(struct pw_slice line, struct pw_oom_summary *summary) {
    struct pw_slice pid, uid;
    summary->uid = PW_ABSENT;
    if (!pw_slice_starts(line, summary_start) || !pw_find_last(line, ",pid=", &pid) ||
        !pw_take_number(&pid, &summary->pid)) {
        return false;
    }
    if (pw_find_last(line, ",uid=", &uid)) {
        pw_take_number(&uid, &summary->uid);
    }
    summary->constraint = pw_between(line, summary_start, ",");
    summary->cpuset = pw_between(line, ",cpuset=", ",mems_allowed=");
    summary->mems_allowed = pw_between(line, ",mems_allowed=", ",global_oom,");
    if (summary->mems_allowed.size == 0) {
        summary->mems_allowed = pw_between(line, ",mems_allowed=", ",oom_memcg=");
    }
    summary->oom_cgroup = pw_between(line, ",oom_memcg=", ",task_memcg=");
    summary->cgroup = pw_between(line, ",task_memcg=", ",task=");
    return true;
}


/* What the summary adds, when it is this process's. */
static void add_summary(struct pw_slice line, struct pw_oom_report *report) {
    struct pw_oom_summary summary;
    if (!pw_parse_oom_summary(line, &summary) || summary.pid != report->pid) {
        return;
    }
    report->constraint = summary.constraint;
    report->oom_cgroup = summary.oom_cgroup;
    report->cgroup = summary.cgroup;
    if (report->uid == PW_ABSENT) {
        report->uid = summary.uid;
    }
}


static bool add_line(struct pw_oom_reports *reports, struct pw_slice line,
                     struct pw_oom_report *report) {
    if (pw_slice_starts(line, summary_start)) {
        memcpy(reports->summary, line.data, line.size);
        reports->summary_bytes = line.size;
        return false;
    }
    if (!pw_parse_oom_kill(line, report)) {
        return false;
    }
    add_summary((struct pw_slice){reports->summary, reports->summary_bytes}, report);
    return true;
}


bool pw_oom_reports_add(struct pw_oom_reports *reports, struct pw_slice record,
                        struct pw_oom_report *report) {
    struct pw_log_line line;
    if (!pw_parse_log_record(record, reports->line, &line)) {
        return false;
    }
    pw_log_gaps_note(&reports->gaps, &line);
    return line.from_kernel && add_line(reports, line.text, report);
}
