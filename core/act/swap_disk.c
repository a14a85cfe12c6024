/* SPDX-License-Identifier: MIT */
#include "act/swap_disk.h"

#include <errno.h>
#include <stddef.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define MOST_RESERVE_BYTES ((int64_t)1 << 30)

struct kind {
    unsigned long magic; /* statfs(2), and linux/magic.h */
    struct pw_swap_disk disk;
};

/* The kernel swaps to a file only where its blocks can be found and stay where they are. For
 * reserved room: ext4 and xfs since iomap_swapfile_activate() (Linux 4.18 on xfs, 5.10 on ext4,
 * which took it through bmap before 5.7), btrfs since 5.0. ext2 and ext3 have ext4's number, and no
 * fallocate(2). */
static const struct kind kinds[] = {
    {0xEF53, {.name = "ext4", .reserves = true}},
    {0x58465342, {.name = "xfs", .reserves = true}},
    {0x9123683E, {.name = "btrfs", .reserves = true, .copies = true}},
    {0xF2F52010, {.name = "f2fs", .reserves = true}},
    {0x01021994, {.name = "tmpfs", .refusal = "a tmpfs is itself in memory and swap"}},
    {0x858458F6, {.name = "ramfs", .refusal = "a ramfs is itself in memory"}},
    {0x794C7630,
     {.name = "overlay",
      .refusal = "an overlay, as containers have for their root, has no blocks of its own"}},
    {0x2FC12FC1,
     {.name = "zfs", .refusal = "zfs moves its blocks, and wants memory to write them"}},
    {0x6969, {.name = "nfs", .refusal = "over the network, swapping may wait for itself"}},
    {0xFE534D42, {.name = "smb2", .refusal = "over the network, swapping may wait for itself"}},
    {0xFF534D42, {.name = "cifs", .refusal = "over the network, swapping may wait for itself"}},
    {0x01021997, {.name = "9p", .refusal = "over a network or a host, its blocks are not known"}},
    {0x65735546, {.name = "fuse", .refusal = "a program would have to write what is swapped"}},
    {0xF15F, {.name = "ecryptfs", .refusal = "ecryptfs has no blocks of its own"}},
    {0x73717368, {.name = "squashfs", .refusal = "squashfs cannot be written"}},
    {0x9660, {.name = "iso9660", .refusal = "iso9660 cannot be written"}},
};


int pw_swap_disk_of(int fd, struct pw_swap_disk *disk) {
    struct statfs status;
    if (fstatfs(fd, &status)) {
        return -errno;
    }
    *disk = (struct pw_swap_disk){.name = "its file system"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].magic == (unsigned long)status.f_type) {
            *disk = kinds[i].disk;
        }
    }
    return 0;
}


int64_t pw_swap_disk_room(int fd, int64_t reserve_bytes) {
    struct statvfs status;
    if (fstatvfs(fd, &status)) {
        return -1;
    }
    int64_t all_bytes = (int64_t)(status.f_blocks * status.f_frsize);
    int64_t free_bytes = (int64_t)(status.f_bavail * status.f_frsize);
    if (reserve_bytes < 0) {
        bool small = all_bytes / 20 < MOST_RESERVE_BYTES;
        reserve_bytes = small ? all_bytes / 20 : MOST_RESERVE_BYTES;
    }
    return free_bytes - reserve_bytes;
}
