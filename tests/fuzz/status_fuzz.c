/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/status.h"


static size_t unescape(const void *what, char *out, size_t room) {
    const struct pw_status_field *field = what;
    return pw_unescape_status_name(field->text, out, room);
}


static void drain_list(struct pw_slice list) {
    struct pw_number number;
    struct pw_flaws flaws = {0};
    while (pw_next_status_item(&list, &number, &flaws)) {
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_status_field field;
    struct pw_status_memory memory;
    struct pw_flaws flaws = {0};
    while (pw_next_status_field(&rest, &field, &flaws)) {
        fuzz_demand_within(field.key, text);
        fuzz_demand_within(field.text, text);
        fuzz_demand_room(unescape, &field);
        drain_list(field.text);
    }
    pw_parse_status_memory(text, &memory, &flaws);
    return 0;
}
