/* SPDX-License-Identifier: MIT */
#include "read/zoneinfo.h"

#include "read/zone.h"

/* What belongs to a pageset is indented by 14, what belongs to the zone by 2. */
#define PAGESET_INDENT 8


static bool parse_begin(struct pw_slice text, struct pw_zone_line *line) {
    line->kind = PW_ZONE_BEGIN;
    return pw_take_zone(&text, &line->node, &line->name);
}


/* "protection: (0, 2877)", "high:  122", "vm stats threshold: 24", "start_pfn:           1". */
static bool parse_colon(struct pw_slice text, bool pageset, struct pw_zone_line *line) {
    pw_take_until(&text, ':', &line->field.key);
    if (pw_slice_is(line->field.key, "protection")) {
        line->kind = PW_ZONE_PROTECTION;
        line->list = text;
        return true;
    }
    if (pw_slice_is(line->field.key, "cpu")) {
        line->kind = PW_ZONE_CPU;
    } else {
        line->kind = pageset ? PW_ZONE_PAGESET : PW_ZONE_COUNTER;
    }
    return line->field.key.size > 0 && pw_parse_value(text, &line->field.number);
}


/* "min      33", "nr_free_pages 3952". */
static bool parse_counter(struct pw_slice text, bool per_node, struct pw_zone_line *line) {
    line->kind = per_node ? PW_ZONE_PER_NODE : PW_ZONE_COUNTER;
    return pw_take_word(&text, &line->field.key) && pw_parse_value(text, &line->field.number);
}


static bool has_colon(struct pw_slice text) {
    struct pw_slice head;
    return pw_take_until(&text, ':', &head);
}


/* Notes the headings of sections, which say nothing else. */
static bool is_heading(struct pw_zone_walk *walk, struct pw_slice text) {
    bool per_node = pw_slice_is(text, "per-node stats");
    bool pagesets = pw_slice_is(text, "pagesets");
    walk->per_node |= per_node;
    walk->pagesets |= pagesets;
    return per_node || pagesets;
}


/* One line that is no heading and not empty. */
static bool parse_line(struct pw_zone_walk *walk, struct pw_slice text, size_t indent,
                       struct pw_zone_line *line) {
    static const char first_of_zone[] = "pages ";
    if (pw_slice_starts(text, "Node ")) {
        walk->per_node = walk->pagesets = false;
        return parse_begin(text, line);
    }
    if (has_colon(text)) {
        bool pageset = indent >= PAGESET_INDENT || pw_slice_starts(text, "vm stats threshold");
        return parse_colon(text, walk->pagesets && pageset, line);
    }
    if (pw_slice_starts(text, first_of_zone)) {
        walk->per_node = false;
        text = pw_slice_skip(text, sizeof first_of_zone - 1);
    }
    return parse_counter(text, walk->per_node, line);
}


bool pw_next_zone_line(struct pw_zone_walk *walk, struct pw_zone_line *line,
                       struct pw_flaws *flaws) {
    struct pw_slice raw;
    while (pw_take_line(&walk->rest, &raw)) {
        struct pw_slice text = pw_slice_trim(raw);
        if (text.size == 0 || is_heading(walk, text)) {
            continue;
        }
        if (parse_line(walk, text, (size_t)(text.data - raw.data), line)) {
            if (line->kind != PW_ZONE_BEGIN && line->kind != PW_ZONE_PROTECTION) {
                pw_note_number(flaws, &line->field.number);
            }
            return true;
        }
        flaws->skipped++;
    }
    return false;
}


static bool is_punctuation(char c) {
    return c == ' ' || c == ',' || c == '(' || c == ')';
}


static struct pw_slice take_item(struct pw_slice *list) {
    size_t start = 0;
    while (start < list->size && is_punctuation(list->data[start])) {
        start++;
    }
    size_t end = start;
    while (end < list->size && !is_punctuation(list->data[end])) {
        end++;
    }
    struct pw_slice item = {list->data + start, end - start};
    *list = pw_slice_skip(*list, end);
    return item;
}


bool pw_next_protection(struct pw_slice *list, struct pw_number *pages, struct pw_flaws *flaws) {
    struct pw_slice item;
    while ((item = take_item(list)).size > 0) {
        if (pw_parse_number(item, pages)) {
            pw_note_number(flaws, pages);
            return true;
        }
        flaws->skipped++;
    }
    return false;
}
