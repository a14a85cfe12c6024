/* SPDX-License-Identifier: MIT */
#include "read/kernel_stack.h"


struct pw_slice pw_parse_wchan(struct pw_slice text) {
    struct pw_slice name = pw_slice_of("");
    pw_take_line(&text, &name);
    return pw_slice_is(name, "0") ? pw_slice_of("") : name;
}


/* The word behind the address, which is in brackets. */
static bool take_place(struct pw_slice line, struct pw_slice *place) {
    return pw_slice_starts(line, "[<") && pw_take_word(&line, place) && pw_take_word(&line, place);
}


/* "io_schedule" of "io_schedule+0x46/0x70"; without symbols the place is a mere address. */
static bool split_place(struct pw_slice place, struct pw_slice *function) {
    return pw_take_until(&place, '+', function) && function->size > 0;
}


bool pw_next_stack_function(struct pw_slice *rest, struct pw_slice *function,
                            struct pw_flaws *flaws) {
    struct pw_slice line, place;
    while (pw_take_line(rest, &line)) {
        bool has_place = take_place(line, &place);
        if (has_place && split_place(place, function)) {
            return true;
        }
        flaws->skipped += !(has_place && pw_slice_starts(place, "0xffffffff"));
    }
    return false;
}
