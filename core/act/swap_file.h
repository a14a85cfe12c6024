/* SPDX-License-Identifier: MIT
 *
 * Making and removing a swap file. It is made whole or not at all: until its header is written and
 * every byte has its place on the disk, it has no name, so that nothing is left of it, whatever
 * becomes of who makes it (O_TMPFILE, Linux 3.11).
 */
#ifndef PAGEWARDEN_ACT_SWAP_FILE_H
#define PAGEWARDEN_ACT_SWAP_FILE_H

#include "act/swap_state.h"
#include "read/source.h"

/* Room for a reason, with its NUL. */
#define PW_SWAP_REASON_BYTES 160

/* Room for the name of a compression algorithm, with its NUL. */
#define PW_SWAP_ALGORITHM_BYTES 32

struct pw_swap_making {
    int64_t size_bytes; /* of the file; whole pages of it are used */
    struct pw_uuid uuid;
    char label[PW_SWAP_LABEL_BYTES + 1];
    int64_t reserve_bytes; /* to be left free on the disk; negative: our own choice */
    bool written;          /* written with zeros, though reserving the room would do */
    bool imagined;         /* no kernel will swap to it: any file system will do, and holes */

    /* of a zram device: "" and 0 leave both to the kernel */
    char algorithm[PW_SWAP_ALGORITHM_BYTES];
    int64_t limit_bytes; /* of the memory that it takes */

    /* Told how many bytes have their place, from time to time; NULL for nobody. */
    void (*progress)(void *context, int64_t bytes);
    void *context;
};

/* A UUID as by chance (RFC 4122, version 4): 0 or -errno. */
int pw_swap_new_uuid(struct pw_uuid *uuid);

/* Whether the file could be made, as far as can be seen: 0 or -errno, and then the reason. EEXIST
 * when there is something of that name, ENOSPC, EOPNOTSUPP for a file system that no swap can be
 * on, EPERM for a folder that others may change, … */
int pw_swap_file_check(const struct pw_source *source, const char *path,
                       const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]);

/* Makes the file, readable by its owner alone, after the same checks. Takes long where it has to be
 * written. */
int pw_swap_file_make(const struct pw_source *source, const char *path,
                      const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]);

/* Removes the file if it still is the area of this UUID. 0 or -errno, and then the reason. */
int pw_swap_file_remove(const struct pw_source *source, const char *path,
                        const struct pw_uuid *uuid, char reason[PW_SWAP_REASON_BYTES]);

#endif
