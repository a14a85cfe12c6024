/* SPDX-License-Identifier: MIT
 *
 * How much of a window's time was lost, from samples of a pressure file's total= taken at any
 * moments: the kernel's own estimate for its triggers (kernel/sched/psi.c, window_update()). Pure.
 */
#ifndef PAGEWARDEN_HOST_STALL_WINDOW_H
#define PAGEWARDEN_HOST_STALL_WINDOW_H

#include <stdint.h>

struct pw_stall_window {
    int64_t width_ns;
    int64_t start_ns;
    int64_t start_total_us;
    int64_t last_growth_us; /* of the window before */
};

/* Starts the first window, of this width, with this sample. */
void pw_stall_window_start(struct pw_stall_window *window, int64_t width_ns, int64_t now_ns,
                           int64_t total_us);

/* Takes a sample; returns the microseconds lost in the window that ends now. Of the last whole
 * window as much counts as still lies in it. After a gap longer than a window it is the gap's mean,
 * so that small stalls do not add up to a large one. */
int64_t pw_stall_window_add(struct pw_stall_window *window, int64_t now_ns, int64_t total_us);

#endif
