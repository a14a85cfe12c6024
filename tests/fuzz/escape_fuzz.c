/* SPDX-License-Identifier: MIT */
#include "read/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void trap_unless(bool holds) {
    if (!holds) {
        __builtin_trap();
    }
}


/* What was made safe holds no control, and stays as it is when it is escaped again. */
static void check_safe(struct pw_slice safe) {
    char again[PW_ESCAPED_LIMIT];
    for (size_t i = 0; i < safe.size; i++) {
        trap_unless((unsigned char)safe.data[i] >= ' ');
    }
    while (safe.size > 0) {
        const char *at = safe.data;
        size_t size = pw_take_escaped(&safe, again);
        trap_unless(size == (size_t)(safe.data - at));
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice rest = {(const char *)data, size};
    char out[PW_ESCAPED_LIMIT];
    size_t written;
    while ((written = pw_take_escaped(&rest, out)) > 0) {
        trap_unless(written <= sizeof out);
        check_safe((struct pw_slice){out, written});
    }
    trap_unless(pw_width((struct pw_slice){(const char *)data, size}) <= size * 2);
    return 0;
}
