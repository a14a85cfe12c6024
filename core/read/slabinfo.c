/* SPDX-License-Identifier: MIT */
#include "read/slabinfo.h"

#include <assert.h>

#include "read/row.h"

/* Columns of each part of a line. */
enum { MAIN = 5, TUNABLES = 3, SLABDATA = 3 };

static_assert(MAIN + TUNABLES + SLABDATA == PW_SLAB_NUMBERS, "the parts are all there is");

const char *const pw_slab_names[PW_SLAB_NUMBERS] = {
    "active_objs", "num_objs",     "objsize",      "objperslab", "pagesperslab", "limit",
    "batchcount",  "sharedfactor", "active_slabs", "num_slabs",  "sharedavail"};


/* ": tunables 0 0 0", taken when it comes next. */
static void take_part(struct pw_slice *line, const char *title, int first, int count,
                      struct pw_slab *slab, struct pw_flaws *flaws) {
    struct pw_slice rest = *line, colon, word;
    if (!pw_take_word(&rest, &colon) || !pw_slice_is(colon, ":") || !pw_take_word(&rest, &word) ||
        !pw_slice_is(word, title)) {
        return;
    }
    slab->present |= pw_parse_row(&rest, slab->numbers + first, count, flaws) << first;
    *line = rest;
}


static bool parse_cache(struct pw_slice line, struct pw_slab *slab, struct pw_flaws *flaws) {
    *slab = (struct pw_slab){0};
    struct pw_flaws words = {0};
    if (!pw_take_word(&line, &slab->name)) {
        return false;
    }
    slab->present = pw_parse_row(&line, slab->numbers, MAIN, &words);
    if (pw_row_length(slab->present) < MAIN) {
        return false;
    }
    flaws->clamped += words.clamped;
    take_part(&line, "tunables", MAIN, TUNABLES, slab, flaws);
    take_part(&line, "slabdata", MAIN + TUNABLES, SLABDATA, slab, flaws);
    return true;
}


static bool is_heading(struct pw_slice line) {
    return line.size == 0 || line.data[0] == '#' || pw_slice_starts(line, "slabinfo - version");
}


bool pw_next_slab(struct pw_slice *rest, struct pw_slab *slab, struct pw_flaws *flaws) {
    struct pw_slice line;
    while (pw_take_line(rest, &line)) {
        line = pw_slice_trim(line);
        if (is_heading(line)) {
            continue;
        }
        if (parse_cache(line, slab, flaws)) {
            return true;
        }
        flaws->skipped++;
    }
    return false;
}
