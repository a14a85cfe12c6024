/* SPDX-License-Identifier: MIT */
#include "act/extents.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* How many extents are asked for at a time. */
#define AT_A_TIME 64

static const char holes[] = "it has holes, which files made by truncate(1) or cp(1) have";

/* A header, and the room that its last member takes. */
union map {
    struct fiemap head;
    char room[sizeof(struct fiemap) + AT_A_TIME * sizeof(struct fiemap_extent)];
};


/* The next extents from this byte on; false where the file system does not tell. */
static bool ask(int fd, union map *map, uint64_t from_byte) {
    memset(&map->head, 0, sizeof map->head);
    map->head.fm_start = from_byte;
    map->head.fm_length = FIEMAP_MAX_OFFSET - from_byte;
    map->head.fm_flags = FIEMAP_FLAG_SYNC;
    map->head.fm_extent_count = AT_A_TIME;
    return ioctl(fd, FS_IOC_FIEMAP, &map->head) == 0;
}


static const char *problem_of_extent(const struct fiemap_extent *extent) {
    if (extent->fe_flags & FIEMAP_EXTENT_SHARED) {
        return "it shares its place on the disk with a copy or a snapshot";
    }
    if (extent->fe_flags & FIEMAP_EXTENT_ENCODED) {
        return "it is compressed or encrypted";
    }
    if (extent->fe_flags & (FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL)) {
        return "it has no whole blocks on the disk";
    }
    bool unplaced = extent->fe_flags & (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC);
    return unplaced ? "it has no place on the disk yet" : NULL;
}


/* All that can be known without a map: whether there are as many blocks as bytes. */
static const char *problem_of_blocks(int fd, int64_t size_bytes) {
    struct stat status;
    bool whole = fstat(fd, &status) == 0 && (int64_t)status.st_blocks * 512 >= size_bytes;
    return whole ? NULL : holes;
}


const char *pw_extents_problem(int fd, int64_t size_bytes) {
    union map map;
    uint64_t covered_bytes = 0;
    while (covered_bytes < (uint64_t)size_bytes) {
        if (!ask(fd, &map, covered_bytes)) {
            return covered_bytes ? holes : problem_of_blocks(fd, size_bytes);
        }
        if (map.head.fm_mapped_extents == 0) {
            return holes;
        }
        for (uint32_t i = 0; i < map.head.fm_mapped_extents; i++) {
            const struct fiemap_extent *extent = &map.head.fm_extents[i];
            const char *problem = problem_of_extent(extent);
            if (problem || extent->fe_logical > covered_bytes) {
                return problem ? problem : holes;
            }
            covered_bytes = extent->fe_logical + extent->fe_length;
        }
    }
    return NULL;
}
