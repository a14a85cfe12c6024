/* SPDX-License-Identifier: MIT */
#include "read/buddyinfo.h"

#include "read/row.h"
#include "read/zone.h"


/* Counts of which one is ">100000". */
static bool parse_capped(struct pw_slice line, struct pw_free_blocks *blocks,
                         struct pw_flaws *flaws) {
    struct pw_slice word;
    blocks->orders = 0;
    while (blocks->orders < PW_ORDER_LIMIT && pw_take_word(&line, &word)) {
        struct pw_number number;
        bool capped = pw_slice_starts(word, ">");
        if (!pw_parse_number(pw_slice_skip(word, capped), &number)) {
            return false;
        }
        pw_note_number(flaws, &number);
        blocks->capped |= capped;
        blocks->free[blocks->orders++] = number.value;
    }
    return blocks->orders > 0;
}


/* One or more counts, to the end of the line. False when one of them is no number: what comes
 * behind it would be taken for another order. */
static bool parse_counts(struct pw_slice line, struct pw_free_blocks *blocks,
                         struct pw_flaws *flaws) {
    struct pw_slice rest = line;
    struct pw_flaws words = {0};
    blocks->capped = false;
    blocks->orders = pw_row_length(pw_parse_row(&rest, blocks->free, PW_ORDER_LIMIT, &words));
    if (words.skipped > 0) {
        return parse_capped(line, blocks, flaws);
    }
    flaws->clamped += words.clamped;
    return blocks->orders > 0;
}


bool pw_next_buddy(struct pw_slice *rest, struct pw_free_blocks *blocks, struct pw_flaws *flaws) {
    struct pw_slice line;
    blocks->type = (struct pw_slice){0};
    while (pw_take_line(rest, &line)) {
        if (pw_take_zone(&line, &blocks->node, &blocks->zone) &&
            parse_counts(line, blocks, flaws)) {
            return true;
        }
        flaws->skipped++;
    }
    return false;
}


/* "Node    0, zone      DMA, type    Unmovable"; the other tables have no "type". */
static bool take_type(struct pw_slice *line, struct pw_free_blocks *blocks) {
    struct pw_slice word;
    return pw_take_zone(line, &blocks->node, &blocks->zone) && pw_take_word(line, &word) &&
           pw_slice_is(word, "type") && pw_take_word(line, &blocks->type);
}


bool pw_next_page_type(struct pw_slice *rest, struct pw_free_blocks *blocks,
                       struct pw_flaws *flaws) {
    struct pw_slice line;
    blocks->type = (struct pw_slice){0};
    while (pw_take_line(rest, &line)) {
        if (!take_type(&line, blocks)) {
            continue;
        }
        if (parse_counts(line, blocks, flaws)) {
            return true;
        }
        flaws->skipped++;
    }
    return false;
}
