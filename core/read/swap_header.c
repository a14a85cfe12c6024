/* SPDX-License-Identifier: MIT */
#include "read/swap_header.h"

#include <byteswap.h>
#include <string.h>

#define LEAST_PAGE_BYTES 4096

#define VERSION_OFFSET 1024
#define LAST_PAGE_OFFSET 1028
#define BAD_PAGES_OFFSET 1032
#define UUID_OFFSET 1036
#define LABEL_OFFSET 1052
#define BAD_PAGE_LIST_OFFSET 1536

/* What stands at the end of the first page. */
#define MAGIC_BYTES 10
#define MAGIC_OLD "SWAP-SPACE"
#define MAGIC_NEW "SWAPSPACE2"

/* kernel/power/swap.c writes the first; the others are of uswsusp and of kernels with TuxOnIce, as
 * util-linux knows them (libblkid/src/superblocks/swap.c). */
static const char *const hibernation_magics[] = {"S1SUSPEND", "S2SUSPEND", "ULSUSPEND",
                                                 "LINHIB0001", "\xed\xc3\x02\xe9\x98\x56\xe5\x0c"};


static bool is_hibernated(const char *magic) {
    size_t count = sizeof hibernation_magics / sizeof *hibernation_magics;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(magic, hibernation_magics[i], strlen(hibernation_magics[i])) == 0) {
            return true;
        }
    }
    return false;
}


static enum pw_swap_signature signature_of(const char *magic) {
    return memcmp(magic, MAGIC_NEW, MAGIC_BYTES) == 0   ? PW_SWAP_NEW
           : memcmp(magic, MAGIC_OLD, MAGIC_BYTES) == 0 ? PW_SWAP_OLD
           : is_hibernated(magic)                       ? PW_SWAP_HIBERNATED
                                                        : PW_SWAP_NONE;
}


static uint32_t number_at(struct pw_slice start, size_t offset, bool swapped) {
    uint32_t number;
    memcpy(&number, start.data + offset, sizeof number);
    return swapped ? bswap_32(number) : number;
}


static void read_numbers(struct pw_slice start, struct pw_swap_header *header) {
    header->swapped = number_at(start, VERSION_OFFSET, true) == 1;
    header->version = number_at(start, VERSION_OFFSET, header->swapped);
    header->last_page = number_at(start, LAST_PAGE_OFFSET, header->swapped);
    header->bad_pages = number_at(start, BAD_PAGES_OFFSET, header->swapped);
    memcpy(header->uuid.bytes, start.data + UUID_OFFSET, PW_UUID_BYTES);
    memcpy(header->label, start.data + LABEL_OFFSET, PW_SWAP_LABEL_BYTES);
}


struct pw_swap_header pw_swap_header_read(struct pw_slice start) {
    struct pw_swap_header header = {0};
    for (size_t page = LEAST_PAGE_BYTES; page <= start.size && page <= PW_SWAP_HEADER_BYTES;
         page *= 2) {
        header.signature = signature_of(start.data + page - MAGIC_BYTES);
        if (header.signature != PW_SWAP_NONE) {
            header.page_size_bytes = (long)page;
            if (header.signature != PW_SWAP_OLD) {
                read_numbers(start, &header);
            }
            return header;
        }
    }
    return header;
}


/* Whether the header lists more bad pages than its page has room for, or any in a file. */
static bool has_bad_pages(const struct pw_swap_header *header, bool regular) {
    long room = (header->page_size_bytes - MAGIC_BYTES - BAD_PAGE_LIST_OFFSET) / 4;
    return header->bad_pages > (regular ? 0 : (uint32_t)room);
}


const char *pw_swap_header_problem(const struct pw_swap_header *header, long page_size_bytes,
                                   int64_t size_bytes, bool regular) {
    switch (header->signature) {
    case PW_SWAP_NONE:
        return "it is no swap area: its header is missing";
    case PW_SWAP_OLD:
        return "it is a swap area of version 0, which Linux takes no more since 2.5.22";
    case PW_SWAP_HIBERNATED:
        return "it holds the memory of a system that hibernates";
    default:
        break;
    }
    if (header->page_size_bytes != page_size_bytes) {
        return "it is a swap area for another page size than this kernel's";
    }
    if (header->version != 1) {
        return "it is a swap area of a version that Linux does not know";
    }
    if (header->last_page == 0) {
        return "it is a swap area without pages";
    }
    if (has_bad_pages(header, regular)) {
        return "its header lists bad pages, which no file may have";
    }
    bool whole = size_bytes / page_size_bytes > (int64_t)header->last_page;
    return whole ? NULL : "it is shorter than its header says";
}


static void put_number(char *page, size_t offset, uint32_t number) {
    memcpy(page + offset, &number, sizeof number);
}


void pw_swap_header_write(const struct pw_swap_header *header, char *page) {
    size_t size = (size_t)header->page_size_bytes;
    memset(page, 0, size);
    put_number(page, VERSION_OFFSET, 1);
    put_number(page, LAST_PAGE_OFFSET, header->last_page);
    memcpy(page + UUID_OFFSET, header->uuid.bytes, PW_UUID_BYTES);
    memcpy(page + LABEL_OFFSET, header->label, strnlen(header->label, PW_SWAP_LABEL_BYTES));
    memcpy(page + size - MAGIC_BYTES, MAGIC_NEW, MAGIC_BYTES);
}


uint64_t pw_swap_pages(int64_t size_bytes, long page_size_bytes) {
    uint64_t most = (uint64_t)UINT32_MAX + 1;
    uint64_t pages = size_bytes > 0 ? (uint64_t)size_bytes / (uint64_t)page_size_bytes : 0;
    return pages < PW_SWAP_LEAST_PAGES ? 0 : pages < most ? pages : most;
}
