/* SPDX-License-Identifier: MIT */
#include "read/pressure.h"


/* Takes "key=" and leaves the value; the kernel has never changed the order. */
static bool take_value(struct pw_slice *line, const char *key, struct pw_slice *value) {
    struct pw_slice name;
    return pw_take_word(line, value) && pw_take_until(value, '=', &name) && pw_slice_is(name, key);
}


static bool take_percent(struct pw_slice *line, const char *key, double *percent) {
    struct pw_slice value;
    return take_value(line, key, &value) && pw_parse_decimal(value, percent);
}


static bool parse_stall(struct pw_slice line, struct pw_stall *stall, struct pw_flaws *flaws) {
    struct pw_slice value;
    struct pw_number total;
    if (!take_percent(&line, "avg10", &stall->avg10_percent) ||
        !take_percent(&line, "avg60", &stall->avg60_percent) ||
        !take_percent(&line, "avg300", &stall->avg300_percent) ||
        !take_value(&line, "total", &value) || !pw_parse_number(value, &total)) {
        return false;
    }
    pw_note_number(flaws, &total);
    stall->total_microseconds = total.value;
    stall->present = true;
    return true;
}


static bool parse_line(struct pw_slice line, struct pw_pressure *pressure, struct pw_flaws *flaws) {
    struct pw_slice kind;
    struct pw_stall stall = {0};
    pw_take_word(&line, &kind);
    bool some = pw_slice_is(kind, "some");
    if ((!some && !pw_slice_is(kind, "full")) || !parse_stall(line, &stall, flaws)) {
        return false;
    }
    *(some ? &pressure->some : &pressure->full) = stall;
    return true;
}


void pw_parse_pressure(struct pw_slice text, struct pw_pressure *pressure, struct pw_flaws *flaws) {
    *pressure = (struct pw_pressure){0};
    struct pw_slice line;
    while (pw_take_line(&text, &line)) {
        flaws->skipped += !parse_line(line, pressure, flaws);
    }
}
