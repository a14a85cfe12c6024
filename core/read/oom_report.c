/* SPDX-License-Identifier: MIT */
#include "read/oom_report.h"

#include <string.h>

#include "read/keyed.h"

/* A record's number is its level and, above that, who wrote it: 0 is the kernel. */
#define LEVELS 8

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


/* What follows `mark`, the first or the last one, in the text; false when there is none. */
static bool find(struct pw_slice text, const char *mark, bool last, struct pw_slice *rest) {
    size_t size = strlen(mark);
    bool found = false;
    for (size_t at = 0; at + size <= text.size && (last || !found); at++) {
        if (memcmp(text.data + at, mark, size) == 0) {
            *rest = pw_slice_skip(text, at + size);
            found = true;
        }
    }
    return found;
}


/* The text before what find() left. */
static struct pw_slice before(struct pw_slice text, struct pw_slice rest, const char *mark) {
    return (struct pw_slice){text.data, text.size - rest.size - strlen(mark)};
}


/* What lies between the first `from` and the first `to` after it; empty when one is missing. */
static struct pw_slice between(struct pw_slice text, const char *from, const char *to) {
    struct pw_slice start, rest;
    if (!find(text, from, false, &start) || !find(start, to, false, &rest)) {
        return (struct pw_slice){text.data, 0};
    }
    return before(start, rest, to);
}


/* Takes digits off the front of the text. */
static bool take_digits(struct pw_slice *text, int64_t *value) {
    size_t size = 0;
    while (size < text->size && text->data[size] >= '0' && text->data[size] <= '9') {
        size++;
    }
    struct pw_number number;
    if (!pw_parse_number((struct pw_slice){text->data, size}, &number)) {
        return false;
    }
    *value = number.value;
    *text = pw_slice_skip(*text, size);
    return true;
}


static int digit_of(char c) {
    struct pw_slice digit = {&c, 1};
    uint64_t value;
    return pw_parse_hexadecimal(digit, &value) ? (int)value : -1;
}


/* The length of an escape at the front, \xNN, and its byte; 0 when there is none. */
static size_t escape_at(struct pw_slice text, char *byte) {
    if (text.size < 4 || text.data[0] != '\\' || text.data[1] != 'x') {
        return 0;
    }
    int high = digit_of(text.data[2]), low = digit_of(text.data[3]);
    *byte = (char)(high * 16 + low);
    return high < 0 || low < 0 ? 0 : 4;
}


/* Copies a record's text with escapes undone (kernel/printk/printk.c, msg_add_ext_text()). */
static struct pw_slice unescape(struct pw_slice text, char out[PW_OOM_LINE_BYTES]) {
    size_t size = 0;
    while (text.size > 0 && size < PW_OOM_LINE_BYTES) {
        size_t length = escape_at(text, &out[size]);
        if (length == 0) {
            out[size] = text.data[0];
            length = 1;
        }
        size++;
        text = pw_slice_skip(text, length);
    }
    return (struct pw_slice){out, size};
}


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


static struct pw_slice without(struct pw_slice text, const char *suffix) {
    size_t size = strlen(suffix);
    bool ends = text.size >= size && memcmp(text.data + text.size - size, suffix, size) == 0;
    return (struct pw_slice){text.data, ends ? text.size - size : text.size};
}


/* "anon-rss:164992kB," or "UID:0". */
static void set_field(struct pw_oom_report *report, struct pw_slice word) {
    struct pw_slice key, value = without(word, ",");
    struct pw_number number;
    if (!pw_take_until(&value, ':', &key)) {
        return;
    }
    struct pw_slice digits = without(value, "kB");
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
        if (find(text, marks[i], true, numbers)) {
            *comm = before(text, *numbers, marks[i]);
            *numbers = pw_slice_skip(text, comm->size + 2);
            return true;
        }
    }
    return false;
}


/* "Killed process 9 (hog) total-vm:…", or "Killed process 9, UID 0, (hog) …" of RHEL 6, after
 * "Out of memory: ", "Memory cgroup out of memory: " or, before 5.0, nothing. */
static bool parse_kill(struct pw_slice line, struct pw_oom_report *report) {
    struct pw_slice rest, numbers, word;
    bool known = pw_slice_starts(line, "Out of memory") || pw_slice_starts(line, "Killed") ||
                 pw_slice_starts(line, "Memory cgroup out of memory: ");
    if (!known || !find(line, "Killed process ", false, &rest) ||
        !take_digits(&rest, &report->pid)) {
        return false;
    }
    if (pw_slice_starts(rest, ", UID ")) {
        rest = pw_slice_skip(rest, strlen(", UID "));
        take_digits(&rest, &report->uid);
    }
    if (!find(rest, "(", false, &rest) || !take_comm(rest, &report->comm, &numbers)) {
        return false;
    }
    while (pw_take_word(&numbers, &word)) {
        set_field(report, word);
    }
    return true;
}


/* What the summary adds, when it is this process's. The names in it are bytes that others chose;
 * those of cgroups come first, so the first mark is the kernel's. */
static void add_summary(struct pw_slice summary, struct pw_oom_report *report) {
    struct pw_slice pid, uid;
    int64_t number;
    if (!find(summary, ",pid=", true, &pid) || !take_digits(&pid, &number) ||
        number != report->pid) {
        return;
    }
    report->constraint = between(summary, summary_start, ",");
    report->oom_cgroup = between(summary, ",oom_memcg=", ",task_memcg=");
    report->cgroup = between(summary, ",task_memcg=", ",task=");
    if (report->uid == PW_ABSENT && find(summary, ",uid=", true, &uid)) {
        take_digits(&uid, &report->uid);
    }
}


static bool add_line(struct pw_oom_reports *reports, struct pw_slice line,
                     struct pw_oom_report *report) {
    if (pw_slice_starts(line, summary_start)) {
        memcpy(reports->summary, line.data, line.size);
        reports->summary_bytes = line.size;
        return false;
    }
    *report = unknown;
    if (!parse_kill(line, report)) {
        return false;
    }
    add_summary((struct pw_slice){reports->summary, reports->summary_bytes}, report);
    if (report->constraint.size == 0 && pw_slice_starts(line, "Memory cgroup")) {
        report->constraint = pw_slice_of("CONSTRAINT_MEMCG");
    }
    return true;
}


static void count_lost(struct pw_oom_reports *reports, int64_t sequence) {
    uint64_t number = (uint64_t)sequence;
    if (reports->next_sequence && number > reports->next_sequence) {
        reports->lost += number - reports->next_sequence;
    }
    reports->next_sequence = number + 1;
}


bool pw_oom_reports_add(struct pw_oom_reports *reports, struct pw_slice record,
                        struct pw_oom_report *report) {
    struct pw_slice rest = record, header, line;
    int64_t number, sequence;
    if (!pw_take_until(&rest, ';', &header) || !take_digits(&header, &number) ||
        !pw_slice_starts(header, ",")) {
        return false;
    }
    header = pw_slice_skip(header, 1);
    if (!take_digits(&header, &sequence)) {
        return false;
    }
    count_lost(reports, sequence);
    if (number >= LEVELS || !pw_take_line(&rest, &line)) {
        return false;
    }
    return add_line(reports, unescape(line, reports->line), report);
}
