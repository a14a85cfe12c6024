/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/log_line.h"


static void demand_place(struct pw_slice text, struct pw_slice whole, const char *room) {
    struct pw_slice in_room = {room, PW_LOG_LINE_BYTES};
    bool escaped = text.data >= room && text.data <= room + PW_LOG_LINE_BYTES;
    fuzz_demand_within(text, escaped ? in_room : whole);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text, one;
    struct pw_log_line line;
    struct pw_log_gaps gaps = {0};
    char room[PW_LOG_LINE_BYTES];
    while (pw_take_line(&rest, &one)) {
        pw_parse_log_line(one, room, &line);
        demand_place(line.text, text, room);
        if (line.sequence != PW_ABSENT) {
            pw_log_gaps_note(&gaps, &line);
        }
    }
    return 0;
}
