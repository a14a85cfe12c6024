/* SPDX-License-Identifier: MIT
 *
 * Making and removing an area on a zram device, which is swap compressed in memory: what a file's
 * room is, there is the device's size. A device that is not set up counts as absent.
 */
#ifndef PAGEWARDEN_ACT_SWAP_ZRAM_H
#define PAGEWARDEN_ACT_SWAP_ZRAM_H

#include "act/swap_file.h"

/* Whether a path is that of a zram device: "/dev/zram0". */
bool pw_zram_is(const char *path);

/* Whether the device is set up; false too when there is none. */
bool pw_zram_is_set_up(const struct pw_source *source, struct pw_buffer *buffer, const char *path);

/* Whether it could be set up: 0 or -errno, and then the reason. ENODEV where there is no such
 * device, EBUSY when it is set up already, EINVAL for an algorithm that this kernel has not. */
int pw_zram_check(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                  const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]);

/* Sets it up, after the same checks, and writes an area's header; when that fails it is reset. */
int pw_zram_make(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                 const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]);

/* Resets the device if it still has the area of this UUID, which frees its memory. */
int pw_zram_remove(const struct pw_source *source, const char *path, const struct pw_uuid *uuid,
                   char reason[PW_SWAP_REASON_BYTES]);

#endif
