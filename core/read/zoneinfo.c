/* SPDX-License-Identifier: MIT */
#include "read/zoneinfo.h"

#include "read/plain.h"
#include "read/zone.h"

/* What belongs to a pageset is indented by 14, what belongs to the zone by 2. */
#define PAGESET_INDENT 8


static bool parse_begin(struct pw_slice text, struct pw_zone_line *line) {
    line->kind = PW_ZONE_BEGIN;
    return pw_take_zone(&text, &line->node, &line->name);
}


/* A counter of the zone or the node, or, with a colon, of a pageset: what kind it is depends on
 * where the walk is. */
static enum pw_zone_kind kind_of(const struct pw_zone_walk *walk, struct pw_slice key, bool colon,
                                 size_t indent) {
    if (!colon) {
        return walk->per_node ? PW_ZONE_PER_NODE : PW_ZONE_COUNTER;
    }
    if (pw_slice_is(key, "cpu")) {
        return PW_ZONE_CPU;
    }
    bool pageset = indent >= PAGESET_INDENT || pw_slice_is(key, "vm stats threshold");
    return walk->pagesets && pageset ? PW_ZONE_PAGESET : PW_ZONE_COUNTER;
}


/* "protection: (0, 2877)", "vm stats threshold: 24". */
static bool parse_colon(const struct pw_zone_walk *walk, struct pw_slice text, size_t indent,
                        struct pw_zone_line *line) {
    pw_take_until(&text, ':', &line->field.key);
    if (pw_slice_is(line->field.key, "protection")) {
        line->kind = PW_ZONE_PROTECTION;
        line->list = text;
        return true;
    }
    line->kind = kind_of(walk, line->field.key, true, indent);
    return line->field.key.size > 0 && pw_parse_value(text, &line->field.number);
}


static bool parse_counter(const struct pw_zone_walk *walk, struct pw_slice text,
                          struct pw_zone_line *line) {
    line->kind = kind_of(walk, text, false, 0);
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
        return parse_colon(walk, text, indent, line);
    }
    if (pw_slice_starts(text, first_of_zone)) {
        walk->per_node = false;
        text = pw_slice_skip(text, sizeof first_of_zone - 1);
    }
    return parse_counter(walk, text, line);
}


/* The usual line, in one pass. */
static bool take_plain(struct pw_zone_walk *walk, struct pw_zone_line *line) {
    struct pw_plain_line plain;
    if (!pw_take_plain_line(&walk->rest, &plain)) {
        return false;
    }
    line->kind = kind_of(walk, plain.key, plain.colon, plain.indent);
    line->field = (struct pw_field){plain.key, {.value = plain.value}};
    return true;
}


static bool take_any(struct pw_zone_walk *walk, struct pw_zone_line *line, struct pw_flaws *flaws) {
    struct pw_slice raw;
    pw_take_line(&walk->rest, &raw);
    struct pw_slice text = pw_slice_trim(raw);
    if (text.size == 0 || is_heading(walk, text)) {
        return false;
    }
    if (!parse_line(walk, text, (size_t)(text.data - raw.data), line)) {
        flaws->skipped++;
        return false;
    }
    if (line->kind != PW_ZONE_BEGIN && line->kind != PW_ZONE_PROTECTION) {
        pw_note_number(flaws, &line->field.number);
    }
    return true;
}


bool pw_next_zone_line(struct pw_zone_walk *walk, struct pw_zone_line *line,
                       struct pw_flaws *flaws) {
    while (walk->rest.size > 0) {
        if (take_plain(walk, line) || take_any(walk, line, flaws)) {
            return true;
        }
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
