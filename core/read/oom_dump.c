/* SPDX-License-Identifier: MIT */
#include "read/oom_dump.h"

#include <string.h>

#include "read/search.h"

/* What stands for no limit: the kernel's PAGE_COUNTER_MAX, which is larger for smaller pages. */
#define LEAST_UNLIMITED (INT64_MAX - ((1 << 20) - 1))


/* The number after the first `mark`, or PW_ABSENT. */
static int64_t number_after(struct pw_slice text, const char *mark) {
    struct pw_slice rest;
    int64_t number;
    return pw_find_first(text, mark, &rest) && pw_take_number(&rest, &number) ? number : PW_ABSENT;
}


/* Reads "519112kB", "4KB" in bytes, or "239". */
static bool parse_amount(struct pw_slice text, struct pw_number *number) {
    struct pw_slice digits = pw_without_suffix(text, "kB");
    if (digits.size == text.size) {
        digits = pw_without_suffix(text, "KB");
    }
    if (!pw_parse_number(digits, number) || number->unlimited) {
        return false;
    }
    pw_scale_number(number, digits.size < text.size ? 1024 : 1);
    return true;
}


static bool is_hexadecimal(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}


static int64_t gfp_mask(struct pw_slice text) {
    struct pw_slice rest;
    uint64_t mask;
    if (!pw_find_first(text, "gfp_mask=0x", &rest)) {
        return PW_ABSENT;
    }
    struct pw_slice digits = {rest.data, 0};
    while (digits.size < rest.size && is_hexadecimal(rest.data[digits.size])) {
        digits.size++;
    }
    return pw_parse_hexadecimal(digits, &mask) ? (int64_t)mask : PW_ABSENT;
}


bool pw_parse_oom_invocation(struct pw_slice line, struct pw_oom_invocation *invocation) {
    static const char mark[] = " invoked oom-killer: ";
    struct pw_slice rest;
    if (!pw_find_first(line, mark, &rest)) {
        return false;
    }
    int64_t legacy = number_after(rest, " oom_adj="), older = number_after(rest, " oomkilladj=");
    *invocation = (struct pw_oom_invocation){
        .comm = pw_before(line, rest, mark),
        .gfp_mask = gfp_mask(rest),
        .gfp_flags = pw_between(rest, "(GFP_", ")"),
        .order = number_after(rest, " order="),
        .oom_adj = legacy == PW_ABSENT ? older : legacy,
        .oom_score_adj = number_after(rest, " oom_score_adj="),
    };
    if (invocation->gfp_flags.size > 0) {
        invocation->gfp_flags.data -= strlen("GFP_");
        invocation->gfp_flags.size += strlen("GFP_");
    }
    return true;
}


/* The last word before the build's number. */
static struct pw_slice release_in(struct pw_slice line) {
    struct pw_slice rest;
    if (!pw_find_last(line, " #", &rest)) {
        return (struct pw_slice){line.data, 0};
    }
    struct pw_slice release = pw_before(line, rest, " #"), word;
    struct pw_slice words = release;
    while (pw_take_word(&words, &word)) {
        release = word;
    }
    return release;
}


bool pw_parse_oom_invoker(struct pw_slice line, struct pw_oom_invoker *invoker) {
    bool current = pw_slice_starts(line, "CPU: ");
    if (!current && !pw_slice_starts(line, "Pid: ")) {
        return false;
    }
    invoker->pid = number_after(line, current ? " PID: " : "Pid: ");
    invoker->kernel = release_in(line);
    return invoker->pid != PW_ABSENT;
}


bool pw_parse_oom_cpuset(struct pw_slice line, struct pw_oom_cpuset *cpuset) {
    struct pw_slice start, rest;
    if (!pw_find_first(line, " cpuset=", &start) || !pw_find_last(start, " mems_allowed=", &rest)) {
        return false;
    }
    cpuset->cpuset = pw_before(start, rest, " mems_allowed=");
    cpuset->mems_allowed = rest;
    return true;
}


bool pw_parse_oom_limit(struct pw_slice line, struct pw_oom_limit *limit) {
    static const char mark[] = " killed as a result of limit of ";
    struct pw_slice rest;
    if (!pw_take_prefix(&line, "Task in ") || !pw_find_first(line, mark, &rest)) {
        return false;
    }
    limit->cgroup = pw_before(line, rest, mark);
    limit->oom_cgroup = rest;
    return true;
}


static bool is_usage_name(struct pw_slice name) {
    static const char *const names[] = {"memory", "swap", "kmem", "memory+swap"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (pw_slice_is(name, names[i])) {
            return true;
        }
    }
    return false;
}


bool pw_parse_oom_usage(struct pw_slice line, struct pw_oom_usage *usage) {
    struct pw_slice rest = line, amount;
    if (!pw_take_until(&rest, ':', &usage->name) || !is_usage_name(usage->name) ||
        !pw_take_prefix(&rest, " usage ") || !pw_take_until(&rest, ',', &amount) ||
        !parse_amount(amount, &usage->usage_bytes) || !pw_take_prefix(&rest, " limit ") ||
        !pw_take_until(&rest, ',', &amount) || !parse_amount(amount, &usage->limit_bytes) ||
        !pw_take_prefix(&rest, " failcnt ") || !pw_parse_number(rest, &usage->failures)) {
        return false;
    }
    usage->limit_bytes.unlimited = usage->limit_bytes.value >= LEAST_UNLIMITED;
    return true;
}


bool pw_parse_oom_stats(struct pw_slice line, struct pw_oom_stats *stats) {
    if (!pw_take_prefix(&line, "Memory cgroup stats for ")) {
        return false;
    }
    if (pw_find_last(line, ": ", &stats->fields)) {
        stats->cgroup = pw_before(line, stats->fields, ": ");
    } else {
        stats->cgroup = pw_without_suffix(line, ":");
        stats->fields = pw_slice_skip(line, line.size);
    }
    return true;
}


static bool is_stat_name(struct pw_slice name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') {
            return false;
        }
    }
    return true;
}


bool pw_parse_oom_stat(struct pw_slice line, struct pw_field *field) {
    struct pw_slice value;
    return pw_take_word(&line, &field->key) && is_stat_name(field->key) &&
           pw_take_word(&line, &value) && line.size == 0 && pw_parse_number(value, &field->number);
}


bool pw_is_oom_totals(struct pw_slice line) {
    struct pw_slice word, key;
    struct pw_number number;
    bool any = false;
    while (pw_take_word(&line, &word)) {
        if (!pw_take_until(&word, ':', &key) || key.size == 0 || !pw_parse_number(word, &number)) {
            return false;
        }
        any = true;
    }
    return any;
}


/* Takes "Node 0 " off the front, if it is there. */
static void take_node(struct pw_oom_place *place, struct pw_slice line) {
    struct pw_slice rest = line;
    bool found = pw_take_prefix(&rest, "Node ") && pw_take_number(&rest, &place->node) &&
                 pw_take_prefix(&rest, " ");
    place->node = found ? place->node : PW_ABSENT;
    place->zone = (struct pw_slice){line.data, 0};
    place->rest = found ? rest : line;
}


bool pw_parse_oom_node(struct pw_slice line, struct pw_oom_place *place) {
    take_node(place, line);
    return place->node != PW_ABSENT && pw_slice_starts(place->rest, "active_anon:");
}


/* Takes "DMA32" and what ends it off the front. */
static bool take_zone(struct pw_oom_place *place, char end) {
    return pw_take_until(&place->rest, end, &place->zone) && place->zone.size > 0 &&
           !memchr(place->zone.data, ':', place->zone.size) &&
           !memchr(place->zone.data, ' ', place->zone.size);
}


bool pw_parse_oom_zone(struct pw_slice line, struct pw_oom_place *place) {
    take_node(place, line);
    return take_zone(place, ' ') && pw_slice_starts(place->rest, "free:");
}


bool pw_parse_oom_free_list(struct pw_slice line, struct pw_oom_place *place) {
    struct pw_slice rest, word, count;
    struct pw_number number;
    take_node(place, line);
    if (!take_zone(place, ':')) {
        return false;
    }
    rest = place->rest;
    return pw_take_word(&rest, &word) && pw_take_until(&word, '*', &count) &&
           pw_parse_number(count, &number) && parse_amount(word, &number);
}


bool pw_parse_oom_hugepages(struct pw_slice line, struct pw_oom_place *place) {
    take_node(place, line);
    return pw_slice_starts(place->rest, "hugepages_total=");
}


bool pw_parse_oom_reserve(struct pw_slice line, struct pw_slice *pages) {
    if (!pw_take_prefix(&line, "lowmem_reserve[]:")) {
        return false;
    }
    *pages = line;
    return true;
}


/* Splits "free:519112kB" or "hugepages_total=0". */
static bool split(struct pw_slice *value, struct pw_slice *key) {
    *value = pw_without_suffix(*value, ",");
    return pw_take_until(value, ':', key) || pw_take_until(value, '=', key);
}


bool pw_next_oom_field(struct pw_slice *rest, struct pw_field *field) {
    struct pw_slice word;
    while (pw_take_word(rest, &word)) {
        /* "shmem_thp: 0kB", with a blank, is what 4.8 to 6.1 have */
        if (!split(&word, &field->key) || (word.size == 0 && !pw_take_word(rest, &word))) {
            continue;
        }
        if (parse_amount(word, &field->number)) {
            return true;
        }
    }
    return false;
}


bool pw_next_oom_blocks(struct pw_slice *rest, struct pw_oom_blocks *blocks) {
    struct pw_slice word, count;
    struct pw_number size, number;
    while (pw_take_word(rest, &word)) {
        if (pw_take_until(&word, '*', &count) && pw_parse_number(count, &number) &&
            parse_amount(word, &size)) {
            *blocks = (struct pw_oom_blocks){size.value, number.value};
            return true;
        }
    }
    return false;
}


struct named_count {
    const char *text, *key;
};

/* Behind the number, and before it. */
static const struct named_count behind[] = {
    {"total pagecache pages", "pagecache_pages"},
    {"pages in swap cache", "swap_cache_pages"},
    {"pages RAM", "ram_pages"},
    {"pages HighMem/MovableOnly", "highmem_pages"},
    {"pages HighMem", "highmem_pages"},
    {"pages reserved", "reserved_pages"},
    {"pages cma reserved", "cma_pages"},
    {"pages hwpoisoned", "hwpoisoned_pages"},
};

static const struct named_count before[] = {
    {"Free swap", "swap_free"},
    {"Total swap", "swap_total"},
};


static const char *key_of(const struct named_count counts[], size_t size, struct pw_slice text) {
    for (size_t i = 0; i < size; i++) {
        if (pw_slice_is(text, counts[i].text)) {
            return counts[i].key;
        }
    }
    return NULL;
}


bool pw_parse_oom_count(struct pw_slice line, struct pw_oom_count *count) {
    struct pw_slice rest = line, head;
    if (pw_take_until(&rest, '=', &head)) {
        count->key = key_of(before, sizeof before / sizeof *before, pw_slice_trim(head));
        return count->key && parse_amount(pw_slice_trim(rest), &count->number);
    }
    if (!pw_take_until(&rest, ' ', &head)) {
        return false;
    }
    count->key = key_of(behind, sizeof behind / sizeof *behind, rest);
    return count->key && pw_parse_number(head, &count->number);
}


bool pw_parse_oom_slab(struct pw_slice line, struct pw_oom_slab *slab) {
    struct pw_slice used, total;
    return pw_take_word(&line, &slab->name) && pw_take_word(&line, &used) &&
           pw_take_word(&line, &total) && line.size == 0 &&
           pw_without_suffix(total, "KB").size < total.size &&
           parse_amount(used, &slab->used_bytes) && parse_amount(total, &slab->total_bytes);
}


bool pw_parse_oom_columns(struct pw_slice line, struct pw_slice *columns) {
    struct pw_slice inside;
    if (!pw_take_prefix(&line, "[") || !pw_take_until(&line, ']', &inside) ||
        !pw_slice_is(pw_slice_trim(inside), "pid")) {
        return false;
    }
    *columns = line;
    return true;
}


bool pw_parse_oom_task(struct pw_slice line, struct pw_oom_task *task) {
    struct pw_slice inside;
    struct pw_number pid;
    if (!pw_take_prefix(&line, "[") || !pw_take_until(&line, ']', &inside) ||
        !pw_parse_number(pw_slice_trim(inside), &pid)) {
        return false;
    }
    *task = (struct pw_oom_task){pid.value, line};
    return true;
}


bool pw_next_oom_column(struct pw_slice *columns, struct pw_slice *values,
                        struct pw_oom_column *column) {
    struct pw_slice word;
    if (!pw_take_word(columns, &column->key)) {
        return false;
    }
    column->is_text = pw_slice_is(column->key, "name");
    if (column->is_text) {
        column->text = pw_slice_skip(*values, 1); /* one blank; a name may begin with another */
        return values->size > 0;
    }
    return pw_take_word(values, &word) && pw_parse_number(word, &column->number);
}


bool pw_parse_oom_choice(struct pw_slice line, struct pw_oom_choice *choice) {
    struct pw_slice rest, score;
    bool known = pw_slice_starts(line, "Out of memory") ||
                 pw_slice_starts(line, "Memory cgroup out of memory: ");
    if (!known || !pw_find_first(line, "ill process ", &rest) ||
        !pw_take_number(&rest, &choice->pid) || !pw_take_prefix(&rest, " (") ||
        !pw_find_last(rest, ") score ", &score)) {
        return false;
    }
    choice->comm = pw_before(rest, score, ") score ");
    return pw_take_number(&score, &choice->score);
}


bool pw_parse_oom_reaping(struct pw_slice line, struct pw_oom_reaping *reaping) {
    struct pw_slice rest = line;
    if (pw_take_prefix(&rest, "oom_reaper: unable to reap pid:")) {
        reaping->reaped = false;
        reaping->left = pw_slice_skip(rest, rest.size);
        return pw_take_number(&rest, &reaping->pid);
    }
    reaping->reaped = true;
    return pw_take_prefix(&rest, "oom_reaper: reaped process ") &&
           pw_take_number(&rest, &reaping->pid) && pw_find_last(rest, "), now ", &reaping->left);
}


bool pw_parse_oom_group(struct pw_slice line, struct pw_slice *cgroup) {
    static const char end[] = " are going to be killed due to memory.oom.group set";
    if (!pw_take_prefix(&line, "Tasks in ")) {
        return false;
    }
    *cgroup = pw_without_suffix(line, end);
    return cgroup->size < line.size;
}


bool pw_parse_oom_panic(struct pw_slice line, struct pw_slice *reason) {
    static const char *const reasons[] = {"Out of memory", "out of memory",
                                          "System is deadlocked on memory"};
    if (!pw_take_prefix(&line, "Kernel panic - not syncing: ")) {
        return false;
    }
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (pw_slice_starts(line, reasons[i])) {
            *reason = line;
            return true;
        }
    }
    return false;
}


bool pw_is_oom_manual(struct pw_slice line) {
    return pw_slice_is(line, "sysrq: Manual OOM execution") ||
           pw_slice_is(line, "SysRq : Manual OOM execution");
}


bool pw_is_oom_without_victim(struct pw_slice line) {
    return pw_slice_starts(line, "Out of memory and no killable processes") ||
           pw_slice_starts(line, "sysrq: OOM request ignored") ||
           pw_slice_starts(line, "OOM request ignored");
}
