/* SPDX-License-Identifier: MIT */
#include "read/status.h"

#include <string.h>

#include "read/keyed.h"

struct rule {
    const char *key;
    bool prefix; /* the rule is for every key that begins so */
    enum pw_status_kind kind;
};

/* In the order of their first letters. */
static const struct rule rules[] = {
    {"Cap", true, PW_STATUS_TEXT},          {"Cpus_allowed", true, PW_STATUS_TEXT},
    {"FDSize", false, PW_STATUS_NUMBER},    {"Gid", false, PW_STATUS_LIST},
    {"Groups", false, PW_STATUS_LIST},      {"HugetlbPages", false, PW_STATUS_NUMBER},
    {"Mems_allowed", true, PW_STATUS_TEXT}, {"NStgid", false, PW_STATUS_LIST},
    {"NSpid", false, PW_STATUS_LIST},       {"NSpgid", false, PW_STATUS_LIST},
    {"NSsid", false, PW_STATUS_LIST},       {"Name", false, PW_STATUS_TEXT},
    {"Ngid", false, PW_STATUS_NUMBER},      {"Pid", false, PW_STATUS_NUMBER},
    {"PPid", false, PW_STATUS_NUMBER},      {"Rss", true, PW_STATUS_NUMBER},
    {"State", false, PW_STATUS_TEXT},       {"Sig", true, PW_STATUS_TEXT},
    {"Shd", true, PW_STATUS_TEXT},          {"Tgid", false, PW_STATUS_NUMBER},
    {"TracerPid", false, PW_STATUS_NUMBER}, {"Threads", false, PW_STATUS_NUMBER},
    {"Uid", false, PW_STATUS_LIST},         {"Umask", false, PW_STATUS_TEXT},
    {"Vm", true, PW_STATUS_NUMBER}};


static const struct rule *rule_for(struct pw_slice key) {
    const struct rule *rule = rules, *end = rules + sizeof rules / sizeof *rules;
    while (rule < end && rule->key[0] < key.data[0]) {
        rule++;
    }
    for (; rule < end && rule->key[0] == key.data[0]; rule++) {
        if (rule->prefix ? pw_slice_starts(key, rule->key) : pw_slice_is(key, rule->key)) {
            return rule;
        }
    }
    return NULL;
}


/* Settles the kind; false when a number belongs there and is not. */
static bool classify(struct pw_status_field *field, struct pw_flaws *flaws) {
    const struct rule *rule = rule_for(field->key);
    field->kind = rule ? rule->kind : PW_STATUS_NUMBER;
    if (field->kind != PW_STATUS_NUMBER) {
        return true;
    }
    if (pw_parse_value(field->text, &field->number)) {
        pw_note_number(flaws, &field->number);
        return true;
    }
    field->kind = PW_STATUS_TEXT;
    return !rule;
}


bool pw_next_status_field(struct pw_slice *rest, struct pw_status_field *field,
                          struct pw_flaws *flaws) {
    struct pw_slice line;
    while (pw_take_line(rest, &line)) {
        if (pw_take_until(&line, ':', &field->key)) {
            field->key = pw_slice_trim(field->key);
            field->text = pw_slice_trim(line);
            if (field->key.size > 0 && classify(field, flaws)) {
                return true;
            }
        }
        flaws->skipped++;
    }
    return false;
}


bool pw_next_status_item(struct pw_slice *list, struct pw_number *number, struct pw_flaws *flaws) {
    struct pw_slice word;
    while (pw_take_word(list, &word)) {
        if (pw_parse_number(word, number)) {
            pw_note_number(flaws, number);
            return true;
        }
        flaws->skipped++;
    }
    return false;
}


size_t pw_unescape_status_name(struct pw_slice text, char *out, size_t room) {
    size_t written = 0;
    while (text.size > 0 && written < room) {
        bool escaped = pw_slice_starts(text, "\\n") || pw_slice_starts(text, "\\\\");
        char last = text.data[escaped];
        out[written++] = escaped && last == 'n' ? '\n' : last;
        text = pw_slice_skip(text, escaped ? 2 : 1);
    }
    return written;
}


/* The line's value as bytes, where `target` says. */
static void take_value(struct pw_slice value, int64_t *target, struct pw_flaws *flaws) {
    struct pw_number number;
    if (!pw_parse_value(value, &number)) {
        flaws->skipped++;
        return;
    }
    pw_note_number(flaws, &number);
    *target = number.value;
}


/* "Uid: real effective saved file-system". */
static void take_effective_uid(struct pw_slice value, int64_t *uid, struct pw_flaws *flaws) {
    struct pw_slice real, effective = {0};
    pw_take_word(&value, &real);
    pw_take_word(&value, &effective);
    take_value(effective, uid, flaws);
}


/* Where a line's value goes, or NULL: most lines are turned away by their first byte. */
static int64_t *target_of(struct pw_slice line, struct pw_status_memory *memory, size_t *skip) {
    static const struct {
        const char *key;
        size_t size, offset;
    } wanted[] = {
        {"Uid:", 4, offsetof(struct pw_status_memory, uid)},
        {"RssAnon:", 8, offsetof(struct pw_status_memory, rss_anon_bytes)},
        {"RssFile:", 8, offsetof(struct pw_status_memory, rss_file_bytes)},
        {"RssShmem:", 9, offsetof(struct pw_status_memory, rss_shmem_bytes)},
        {"VmSwap:", 7, offsetof(struct pw_status_memory, swap_bytes)},
    };
    if (line.size == 0 || !strchr("URV", line.data[0])) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (line.size >= wanted[i].size && memcmp(line.data, wanted[i].key, wanted[i].size) == 0) {
            *skip = wanted[i].size;
            return (int64_t *)(void *)((char *)memory + wanted[i].offset);
        }
    }
    return NULL;
}


void pw_parse_status_memory(struct pw_slice text, struct pw_status_memory *memory,
                            struct pw_flaws *flaws) {
    *memory = (struct pw_status_memory){PW_ABSENT, PW_ABSENT, PW_ABSENT, PW_ABSENT, PW_ABSENT};
    struct pw_slice line;
    /* VmSwap is the last of them. */
    while (memory->swap_bytes == PW_ABSENT && pw_take_line(&text, &line)) {
        size_t skip;
        int64_t *target = target_of(line, memory, &skip);
        if (target == &memory->uid) {
            take_effective_uid(pw_slice_skip(line, skip), target, flaws);
        } else if (target) {
            take_value(pw_slice_skip(line, skip), target, flaws);
        }
    }
}
