/* SPDX-License-Identifier: MIT
 *
 * Testing many series at once: among a thousand, one in a thousand is found by chance. Benjamini
 * and Hochberg (1995) keep the part of the findings that are false at a given rate. Pure.
 */
#ifndef PAGEWARDEN_TREND_DISCOVERY_H
#define PAGEWARDEN_TREND_DISCOVERY_H

#include <stddef.h>

/* The greatest p that still is a finding among `tests`, or -1 when none is. The `count` values are
 * those worth giving, at most `tests`; the others count as 1. */
double pw_discovery_limit(const double *values, size_t count, size_t tests, double false_rate);

#endif
