/* SPDX-License-Identifier: MIT */
#include "read/badness.h"

#include <stdlib.h>

#include "read/kernel_version.h"

/* include/uapi/linux/oom.h */
#define ADJ_MIN (-1000)
#define ADJ_MAX 1000
#define OOM_DISABLE (-17)
#define OOM_ADJUST_MAX 15

/* Pages are kept where their thousandfold fits. */
#define GREATEST_PAGES (INT64_MAX / 4000)


struct pw_badness_rules pw_badness_rules_of(int64_t version) {
    if (!version) {
        version = INT64_MAX;
    }
    return (struct pw_badness_rules){
        .by_size = version < PW_LINUX(2, 6, 36),
        .in_thousandths = version < PW_LINUX(3, 5, 0),
        .page_tables = version >= PW_LINUX(2, 6, 39),
        .signed_score = version >= PW_LINUX(5, 9, 0),
        .child_first = version < PW_LINUX(5, 1, 0),
        .youngest_first = version >= PW_LINUX(5, 3, 0),
        .root_bonus = version >= PW_LINUX(4, 17, 0)   ? PW_NO_BONUS
                      : version >= PW_LINUX(3, 14, 0) ? PW_BONUS_OF_OWN
                                                      : PW_BONUS_OF_ALL,
    };
}


static int64_t clamp(int64_t value, int64_t least, int64_t greatest) {
    return value < least ? least : value > greatest ? greatest : value;
}


static int64_t total_of(int64_t total_pages) {
    return clamp(total_pages, 1, GREATEST_PAGES);
}


static int64_t root_bonus(const struct pw_badness_rules *rules, const struct pw_rated *rated,
                          int64_t memory_pages, int64_t total_pages) {
    if (!rated->admin || rules->root_bonus == PW_NO_BONUS) {
        return 0;
    }
    return rules->root_bonus == PW_BONUS_OF_OWN ? -(memory_pages * 3 / 100)
                                                : -30 * (total_pages / 1000);
}


/* What was compared from 2.6.36 to 3.4, 1 to 1000, as pages. */
static int64_t round_to_thousandths(const struct pw_badness *badness, const struct pw_rated *rated,
                                    int64_t total_pages) {
    int64_t adj = clamp(rated->oom_score_adj, ADJ_MIN, ADJ_MAX);
    int64_t points = badness->memory_pages * 1000 / total_pages + adj;
    points = clamp(points - (badness->root_pages ? 30 : 0), 1, 1000);
    return (points * total_pages + 999) / 1000; /* so that oom_score comes out again */
}


struct pw_badness pw_rate(const struct pw_badness_rules *rules, const struct pw_rated *rated,
                          int64_t total_pages) {
    struct pw_badness badness = {0};
    total_pages = total_of(total_pages);
    badness.memory_pages = clamp(rated->rss_pages, 0, GREATEST_PAGES / 3) +
                           clamp(rated->swap_pages, 0, GREATEST_PAGES / 3);
    if (rules->page_tables) {
        badness.memory_pages += clamp(rated->page_table_pages, 0, GREATEST_PAGES / 3);
    }
    badness.adj_pages = clamp(rated->oom_score_adj, ADJ_MIN, ADJ_MAX) * (total_pages / 1000);
    badness.root_pages = root_bonus(rules, rated, badness.memory_pages, total_pages);
    badness.pages = badness.memory_pages + badness.adj_pages + badness.root_pages;
    if (rules->in_thousandths) {
        badness.pages = round_to_thousandths(&badness, rated, total_pages);
    } else if (!rules->signed_score && badness.pages < 1) {
        badness.pages = 1;
    }
    return badness;
}


int64_t pw_badness_score(const struct pw_badness_rules *rules, const struct pw_badness *badness,
                         int64_t total_pages) {
    if (rules->by_size) {
        return badness->pages;
    }
    int64_t thousandths = badness->pages * 1000 / total_of(total_pages);
    return rules->signed_score ? (1000 + thousandths) * 2 / 3 : thousandths;
}


static int64_t square_root(int64_t value) {
    int64_t root = 0;
    for (int64_t bit = INT64_C(1) << 30; bit > 0; bit >>= 1) {
        if ((root + bit) * (root + bit) <= value) {
            root += bit;
        }
    }
    return root;
}


static int64_t shift(int64_t points, int64_t oom_adj) {
    if (oom_adj <= 0) {
        return points >> -oom_adj;
    }
    points = points ? points : 1;
    return points > INT64_MAX >> oom_adj ? INT64_MAX : points << oom_adj;
}


int64_t pw_rate_by_size(const struct pw_sized *sized) {
    int64_t points = clamp(sized->total_vm_pages, 0, INT64_MAX / 8) +
                     clamp(sized->children_pages, 0, INT64_MAX / 8);
    /* Eights of seconds and 1024ths, because it "turned out to work very well in practice". */
    int64_t cpu_time = sized->cpu_seconds >> 3, run_time = sized->run_seconds >> 10;
    if (cpu_time > 0) {
        points /= square_root(cpu_time);
    }
    if (run_time > 0) {
        points /= square_root(square_root(run_time));
    }
    if (sized->nice) {
        points *= 2;
    }
    if (sized->admin) {
        points /= 4;
    }
    if (sized->raw_io) {
        points /= 4;
    }
    return shift(points, clamp(sized->oom_adj, OOM_DISABLE, OOM_ADJUST_MAX));
}


int64_t pw_adj_of_oom_adj(int64_t oom_adj) {
    oom_adj = clamp(oom_adj, OOM_DISABLE, OOM_ADJUST_MAX);
    return oom_adj == OOM_ADJUST_MAX ? ADJ_MAX : oom_adj * ADJ_MAX / -OOM_DISABLE;
}


int64_t pw_oom_adj_of_adj(int64_t adj) {
    adj = clamp(adj, ADJ_MIN, ADJ_MAX);
    int64_t oom_adj = adj * -OOM_DISABLE / ADJ_MAX;
    return oom_adj < OOM_ADJUST_MAX ? oom_adj : OOM_ADJUST_MAX;
}


int64_t pw_nearest_oom_adj(int64_t adj) {
    int64_t nearest = OOM_DISABLE + 1;
    if (adj <= ADJ_MIN) {
        return OOM_DISABLE;
    }
    for (int64_t oom_adj = nearest; oom_adj <= OOM_ADJUST_MAX; oom_adj++) {
        if (llabs(pw_adj_of_oom_adj(oom_adj) - adj) < llabs(pw_adj_of_oom_adj(nearest) - adj)) {
            nearest = oom_adj;
        }
    }
    return nearest;
}


/* Who started later. In one clock tick the higher pid did, unless pids have just begun anew. */
static bool is_younger(const struct pw_ranked *a, const struct pw_ranked *b) {
    return a->start_ticks != b->start_ticks ? a->start_ticks > b->start_ticks : a->pid > b->pid;
}


static bool is_worse(const struct pw_ranked *a, const struct pw_ranked *b, bool youngest_first) {
    if (a->spared != b->spared) {
        return b->spared;
    }
    if (a->badness_pages != b->badness_pages) {
        return a->badness_pages > b->badness_pages;
    }
    return is_younger(a, b) == youngest_first;
}


static int compare_youngest_first(const void *a, const void *b) {
    return is_worse(a, b, true) ? -1 : is_worse(b, a, true) ? 1 : 0;
}


static int compare_oldest_first(const void *a, const void *b) {
    return is_worse(a, b, false) ? -1 : is_worse(b, a, false) ? 1 : 0;
}


/* The worst child of each comes first in the ranking. */
static void find_children(struct pw_ranked *ranked, size_t count, size_t top) {
    for (size_t i = 0; i < top && i < count; i++) {
        for (size_t j = 0; j < count && !ranked[j].spared; j++) {
            if (j != i && ranked[j].parent_pid == ranked[i].pid) {
                ranked[i].instead_pid = ranked[j].pid;
                break;
            }
        }
    }
}


void pw_rank(const struct pw_badness_rules *rules, struct pw_ranked *ranked, size_t count,
             size_t top) {
    qsort(ranked, count, sizeof *ranked,
          rules->youngest_first ? compare_youngest_first : compare_oldest_first);
    if (rules->child_first) {
        find_children(ranked, count, top);
    }
}
