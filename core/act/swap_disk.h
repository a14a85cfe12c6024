/* SPDX-License-Identifier: MIT
 *
 * Which file systems a swap file can be on, and what each wants of it.
 */
#ifndef PAGEWARDEN_ACT_SWAP_DISK_H
#define PAGEWARDEN_ACT_SWAP_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct pw_swap_disk {
    const char *name;
    const char *refusal; /* why there is no swap on it; NULL: there is */
    bool reserves;       /* room that is only reserved, by fallocate(2), will do */
    bool copies;         /* it copies what is written, unless the file is told not to */
};

/* What is known of the file system of a descriptor: 0 or -errno. */
int pw_swap_disk_of(int fd, struct pw_swap_disk *disk);

/* How many bytes a file may have there while `reserve_bytes` stay free; less than 0 when there are
 * fewer. A negative reserve is our own choice: a twentieth of the file system, 1 GiB at most. */
int64_t pw_swap_disk_room(int fd, int64_t reserve_bytes);

#endif
