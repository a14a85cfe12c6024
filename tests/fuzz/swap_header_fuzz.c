/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "fuzz.h"
#include "read/swap_header.h"


/* Whatever was read, what is written of it reads the same. */
static void demand_round_trip(const struct pw_swap_header *header) {
    static char page[PW_SWAP_HEADER_BYTES];
    pw_swap_header_write(header, page);
    struct pw_swap_header again =
        pw_swap_header_read((struct pw_slice){page, (size_t)header->page_size_bytes});
    fuzz_demand(again.page_size_bytes == header->page_size_bytes);
    fuzz_demand(again.last_page == header->last_page && again.version == 1);
    fuzz_demand(memcmp(&again.uuid, &header->uuid, sizeof again.uuid) == 0);
    fuzz_demand(strcmp(again.label, header->label) == 0);
}


static void look_at(struct pw_slice start) {
    struct pw_swap_header header = pw_swap_header_read(start);
    const char *problem = pw_swap_header_problem(&header, 4096, (int64_t)start.size, true);
    fuzz_demand(problem || header.signature == PW_SWAP_NEW);
    fuzz_demand(strlen(header.label) <= PW_SWAP_LABEL_BYTES);
    if (header.signature == PW_SWAP_NEW) {
        demand_round_trip(&header);
    }
}


/* By itself no input gets as far as a magic number at the end of a page, so the bytes are also put
 * where the header's fields are, between zeros and such an end. */
static void look_at_fields(const uint8_t *data, size_t size) {
    static const char *const magics[] = {"SWAPSPACE2", "SWAP-SPACE", "S1SUSPEND", "ULSUSPEND"};
    static char start[PW_SWAP_HEADER_BYTES];
    size_t page = (size_t)4096 << data[0] % 5;
    size_t fields = size - 1 < page - 1024 - 10 ? size - 1 : page - 1024 - 10;
    memset(start, 0, sizeof start);
    memcpy(start + 1024, data + 1, fields);
    memcpy(start + page - 10, magics[data[0] / 5 % 4], strlen(magics[data[0] / 5 % 4]));
    look_at((struct pw_slice){start, page});
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    look_at(fuzz_text(data, size));
    if (size > 0) {
        look_at_fields(data, size);
    }
    return 0;
}
