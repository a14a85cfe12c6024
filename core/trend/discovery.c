/* SPDX-License-Identifier: MIT */
#include "trend/discovery.h"


static size_t count_up_to(const double *values, size_t count, double limit) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += values[i] <= limit;
    }
    return found;
}


double pw_discovery_limit(const double *values, size_t count, size_t tests, double false_rate) {
    double limit = -1;
    for (size_t i = 0; i < count; i++) {
        double rank = (double)count_up_to(values, count, values[i]);
        if (values[i] > limit && values[i] <= rank * false_rate / (double)tests) {
            limit = values[i];
        }
    }
    return limit;
}
