/* SPDX-License-Identifier: MIT
 *
 * What is known of the kernel's settings beforehand: what they mean, what each kernel takes, and
 * how bad it can get. A kernel has settings that stand nowhere here, and lacks some that do. Pure.
 * Kernel: Documentation/admin-guide/sysctl/vm.rst, admin-guide/mm/; the tables in kernel/sysctl.c,
 * mm/page-writeback.c, mm/page_alloc.c, mm/compaction.c, mm/oom_kill.c, ipc/ipc_sysctl.c.
 */
#ifndef PAGEWARDEN_ACT_TUNABLE_H
#define PAGEWARDEN_ACT_TUNABLE_H

#include "read/kernel_version.h"

/* Most eras that one has. */
#define PW_TUNABLE_ERAS 3

enum pw_tunable_kind {
    PW_TUNABLE_NUMBER,
    PW_TUNABLE_LIST,    /* several numbers */
    PW_TUNABLE_WORD,    /* one word, often one of several */
    PW_TUNABLE_TRIGGER, /* it has no value: writing it does something at once */
};

/* What kernels took from one version on (kernel_version.h). */
struct pw_era {
    int64_t since;     /* 0: no such era */
    int64_t min, max;  /* PW_ABSENT: the kernel has no such bound */
    const char *usual; /* what it starts with; NULL when that depends on the machine */
};

struct pw_tunable {
    const char *name; /* "vm.swappiness"; a "*" in it stands for any text without a "/" */
    enum pw_tunable_kind kind;
    const char *unit; /* NULL for none */
    struct pw_era eras[PW_TUNABLE_ERAS];
    int64_t removed; /* the version without it; 0 when the newest has it */
    int danger; /* 0 harmless, 1 slower, 2 much slower, 3 kills programs, 4 kills the machine */
    bool acts;  /* writing it does something at once, besides */
    bool min_in_pages;   /* the lower bounds are pages, of a value in bytes */
    const char *note;    /* a sentence about what it does, and what is dangerous about it */
    const char *partner; /* of the two only one is in force, and the kernel makes 0 of the other */
    const char *instead; /* what does its work where it is gone */
};

/* The settings below /proc/sys that have to do with memory, and those of the memory manager in
 * /sys/kernel/mm and of zswap by pagewarden's names for them (mm.h). Each ends without a name. */
extern const struct pw_tunable pw_sysctl_tunables[];
extern const struct pw_tunable pw_mm_tunables[];

/* The one of this name, or NULL. */
const struct pw_tunable *pw_tunable_find(const struct pw_tunable tunables[], struct pw_slice name);

/* What a version takes; of an unknown one, 0, what the newest takes. Before the first era, that
 * one: distributions take settings into older kernels. */
const struct pw_era *pw_tunable_era(const struct pw_tunable *tunable, int64_t version);

/* The era's lower bound in the tunable's unit. */
int64_t pw_tunable_min(const struct pw_tunable *tunable, const struct pw_era *era,
                       long page_size_bytes);

#endif
