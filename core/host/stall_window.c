/* SPDX-License-Identifier: MIT */
#include "host/stall_window.h"


void pw_stall_window_start(struct pw_stall_window *window, int64_t width_ns, int64_t now_ns,
                           int64_t total_us) {
    *window = (struct pw_stall_window){width_ns, now_ns, total_us, 0};
}


/* A part of an amount: the products are too large for integers. */
static int64_t share(int64_t amount, int64_t part, int64_t whole) {
    return (int64_t)((double)amount * (double)part / (double)whole);
}


int64_t pw_stall_window_add(struct pw_stall_window *window, int64_t now_ns, int64_t total_us) {
    int64_t elapsed_ns = now_ns - window->start_ns;
    int64_t growth_us = total_us - window->start_total_us;
    if (elapsed_ns < window->width_ns) {
        int64_t rest_ns = window->width_ns - elapsed_ns;
        return growth_us + share(window->last_growth_us, rest_ns, window->width_ns);
    }
    growth_us = share(growth_us, window->width_ns, elapsed_ns);
    *window = (struct pw_stall_window){window->width_ns, now_ns, total_us, growth_us};
    return growth_us;
}
