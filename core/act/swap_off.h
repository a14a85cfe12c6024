/* SPDX-License-Identifier: MIT
 *
 * Taking an area off while somebody watches. The kernel says nothing during swapoff(2), and kills
 * its caller first when memory runs out (mm/swapfile.c, set_current_oom_origin()), so a process of
 * its own calls it, and we look at /proc/swaps meanwhile.
 */
#ifndef PAGEWARDEN_ACT_SWAP_OFF_H
#define PAGEWARDEN_ACT_SWAP_OFF_H

#include "act/swap_area.h"

/* Told how many bytes are still in the area. */
typedef void pw_swap_watcher(void *context, int64_t used_bytes);

/* Takes an area off. To be called where the process may fork and be killed, in a job (job.h): with
 * it dies what it has started. 0 or -errno; -ENOMEM also when the kernel killed for memory. */
int pw_swap_off_watched(const struct pw_source *source, const char *path, pw_swap_watcher *watcher,
                        void *context);

#endif
