/* SPDX-License-Identifier: MIT */
#include "leak_shapes.h"

#include <math.h>

#define MIB 1048576.0
#define PAGE 4096.0
#define HUGE_PAGE (2 * MIB)
#define TURN 6.283185307179586

#define TICK MINUTE /* the step of what changes as it lives */


static uint64_t next_random(struct subject *s) {
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random * UINT64_C(0x2545f4914f6cdd1d);
}


static double uniform(struct subject *s, double low, double high) {
    return low + (high - low) * (double)(next_random(s) >> 11) / 9007199254740992.0;
}


static double log_uniform(struct subject *s, double low, double high) {
    return low * pow(high / low, uniform(s, 0, 1));
}


static bool chance(struct subject *s, double probability) {
    return uniform(s, 0, 1) < probability;
}


/* Nearly normal, of deviation 1: four uniform numbers out of one. */
static double normal(struct subject *s) {
    uint64_t bits = next_random(s);
    double sum = (double)(bits & 0xffff) + (double)(bits >> 16 & 0xffff) +
                 (double)(bits >> 32 & 0xffff) + (double)(bits >> 48);
    return (sum / 65536.0 - 2) * 1.7320508;
}


/* The load of a day, 0 to 1: quiet at night, most in the afternoon. */
static double load_of_day(const struct subject *s, double seconds) {
    double wave = 0.5 - 0.5 * cos(TURN * (seconds / DAY + s->phase));
    return wave * wave * (3 - 2 * wave);
}


static bool is_weekend(const struct subject *s, double seconds) {
    return fmod(seconds / DAY + s->phase + s->steps, 7) >= 5;
}


/* ---- flat, and what only warms up or fills ---- */

static void draw_nothing(struct subject *s) {
    (void)s;
}


static double flat(struct subject *s, double seconds) {
    (void)s, (void)seconds;
    return 1;
}


static void draw_warm_up(struct subject *s) {
    s->capacity = uniform(s, 0.5, 0.95);
    s->period = log_uniform(s, 2 * MINUTE, 6 * HOUR);
}


static double warm_up(struct subject *s, double seconds) {
    return 1 - s->capacity * exp(-seconds / s->period);
}


static void draw_even_cache(struct subject *s) {
    s->from = chance(s, 0.5) ? 0 : uniform(s, 0, 3 * DAY);
    s->period = log_uniform(s, 10 * MINUTE, 18 * HOUR);
    s->capacity = uniform(s, 0.2, 2);
}


static double even_cache(struct subject *s, double seconds) {
    return 1 + s->capacity * fmax(0, fmin(1, (seconds - s->from) / s->period));
}


static void draw_slowing_cache(struct subject *s) {
    s->from = chance(s, 0.5) ? 0 : uniform(s, 0, 3 * DAY);
    s->period = log_uniform(s, 20 * MINUTE, 36 * HOUR);
    s->capacity = uniform(s, 0.2, 3);
}


/* The fuller, the fewer misses; and there are only misses while there is load. */
static double slowing_cache(struct subject *s, double seconds) {
    if (seconds > s->from) {
        double rate = (0.3 + 1.4 * load_of_day(s, seconds)) / s->period;
        s->level += (1 - s->level) * rate * TICK;
    }
    return 1 + s->capacity * s->level;
}


static void draw_logarithm(struct subject *s) {
    s->period = log_uniform(s, 10 * MINUTE, 2 * HOUR);
    s->amplitude = uniform(s, 0.03, 0.2);
}


/* Rare keys turn up ever more rarely. */
static double logarithm(struct subject *s, double seconds) {
    return 1 + s->amplitude * log1p(seconds / s->period);
}


static void draw_huge_pages(struct subject *s) {
    s->from = chance(s, 0.5) ? 0 : uniform(s, 0, 3 * DAY);
    s->period = log_uniform(s, 10 * MINUTE, 8 * HOUR);
    s->capacity = uniform(s, 0.05, 0.6);
}


/* khugepaged fills holes with zeros, one huge page after the other. */
static double huge_pages(struct subject *s, double seconds) {
    double part = even_cache(s, seconds) - 1;
    return 1 + floor(part * s->base / HUGE_PAGE) * HUGE_PAGE / s->base;
}


/* ---- load ---- */

static void draw_daily(struct subject *s) {
    s->amplitude = uniform(s, 0.1, 1.5);
    s->level = 1;
}


/* No day is quite like another. */
static double daily(struct subject *s, double seconds) {
    if (fmod(seconds, DAY) < TICK) {
        s->level = 1 + 0.1 * normal(s);
    }
    return 1 + s->amplitude * s->level * load_of_day(s, seconds);
}


static void draw_weekly(struct subject *s) {
    draw_daily(s);
    s->steps = floor(uniform(s, 0, 7));
    s->capacity = uniform(s, 0, 0.4);
}


/* The night's memory follows the week as well, slowly. */
static double weekly(struct subject *s, double seconds) {
    double target = is_weekend(s, seconds) ? 0 : 1;
    s->target += (target - s->target) * TICK / (10 * HOUR);
    return daily(s, seconds) * (0.3 + 0.7 * s->target) + s->capacity * s->target + 0.7;
}


static void draw_fork_server(struct subject *s) {
    s->amplitude = uniform(s, 0.02, 0.1);
    s->capacity = floor(uniform(s, 6, 30));
}


/* Workers come with the load and go a while after it. */
static double fork_server(struct subject *s, double seconds) {
    double wanted = s->capacity * (0.1 + 0.9 * load_of_day(s, seconds)) + 1.5 * normal(s);
    if (wanted > s->level + 1) {
        s->level = fmin(s->capacity, s->level + 1);
    } else if (wanted < s->level - 3 && chance(s, 0.2)) {
        s->level -= 1;
    }
    return 1 + s->amplitude * s->level;
}


static void draw_steps(struct subject *s) {
    s->steps = 1 + floor(uniform(s, 0, 4));
    s->amplitude = uniform(s, 0.1, 0.8);
    s->period = log_uniform(s, HOUR, 3 * DAY);
}


/* Another configuration, another data set: up, and down again sometimes. */
static double steps(struct subject *s, double seconds) {
    if (s->steps > 0 && seconds > s->target + s->period) {
        s->target = seconds * uniform(s, 1, 1.3);
        s->level += chance(s, 0.7) ? s->amplitude : -s->level / 2;
        s->steps--;
    }
    return 1 + s->level;
}


static void draw_bounded_stairs(struct subject *s) {
    s->from = chance(s, 0.5) ? 0 : uniform(s, 0, 3 * DAY);
    s->steps = floor(uniform(s, 3, 9));
    s->period = log_uniform(s, 5 * MINUTE, 3 * HOUR);
    s->capacity = uniform(s, 0.2, 1.5);
}


/* An arena for each thread, a buffer for each connection. */
static double bounded_stairs(struct subject *s, double seconds) {
    double taken = floor(fmax(0, seconds - s->from) / s->period);
    return 1 + s->capacity * fmin(taken, s->steps) / s->steps;
}


static void draw_batch(struct subject *s) {
    s->from = uniform(s, 0, DAY);
    s->period = log_uniform(s, 10 * MINUTE, 10 * HOUR);
    s->amplitude = uniform(s, 0.3, 3);
}


/* A job each night, which frees all in the end. */
static double batch(struct subject *s, double seconds) {
    double running = fmod(seconds + s->from, DAY);
    return 1 + (running < s->period ? s->amplitude * running / s->period : 0);
}


/* ---- collectors and allocators ---- */

static void draw_short_teeth(struct subject *s) {
    s->period = log_uniform(s, 10, 20 * MINUTE);
    s->amplitude = uniform(s, 0.2, 2);
}


static void draw_long_teeth(struct subject *s) {
    s->period = log_uniform(s, 20 * MINUTE, DAY);
    s->amplitude = uniform(s, 0.2, 1.5);
}


/* No tooth is quite like another: a collection comes a bit earlier or later. */
static double teeth(struct subject *s, double seconds) {
    while (seconds - s->from >= s->period * (1 + s->target)) {
        s->from += s->period * (1 + s->target);
        s->target = 0.05 * normal(s);
    }
    return 1 + s->amplitude * (seconds - s->from) / s->period;
}


static void draw_generations(struct subject *s) {
    draw_long_teeth(s);
    s->capacity = uniform(s, 0.1, 0.5);
    s->steps = s->period / log_uniform(s, 5, 50);
}


/* Small teeth on large ones. */
static double generations(struct subject *s, double seconds) {
    return teeth(s, seconds) + s->capacity * fmod(seconds, s->steps) / s->steps;
}


static void draw_fragmenting(struct subject *s) {
    s->period = log_uniform(s, 10, 6 * HOUR);
    s->amplitude = log_uniform(s, 0.2, 9); /* ten times as much: tests/fixtures/collected.lua */
    s->capacity = log_uniform(s, 6 * HOUR, 10 * DAY);
    s->level = uniform(s, 0.8, 0.95);
}


/* A collector whose allocator gives back less each time, until it keeps what a tooth needs. */
static double fragmenting(struct subject *s, double seconds) {
    double kept = s->level * s->amplitude * fmin(1, seconds / s->capacity);
    return fmax(teeth(s, seconds), 1 + kept);
}


static void draw_trimming(struct subject *s) {
    s->amplitude = uniform(s, 0.05, 0.4);
    s->period = log_uniform(s, 20 * MINUTE, 6 * HOUR);
    s->capacity = uniform(s, 0.2, 0.9);
}


/* Bursts, of which the allocator gives back only what lies at the top of the heap. */
static double trimming(struct subject *s, double seconds) {
    (void)seconds;
    if (chance(s, TICK / s->period)) {
        s->level = s->amplitude * fmin(3, fabs(normal(s)) + 0.2);
        s->peak = fmax(s->peak, s->level * s->capacity);
    } else {
        s->level *= 1 - TICK / (10 * MINUTE);
    }
    return 1 + fmax(s->level, s->peak);
}


static void draw_wandering(struct subject *s) {
    s->wander = uniform(s, 0.03, 0.2);
    s->wander_seconds = log_uniform(s, HOUR, 3 * DAY);
}


static void draw_swapping(struct subject *s) {
    s->period = log_uniform(s, 2 * HOUR, 2 * DAY);
    s->capacity = uniform(s, 0.2, 0.9);
}


/* Out and in again; both counters are not read at one instant, so the sum jitters as pages move. */
static double swapping(struct subject *s, double seconds) {
    double moving = fmax(0, sin(TURN * seconds / s->period));
    return 1 - 0.01 * s->capacity * moving * fabs(normal(s));
}


/* ---- shapes of leaks ---- */

static double evenly(const struct subject *s, double doublings) {
    (void)s;
    return doublings;
}


static double ever_faster(const struct subject *s, double doublings) {
    (void)s;
    return doublings + doublings * doublings / 2;
}


static double in_steps(const struct subject *s, double doublings) {
    return floor(doublings / s->amplitude) * s->amplitude;
}


static void draw_stairs(struct subject *s) {
    s->amplitude = uniform(s, 0.03, 0.15);
}


static double in_huge_pages(const struct subject *s, double doublings) {
    return floor(doublings * s->base / HUGE_PAGE) * HUGE_PAGE / s->base;
}


static double in_mappings(const struct subject *s, double doublings) {
    double mapping = 64 * MIB / (s->base + 640 * MIB);
    return floor(doublings / mapping) * mapping;
}


/* Only what is served leaks: the integral of the load, whose mean is a half. */
static double with_load(const struct subject *s, double doublings) {
    double seconds = doublings * s->doubling, sum = 0;
    double begin = s->onset / DAY + s->phase, end = begin + seconds / DAY;
    double third = TURN * 3;
    /* wave^2 (3 - 2 wave) with wave = (1 - cos)/2 is 1/2 - 9/16 cos + 1/16 cos of three turns */
    sum = (end - begin) / 2 - 9.0 / 16 * (sin(TURN * end) - sin(TURN * begin)) / TURN +
          1.0 / 16 * (sin(third * end) - sin(third * begin)) / third;
    return 2 * sum * DAY / s->doubling;
}


static void draw_noisy(struct subject *s) {
    s->noise = uniform(s, 0.03, 0.15);
    s->wander = uniform(s, 0.01, 0.05);
    s->wander_seconds = log_uniform(s, 10 * MINUTE, 3 * HOUR);
}


static void draw_daily_leak(struct subject *s) {
    draw_daily(s);
    s->amplitude = uniform(s, 0.1, 0.8);
}


static void draw_slab(struct subject *s) {
    s->period = log_uniform(s, HOUR, 12 * HOUR);
    s->amplitude = uniform(s, 0.02, 0.15);
}


const struct shape shapes[] = {
    {"flat", false, draw_nothing, flat, NULL},
    {"warm-up", false, draw_warm_up, warm_up, NULL},
    {"cache that fills evenly", false, draw_even_cache, even_cache, NULL},
    {"cache that fills ever slower", false, draw_slowing_cache, slowing_cache, NULL},
    {"logarithm", false, draw_logarithm, logarithm, NULL},
    {"huge pages", false, draw_huge_pages, huge_pages, NULL},
    {"daily curve", false, draw_daily, daily, NULL},
    {"weekly curve", false, draw_weekly, weekly, NULL},
    {"fork server", false, draw_fork_server, fork_server, NULL},
    {"steps", false, draw_steps, steps, NULL},
    {"bounded stairs", false, draw_bounded_stairs, bounded_stairs, NULL},
    {"nightly batch", false, draw_batch, batch, NULL},
    {"saw-tooth under 20 min", false, draw_short_teeth, teeth, NULL},
    {"saw-tooth up to 24 h", false, draw_long_teeth, teeth, NULL},
    {"generations", false, draw_generations, generations, NULL},
    {"fragmentation", false, draw_fragmenting, fragmenting, NULL},
    {"malloc that trims", false, draw_trimming, trimming, NULL},
    {"wandering", false, draw_wandering, flat, NULL},
    {"swapped out and in", false, draw_swapping, swapping, NULL},
    {"even leak", true, draw_nothing, flat, evenly},
    {"leak under noise", true, draw_noisy, flat, evenly},
    {"leak under a daily curve", true, draw_daily_leak, daily, evenly},
    {"leak under short teeth", true, draw_short_teeth, teeth, evenly},
    {"leak under long teeth", true, draw_long_teeth, teeth, evenly},
    {"leak in steps", true, draw_stairs, flat, in_steps},
    {"leak ever faster", true, draw_nothing, flat, ever_faster},
    {"leak that is swapped out", true, draw_swapping, swapping, evenly},
    {"leak of mappings (vsize)", true, draw_nothing, flat, in_mappings},
    {"leak of shared memory", true, draw_wandering, flat, evenly},
    {"leak of kernel slab", true, draw_slab, teeth, evenly},
    {"leak in a fork server", true, draw_fork_server, fork_server, evenly},
    {"leak in huge pages", true, draw_nothing, flat, in_huge_pages},
    {"leak under malloc's trims", true, draw_trimming, trimming, evenly},
    {"leak with the load", true, draw_daily_leak, flat, with_load},
    {"leak after a warm-up", true, draw_warm_up, warm_up, evenly},
};

const size_t shape_count = sizeof shapes / sizeof *shapes;


/* Half of the leaks are there from the start, the others come after calm days, as with an upgrade
 * of something that is used rarely. They end when memory does: after 15 doublings, or in three
 * weeks. */
static void draw_leak(struct subject *s, bool leaking) {
    double doubling = log_uniform(s, 2 * HOUR, 10 * DAY);
    double onset = chance(s, 0.5) ? 0 : uniform(s, 2 * DAY, 6 * DAY);
    if (leaking) {
        s->doubling = doubling;
        s->onset = onset;
        s->until = onset + fmin(15 * doubling, 21 * DAY);
    }
}


void subject_init(struct subject *s, const struct shape *shape, uint64_t seed, bool leaking) {
    *s = (struct subject){.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15), .until = 14 * DAY};
    for (int i = 0; i < 8; i++) {
        next_random(s);
    }
    s->base = log_uniform(s, 64 * MIB, 4096 * MIB);
    s->phase = uniform(s, 0, 1);
    s->noise = log_uniform(s, 0.0005, 0.02);
    s->wander = log_uniform(s, 0.0005, 0.01);
    s->wander_seconds = log_uniform(s, 10 * MINUTE, 6 * HOUR);
    s->missing = uniform(s, 0, 0.03);
    shape->draw(s);
    draw_leak(s, leaking && shape->leaks);
    s->birth = uniform(s, 0, 48 * DAY);
}


/* Single samples are missing, and once in twenty days nobody looks for up to three hours. */
static bool is_missing(struct subject *s, double seconds) {
    if (chance(s, TICK / (20 * DAY))) {
        s->outage_until = seconds + uniform(s, MINUTE, 3 * HOUR);
    }
    return seconds < s->outage_until || chance(s, s->missing);
}


static double noise_of(struct subject *s) {
    double part = TICK / s->wander_seconds;
    s->wandered += -s->wandered * part + s->wander * sqrt(2 * part) * normal(s);
    return s->wandered + s->noise * normal(s);
}


bool subject_read(struct subject *s, const struct shape *shape, double seconds, double *size) {
    double parts = shape->size(s, seconds) + noise_of(s);
    if (s->doubling > 0 && seconds > s->onset) {
        parts += shape->leaked(s, (seconds - s->onset) / s->doubling);
    }
    *size = floor(fmax(parts, 0.01) * s->base / PAGE) * PAGE;
    return !is_missing(s, seconds);
}
