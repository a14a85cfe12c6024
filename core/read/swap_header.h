/* SPDX-License-Identifier: MIT
 *
 * The first page of a swap area, which says how large it is. Pure. Format: include/linux/swap.h,
 * union swap_header; what is taken of it: mm/swapfile.c, read_swap_header(). Of 4 KiB pages:
 *
 *      0  for a boot loader
 *   1024  version 1, the number of the last page, how many bad pages: three of 32 bits
 *   1036  the area's UUID
 *   1052  its label, 16 bytes, of which a NUL may be the end
 *   1536  the numbers of the bad pages
 *   4086  "SWAPSPACE2", at the end of the page: hence an area is of one page size
 *
 * Numbers are in the machine's byte order; the kernel also takes the other one.
 */
#ifndef PAGEWARDEN_READ_SWAP_HEADER_H
#define PAGEWARDEN_READ_SWAP_HEADER_H

#include "read/uuid.h"

/* The largest page there is; so much of an area is looked at. */
#define PW_SWAP_HEADER_BYTES ((size_t)64 << 10)

/* Fewer pages mkswap(8) makes no area of. */
#define PW_SWAP_LEAST_PAGES 10

#define PW_SWAP_LABEL_BYTES 16

enum pw_swap_signature {
    PW_SWAP_NONE,       /* no swap area */
    PW_SWAP_OLD,        /* "SWAP-SPACE", version 0, which Linux takes no more since 2.5.22 */
    PW_SWAP_NEW,        /* "SWAPSPACE2", the header above */
    PW_SWAP_HIBERNATED, /* the memory of a system that sleeps: "S1SUSPEND" and others */
};

struct pw_swap_header {
    enum pw_swap_signature signature;
    long page_size_bytes; /* that it was made for */
    bool swapped;         /* its numbers are in the other byte order; here they are not */
    uint32_t version;
    uint32_t last_page; /* one less than its pages, the header's own among them */
    uint32_t bad_pages;
    struct pw_uuid uuid;
    char label[PW_SWAP_LABEL_BYTES + 1];
};

/* Reads the first bytes of an area, PW_SWAP_HEADER_BYTES or all that there are. Always gives a
 * header; one that is PW_SWAP_NONE has nothing else in it. */
struct pw_swap_header pw_swap_header_read(struct pw_slice start);

/* Why a kernel of this page size would not take the area, `size_bytes` large and a regular file or
 * not; NULL when it would, as far as the header says. */
const char *pw_swap_header_problem(const struct pw_swap_header *header, long page_size_bytes,
                                   int64_t size_bytes, bool regular);

/* Writes the header's page into `page`, which has room for the header's page size: version 1, this
 * machine's byte order, no bad pages. */
void pw_swap_header_write(const struct pw_swap_header *header, char *page);

/* The pages that an area of so many bytes has, as many as its header can count; 0 when they are too
 * few for an area. */
uint64_t pw_swap_pages(int64_t size_bytes, long page_size_bytes);

#endif
