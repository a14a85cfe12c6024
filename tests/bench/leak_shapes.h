/* SPDX-License-Identifier: MIT
 *
 * Processes that leak and processes that do not, in virtual time: the sizes that a watcher would
 * read of them. Each shape has parameters that its seed draws; the same seed gives the same series.
 *
 * The bounds of the parameters are what this bench takes for normal, and no detector can be better
 * than they are true: a cache that fills evenly for a week is a leak to everybody until it stops.
 */
#ifndef PAGEWARDEN_BENCH_LEAK_SHAPES_H
#define PAGEWARDEN_BENCH_LEAK_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINUTE 60.0
#define HOUR 3600.0
#define DAY 86400.0

struct subject {
    uint64_t random;
    double birth;        /* seconds on the host's clock, with which no bucket begins */
    double base;         /* bytes when nothing happens */
    double onset, until; /* seconds of age: when it begins to leak, and when all ends */
    double doubling;     /* seconds that the leak takes to double the base; 0: it does not leak */
    double noise, wander, wander_seconds; /* parts of the base, and how long it remembers */
    double missing, outage, outage_until;
    double amplitude, period, phase, from, capacity, steps; /* as the shape uses them */
    double level, target, peak, wandered;                   /* what changes as it lives */
};

struct shape {
    const char *name;
    bool leaks;
    void (*draw)(struct subject *subject);
    double (*size)(struct subject *subject, double seconds);           /* without leak and noise */
    double (*leaked)(const struct subject *subject, double doublings); /* parts of the base */
};

extern const struct shape shapes[];
extern const size_t shape_count;

/* A process of a shape; `leaking` is false for the twin of one that leaks. */
void subject_init(struct subject *subject, const struct shape *shape, uint64_t seed, bool leaking);

/* What is read of it at an age, which must not go back; false when nothing is. */
bool subject_read(struct subject *subject, const struct shape *shape, double seconds, double *size);

#endif
