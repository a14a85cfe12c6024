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


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_swap_header header = pw_swap_header_read(fuzz_text(data, size));
    const char *problem = pw_swap_header_problem(&header, 4096, (int64_t)size, true);
    fuzz_demand(problem || header.signature == PW_SWAP_NEW);
    fuzz_demand(strlen(header.label) <= PW_SWAP_LABEL_BYTES);
    if (header.signature == PW_SWAP_NEW) {
        demand_round_trip(&header);
    }
    return 0;
}
