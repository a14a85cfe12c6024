/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/escape.h"


/* What was made safe holds no control, and stays as it is when it is escaped again. */
static void check_safe(struct pw_slice safe) {
    char again[PW_ESCAPED_LIMIT];
    for (size_t i = 0; i < safe.size; i++) {
        fuzz_demand((unsigned char)safe.data[i] >= ' ');
    }
    while (safe.size > 0) {
        const char *at = safe.data;
        size_t size = pw_take_escaped(&safe, again);
        fuzz_demand(size == (size_t)(safe.data - at));
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice rest = fuzz_text(data, size);
    char out[PW_ESCAPED_LIMIT];
    size_t written;
    while ((written = pw_take_escaped(&rest, out)) > 0) {
        fuzz_demand(written <= sizeof out);
        check_safe((struct pw_slice){out, written});
    }
    fuzz_demand(pw_width(fuzz_text(data, size)) <= size * 2);
    return 0;
}
